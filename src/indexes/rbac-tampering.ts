import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex, type Attempted } from '../evidence/need.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import { formatRef } from '../evidence/resource-ref.ts';
import { refOf } from '../evidence/source.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../evidence/sources/rbac.ts';
import { serverVersion } from '../evidence/sources/versions.ts';
import { formatSubject, type Subject } from '../evidence/subject.ts';
import { defaultOf, KNOWN_MINORS } from './rbac-expected.ts';
import { canonicalSubject, type BoundSubject } from './rbac-identity.ts';
import { coversRule, type PolicyRule } from './rbac-matcher.ts';

/** A role or binding of the API server's own, with what differs from what the API server makes. */
export interface ComparedDefault {
  readonly ref: ResourceRef;
  /** Rules beyond the default ones, with the labelled ClusterRoles that bring each where the role is put together from others. */
  readonly extraRules: readonly { readonly rule: PolicyRule; readonly ruleIndex: number; readonly broughtBy: readonly ResourceRef[] }[];
  /** Rules that API servers of another version give it and this one does not: an upgrade leaves them there. */
  readonly leftRules: readonly { readonly rule: PolicyRule; readonly ruleIndex: number }[];
  readonly extraSubjects: readonly { readonly subject: Subject; readonly entry: BoundSubject; readonly subjectIndex: number }[];
  /** The role that a binding refers to, and what it gives as far as that was read. */
  readonly role?: { readonly ref: ResourceRef; readonly isOther: boolean; readonly rules?: readonly PolicyRule[] };
  /** Somebody told the API server not to repair it. */
  readonly isOptedOut: boolean;
  /** Why nothing can be said of the rules: the version of the API server is one whose defaults are not known, and they hang on it. */
  readonly unknownVersion?: Gap;
}

/** Every built-in role and binding that was read. */
export interface RbacTampering {
  readonly compared: readonly ComparedDefault[];
  readonly unread: readonly { readonly of: string; readonly gaps: readonly Gap[] }[];
}

type ListSource = typeof clusterRoles | typeof roles | typeof clusterRoleBindings | typeof roleBindings;

interface Item {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>>; readonly annotations?: Readonly<Record<string, string>> };
  readonly rules?: readonly PolicyRule[];
  readonly aggregationRule?: { readonly clusterRoleSelectors?: readonly { readonly matchLabels?: Readonly<Record<string, string>> }[] };
  readonly roleRef?: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly BoundSubject[];
}

