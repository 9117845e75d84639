import { rbacBaselines, type BaselineBinding, type BaselineRole } from '../data/rbac-bootstrap.ts';
import { formatRef, type ResourceRef } from '../evidence/resource-ref.ts';
import { clusterRoles } from '../evidence/sources/rbac.ts';
import { formatSubject } from '../evidence/subject.ts';
import type { Grant } from './rbac-grants.ts';
import { canonicalSubject } from './rbac-identity.ts';
import { covers, type PolicyRule } from './rbac-matcher.ts';

interface Known {
  /** `kube-apiserver 1.37.1` */
  readonly of: string;
  /** The formatted reference of its role. */
  readonly role: string;
  readonly subjects: ReadonlySet<string>;
}

const knownBindings = new Map<string, Known[]>();
/** Whatever a platform has not named a binding, no more need be looked at. */
const knownNames = new Set(rbacBaselines.flatMap(each => each.bindings).map(each => each.name));
const knownRules = new Map<string, PolicyRule[]>();
for (const baseline of rbacBaselines) {
  for (const role of baseline.roles) append(knownRules, keyOf(role), role.rules);
  for (const binding of baseline.bindings) append(knownBindings, keyOf(binding), [knownOf(baseline.of, binding)]);
}

/**
 * Which platform put a grant there, or undefined where nobody but a user can have. By content, never by name alone: the
 * binding bears a name that the platform uses, it refers to the platform's role, the subject is one that the platform
 * binds, and the rules are no more than those of some known version. An extra subject, or a role with an extra rule, is
 * a user's doing.
 */
export function platformOf(grant: Grant): string | undefined {
  if (!knownNames.has(grant.binding.name)) return undefined;
  const role = formatRef(grant.role);
  const known = (knownBindings.get(formatRef(grant.binding)) ?? [])
    .find(each => each.role === role && each.subjects.has(formatSubject(grant.subject)));
  return known !== undefined && covers(knownRules.get(role) ?? [], grant.rules) ? known.of : undefined;
}

/** By role: whoever resolved the grants has one object for each. */
const platformRoles = new WeakMap<ResourceRef, boolean>();

/** Whether a role is one that a platform makes, with no more rules than it gives it. */
export function isPlatformRole({ role, rules }: Pick<Grant, 'role' | 'rules'>): boolean {
  const before = platformRoles.get(role);
  if (before !== undefined) return before;
  const known = knownRules.get(formatRef(role));
  const isPlatform = known !== undefined && covers(known, rules);
  platformRoles.set(role, isPlatform);
  return isPlatform;
}

function knownOf(of: string, binding: BaselineBinding): Known {
  const { kind, name } = binding.roleRef;
  const namespace = kind === 'Role' ? binding.namespace : undefined;
  const subjects = binding.subjects.flatMap(entry => canonicalSubject(entry, binding.namespace) ?? []);
  return {
    of,
    role: keyOf({ kind, name, ...(namespace === undefined ? {} : { namespace }) }),
    subjects: new Set(subjects.map(formatSubject)),
  };
}

function keyOf({ kind, namespace, name }: Pick<BaselineRole, 'namespace' | 'name'> & { readonly kind: string }): string {
  const { apiVersion } = clusterRoles.read;
  return formatRef({ apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) });
}

function append<T>(map: Map<string, T[]>, key: string, values: readonly T[]): void {
  map.set(key, [...(map.get(key) ?? []), ...values]);
}
