import { formatSubject, type Subject } from '../evidence/subject.ts';
import { createEdges, GOALS, type Edges } from './rbac-edges.ts';
import type { Mapped } from './rbac-mapped.ts';
import type { PodStep, RbacSurroundings } from './rbac-surroundings.ts';
import type { TokenSecret } from './rbac-token-secrets.ts';

/** Places between subjects: one for each namespace, so that a right over all of it is one edge. The cluster's has no namespace. */
export const PLACES = {
  /** Every right in a namespace, also over its Pod Security label. */
  everything: 'everything',
  /** What the built-in admin may do. */
  owner: 'owner',
  anyAccount: 'any-account',
  accounts: 'accounts',
  pods: 'pods',
  containers: 'containers',
  debug: 'debug',
  users: 'users',
  certificates: 'certificates',
  nodes: 'nodes',
  kubelets: 'kubelets',
} as const;

/** What edges of the surroundings mean. */
export const FOLLOWS = {
  token: -13, cloudRole: -14, metadataService: -15, member: -1, everything: -2, part: -3, account: -4, podRuns: -5, podToNode: -6, podToNodePossible: -7, mounted: -8, privileged: -9, node: -10, nodePossible: -11, user: -12,
} as const;

/** What each namespace has, in the order of its block: itself, and one of each place. */
const BLOCK = ['ns', PLACES.everything, PLACES.owner, PLACES.anyAccount, PLACES.accounts, PLACES.pods, PLACES.containers, PLACES.debug] as const;
const offset = Object.fromEntries(BLOCK.map((kind, at) => [kind, at])) as Readonly<Record<(typeof BLOCK)[number], number>>;

/** A place that each namespace has. */
export type NamespacePlace = Exclude<(typeof BLOCK)[number], 'ns'>;

/** Subjects and places by number. */
export interface Places {
  readonly edges: Edges;
  /** The place of a namespace, the empty one for all of them; the number of the namespace itself for `ns`. */
  readonly at: (kind: (typeof BLOCK)[number], namespace: string) => number;
  readonly account: (namespace: string, name: string) => number;
  /** Pods of a name, of every namespace for the empty one, with what a command in them comes to; undefined where there is none, or they could not be read. */
  readonly pod: (namespace: string, name: string) => number | undefined;
  /** The containers on one node, with what commands in them come to. */
  readonly onNode: (name: string) => number | undefined;
  /** Whoever reads the Secrets of a namespace, all of them for the empty one; undefined where no token of a service account lies there. */
  readonly secretsOf: (namespace: string) => number | undefined;
  /** The token Secrets of a name, of every namespace for the empty one; undefined where there is none. */
  readonly tokens: (namespace: string, name: string) => number | undefined;
  readonly hasAccount: (namespace: string, name: string) => 'exists' | 'named' | undefined;
}

/**
 * Everything that follows without any right: groups, service accounts of a namespace, pods and their nodes.
 *
 * @param bound namespaces with bindings
 */
