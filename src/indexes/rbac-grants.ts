import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex, type Attempted, type Context } from '../evidence/need.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import { refOf } from '../evidence/source.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../evidence/sources/rbac.ts';
import { formatSubject, type Subject } from '../evidence/subject.ts';
import { awsAuth } from '../evidence/sources/aws-auth.ts';
import { canonicalSubject, type BoundSubject } from './rbac-identity.ts';
import { mappedRights, type Mapped } from './rbac-mapped.ts';
import type { PolicyRule } from './rbac-matcher.ts';

/** A binding and the entries that name one subject in it. */
export interface BoundTo {
  readonly binding: ResourceRef;
  /** Every entry of the binding, as it has them. */
  readonly entries: readonly BoundSubject[];
  /** Canonical: a service account has its namespace, however the binding writes it. */
  readonly subject: Subject;
  /** Where the subject stands in the binding, first place first; more than one where it is named twice. */
  readonly subjectIndexes: readonly [number, ...number[]];
  /** As the binding says it; nothing is said of its existence. */
  readonly role: ResourceRef;
  /** The namespace that the grant is limited to; absent for the whole cluster. */
  readonly namespace?: string;
}

/** One subject holding the rules of one role through one binding. */
export interface Grant extends BoundTo {
  readonly rules: readonly PolicyRule[];
  /** Where no binding gives it: what shows it, and how it was worked out. */
  readonly outside?: { readonly path: string; readonly value: string; readonly derivation: string };
}

/** One subject bound to a role whose rules could not be read. */
interface UnresolvedGrant extends BoundTo {
  readonly gaps: readonly Gap[];
}

/** Bindings that could not be read. */
export interface UnreadBindings {
  /** In a few words: `RoleBindings in all namespaces`. */
  readonly of: string;
  /** Whether the bindings would reach the whole cluster. */
  readonly isClusterWide: boolean;
  readonly gaps: readonly Gap[];
}

/** Who holds what, as far as it could be read. Every list is sorted by binding, then subject; what comes from outside RBAC is last. */
export interface RbacGrants {
  readonly grants: readonly Grant[];
  /** Bound to a role that does not exist: nothing is granted until somebody creates it. */
  readonly dangling: readonly BoundTo[];
  readonly unresolved: readonly UnresolvedGrant[];
  /** Entries that can match nobody: an unknown kind, or a service account without a namespace in a ClusterRoleBinding. */
  readonly inert: readonly { readonly binding: ResourceRef; readonly subjectIndex: number }[];
  /** What was asked for and could not be read. */
  readonly unread: readonly UnreadBindings[];
  /** What was not asked for (`-n`). It is unknown too, but no part of the question. */
  readonly outOfScope: readonly UnreadBindings[];
  /** Identities of the cloud that are let in as users and members of groups. */
  readonly mapped: readonly Mapped[];
  /** The one namespace whose RoleBindings were read; absent for all. */
  readonly namespace?: string;
}

interface BindingItem {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly BoundSubject[];
}

interface RoleItem {
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules?: readonly PolicyRule[];
}

/** Bindings resolved to the rules they grant, in the way of pkg/registry/rbac/validation/rule.go of kubernetes. */
export const rbacGrants = defineIndex({
  id: 'rbac-grants',
  needs: {
    clusterRoles: attempt(clusterRoles),
    roles: attempt(roles),
    clusterRoleBindings: attempt(clusterRoleBindings),
    roleBindings: attempt(roleBindings),
    mappings: attempt(awsAuth),
  },
  build(evidence, context): RbacGrants {
    const findRole = roleFinder(evidence.clusterRoles, evidence.roles);
    const canonical = subjectFinder();
    const grants: Grant[] = [];
    const dangling: BoundTo[] = [];
    const unresolved: UnresolvedGrant[] = [];
    const inert: RbacGrants['inert'][number][] = [];
    const unread: UnreadBindings[] = [];

    for (const source of [clusterRoleBindings, roleBindings]) {
      const read: Attempted<readonly BindingItem[]> =
        source === clusterRoleBindings ? evidence.clusterRoleBindings : evidence.roleBindings;
      if ('gaps' in read) unread.push(unreadBindings(source === clusterRoleBindings, read.gaps, context));
      else for (const item of sortedByName(read.value)) resolve(item, refOf(source, item));
    }

    function resolve(item: BindingItem, binding: ResourceRef): void {
      const { namespace } = item.metadata;
      const entries = item.subjects ?? [];
      const { role, found } = findRole(item);
      for (const [subject, subjectIndexes] of subjectsOf(entries, namespace, canonical)) {
        if (subject === undefined) {
          inert.push(...subjectIndexes.map(subjectIndex => ({ binding, subjectIndex })));
          continue;
        }
        const bound = namespace === undefined ? { binding, entries, subject, subjectIndexes, role } : { binding, entries, subject, subjectIndexes, role, namespace };
        if (found === undefined) dangling.push(bound);
        else if ('gaps' in found) unresolved.push({ ...bound, gaps: found.gaps });
        else grants.push({ ...bound, rules: found.rules });
      }
    }

    const outside = mappedRights('value' in evidence.mappings ? evidence.mappings.value : [], context.facts);
    grants.push(...outside.grants.map(grant => ({ ...grant, subject: canonical(grant.entries[0] ?? { kind: 'User', name: '' }, undefined) ?? grant.subject })));
    const isOutOfScope = ({ gaps }: UnreadBindings): boolean => gaps.every(gap => gap.kind === 'outOfScope');
    return {
      grants, dangling, unresolved, inert, mapped: outside.identities,
      unread: unread.filter(each => !isOutOfScope(each)),
      outOfScope: unread.filter(isOutOfScope),
      ...(context.namespace === undefined ? {} : { namespace: context.namespace }),
    };
  },
});

