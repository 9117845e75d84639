import type { CapabilityLeg, EscalationPrimitive } from '../data/escalation/primitive.ts';
import { leg } from '../data/escalation/primitive.ts';
import { formatRef, type ResourceRef } from '../evidence/resource-ref.ts';
import { holdsLeg, steps } from './rbac-capabilities.ts';
import type { Goal } from './rbac-edges.ts';
import { costOf, type RbacGraph } from './rbac-graph.ts';
import { NAMED } from './rbac-graph-build.ts';
import { FOLLOWS } from './rbac-graph-places.ts';
import type { Grant } from './rbac-grants.ts';
import { isSubject, type JoinedStep } from './rbac-joined.ts';
import { identityOf } from './rbac-identity.ts';

/** A binding that a hop uses, and the rules of its role that count. */
export interface UsedGrant {
  readonly binding: ResourceRef;
  readonly role: ResourceRef;
  readonly ruleIndexes: readonly number[];
}

/** One step from one subject to the next. */
export interface PathHop {
  /** A subject, or a role that was bound on the way: `ServiceAccount/shop/web`, `ClusterRole/ops`. */
  readonly from: string;
  /** A subject, a role or the goal. */
  readonly to: string;
  /** To be read after `from`: `can issue tokens of service accounts in namespace kube-system`. */
  readonly words: string;
  /** Of the catalogue; absent where membership in a group is all. */
  readonly step?: string;
  readonly namespace?: string;
  /** Why the hop is possible and not certain. */
  readonly provided?: string;
  readonly grants: readonly UsedGrant[];
  /** Whether it takes several identities. */
  readonly isJoined?: true;
  /** Whether a node is reached by a pod that nothing keeps from it. */
  readonly byPodOnNode: boolean;
}

/** The shortest way from a subject to a goal. */
export interface EscalationPath {
  readonly goal: Goal;
  readonly cost: number;
  readonly hops: readonly PathHop[];
}

export const GOAL_WORDS: Readonly<Record<Goal, string>> = {
  'cluster-admin': 'do anything in the cluster',
  'system-masters': 'act as system:masters',
  'control-plane-node': 'be root on a control plane node',
  node: 'take over a node',
  'all-secrets': 'read every Secret',
  'cloud-role': 'hold a role of the cloud',
  'namespace-admin': 'do anything in a namespace',
};

/** The shortest path, or undefined where there is none. */
export function pathFrom(graph: RbacGraph, subject: string, goal: Goal): EscalationPath | undefined {
  const cost = costOf(graph, subject, goal);
  if (cost === undefined) return undefined;
  return { goal, cost, hops: hopsOf(graph, edgesFrom(graph, subject, goal)) };
}

/** The edges of a shortest path, in order. */
function edgesFrom({ edges, ways }: RbacGraph, subject: string, goal: Goal): number[] {
  const path: number[] = [];
  for (let node = edges.find(subject) ?? -1; node >= 0;) {
    const edge = ways[goal].next[node] ?? -1;
    if (edge < 0) break;
    path.push(edge);
    node = edges.to(edge);
  }
  return path;
}

function hopsOf(graph: RbacGraph, path: readonly number[]): PathHop[] {
  const { edges } = graph;
  const hops: PathHop[] = [];
  let parts: number[] = [];
  for (const edge of path) {
    parts.push(edge);
    // What follows from one goal to the next is no step of its own.
    if (edge !== path.at(-1) && !isSubject(edges.name(edges.to(edge)))) continue;
    hops.push(hopOf(graph, parts));
    parts = [];
  }
  return hops;
}

