import type { EscalationPrimitive } from '../data/escalation/primitive.ts';
import { leg } from '../data/escalation/primitive.ts';
import { formatSubject, type Subject } from '../evidence/subject.ts';
import { capabilityCompiler, hasLeg, isUseful, steps, stepsOf, union, type Mask } from './rbac-capabilities.ts';
import { createEdges, GOALS, type Edges } from './rbac-edges.ts';
import type { Grant } from './rbac-grants.ts';
import { identityOf } from './rbac-identity.ts';
import type { PolicyRule } from './rbac-matcher.ts';
import { namedRights, type NamedRight } from './rbac-named-rights.ts';
import { addSurroundings, PLACES } from './rbac-graph-places.ts';
import type { RbacSurroundings } from './rbac-surroundings.ts';

/** A step limited to names: the primitive's index is `NAMED - label`. */
export const NAMED = -100;

interface Held {
  /** By namespace; the empty string is the cluster. */
  readonly masks: Map<string, Mask>;
  readonly named: (NamedRight & { readonly namespace: string })[];
  readonly roles: Set<string>;
}

/** A role with its rules, as far as a binding may be made to it. */
export type RolesByName = (kind: string, namespace: string, name: string) => readonly PolicyRule[] | undefined;

/** Subjects, places and goals, with an edge for every step from one to the next. */
export function buildGraph(grants: readonly Grant[], surroundings: RbacSurroundings, rolesByName: RolesByName): Edges {
  const edges = createEdges();
  for (const goal of GOALS) edges.node(`goal:${goal}`);
  const compile = capabilityCompiler();
  const bound = new Set<string>();
  const live = steps.map(each => isPossible(each, surroundings));
  const held = new Map<string, Held>();
  const subjects = new Map<string, Subject>();
  const known = new WeakMap<Mask, readonly number[]>();
  const named = new Map<readonly PolicyRule[], readonly NamedRight[]>();

  for (const grant of grants) {
    const key = formatSubject(grant.subject);
    const mask = compile(grant.rules, grant.namespace === undefined ? 'cluster' : 'namespace');
    let names = named.get(grant.rules);
    if (names === undefined) named.set(grant.rules, names = namedRights(grant.rules));
    if (!subjects.has(key)) subjects.set(key, grant.subject);
    if (names.length === 0 && !isUseful(mask)) continue;
    let own = held.get(key);
    if (own === undefined) held.set(key, own = { masks: new Map(), named: [], roles: new Set() });
    const namespace = grant.namespace ?? '';
    if (namespace !== '') bound.add(namespace);
    own.masks.set(namespace, union(own.masks.get(namespace), mask) ?? mask);
    own.roles.add(`${namespace}|${grant.role.kind}|${grant.role.name}`);
    for (const each of names) own.named.push({ ...each, namespace });
  }

  const memberships = addSurroundings(edges, surroundings, subjects.values(), bound);
  const plain: Held = { masks: new Map(), named: [], roles: new Set() };
  const bearers = new Set([...held.keys()]);
  // A service account may hold by its groups what only together with its own makes a step; without any of its own, the groups have it.
  for (const key of bearers) {
    const subject = subjects.get(key);
    if (subject !== undefined) addSteps(edges.node(key), held.get(key) ?? plain, groupsOf(subject));
  }
  return edges;

  function groupsOf(subject: Subject): readonly Held[] {
    const { kind } = subject;
    const groups = kind === 'Group' ? memberships(subject) : identityOf({ ...subject, kind }).groups;
    return groups.flatMap(name => held.get(`Group/${name}`) ?? []);
  }

  function addSteps(from: number, own: Held, groups: readonly Held[]): void {
    const namespaces = new Set([...own.masks.keys(), ...groups.flatMap(group => [...group.masks.keys()])]);
    namespaces.delete('');
    const inCluster = new Set<number>();
    for (const namespace of ['', ...namespaces]) {
      const mask = together([own, ...groups], namespace);
      if (mask === undefined) continue;
      const byGroup = new Set(groups.flatMap(group => { const only = together([group], namespace); return only === undefined ? [] : stepsFor(only); }));
      for (const at of stepsFor(mask)) {
        const step = steps[at];
        if (step === undefined || byGroup.has(at) || inCluster.has(at)) continue;
        if (namespace === '') inCluster.add(at);
        addStep(from, at, step, namespace);
      }
      for (const holder of [own, ...groups]) addNamed(from, holder, namespace, mask, [own, ...groups]);
    }
  }

  function stepsFor(mask: Mask): readonly number[] {
    let found = known.get(mask);
    if (found === undefined) known.set(mask, found = stepsOf(mask).filter(at => live[at] === true));
    return found;
  }

  function addStep(from: number, at: number, { scope, gains, effort }: EscalationPrimitive, namespace: string): void {
    if (scope === 'cluster' && namespace !== '') return;
    if (typeof scope === 'object' && namespace !== '' && namespace !== scope.namespace) return;
    const to = targetOf(gains, typeof scope === 'object' ? scope.namespace : namespace);
    if (to !== undefined) edges.add(from, edges.node(to), effort, at, namespace === '' ? -1 : edges.node(`ns:${namespace}`));
  }

  /** A right limited to names leads to just those. */
  function addNamed(from: number, holder: Held, namespace: string, mask: Mask, everything: readonly Held[]): void {
    for (const right of holder.named) {
      if (right.namespace !== '' && right.namespace !== namespace) continue;
      if (right.namespace === '' && namespace !== '' && right.step !== 'impersonate-groups') continue;
      const at = steps.findIndex(each => each.id === right.step);
      const scope = namespace === '' ? -1 : edges.node(`ns:${namespace}`);
      const lead = (to: string): void => edges.add(from, edges.node(to), steps[at]?.effort ?? 1, NAMED - at, scope);
      if (live[at] !== true) continue;
      if (right.step === 'impersonate-users' && namespace === '') for (const name of right.names) lead(`User/${name}`);
      if (right.step === 'impersonate-groups' && [usersLeg, accountsLeg].some(each => hasLeg(mask, each))) {
        for (const name of right.names) if (name !== 'system:masters') lead(`Group/${name}`);
      }
      if (right.step === 'impersonate-service-accounts' || right.step === 'token-request') {
        const where = namespace === '' ? [...edges.nodes.keys()].flatMap(key => (key.startsWith('ns:') ? [key.slice(3)] : [])) : [namespace];
        for (const each of where) for (const name of right.names) {
          const account = `ServiceAccount/${each}/${name}`;
          if (edges.nodes.has(account) && (right.step !== 'token-request' || edges.nodes.has(`exists:${account}`))) lead(account);
        }
      }
      if (right.step === 'bind-in-cluster' && namespace === '' && hasLeg(mask, clusterBindingsLeg)) {
        for (const name of right.names) leadToRole(lead, 'ClusterRole', name, '');
      }
      if (right.step === 'bind-in-namespace' && namespace !== '' && hasLeg(mask, bindingsLeg)) {
        for (const name of right.names) leadToRole(lead, 'ClusterRole', name, namespace);
      }
      if (right.step === 'escalate-clusterrole' && namespace === '' && right.names.some(name => everything.some(each => each.roles.has(`|ClusterRole|${name}`)))) lead('goal:cluster-admin');
    }
  }

  /** A role as a place: what a binding to it gives, by itself. */
  function leadToRole(lead: (to: string) => void, kind: string, name: string, namespace: string): void {
    const rules = rolesByName(kind, namespace, name);
    if (rules === undefined) return;
    const place = `role:${kind}/${name}@${namespace}`;
    const isNew = !edges.nodes.has(place);
    lead(place);
    if (!isNew) return;
    const mask = compile(rules, namespace === '' ? 'cluster' : 'namespace');
    addSteps(edges.node(place), { masks: new Map([[namespace, mask]]), named: [], roles: new Set() }, []);
  }
}

