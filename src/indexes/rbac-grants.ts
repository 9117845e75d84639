import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex, type Attempted, type Context } from '../evidence/need.ts';
import { formatRef, type ResourceRef } from '../evidence/resource-ref.ts';
import { refOf } from '../evidence/source.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../evidence/sources/rbac.ts';
import { formatSubject, type Subject } from '../evidence/subject.ts';
import { canonicalSubject, type BoundSubject } from './rbac-identity.ts';
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

/** Who holds what, as far as it could be read. Every list is sorted by binding, then subject. */
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
  },
  build(evidence, context): RbacGrants {
    const findRules = roleFinder(evidence.clusterRoles, evidence.roles);
    const sorted = { grants: [] as Grant[], dangling: [] as BoundTo[], unresolved: [] as UnresolvedGrant[], inert: [] as RbacGrants['inert'][number][] };
    const unread: UnreadBindings[] = [];

    for (const source of [clusterRoleBindings, roleBindings]) {
      const read: Attempted<readonly BindingItem[]> =
        source === clusterRoleBindings ? evidence.clusterRoleBindings : evidence.roleBindings;
      if ('gaps' in read) unread.push(unreadBindings(source === clusterRoleBindings, read.gaps, context));
      else for (const item of read.value) resolve(item, refOf(source, item));
    }

    function resolve(item: BindingItem, binding: ResourceRef): void {
      const { namespace } = item.metadata;
      const entries = item.subjects ?? [];
      const role = roleOf(item);
      // A ClusterRoleBinding to a Role is refused by the API server, and would resolve to nothing.
      const found = role.kind === 'Role' && namespace === undefined ? undefined : findRules(role);
      for (const [subjectIndexes, subject] of subjectsOf(entries, namespace)) {
        if (subject === undefined) {
          sorted.inert.push(...subjectIndexes.map(subjectIndex => ({ binding, subjectIndex })));
          continue;
        }
        const bound = { binding, entries, subject, subjectIndexes, role, ...(namespace === undefined ? {} : { namespace }) };
        if (found === undefined) sorted.dangling.push(bound);
        else if ('gaps' in found) sorted.unresolved.push({ ...bound, gaps: found.gaps });
        else sorted.grants.push({ ...bound, rules: found.rules });
      }
    }

    const isOutOfScope = ({ gaps }: UnreadBindings): boolean => gaps.every(gap => gap.kind === 'outOfScope');
    return {
      grants: sorted.grants.sort(byBindingAndSubject),
      dangling: sorted.dangling.sort(byBindingAndSubject),
      unresolved: sorted.unresolved.sort(byBindingAndSubject),
      inert: sorted.inert.sort((a, b) => compare(formatRef(a.binding), formatRef(b.binding)) || a.subjectIndex - b.subjectIndex),
      unread: unread.filter(each => !isOutOfScope(each)),
      outOfScope: unread.filter(isOutOfScope),
      ...(context.namespace === undefined ? {} : { namespace: context.namespace }),
    };
  },
});

type Found = { readonly rules: readonly PolicyRule[] } | { readonly gaps: readonly Gap[] } | undefined;

/** Finds the rules of a role: undefined where it does not exist, its gaps where that could not be read. */
function roleFinder(
  clusterWide: Attempted<readonly RoleItem[]>,
  namespaced: Attempted<readonly RoleItem[]>,
): (role: ResourceRef) => Found {
  const rules = new Map<string, readonly PolicyRule[]>();
  for (const [source, read] of [[clusterRoles, clusterWide], [roles, namespaced]] as const) {
    if ('gaps' in read) continue;
    for (const item of read.value) rules.set(formatRef(refOf(source, item)), item.rules ?? []);
  }
  return role => {
    const known = rules.get(formatRef(role));
    if (known !== undefined) return { rules: known };
    if (role.kind === 'ClusterRole') return 'gaps' in clusterWide ? clusterWide : undefined;
    return role.kind === 'Role' && 'gaps' in namespaced ? namespaced : undefined;
  };
}

/** The role that a binding refers to: a Role stands in the binding's own namespace. */
function roleOf({ metadata, roleRef }: BindingItem): ResourceRef {
  const { apiVersion } = clusterRoles.read;
  const { kind, name } = roleRef;
  return kind === 'ClusterRole' || metadata.namespace === undefined
    ? { apiVersion, kind, name }
    : { apiVersion, kind, namespace: metadata.namespace, name };
}

/** The distinct subjects of a binding with their places; the entries that match nobody come under undefined. */
function subjectsOf(
  entries: readonly BoundSubject[],
  namespace: string | undefined,
): readonly (readonly [places: readonly [number, ...number[]], subject: Subject | undefined])[] {
  const places = new Map<string, [[number, ...number[]], Subject | undefined]>();
  entries.forEach((entry, position) => {
    const subject = canonicalSubject(entry, namespace);
    const key = subject === undefined ? '' : formatSubject(subject);
    const known = places.get(key);
    if (known === undefined) places.set(key, [[position], subject]);
    else known[0].push(position);
  });
  return [...places.values()];
}

function unreadBindings(isClusterWide: boolean, gaps: readonly Gap[], { namespace }: Context): UnreadBindings {
  if (isClusterWide) return { of: 'ClusterRoleBindings', isClusterWide, gaps };
  return { of: `RoleBindings in ${namespace === undefined ? 'all namespaces' : `namespace ${namespace}`}`, isClusterWide, gaps };
}

function byBindingAndSubject(a: BoundTo, b: BoundTo): number {
  return compare(formatRef(a.binding), formatRef(b.binding)) || compare(formatSubject(a.subject), formatSubject(b.subject));
}

/** By code unit: the same on every machine, whatever its locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
