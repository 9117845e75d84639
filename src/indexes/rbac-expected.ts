import { rbacBaselines, type BaselineBinding, type BaselineRole, type RbacBaseline } from '../data/rbac-bootstrap.ts';
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
const knownRules = rulesByRole(rbacBaselines);
// The newest first: what is the same in every version is said to be of that one.
for (const { of, bindings } of rbacBaselines.toReversed()) {
  for (const binding of bindings) knownBindings.set(keyOf(binding), [...knownBindings.get(keyOf(binding)) ?? [], knownOf(of, binding)]);
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
  /** The rules of one minor version of 1.x, those behind feature gates among them; undefined where that version is not known. */
  readonly rulesIn: (minor: number) => readonly PolicyRule[] | undefined;
}

const apiServers = Map.groupBy(rbacBaselines.filter(({ of }) => of.startsWith('kube-apiserver ')), ({ of }) => Number(/ 1\.(\d+)/.exec(of)?.[1]));

/** The minor versions of 1.x whose defaults are known, in order. */
export const KNOWN_MINORS = [...apiServers.keys()].sort((a, b) => a - b);

const defaultRules = rulesByRole([...apiServers.values()].flat());
const rulesOfMinor = new Map<number, ReadonlyMap<string, readonly PolicyRule[]>>();
const defaultBindings = new Map<string, { readonly roles: Set<string>; readonly subjects: Set<string> }>();
for (const binding of [...apiServers.values()].flat().flatMap(({ bindings }) => bindings)) {
  const { role, subjects } = knownOf('', binding);
  const known = defaultBindings.get(keyOf(binding)) ?? { roles: new Set<string>(), subjects: new Set<string>() };
  defaultBindings.set(keyOf(binding), known);
  known.roles.add(role);
  for (const subject of subjects) known.subjects.add(subject);
}

/** What the API server makes under the name of this role or binding; undefined where the name is none of its own. */
export function defaultOf(ref: ResourceRef): KnownDefault | undefined {
  const key = formatRef(ref);
  const [rules, binding] = [defaultRules.get(key), defaultBindings.get(key)];
  if (rules === undefined && binding === undefined) return undefined;
  return {
    rules: rules ?? [], roles: binding?.roles ?? new Set(), subjects: binding?.subjects ?? new Set(),
    rulesIn(minor) {
      const servers = apiServers.get(minor);
      if (servers === undefined) return undefined;
      const known = rulesOfMinor.get(minor) ?? rulesByRole(servers);
      rulesOfMinor.set(minor, known);
      return known.get(key) ?? [];
    },
  };
}

/** All the rules that a role has in any of these, each once. */
function rulesByRole(baselines: readonly RbacBaseline[]): ReadonlyMap<string, readonly PolicyRule[]> {
  // A role that several versions have alike is one object.
  const distinct = new Set(baselines.flatMap(({ roles }) => roles));
  return new Map([...Map.groupBy(distinct, keyOf)].map(([key, same]) => [key, [...new Map(same.flatMap(({ rules }) => rules).map(rule => [JSON.stringify(rule), rule])).values()]]));
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