export const rbacTampering = defineIndex({
  id: 'rbac-tampering',
  needs: { clusterRoles: attempt(clusterRoles), roles: attempt(roles), clusterRoleBindings: attempt(clusterRoleBindings), roleBindings: attempt(roleBindings), version: attempt(serverVersion) },
  build(evidence, { namespace }): RbacTampering {
    const lists: readonly (readonly [ListSource, Attempted<readonly Item[]>])[] = [
      [clusterRoles, evidence.clusterRoles], [roles, evidence.roles], [clusterRoleBindings, evidence.clusterRoleBindings], [roleBindings, evidence.roleBindings],
    ];
    const inCluster = 'value' in evidence.clusterRoles ? (evidence.clusterRoles.value as readonly Item[]) : [];
    const rolesByKey = new Map<string, readonly PolicyRule[]>([...inCluster, ...('value' in evidence.roles ? evidence.roles.value : [])].map(item => [roleKey(item.metadata.namespace, item.metadata.name), item.rules ?? []]));
    const minor = 'value' in evidence.version ? Number.parseInt(evidence.version.value.minor, 10) : NaN;
    const unknownVersion = versionGap(minor);
    const compared = lists.flatMap(([source, read]) => ('value' in read ? read.value.flatMap(item => compareItem(source, item)) : []));
    return {
      compared: compared.sort((a, b) => (formatRef(a.ref) < formatRef(b.ref) ? -1 : 1)),
      unread: lists.flatMap(([source, read]) => ('gaps' in read ? [{ of: `built-in ${source.title}${namespace === undefined ? '' : ` of namespace ${namespace}`}`, gaps: read.gaps }] : [])),
    };

    /** Absent where they could not be read; a role that does not exist has none. */
    function rulesOf(role: ResourceRef): { readonly rules?: readonly PolicyRule[] } {
      const known = rolesByKey.get(roleKey(role.namespace, role.name));
      if (known !== undefined) return { rules: known };
      return 'gaps' in (role.namespace === undefined ? evidence.clusterRoles : evidence.roles) ? {} : { rules: [] };
    }

    function compareItem(source: ListSource, item: Item): ComparedDefault[] {
      const ref = refOf(source, item);
      const known = defaultOf(ref);
      if (known === undefined) return [];
      const extraRules = (item.rules ?? []).flatMap((rule, ruleIndex) => (coversRule(known.rules, rule) ? [] : [{ rule, ruleIndex, broughtBy: bringersOf(item, rule, inCluster) }]));
      // What a version that is not known gives may be what any of the known ones gives.
      const newest = KNOWN_MINORS.at(-1) ?? 0;
      const ofVersion = known.rulesIn(minor) ?? known.rulesIn(newest) ?? [];
      const older = (item.rules ?? []).flatMap((rule, ruleIndex) =>
        (coversRule(known.rules, rule) && !coversRule(ofVersion, rule) && bringersOf(item, rule, inCluster).length === 0 ? [{ rule, ruleIndex }] : []));
      const leftRules = minor > newest || unknownVersion === undefined ? older : [];
      const isUnsure = unknownVersion !== undefined && (extraRules.some(({ broughtBy }) => broughtBy.length === 0) || older.length > leftRules.length);
      const found = item.roleRef === undefined ? undefined : roleOf(item.metadata.namespace, item.roleRef);
      const isOther = found !== undefined && !known.roles.has(formatRef(found));
      const extraSubjects = (item.subjects ?? []).flatMap((entry, subjectIndex) => {
        const subject = canonicalSubject(entry, item.metadata.namespace);
        return subject === undefined || (!isOther && known.subjects.has(formatSubject(subject))) ? [] : [{ subject, entry, subjectIndex }];
      });
      return [{
        ref, extraRules, leftRules, extraSubjects, isOptedOut: item.metadata.annotations?.['rbac.authorization.kubernetes.io/autoupdate'] === 'false',
        ...(found === undefined ? {} : { role: { ref: found, isOther, ...rulesOf(found) } }),
        ...(isUnsure ? { unknownVersion } : {}),
      }];
    }
  },
});

/** The ClusterRoles that an aggregated role selects by label and that allow this rule. */
function bringersOf({ aggregationRule, metadata }: Item, rule: PolicyRule, all: readonly Item[]): readonly ResourceRef[] {
  const selectors = aggregationRule?.clusterRoleSelectors ?? [];
  return all
    .filter(({ metadata: { name, labels = {} }, rules = [] }) => name !== metadata.name
      && selectors.some(({ matchLabels = {} }) => Object.keys(matchLabels).length > 0 && Object.entries(matchLabels).every(([key, value]) => labels[key] === value))
      && coversRule(rules, rule))
    .map(item => refOf(clusterRoles, item));
}

function roleOf(namespace: string | undefined, { kind, name }: { readonly kind: string; readonly name: string }): ResourceRef {
  const { apiVersion } = clusterRoles.read;
  return kind === 'Role' && namespace !== undefined ? { apiVersion, kind, namespace, name } : { apiVersion, kind, name };
}

function roleKey(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

function versionGap(minor: number): Gap | undefined {
  const [oldest = 0, newest = 0] = [KNOWN_MINORS.at(0), KNOWN_MINORS.at(-1)];
  if (minor >= oldest && minor <= newest) return undefined;
  const detail = `the roles that the API server itself makes are known for 1.${oldest} to 1.${newest}, and this one ${Number.isNaN(minor) ? 'does not say its version' : `is 1.${minor}`}`;
  return { kind: 'notObservable', reason: minor > newest ? 'newerThanData' : 'notProven', detail };
}
