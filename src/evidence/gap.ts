/**
 * Why a piece of evidence is missing.
 *
 * - `gap`: a permission or another try would change it (the only kind that counts for `--fail-on-incomplete`);
 * - `notRequested`: an opt-in flag was not given;
 * - `notObservable`: nobody can read it from here, or our own data does not know it;
 * - `outOfScope`: the person asked for one namespace;
 * - `snapshotTooOld`: the snapshot file was written before this source existed or with another projection.
 */
export type GapKind = 'gap' | 'notRequested' | 'notObservable' | 'outOfScope' | 'snapshotTooOld';

/** What exactly went wrong, as one stable word for machines; `detail` is for people. */
export type GapReason =
  | 'forbidden'
  | 'unauthorized'
  | 'timeout'
  | 'unreachable'
  | 'noCertificate'
  | 'truncated'
  | 'malformed'
  | 'tooManyRequests'
  | 'serverError'
  | 'interrupted'
  | 'notServed'
  | 'notSeen'
  | 'notProven'
  | 'newerThanData'
  | 'vendorCalendar'
  | 'flagNotGiven'
  | 'namespaceOnly'
  | 'notInSnapshot'
  | 'projectionChanged'
  | 'indexFailed';

/** One missing piece of evidence. */
export interface Gap {
  readonly kind: GapKind;
  readonly reason: GapReason;
  /** One sentence without a full stop at the end: what could not be known and why. */
  readonly detail: string;
  /** The id of the source that is missing, where one source is to blame. */
  readonly source?: string;
  /** The rights that would close the gap. */
  readonly permissions?: readonly Permission[];
  /** The flag that would close the gap, with its dashes. */
  readonly flag?: string;
}

/** A right in RBAC's own terms: either a resource or a non-resource URL. */
export type Permission =
  | {
      readonly apiGroup: string;
      readonly resource: string;
      readonly verb: string;
      /** Only these objects; absent means any. */
      readonly resourceName?: string;
      /** Only in this namespace; absent means the scope of the run. */
      readonly namespace?: string;
    }
  | { readonly nonResourceURL: string; readonly verb: string };

/** What nobody can read from here, in a sentence of its own. */
export function notObservable(reason: GapReason, detail: string): Gap {
  return { kind: 'notObservable', reason, detail };
}

/** A right as `kubectl auth can-i` takes it: `list clusterroles.rbac.authorization.k8s.io`, `get /metrics`. */
export function formatPermission(permission: Permission): string {
  if ('nonResourceURL' in permission) return `${permission.verb} ${permission.nonResourceURL}`;
  const group = permission.apiGroup === '' ? '' : `.${permission.apiGroup}`;
  const name = permission.resourceName === undefined ? '' : `/${permission.resourceName}`;
  const where = permission.namespace === undefined ? '' : ` -n ${permission.namespace}`;
  return `${permission.verb} ${permission.resource}${group}${name}${where}`;
}
