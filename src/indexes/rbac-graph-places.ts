import { formatSubject, type Subject } from '../evidence/subject.ts';
import type { Edges } from './rbac-edges.ts';
import type { PodStep, RbacSurroundings } from './rbac-surroundings.ts';

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
  member: -1, everything: -2, part: -3, account: -4, podRuns: -5, podToNode: -6, podToNodePossible: -7, mounted: -8, privileged: -9, node: -10, nodePossible: -11, user: -12,
} as const;

const perNamespace = [PLACES.everything, PLACES.owner, PLACES.anyAccount, PLACES.accounts, PLACES.pods, PLACES.containers, PLACES.debug];

/**
 * Adds everything that follows without any right: groups, service accounts of a namespace, pods and their nodes.
 *
 * @param bound namespaces with bindings
 * @returns the groups that every member of a group is in as well
 */
export function addSurroundings(edges: Edges, surroundings: RbacSurroundings, subjects: Iterable<Subject>, bound: ReadonlySet<string>): (group: Subject) => readonly string[] {
  const { serviceAccounts, pods, nodes } = surroundings;
  const isKnown = new Set<string>();
  const accountsAreRead = serviceAccounts !== undefined;
  const runsPods = nodes === undefined || nodes.length > 0;
  const link = (from: string, to: string, label: number, weight = 0): void => edges.add(edges.node(from), edges.node(to), weight, label);

  addGoals();
  link('Group/system:masters', 'goal:system-masters', FOLLOWS.member);
  link('Group/system:serviceaccounts', 'Group/system:authenticated', FOLLOWS.member);
  for (const subject of subjects) addSubject(subject, !accountsAreRead);
  for (const { namespace, name } of serviceAccounts ?? []) addSubject({ kind: 'ServiceAccount', namespace, name }, true);
  for (const name of [...(surroundings.namespaces?.keys() ?? []), ...bound]) addNamespace(name);
  addNodes();
  addPods(pods ?? []);
  return group => groupsAbove(group.name);

  function addGoals(): void {
    link('goal:system-masters', 'goal:cluster-admin', FOLLOWS.everything);
    link('goal:control-plane-node', 'goal:cluster-admin', FOLLOWS.everything, 1);
    link('goal:control-plane-node', 'goal:node', FOLLOWS.part);
    for (const goal of ['system-masters', 'all-secrets', 'namespace-admin']) link('goal:cluster-admin', `goal:${goal}`, FOLLOWS.everything, 1);
    link('goal:cluster-admin', PLACES.nodes, FOLLOWS.everything, 1);
    for (const place of [PLACES.everything, PLACES.owner]) link(`${place}:`, 'goal:all-secrets', FOLLOWS.everything);
    link(PLACES.certificates, PLACES.users, FOLLOWS.part);
    link(PLACES.certificates, `${PLACES.anyAccount}:`, FOLLOWS.part);
  }

  function addSubject(subject: Subject, exists: boolean): void {
    const key = formatSubject(subject);
    if (subject.kind === 'Group') {
      if (subject.name !== 'system:masters') link(PLACES.certificates, key, FOLLOWS.user);
      for (const above of groupsAbove(subject.name)) link(key, `Group/${above}`, FOLLOWS.member);
    } else if (subject.kind === 'User') {
      const group = subject.name === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated';
      link(PLACES.users, key, FOLLOWS.user);
      if (subject.name.startsWith('system:node:')) link(key, 'Group/system:nodes', FOLLOWS.member);
      if (subject.name.startsWith('system:bootstrap:')) link(key, 'Group/system:bootstrappers', FOLLOWS.member);
      link(key, `Group/${group}`, FOLLOWS.member);
    } else {
      addAccount(key, subject.namespace ?? '', exists);
    }
  }

  function addAccount(key: string, namespace: string, exists: boolean): void {
    addNamespace(namespace);
    if (!isKnown.has(key)) {
      isKnown.add(key);
      link(key, `Group/system:serviceaccounts:${namespace}`, FOLLOWS.member);
      link(`${PLACES.anyAccount}:${namespace}`, key, FOLLOWS.account);
    }
    if (!exists || edges.nodes.has(`exists:${key}`)) return;
    edges.node(`exists:${key}`);
    link(`${PLACES.accounts}:${namespace}`, key, FOLLOWS.account);
  }

  function addNamespace(namespace: string): void {
    if (edges.nodes.has(`ns:${namespace}`)) return;
    edges.node(`ns:${namespace}`);
    for (const place of perNamespace) link(`${place}:`, `${place}:${namespace}`, FOLLOWS.part);
    link(`Group/system:serviceaccounts:${namespace}`, 'Group/system:serviceaccounts', FOLLOWS.member);
    link(`${PLACES.owner}:${namespace}`, 'goal:namespace-admin', FOLLOWS.everything);
    link(`${PLACES.everything}:${namespace}`, `${PLACES.owner}:${namespace}`, FOLLOWS.part);
    if (runsPods) link(`${PLACES.everything}:${namespace}`, PLACES.nodes, FOLLOWS.everything, 2);
    for (const place of [PLACES.anyAccount, PLACES.pods, PLACES.containers]) link(`${PLACES.owner}:${namespace}`, `${place}:${namespace}`, FOLLOWS.everything, 1);
    link(`${PLACES.anyAccount}:${namespace}`, `${PLACES.accounts}:${namespace}`, FOLLOWS.part);
    link(`${PLACES.debug}:${namespace}`, `${PLACES.containers}:${namespace}`, FOLLOWS.part);
    if (!runsPods) return;
    link(`${PLACES.pods}:${namespace}`, `${PLACES.accounts}:${namespace}`, FOLLOWS.podRuns);
    if (surroundings.namespaces === undefined) link(`${PLACES.pods}:${namespace}`, PLACES.nodes, FOLLOWS.podToNodePossible, 3);
    else if (surroundings.namespaces.get(namespace) === false) link(`${PLACES.pods}:${namespace}`, PLACES.nodes, FOLLOWS.podToNode, 2);
  }

  function addNodes(): void {
    if (nodes === undefined) link(PLACES.nodes, 'goal:node', FOLLOWS.nodePossible);
    for (const { name, isControlPlane } of nodes ?? []) {
      link(PLACES.nodes, `node:${name}`, FOLLOWS.node);
      link(PLACES.kubelets, `kubelet:${name}`, FOLLOWS.node);
      link(`node:${name}`, isControlPlane ? 'goal:control-plane-node' : 'goal:node', FOLLOWS.part);
      link(`kubelet:${name}`, 'goal:node', FOLLOWS.part);
    }
  }

  function addPods(all: readonly PodStep[]): void {
    const seen = new Set<string>();
    const once = (from: string, to: string, label: number, weight = 0): void => {
      const key = `${from} ${to}`;
      if (seen.has(key)) return;
      seen.add(key);
      link(from, to, label, weight);
    };
    for (const { namespace, serviceAccount, node, reachesNode } of all) {
      addNamespace(namespace);
      if (serviceAccount !== undefined) {
        const account = `ServiceAccount/${namespace}/${serviceAccount}`;
        addAccount(account, namespace, !accountsAreRead);
        once(`${PLACES.containers}:${namespace}`, account, FOLLOWS.mounted);
        if (node !== undefined) {
          once(`node:${node}`, account, FOLLOWS.mounted);
          once(`kubelet:${node}`, account, FOLLOWS.mounted);
        }
      }
      if (node === undefined) continue;
      if (reachesNode) once(`${PLACES.containers}:${namespace}`, `node:${node}`, FOLLOWS.privileged);
      const isBlocked = surroundings.namespaces?.get(namespace);
      if (isBlocked !== true) once(`${PLACES.debug}:${namespace}`, `node:${node}`, isBlocked === undefined ? FOLLOWS.podToNodePossible : FOLLOWS.podToNode, 1);
    }
  }
}

function groupsAbove(name: string): readonly string[] {
  if (name.startsWith('system:serviceaccounts:')) return ['system:serviceaccounts', 'system:authenticated'];
  return name === 'system:authenticated' || name === 'system:unauthenticated' ? [] : ['system:authenticated'];
}
