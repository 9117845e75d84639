import type { EscalationPrimitive } from '../data/escalation/primitive.ts';
import { leg } from '../data/escalation/primitive.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import type { Subject } from '../evidence/subject.ts';
import { hasLeg, ruleCompiler, steps, stepsOf, union, type Mask } from './rbac-capabilities.ts';
import type { Edges } from './rbac-edges.ts';
import { groupsAbove, PLACES, surroundingPlaces, type NamespacePlace } from './rbac-graph-places.ts';
import { holdersOf, type Held } from './rbac-graph-holders.ts';
import type { Grant } from './rbac-grants.ts';
import { identityOf } from './rbac-identity.ts';
import type { Mapped } from './rbac-mapped.ts';
import type { PolicyRule } from './rbac-matcher.ts';
import type { Changed, Step } from './rbac-removal.ts';
import type { RbacSurroundings } from './rbac-surroundings.ts';
import type { TokenSecret } from './rbac-token-secrets.ts';

/** A step limited to names: the primitive's index is `NAMED - label`. */
export const NAMED = -100;

/** The ClusterRoles that a binding may be made to. */
export interface Roles {
  readonly rulesOf: (name: string) => readonly PolicyRule[] | undefined;
  /** The names of those that are put together from others by labels. */
  readonly aggregated: ReadonlySet<string>;
}

/** Edges, and what becomes of them without a binding. */
export interface BuiltGraph {
  readonly edges: Edges;
  /** Whoever's steps hang on a binding, each as it is without it. */
  readonly changedWithout: (binding: ResourceRef) => ReadonlyMap<number, Changed>;
  /** What each bound subject holds in the whole cluster, with its groups. */
  readonly clusterMasks: ReadonlyMap<number, Mask>;
  /** Whether a step can work here at all. */
  readonly isLive: (step: number) => boolean;
  /** Where a step in the whole cluster leads. */
  readonly targetOf: (step: number) => number | undefined;
}

/** Whether a label is that of a step by a right. */
export function isStepLabel(label: number): boolean {
  return label >= 0 || label <= NAMED;
}

/** Where what a subject can do is written to: the graph, or what changes in it without a binding. */
interface Target {
  readonly step: (from: number, to: number, weight: number, label: number, scope: number) => void;
  /** What a node holds in the whole cluster. */
  readonly clusterMask: (node: number, mask: Mask) => void;
}