function hopOf(graph: RbacGraph, parts: readonly number[]): PathHop {
  const { edges } = graph;
  const [first = 0] = parts;
  const label = edges.label(first);
  const from = edges.name(edges.from(first));
  const to = edges.name(edges.to(parts.at(-1) ?? first));
  const labels = parts.map(part => edges.label(part));
  const byPodOnNode = labels.some(each => each === FOLLOWS.podToNode || each === FOLLOWS.podToNodePossible);
  const join = graph.joined.get(first);
  const step = join === undefined ? steps[label >= 0 ? label : NAMED - label] : steps[join.step];
  const follows = followWords(graph, parts);
  if (step === undefined || (label < 0 && label > NAMED)) {
    return { from: shown(from), to: shown(to), words: plainWords(label, shown(to)), grants: [], byPodOnNode, ...(follows === undefined ? {} : { provided: follows }) };
  }
  const scope = edges.scope(first);
  const namespace = scope < 0 ? undefined : edges.name(scope).slice('ns:'.length);
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`;
  const limited = label <= NAMED ? ', by name' : '';
  const machine = parts.map(part => edges.name(edges.to(part))).find(name => name.startsWith('node:'));
  const onNode = machine === undefined ? '' : `, and so come to node ${machine.slice('node:'.length)}`;
  if (join !== undefined) return joinedHop(graph, join, step, { from: shown(from), to: shown(to), byPodOnNode, ...(follows === undefined ? {} : { follows }) });
  const provided = [step.provided, versionWords(step, graph), follows].filter(each => each !== undefined).join('; ');
  return {
    from: shown(from), to: shown(to), step: step.id,
    words: `can ${step.can}${where}${limited}${onNode}${labels.includes(FOLLOWS.token) ? ', one of which holds a token,' : ''}`,
    grants: usedGrants(graph, from, step, namespace, label <= NAMED ? nameOf(edges.name(edges.to(first))) : undefined),
    byPodOnNode,
    ...(namespace === undefined ? {} : { namespace }),
    ...(provided === '' ? {} : { provided }),
  };
}

/** One step as several identities, with the bindings of each and of the ways to them. */
function joinedHop(graph: RbacGraph, { as }: JoinedStep, step: EscalationPrimitive, { follows, ...hop }: Pick<PathHop, 'from' | 'to' | 'byPodOnNode'> & { readonly follows?: string }): PathHop {
  const names = [...new Set(as.map(({ holder }) => shown(graph.edges.name(holder))))];
  const there = as.flatMap(({ edges }) => hopsOf(graph, edges).flatMap(each => each.grants));
  const held = as.flatMap(({ holder }, at) => {
    const way = step.ways[0] ?? [];
    const legs = (step.requests?.[at] ?? []).flatMap(index => way[index] ?? []);
    return usedGrants(graph, graph.edges.name(holder), { ...step, ways: [legs] }, undefined, undefined);
  });
  const provided = [step.provided, follows].filter(each => each !== undefined).join('; ');
  return { ...hop, isJoined: true, step: step.id, words: `can, as ${names.join(' and ')}, ${step.can}`, grants: merged([...there, ...held]), ...(provided === '' ? {} : { provided }) };
}

/** Each binding once, with all its rules that count. */
function merged(grants: readonly UsedGrant[]): UsedGrant[] {
  return [...Map.groupBy(grants, ({ binding }) => binding).values()].flatMap(([first, ...others]) => (first === undefined ? [] : [
    { ...first, ruleIndexes: [...new Set([first, ...others].flatMap(each => each.ruleIndexes))].sort((a, b) => a - b) },
  ]));
}

function shown(name: string): string {
  if (name.startsWith('goal:')) return GOAL_WORDS[name.slice('goal:'.length) as Goal];
  return name.startsWith('role:') ? name.slice('role:'.length).replace(/@$/, '').replace('@', ' in namespace ') : name;
}

function nameOf(to: string): string {
  if (to.startsWith('on:')) return to.slice('on:'.length);
  if (to.startsWith('role:')) return /\/([^@]*)@/.exec(to)?.[1] ?? '';
  return to.slice(/^(ServiceAccount\/|pod:|secret:)/.test(to) ? to.lastIndexOf('/') + 1 : to.indexOf('/') + 1);
}

function plainWords(label: number, to: string): string {
  return label === FOLLOWS.member && to.startsWith('Group/') ? `is a member of ${to}` : `can then ${to}`;
}

/** What a hop takes that nobody could read. */
function followWords({ edges, surroundings }: RbacGraph, parts: readonly number[]): string | undefined {
  const labels = new Set(parts.map(part => edges.label(part)));
  if (labels.has(FOLLOWS.podToNodePossible)) return 'Pod Security of the namespace lets privileged pods in';
  if (labels.has(FOLLOWS.nodePossible) || (labels.has(FOLLOWS.podRuns) && surroundings.nodes === undefined)) return 'there are nodes';
  if (labels.has(FOLLOWS.account) && surroundings.serviceAccounts === undefined) return 'the service account exists';
  return undefined;
}

function versionWords({ since, until, served }: EscalationPrimitive, { surroundings }: RbacGraph): string | undefined {
  if (surroundings.minor === undefined && until !== undefined) return `the API server is 1.${until} or older`;
  if (surroundings.minor === undefined && since !== undefined) return `the API server is 1.${since} or newer`;
  return served !== undefined && surroundings.apiGroups === undefined ? `${served} is served` : undefined;
}

/** The grants of a subject and its groups that hold a step, for the first way that they hold whole. */
function usedGrants(graph: RbacGraph, from: string, step: EscalationPrimitive, namespace: string | undefined, name: string | undefined): UsedGrant[] {
  const held = holdersOf(graph, from).flatMap(key => graph.grantsOf.get(key) ?? [])
    .filter(grant => grant.namespace === undefined || grant.namespace === namespace);
  const ways = name === undefined ? step.ways : waysToNamed(step, name);
  for (const way of ways) {
    const found = way.map(each => held.flatMap(grant => ruleOf(grant, each))[0]);
    if (found.some(each => each === undefined)) continue;
    const used = new Map<string, { grant: Grant; indexes: Set<number> }>();
    for (const each of found) {
      if (each === undefined) continue;
      const key = formatRef(each.grant.binding);
      const entry = used.get(key) ?? { grant: each.grant, indexes: new Set<number>() };
      entry.indexes.add(each.ruleIndex);
      used.set(key, entry);
    }
    return [...used.values()].map(({ grant, indexes }) => ({ binding: grant.binding, role: grant.role, ruleIndexes: [...indexes].sort((a, b) => a - b) }));
  }
  return [];
}

function ruleOf(grant: Grant, each: CapabilityLeg): { readonly grant: Grant; readonly ruleIndex: number }[] {
  if (grant.namespace !== undefined && each.clusterOnly) return [];
  const ruleIndex = grant.rules.findIndex(rule => holdsLeg(rule, each));
  return ruleIndex < 0 ? [] : [{ grant, ruleIndex }];
}

/** The legs of a step, with one name in the place of any. */
function waysToNamed({ id, ways }: EscalationPrimitive, name: string): readonly (readonly CapabilityLeg[])[] {
  const limited = (each: CapabilityLeg, names: CapabilityLeg['names']): CapabilityLeg => leg(each.group, each.resources.join(' '), each.verbs.join(' '), names);
  if (id === 'escalate-clusterrole') return ways.map(way => way.map(each => limited(each, 'some')));
  // One by one they are read by get as well.
  if (id === 'secrets-list') return [[leg('', 'secrets', 'get list watch', [name])]];
  return ways.map(([first, ...others]) => (first === undefined ? [] : [limited(first, [name]), ...others]));
}

/** A subject and the groups that it is always in. */
export function holdersOf(graph: RbacGraph, subject: string): readonly string[] {
  const [grant] = graph.grantsOf.get(subject) ?? [];
  if (grant !== undefined && grant.subject.kind !== 'Group') {
    const { kind } = grant.subject;
    return [subject, ...identityOf({ ...grant.subject, kind }).groups.map(group => `Group/${group}`)];
  }
  if (!subject.startsWith('Group/')) return [subject];
  const isOfAccounts = subject.startsWith('Group/system:serviceaccounts:');
  return [subject, ...(isOfAccounts ? ['Group/system:serviceaccounts'] : []), 'Group/system:authenticated'];
}

/** A binding whose removal takes the way from its subject, and from others. */
export interface Cut {
  readonly binding: ResourceRef;
  /** How many of the subjects that can come to the goal no longer can. */
  readonly loses: number;
  readonly of: number;
}

/** The binding on a path whose removal takes the goal from most subjects; undefined where none on it takes it from this one. */
export function cutOf(graph: RbacGraph, subject: string, path: EscalationPath): Cut | undefined {
  const node = graph.edges.find(subject);
  if (node === undefined) return undefined;
  let best: Cut | undefined;
  for (const binding of new Set(path.hops.flatMap(hop => hop.grants).map(each => each.binding))) {
    const losing = graph.losing(binding, path.goal);
    if (losing.has(node) && (best === undefined || losing.size > best.loses)) best = { binding, loses: losing.size, of: graph.reaching(path.goal).size };
  }
  return best;
}

/** A hop as a sentence without a full stop. */
export function hopSentence({ from, to, words, provided }: PathHop): string {
  const isSubject = /^(User|Group|ServiceAccount|ClusterRole|Role)\//.test(to) && !words.endsWith(to);
  return `${from} ${words}${isSubject ? ` and so become ${to}` : ''}${provided === undefined ? '' : ` (if ${provided})`}`;
}
