import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import { formatSubject, type Subject } from '../evidence/subject.ts';
import { clusterRoles, roles } from '../evidence/sources/rbac.ts';
import { namespaces, serviceAccounts } from '../evidence/sources/workloads.ts';
import { authorize } from './rbac-authorize.ts';
import { platformOf } from './rbac-expected.ts';
import { rbacGrants, type BoundTo, type Grant, type RbacGrants } from './rbac-grants.ts';
import { identityOf, isMatch, type Identity } from './rbac-identity.ts';

/** A grant to a service account that does not exist. */
export interface AbsentAccount {
  readonly grant: Grant;
  /** Whether its namespace exists; undefined where that could not be read. */
  readonly hasNamespace: boolean | undefined;
  /** Bound subjects, formatted, that may create it and use it. Whoever holds everything already is not counted. */
  readonly claimants: readonly string[];
}

/** Bindings that wait for somebody to make what they name. */
export interface RbacDangling {
  readonly absent: readonly AbsentAccount[];
  /** Bindings to a role that does not exist. */
  readonly roleless: readonly BoundTo[];
  /** Why there may be more. */
  readonly unread: readonly { readonly of: string; readonly gaps: readonly Gap[] }[];
  /** Grants that were looked at. */
  readonly looked: number;
}

export const rbacDangling = defineIndex({
  id: 'rbac-dangling',
  needs: { rbac: rbacGrants, accounts: attempt(serviceAccounts), namespaces: attempt(namespaces), clusterRoles: attempt(clusterRoles), roles: attempt(roles) },
  build({ rbac, accounts, namespaces: spaces, ...read }): RbacDangling {
    const existing = 'value' in accounts ? new Set(accounts.value.map(({ metadata: { namespace = '', name } }) => `ServiceAccount/${namespace}/${name}`)) : undefined;
    const known = 'value' in spaces ? new Set(spaces.value.map(each => each.metadata.name)) : undefined;
    const bound = rbac.grants.filter(grant => grant.subject.kind === 'ServiceAccount' && platformOf(grant) === undefined);
    // Outside the one namespace of a run no account was read.
    const judged = bound.filter(grant => rbac.namespace === undefined || grant.subject.namespace === rbac.namespace);
    const claimants = claimantFinder(rbac);
    return {
      absent: existing === undefined ? [] : judged.filter(grant => !existing.has(formatSubject(grant.subject))).map(grant => ({
        grant,
        hasNamespace: known?.has(grant.subject.namespace ?? ''),
        claimants: claimants(grant.subject.namespace ?? '', known?.has(grant.subject.namespace ?? '') === false),
      })),
      roleless: rbac.dangling,
      unread: [
        ...(['clusterRoles', 'roles'] as const).flatMap(name => { const list = read[name]; return 'gaps' in list && rbac.unresolved.length > 0 ? [{ of: name === 'roles' ? 'bindings to Roles' : 'bindings to ClusterRoles', gaps: list.gaps }] : []; }),
        ...('gaps' in accounts ? [{ of: 'service accounts that bindings name', gaps: accounts.gaps }] : []),
        ...rbac.unread,
      ],
      looked: rbac.grants.length + rbac.dangling.length,
    };
  },
});

/** Who may create a service account of a namespace, and then use it: by a token, a pod, or by acting as it. */
function claimantFinder(rbac: RbacGrants): (namespace: string, needsNamespace: boolean) => readonly string[] {
  const own = rbac.grants.filter(grant => platformOf(grant) === undefined);
  const byScope = Map.groupBy(rbac.grants, grant => grant.namespace ?? '');
  const subjectsBy = Map.groupBy(own, grant => grant.namespace ?? '');
  const inCluster = byScope.get('') ?? [];
  const known = new Map<string, readonly string[]>();
  const everywhere = new Map<boolean, readonly Subject[]>();

  const canClaim = (subject: Subject, namespace: string, needsNamespace: boolean): boolean => {
    const { kind, name } = subject;
    const identity: Identity = kind === 'Group' ? { user: '', groups: [name, 'system:authenticated'] } : identityOf({ ...subject, kind });
    const grants = [...inCluster, ...(byScope.get(namespace) ?? [])].filter(grant => isMatch(grant.subject, identity));
    const can = (verb: string, resource: string, more: { readonly apiGroup?: string; readonly subresource?: string; readonly namespace?: string } = { namespace }): boolean =>
      authorize({ ...rbac, grants }, identity, { verb, apiGroup: '', resource, ...more }).answer === 'allowed';
    if (can('*', '*', { apiGroup: '*' })) return false;
    if (can('impersonate', 'serviceaccounts')) return true;
    if (needsNamespace && !can('create', 'namespaces', {})) return false;
    return can('create', 'serviceaccounts') && (can('create', 'serviceaccounts', { namespace, subresource: 'token' }) || can('create', 'pods'));
  };
  return (namespace, needsNamespace) => {
    const key = `${needsNamespace ? 'new ' : ''}${namespace}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    // Whoever can by rights in the whole cluster can in every namespace, so that is asked once.
    const anywhere = everywhere.get(needsNamespace) ?? subjectsOf(subjectsBy.get('') ?? []).filter(subject => canClaim(subject, '', needsNamespace));
    everywhere.set(needsNamespace, anywhere);
    const here = subjectsOf(subjectsBy.get(namespace) ?? []).filter(subject => !anywhere.includes(subject) && canClaim(subject, namespace, needsNamespace));
    const found = [...anywhere, ...here].map(formatSubject).sort();
    known.set(key, found);
    return found;
  };
}

function subjectsOf(grants: readonly Grant[]): readonly Subject[] {
  return [...new Set(grants.map(grant => grant.subject))];
}