const usersLeg = leg('', 'users', 'impersonate', 'some');
const accountsLeg = leg('', 'serviceaccounts', 'impersonate', 'some');
const bindingsLeg = leg('rbac.authorization.k8s.io', 'rolebindings', 'create update patch');
const clusterBindingsLeg = leg('rbac.authorization.k8s.io', 'clusterrolebindings', 'create update patch');

/** What holders have together in a namespace: the cluster's grants count in each. */
function together(holders: readonly Held[], namespace: string): Mask | undefined {
  let mask: Mask | undefined;
  for (const { masks } of holders) mask = union(union(mask, masks.get('')), namespace === '' ? undefined : masks.get(namespace));
  return mask;
}

/** Whether a step can work here at all; what could not be read counts as possible. */
function isPossible({ since = 0, until = Infinity, served }: EscalationPrimitive, { minor, apiGroups }: RbacSurroundings): boolean {
  return (minor === undefined || (minor >= since && minor <= until)) && (served === undefined || apiGroups === undefined || apiGroups.has(served));
}

/** By gain; what ends in a colon is one for each namespace. */
const placeOf: Readonly<Partial<Record<EscalationPrimitive['gains'], string>>> = {
  'cluster-admin': 'goal:cluster-admin',
  masters: 'goal:system-masters',
  'namespace-rights': `${PLACES.everything}:`,
  'namespace-admin': `${PLACES.owner}:`,
  'any-user': PLACES.users,
  'any-certificate': PLACES.certificates,
  'any-service-account': `${PLACES.anyAccount}:`,
  'service-accounts': `${PLACES.accounts}:`,
  pods: `${PLACES.pods}:`,
  containers: `${PLACES.containers}:`,
  'debug-containers': `${PLACES.debug}:`,
  nodes: PLACES.nodes,
  'node-identity': PLACES.kubelets,
};

/** Where a step leads; undefined where it leads nowhere in a mere namespace. */
function targetOf(gains: EscalationPrimitive['gains'], namespace: string): string | undefined {
  const place = placeOf[gains];
  if (gains === 'all-rights') return namespace === '' ? 'goal:cluster-admin' : `${PLACES.everything}:${namespace}`;
  if (gains === 'secrets') return namespace === '' ? 'goal:all-secrets' : undefined;
  return place?.endsWith(':') === true ? `${place}${namespace}` : place;
}