export function surroundingPlaces(surroundings: RbacSurroundings, subjects: readonly Subject[], bound: ReadonlySet<string>, mapped: readonly Mapped[] = [], tokenSecrets: readonly TokenSecret[] = []): Places {
  const edges = createEdges(BLOCK);
  for (const goal of GOALS) edges.node(`goal:${goal}`);
  const { serviceAccounts, pods, nodes } = surroundings;
  const accountsAreRead = serviceAccounts !== undefined;
  const runsPods = nodes === undefined || nodes.length > 0;
  const accounts = new Map<string, Map<string, number>>();
  const existing = new Set<number>();
  const done = new Set<string>();
  let byName: ReadonlyMap<string, readonly PodStep[]> | undefined;
  const common = { nodes: edges.node(PLACES.nodes), kubelets: edges.node(PLACES.kubelets), users: edges.node(PLACES.users), certificates: edges.node(PLACES.certificates) };
  const goalNode = edges.node('goal:node');
  const cloudRole = edges.node('goal:cloud-role');
  const ofCloud = new Set(nodes?.flatMap(({ name, isOfCloud }) => (isOfCloud ? [name] : [])));
  const tokensBy = new Map<string, number[]>();
  const authenticated = edges.node('Group/system:authenticated');
  const everyAccount = edges.node('Group/system:serviceaccounts');

  const at: Places['at'] = (kind, namespace) => edges.block(namespace) + offset[kind];
  const link = (from: string, to: string, label: number, weight = 0): void => edges.add(edges.node(from), edges.node(to), weight, label);
  addGoals();
  for (const subject of subjects) addSubject(subject);
  addMapped();
  for (const { namespace, name, cloudRole: role } of serviceAccounts ?? []) {
    const node = addAccount(namespace, name, true);
    if (role !== undefined) edges.add(node, cloudRole, 0, FOLLOWS.cloudRole);
  }
  addTokens();
  for (const name of [...(surroundings.namespaces?.keys() ?? []), ...bound]) addNamespace(name);
  addNodes();
  addPods(pods ?? []);
  return {
    edges, at,
    account: (namespace, name) => addAccount(namespace, name, false),
    pod: (namespace, name) => containersOf(`pod:${namespace}/${name}`, podsNamed(name).filter(pod => namespace === '' || pod.namespace === namespace)),
    secretsOf: namespace => (namespace === '' ? edges.node('secrets:') : edges.find(`secrets:${namespace}`)),
    tokens(namespace, name) {
      const place = `secret:${namespace}/${name}`;
      const known = edges.find(place);
      const accountsThere = tokensBy.get(`${namespace}/${name}`);
      if (known !== undefined || accountsThere === undefined) return known;
      const node = edges.node(place);
      for (const account of accountsThere) edges.add(node, account, 0, FOLLOWS.token);
      return node;
    },
    onNode: name => containersOf(`on:${name}`, pods?.filter(pod => pod.node === name) ?? []),
    hasAccount(namespace, name) {
      const node = accounts.get(namespace)?.get(name);
      return node === undefined ? undefined : existing.has(node) ? 'exists' : 'named';
    },
  };

  function addGoals(): void {
    link('Group/system:masters', 'goal:system-masters', FOLLOWS.member);
    edges.add(everyAccount, authenticated, 0, FOLLOWS.member);
    link('goal:system-masters', 'goal:cluster-admin', FOLLOWS.everything);
    link('goal:control-plane-node', 'goal:cluster-admin', FOLLOWS.everything, 1);
    link('goal:control-plane-node', 'goal:node', FOLLOWS.part);
    for (const goal of ['system-masters', 'all-secrets', 'namespace-admin']) link('goal:cluster-admin', `goal:${goal}`, FOLLOWS.everything, 1);
    link('goal:cluster-admin', PLACES.nodes, FOLLOWS.everything, 1);
    for (const place of [PLACES.everything, PLACES.owner]) edges.add(at(place, ''), edges.node('goal:all-secrets'), 0, FOLLOWS.everything);
    edges.add(common.certificates, common.users, 0, FOLLOWS.part);
    edges.add(common.certificates, at(PLACES.anyAccount, ''), 0, FOLLOWS.part);
  }

  function addSubject(subject: Subject): void {
    if (subject.kind === 'ServiceAccount') {
      addAccount(subject.namespace ?? '', subject.name, !accountsAreRead);
      return;
    }
    const node = edges.node(formatSubject(subject));
    if (subject.kind === 'Group') {
      if (subject.name !== 'system:masters') edges.add(common.certificates, node, 0, FOLLOWS.user);
      for (const above of groupsAbove(subject.name)) link(formatSubject(subject), `Group/${above}`, FOLLOWS.member);
      return;
    }
    edges.add(common.users, node, 0, FOLLOWS.user);
    for (const group of namedGroups(subject.name)) edges.add(node, edges.node(`Group/${group}`), 0, FOLLOWS.member);
    edges.add(node, subject.name === 'system:anonymous' ? edges.node('Group/system:unauthenticated') : authenticated, 0, FOLLOWS.member);
  }

  /** Whoever reads the Secrets of a namespace has the tokens that lie there. */
  function addTokens(): void {
    const all = edges.node('secrets:');
    edges.add(all, edges.node('goal:all-secrets'), 0, FOLLOWS.part);
    for (const { namespace, name, serviceAccount } of tokenSecrets) {
      const place = `secrets:${namespace}`;
      if (edges.find(place) === undefined) edges.add(all, edges.node(place), 0, FOLLOWS.part);
      const account = addAccount(namespace, serviceAccount, !accountsAreRead);
      edges.add(edges.node(place), account, 0, FOLLOWS.token);
      for (const key of [`${namespace}/${name}`, `/${name}`]) tokensBy.set(key, [...tokensBy.get(key) ?? [], account]);
    }
  }

  function podsNamed(name: string): readonly PodStep[] {
    byName ??= Map.groupBy(pods ?? [], pod => pod.name);
    return byName.get(name) ?? [];
  }

  function containersOf(place: string, inside: readonly PodStep[]): number | undefined {
    const known = edges.find(place);
    if (known !== undefined || inside.length === 0) return known;
    const node = edges.node(place);
    for (const { namespace, serviceAccount, node: machine, reachesNode, isOnHostNetwork } of inside) {
      if (isOnHostNetwork && machine !== undefined && ofCloud.has(machine)) edges.add(node, cloudRole, 1, FOLLOWS.metadataService);
      if (serviceAccount !== undefined) edges.add(node, addAccount(namespace, serviceAccount, !accountsAreRead), 0, FOLLOWS.mounted);
      if (reachesNode && machine !== undefined) edges.add(node, edges.node(`node:${machine}`), 0, FOLLOWS.privileged);
    }
    return node;
  }

  /** Users that the cloud lets in, with the groups that it puts them in. */
  function addMapped(): void {
    const known = new Set(mapped.length === 0 ? [] : subjects.map(formatSubject));
    for (const { subject, groups } of mapped) {
      if (!known.has(formatSubject(subject))) addSubject(subject);
      for (const group of groups) link(formatSubject(subject), `Group/${group}`, FOLLOWS.member);
    }
  }

  function addAccount(namespace: string, name: string, exists: boolean): number {
    let inNamespace = accounts.get(namespace);
    if (inNamespace === undefined) accounts.set(namespace, (inNamespace = new Map<string, number>()));
    let node = inNamespace.get(name);
    if (node === undefined) {
      addNamespace(namespace);
      node = edges.node(`ServiceAccount/${namespace}/${name}`);
      inNamespace.set(name, node);
      edges.add(node, edges.node(`Group/system:serviceaccounts:${namespace}`), 0, FOLLOWS.member);
      edges.add(at(PLACES.anyAccount, namespace), node, 0, FOLLOWS.account);
    }
    if (exists && !existing.has(node)) {
      existing.add(node);
      edges.add(at(PLACES.accounts, namespace), node, 0, FOLLOWS.account);
    }
    return node;
  }

  function addNamespace(namespace: string): void {
    if (done.has(namespace)) return;
    done.add(namespace);
    const cluster = edges.block('');
    const own = edges.block(namespace);
    for (let place = 1; place < BLOCK.length; place += 1) edges.add(cluster + place, own + place, 0, FOLLOWS.part);
    edges.add(edges.node(`Group/system:serviceaccounts:${namespace}`), everyAccount, 0, FOLLOWS.member);
    const [everything, owner, anyAccount] = [own + offset.everything, own + offset.owner, own + offset['any-account']];
    const [inPods, accountsThere, containers] = [own + offset.pods, own + offset.accounts, own + offset.containers];
    edges.add(owner, edges.node('goal:namespace-admin'), 0, FOLLOWS.everything);
    edges.add(everything, owner, 0, FOLLOWS.part);
    if (runsPods) edges.add(everything, common.nodes, 2, FOLLOWS.everything);
    for (const place of [anyAccount, inPods, containers]) edges.add(owner, place, 1, FOLLOWS.everything);
    edges.add(anyAccount, accountsThere, 0, FOLLOWS.part);
    edges.add(own + offset.debug, containers, 0, FOLLOWS.part);
    if (!runsPods) return;
    edges.add(inPods, accountsThere, 0, FOLLOWS.podRuns);
    if (surroundings.namespaces === undefined) edges.add(inPods, common.nodes, 3, FOLLOWS.podToNodePossible);
    else if (surroundings.namespaces.get(namespace) === false) edges.add(inPods, common.nodes, 2, FOLLOWS.podToNode);
  }

  function addNodes(): void {
    if (nodes === undefined) edges.add(common.nodes, goalNode, 0, FOLLOWS.nodePossible);
    for (const { name, isControlPlane } of nodes ?? []) {
      edges.add(common.nodes, edges.node(`node:${name}`), 0, FOLLOWS.node);
      edges.add(common.kubelets, edges.node(`kubelet:${name}`), 0, FOLLOWS.node);
      link(`node:${name}`, isControlPlane ? 'goal:control-plane-node' : 'goal:node', FOLLOWS.part);
      link(`kubelet:${name}`, 'goal:node', FOLLOWS.part);
      if (ofCloud.has(name)) link(`node:${name}`, 'goal:cloud-role', FOLLOWS.metadataService, 1);
    }
  }

  function addPods(all: readonly PodStep[]): void {
    const seen = new Set<number>();
    const machines = new Map<string, readonly [node: number, kubelet: number]>();
    const once = (from: number, to: number, label: number, weight = 0): void => {
      // Node numbers stay far below 2 ** 26.
      const key = from * 0x4000000 + to;
      if (seen.has(key)) return;
      seen.add(key);
      edges.add(from, to, weight, label);
    };
    const machineOf = (name: string): readonly [node: number, kubelet: number] => {
      let machine = machines.get(name);
      if (machine !== undefined) return machine;
      machines.set(name, (machine = [edges.node(`node:${name}`), edges.node(`kubelet:${name}`)]));
      // A pod that stands on a node proves it, whoever may list nodes.
      if (nodes === undefined) for (const place of machine) edges.add(place, goalNode, 0, FOLLOWS.part);
      return machine;
    };
    for (const { namespace, serviceAccount, node, reachesNode, isOnHostNetwork } of all) {
      addNamespace(namespace);
      const machine = node === undefined ? undefined : machineOf(node);
      if (serviceAccount !== undefined) {
        const account = addAccount(namespace, serviceAccount, !accountsAreRead);
        once(at(PLACES.containers, namespace), account, FOLLOWS.mounted);
        if (machine !== undefined) {
          once(machine[0], account, FOLLOWS.mounted);
          once(machine[1], account, FOLLOWS.mounted);
        }
      }
      if (machine === undefined) continue;
      if (isOnHostNetwork && node !== undefined && ofCloud.has(node)) once(at(PLACES.containers, namespace), cloudRole, FOLLOWS.metadataService, 1);
      if (reachesNode) once(at(PLACES.containers, namespace), machine[0], FOLLOWS.privileged);
      const isBlocked = surroundings.namespaces?.get(namespace);
      if (isBlocked !== true) once(at(PLACES.debug, namespace), machine[0], isBlocked === undefined ? FOLLOWS.podToNodePossible : FOLLOWS.podToNode, 1);
    }
  }
}

/** Groups that a user is in by its name. */
function namedGroups(user: string): readonly string[] {
  if (user.startsWith('system:node:')) return ['system:nodes'];
  return user.startsWith('system:bootstrap:') ? ['system:bootstrappers'] : [];
}

/** The groups that every member of a group is in as well. */
export function groupsAbove(name: string): readonly string[] {
  if (name.startsWith('system:serviceaccounts:')) return ['system:serviceaccounts', 'system:authenticated'];
  return name === 'system:authenticated' || name === 'system:unauthenticated' ? [] : ['system:authenticated'];
}