/** Subjects, places and goals, with an edge for every step from one to the next. */
export function buildGraph(grants: readonly Grant[], surroundings: RbacSurroundings, { rulesOf: rolesByName, aggregated }: Roles, mapped: readonly Mapped[] = [], tokenSecrets: readonly TokenSecret[] = []): BuiltGraph {
  const compile = ruleCompiler();
  const live = steps.map(each => isPossible(each, surroundings));
  const known = new WeakMap<Mask, readonly number[]>();
  const { held, bound } = holdersOf(grants, compile, aggregated);
  const { edges, at: place, account, hasAccount, pod, onNode, secretsOf, tokens } = surroundingPlaces(surroundings, [...held.keys()], bound, mapped, tokenSecrets);
  const numberOf = ({ kind, namespace = '', name }: Subject): number => (kind === 'ServiceAccount' ? account(namespace, name) : edges.node(`${kind}/${name}`));
  const groups = new Map([...held].flatMap(([{ kind, name }, own]) => (kind === 'Group' ? [[name, own] as const] : [])));
  const clusterMasks = new Map<number, Mask>();
  const graph: Target = {
    step: (from, to, weight, label, scope) => { edges.add(from, to, weight, label, scope); },
    clusterMask: (node, mask) => void clusterMasks.set(node, mask),
  };
  let target = graph;
  let byBinding: ReadonlyMap<ResourceRef, readonly Grant[]> | undefined;
  let membersOf: ReadonlyMap<string, readonly Subject[]> | undefined;
  let bySubject: ReadonlyMap<Subject, readonly Grant[]> | undefined;
  // A service account may hold by its groups what only together with its own makes a step; without any of its own, the groups have it.
  for (const [subject, own] of held) if (own.isUseful) addSteps(numberOf(subject), own, groupsOf(subject));
  return { edges, changedWithout, clusterMasks, isLive: step => live[step] === true, targetOf: step => (steps[step] === undefined ? undefined : targetOf(steps[step].gains, '')) };

  function groupsOf(subject: Subject, without?: ReadonlyMap<string, Held>): readonly Held[] {
    return impliedGroups(subject).flatMap(each => without?.get(each) ?? groups.get(each) ?? []);
  }

  /** By group, everybody bound who is in it by their name alone. */
  function members(): ReadonlyMap<string, readonly Subject[]> {
    if (membersOf !== undefined) return membersOf;
    const found = new Map<string, Subject[]>();
    for (const subject of held.keys()) {
      for (const name of impliedGroups(subject)) {
        const known = found.get(name);
        if (known === undefined) found.set(name, [subject]);
        else known.push(subject);
      }
    }
    return (membersOf = found);
  }

  function changedWithout(binding: ResourceRef): ReadonlyMap<number, Changed> {
    byBinding ??= Map.groupBy(grants, grant => grant.binding);
    bySubject ??= Map.groupBy(grants, grant => grant.subject);
    const bound = new Set(byBinding.get(binding)?.map(grant => grant.subject));
    const left = holdersOf([...bound].flatMap(subject => bySubject?.get(subject)?.filter(grant => grant.binding !== binding) ?? []), compile, aggregated).held;
    const nothing: Held = { masks: new Map(), named: [], clusterRoles: new Set(), aggregatedIn: new Set(), isUseful: false };
    const changedGroups = new Map([...bound].flatMap(subject => (subject.kind === 'Group' ? [[subject.name, left.get(subject) ?? nothing] as const] : [])));
    // Members of a group may have had a step by what it held and what they hold themselves.
    const changed = new Set([...bound, ...[...changedGroups.keys()].flatMap(name => members().get(name) ?? [])]);
    const found = new Map<number, Changed>();
    for (const subject of changed) {
      const node = numberOf(subject);
      const steps: Step[] = [];
      let clusterMask: Mask | undefined;
      target = { step: (from, to, weight) => void steps.push({ from, to, weight }), clusterMask: (holder, mask) => { if (holder === node) clusterMask = mask; } };
      const own = bound.has(subject) ? left.get(subject) ?? nothing : held.get(subject) ?? nothing;
      if (own.isUseful) addSteps(node, own, groupsOf(subject, changedGroups));
      found.set(node, { steps, clusterMask });
    }
    target = graph;
    return found;
  }

  function addSteps(from: number, own: Held, groupsOfIt: readonly Held[]): void {
    const useful = groupsOfIt.filter(each => each.isUseful);
    const holders = [own, ...useful];
    const namespaces = new Set(holders.flatMap(each => [...each.masks.keys()]));
    namespaces.delete('');
    const hasNames = holders.some(each => each.named.length > 0);
    const inCluster = new Set<number>();
    for (const namespace of ['', ...namespaces]) {
      const mask = together(holders, namespace);
      if (mask === undefined) continue;
      if (namespace === '') target.clusterMask(from, mask);
      const byGroup = useful.flatMap(group => { const only = together([group], namespace); return only === undefined ? [] : stepsFor(only); });
      for (const at of stepsFor(mask)) {
        const step = steps[at];
        if (step === undefined || byGroup.includes(at) || inCluster.has(at)) continue;
        if (namespace === '') inCluster.add(at);
        addStep(from, at, step, namespace);
      }
      if (namespace === '') addByLabel(from, mask, holders);
      if (hasNames) for (const holder of holders) addNamed(from, holder, namespace, mask, holders);
    }
  }

  /** Whoever makes a role that a label adds to one that it holds has whatever it writes into it, as far as that one is bound. */
  function addByLabel(from: number, mask: Mask, holders: readonly Held[]): void {
    if (live[byLabel] !== true || !stepsFor(mask).includes(byLabel)) return;
    for (const namespace of new Set(holders.flatMap(each => [...each.aggregatedIn]))) {
      target.step(from, namespace === '' ? edges.node('goal:cluster-admin') : place(PLACES.everything, namespace), steps[byLabel]?.effort ?? 1, byLabel, -1);
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
    if (to !== undefined) target.step(from, to, effort, at, namespace === '' ? -1 : place('ns', namespace));
  }

  /** A right limited to names leads to just those. */
  function addNamed(from: number, holder: Held, namespace: string, mask: Mask, everything: readonly Held[]): void {
    for (const right of holder.named) {
      if (right.namespace !== '' && right.namespace !== namespace) continue;
      if (right.namespace === '' && namespace !== '' && right.step !== 'impersonate-groups') continue;
      const at = steps.findIndex(each => each.id === right.step);
      const scope = namespace === '' ? -1 : place('ns', namespace);
      const lead = (to: number): void => target.step(from, to, steps[at]?.effort ?? 1, NAMED - at, scope);
      if (live[at] !== true) continue;
      if (right.step === 'impersonate-users' && namespace === '') for (const name of right.names) lead(edges.node(`User/${name}`));
      if (right.step === 'impersonate-groups' && [usersLeg, accountsLeg].some(each => hasLeg(mask, each))) {
        for (const name of right.names) if (name !== 'system:masters') lead(edges.node(`Group/${name}`));
      }
      if (right.step === 'impersonate-service-accounts' || right.step === 'token-request') {
        for (const each of namespace === '' ? [...edges.blocks()] : [namespace]) for (const name of right.names) {
          const known = hasAccount(each, name);
          if (known === 'exists' || (known === 'named' && right.step !== 'token-request')) lead(account(each, name));
        }
      }
      if (right.step === 'secrets-list') for (const name of right.names) leadIf(lead, tokens(namespace, name));
      if (right.step === 'pod-exec' || right.step === 'pod-ephemeral-container') {
        for (const name of right.names) leadIf(lead, pod(namespace, name));
      }
      if (right.step === 'node-proxy' && namespace === '') for (const name of right.names) leadIf(lead, onNode(name));
      if (right.step === 'bind-in-cluster' && namespace === '' && hasLeg(mask, clusterBindingsLeg)) {
        for (const name of right.names) leadToRole(lead, name, '');
      }
      if (right.step === 'bind-in-namespace' && namespace !== '' && hasLeg(mask, bindingsLeg)) {
        for (const name of right.names) leadToRole(lead, name, namespace);
      }
      if (right.step === 'escalate-clusterrole' && namespace === '' && right.names.some(name => everything.some(each => each.clusterRoles.has(name)))) lead(edges.node('goal:cluster-admin'));
    }
  }

  /** A role as a place: what a binding to it gives, by itself. */
  function leadToRole(lead: (to: number) => void, name: string, namespace: string): void {
    const rules = rolesByName(name);
    if (rules === undefined) return;
    const key = `role:ClusterRole/${name}@${namespace}`;
    const isNew = edges.find(key) === undefined;
    const node = edges.node(key);
    lead(node);
    if (!isNew) return;
    const compiled = compile(rules);
    const mask = namespace === '' ? compiled.cluster : compiled.namespace;
    addSteps(node, { masks: new Map([[namespace, mask]]), named: [], clusterRoles: new Set(), aggregatedIn: new Set(), isUseful: true }, []);
  }

  /** Where a step leads; undefined where it leads nowhere in a mere namespace. */
  function targetOf(gains: EscalationPrimitive['gains'], namespace: string): number | undefined {
    if (gains === 'all-rights') return namespace === '' ? edges.node('goal:cluster-admin') : place(PLACES.everything, namespace);
    if (gains === 'secrets') return secretsOf(namespace);
    const inNamespace = namespacePlaceOf[gains];
    if (inNamespace !== undefined) return place(inNamespace, namespace);
    const name = placeOf[gains];
    return name === undefined ? undefined : edges.node(name);
  }
}

function leadIf(lead: (to: number) => void, to: number | undefined): void {
  if (to !== undefined) lead(to);
}

/** The groups that a subject is in by its name alone. */
function impliedGroups({ kind, namespace, name }: Subject): readonly string[] {
  return kind === 'Group' ? groupsAbove(name) : identityOf({ kind, name, ...(namespace === undefined ? {} : { namespace }) }).groups;
}

const byLabel = steps.findIndex(each => each.gains === 'aggregated-role');
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

type ByGain<T> = Readonly<Partial<Record<EscalationPrimitive['gains'], T>>>;

/** Places that each namespace has. */
const namespacePlaceOf: ByGain<NamespacePlace> = {
  'namespace-rights': PLACES.everything,
  'namespace-admin': PLACES.owner,
  'any-service-account': PLACES.anyAccount,
  'service-accounts': PLACES.accounts,
  pods: PLACES.pods,
  containers: PLACES.containers,
  'debug-containers': PLACES.debug,
};

const placeOf: ByGain<string> = {
  'cluster-admin': 'goal:cluster-admin',
  masters: 'goal:system-masters',
  'any-user': PLACES.users,
  'any-certificate': PLACES.certificates,
  nodes: PLACES.nodes,
  'node-identity': PLACES.kubelets,
};