type Found = { readonly rules: readonly PolicyRule[] } | { readonly gaps: readonly Gap[] } | undefined;

interface FoundRole {
  readonly role: ResourceRef;
  readonly found: Found;
}

/**
 * Finds the role of a binding with its rules: undefined where it does not exist, its gaps where that could not be read. All
 * bindings to one role get one and the same answer.
 */
function roleFinder(clusterWide: Attempted<readonly RoleItem[]>, namespaced: Attempted<readonly RoleItem[]>): (binding: BindingItem) => FoundRole {
  const { apiVersion } = clusterRoles.read;
  const inCluster = new Map<string, FoundRole>();
  const inNamespace = new Map<string, Map<string, FoundRole>>();
  for (const { metadata: { name }, rules = [] } of 'value' in clusterWide ? clusterWide.value : []) {
    inCluster.set(name, { role: { apiVersion, kind: 'ClusterRole', name }, found: { rules } });
  }
  for (const { metadata: { name, namespace = '' }, rules = [] } of 'value' in namespaced ? namespaced.value : []) {
    inner(inNamespace, namespace).set(name, { role: { apiVersion, kind: 'Role', namespace, name }, found: { rules } });
  }
  return ({ metadata: { namespace }, roleRef: { kind, name } }) => {
    if (kind === 'ClusterRole') return known(inCluster, name, () => ({ role: { apiVersion, kind, name }, found: 'gaps' in clusterWide ? clusterWide : undefined }));
    // A ClusterRoleBinding to a Role is refused by the API server, and would resolve to nothing.
    if (namespace === undefined) return { role: { apiVersion, kind, name }, found: undefined };
    const missing = (found: Found): FoundRole => ({ role: { apiVersion, kind, namespace, name }, found });
    return kind === 'Role' ? known(inner(inNamespace, namespace), name, () => missing('gaps' in namespaced ? namespaced : undefined)) : missing(undefined);
  };
}

function inner<T>(map: Map<string, Map<string, T>>, key: string): Map<string, T> {
  return known(map, key, () => new Map<string, T>());
}

function known<T>(map: Map<string, T>, key: string, make: () => T): T {
  const before = map.get(key);
  if (before !== undefined) return before;
  const made = make();
  map.set(key, made);
  return made;
}

/** Canonical subjects, one object for each: whoever groups grants by subject need not compare texts. */
function subjectFinder(): (entry: BoundSubject, namespace: string | undefined) => Subject | undefined {
  const byKey = new Map<string, Subject>();
  // Evidence holds equal entries once.
  const byEntry = new Map<BoundSubject, Subject>();
  return (entry, namespace) => {
    const before = byEntry.get(entry);
    if (before !== undefined) return before;
    const fresh = canonicalSubject(entry, namespace);
    if (fresh === undefined) return undefined;
    const subject = known(byKey, formatSubject(fresh), () => fresh);
    const isOfBinding = entry.kind === 'ServiceAccount' && (entry.namespace ?? '') === '';
    if (!isOfBinding) byEntry.set(entry, subject);
    return subject;
  };
}

/** The distinct subjects of a binding with their places, in order; the entries that match nobody come under undefined. */
function subjectsOf(
  entries: readonly BoundSubject[],
  namespace: string | undefined,
  canonical: ReturnType<typeof subjectFinder>,
): Iterable<readonly [subject: Subject | undefined, places: readonly [number, ...number[]]]> {
  const [only, ...others] = entries;
  if (only !== undefined && others.length === 0) return [[canonical(only, namespace), FIRST]];
  const places = new Map<Subject | undefined, [number, ...number[]]>();
  entries.forEach((entry, position) => {
    const subject = canonical(entry, namespace);
    const before = places.get(subject);
    if (before === undefined) places.set(subject, [position]);
    else before.push(position);
  });
  return [...places].map(each => ({ each, key: each[0] === undefined ? '' : formatSubject(each[0]) })).sort((a, b) => compare(a.key, b.key)).map(({ each }) => each);
}

const FIRST: readonly [number] = [0];

/** As the API server lists them; a list that is in order already, as it mostly is, is not copied. */
function sortedByName(items: readonly BindingItem[]): readonly BindingItem[] {
  const isInOrder = items.every((item, at) => at === 0 || compareNames(items[at - 1] ?? item, item) <= 0);
  return isInOrder ? items : items.toSorted(compareNames);
}

function compareNames({ metadata: a }: BindingItem, { metadata: b }: BindingItem): number {
  // A slash ends the namespace, as in the keys of etcd.
  return a.namespace === b.namespace ? compare(a.name, b.name) : compare(`${a.namespace ?? ''}/`, `${b.namespace ?? ''}/`);
}

function unreadBindings(isClusterWide: boolean, gaps: readonly Gap[], { namespace }: Context): UnreadBindings {
  if (isClusterWide) return { of: 'ClusterRoleBindings', isClusterWide, gaps };
  return { of: `RoleBindings in ${namespace === undefined ? 'all namespaces' : `namespace ${namespace}`}`, isClusterWide, gaps };
}

/** By code unit: the same on every machine, whatever its locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
