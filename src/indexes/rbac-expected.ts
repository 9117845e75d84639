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

/** What an API server itself makes under one name, over all the versions that are known. */
export interface KnownDefault {
  readonly rules: readonly PolicyRule[];
  /** Of a binding: formatted, the role and the subjects. */
  readonly roles: ReadonlySet<string>;
  readonly subjects: ReadonlySet<string>;
}

const apiServers = rbacBaselines.filter(({ of }) => of.startsWith('kube-apiserver '));

/** The minor versions of 1.x whose defaults are known: the oldest and the newest, and what lies between changes little. */
export const KNOWN_MINORS = apiServers.map(({ of }) => Number(/ 1\.(\d+)/.exec(of)?.[1])).sort((a, b) => a - b);

const defaults = new Map<string, { readonly rules: PolicyRule[]; readonly roles: Set<string>; readonly subjects: Set<string> }>();
for (const { roles, bindings } of apiServers) {
  for (const role of roles) defaultAt(keyOf(role)).rules.push(...role.rules);
  for (const binding of bindings) {
    const known = knownOf('', binding);
    defaultAt(keyOf(binding)).roles.add(known.role);
    for (const subject of known.subjects) defaultAt(keyOf(binding)).subjects.add(subject);
  }
}

/** What the API server makes under the name of this role or binding; undefined where the name is none of its own. */
export function defaultOf(ref: ResourceRef): KnownDefault | undefined {
  return defaults.get(formatRef(ref));
}

function defaultAt(key: string): { readonly rules: PolicyRule[]; readonly roles: Set<string>; readonly subjects: Set<string> } {
  const known = defaults.get(key) ?? { rules: [], roles: new Set<string>(), subjects: new Set<string>() };
  defaults.set(key, known);
  return known;
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
