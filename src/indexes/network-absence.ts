import type { EvidenceItem, Grade } from '../evidence/evidence-item.ts';
import { notObservable, type Gap } from '../evidence/gap.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import { refOf } from '../evidence/source.ts';
import { nodes, type NodeEvidence } from '../evidence/sources/platform.ts';
import type { FoundAgent } from './network-agents.ts';
import type { Distribution } from './platform.ts';

/**
 * What is known of NetworkPolicy on a node:
 * - `enforced`: a program that enforces it runs there, and is switched on
 * - `off`: such a program runs there, and is switched off
 * - `none`: nothing there enforces it
 * - `unknown`: nothing that was seen decides it
 */
export interface Enforcement {
  readonly state: 'enforced' | 'off' | 'none' | 'unknown';
  readonly enforcer?: string;
  /** What the enforcer leaves out of NetworkPolicy. */
  readonly limits?: string;
  readonly grade: Grade;
  /** A few words, to be read after "NetworkPolicy is ...:". */
  readonly how: string;
  readonly evidence: readonly EvidenceItem[];
  /** Why it is unknown; empty otherwise. */
  readonly gaps: readonly Gap[];
}

/** Where the pods of a DaemonSet are: ready or not, by node. Undefined where pods could not be read. */
export type Placement = (daemonSet: ResourceRef) => ReadonlyMap<string, boolean> | undefined;

const K3S_ARGS = 'k3s.io/node-args';

/**
 * Distributions that install no network of their own and run none inside another program: whatever enforces there has
 * been installed into the cluster, and shows.
 */
const WITHOUT_NETWORK: ReadonlySet<Distribution> = new Set(['kubeadm', 'kind']);

/**
 * k3s enforces from within its own process unless a server was started with --disable-network-policy; agents follow
 * their servers. Undefined on other distributions, and where no server's arguments can be seen.
 */
export function embeddedEnforcement(list: readonly NodeEvidence[], distribution: Distribution): Enforcement | undefined {
  if (distribution !== 'k3s') return undefined;
  const servers = list.flatMap(node => {
    const args = node.metadata.annotations?.[K3S_ARGS];
    return Array.isArray(args) && args[0] === 'server' ? [{ node, args: args as readonly string[] }] : [];
  });
  const [first] = servers;
  if (first === undefined) return undefined;
  const isDisabled = ({ args }: { readonly args: readonly string[] }): boolean => args.some(each => each === '--disable-network-policy' || each === '--disable-network-policy=true');
  const disabled = servers.find(isDisabled);
  const { node, args } = disabled ?? first;
  const evidence: EvidenceItem = {
    resource: refOf(nodes, node),
    path: `metadata.annotations[${JSON.stringify(K3S_ARGS)}]`,
    value: args,
    grade: 'inferred',
    derivation: 'the flags of the server in that annotation; of values only those that decide this are kept',
  };
  const base = { enforcer: 'k3s', evidence: [evidence], gaps: [] };
  return disabled === undefined
    // The controller only logs a warning where it cannot start, so this is what should be, not what was seen.
    ? { ...base, state: 'enforced', grade: 'inferred', how: 'k3s enforces it by itself unless told otherwise' }
    : { ...base, state: 'off', grade: 'exact', how: 'the k3s server runs with --disable-network-policy' };
}

/** What decides whether it is conclusive that no enforcer was seen on a node. */
export interface Absence {
  readonly distribution: Distribution;
  /** The agents that give this node's pods their network. */
  readonly networking: readonly FoundAgent[];
  /** Enforcers that run, but not on this node. */
  readonly enforcesElsewhere: readonly FoundAgent[];
  readonly suspects: readonly { readonly daemonSet: ResourceRef; readonly evidence: EvidenceItem }[];
  readonly gaps: readonly Gap[];
  /** Programs outside of DaemonSets that may read NetworkPolicies: one of them may tell the nodes what to do. */
  readonly controllers: () => { readonly names: readonly string[]; readonly gaps: readonly Gap[] };
  readonly placement: Placement;
}

/** A node on which no enforcer was recognised: nothing enforces there, or something that cannot be told may. */
export function noEnforcement(node: NodeEvidence, absence: Absence): Enforcement {
  const { distribution, networking, enforcesElsewhere, suspects, gaps, controllers, placement } = absence;
  const { name, labels = {} } = node.metadata;
  if (labels.type === 'virtual-kubelet') return unknown('a virtual node has no network of its own to look at');
  if (labels['eks.amazonaws.com/compute-type'] === 'fargate') return none('Fargate enforces no NetworkPolicy', 'inferred', [labelItem(node, 'eks.amazonaws.com/compute-type', 'fargate')]);
  if (labels['eks.amazonaws.com/compute-type'] === 'auto') return unknown('EKS Auto Mode enforces from within the node where its NodeClass says so, which is not read');
  if (labels['kubernetes.io/os'] === 'windows') return unknown('what enforces on Windows may run outside the cluster');

  const here = suspects.filter(({ daemonSet }) => placement(daemonSet)?.has(name) !== false);
  if (here.length > 0) {
    const names = here.map(({ daemonSet }) => `${daemonSet.namespace ?? ''}/${daemonSet.name}`).join(', ');
    return unknown(`no known enforcer runs here, but DaemonSet ${names} may read NetworkPolicies, and what it does with them is not known`, here.map(({ evidence }) => evidence));
  }
  if (gaps.length > 0) return { ...unknown('not everything that may enforce could be read'), gaps };

  if (enforcesElsewhere.length > 0) {
    const titles = [...new Set(enforcesElsewhere.map(({ agent }) => agent.title))].join(', ');
    return none(`${titles} does not run on this node`, 'exact', enforcesElsewhere.map(({ evidence }) => evidence));
  }
  if (networking.length > 0) {
    const titles = [...new Set(networking.map(({ agent }) => agent.title))].join(', ');
    return none(`${titles} does not enforce it, and nothing beside it does`, 'exact', [...networking.map(({ evidence }) => evidence), nobodyReads]);
  }
  if (WITHOUT_NETWORK.has(distribution)) {
    const { names, gaps: unread } = controllers();
    if (unread.length > 0) return { ...unknown('not everything that may enforce could be read'), gaps: unread };
    if (names.length > 0) return unknown(`no known enforcer runs here, but pods of service account ${names.join(', ')} may read NetworkPolicies and tell the nodes`);
    return none('nothing in the cluster could enforce it', 'inferred', [nobodyReads]);
  }
  return unknown('no network agent was recognised, and one that is part of the distribution would not be seen');
}

/** Enforcing takes reading every policy, so whoever may not do that is out. */
const nobodyReads: EvidenceItem = {
  path: 'list and watch networkpolicies.networking.k8s.io',
  value: 'denied to the service account of every pod that is no known network agent',
  grade: 'inferred',
  derivation:
    'RBAC was asked for the service account of each such pod, since something has to read NetworkPolicies before they can be enforced; ' +
    'a program outside the cluster with a credential of its own would not be seen',
};

function none(how: string, grade: Grade, evidence: readonly EvidenceItem[]): Enforcement {
  return { state: 'none', grade, how, evidence, gaps: [] };
}

function unknown(how: string, evidence: readonly EvidenceItem[] = []): Enforcement {
  return { state: 'unknown', grade: 'inferred', how, evidence, gaps: [notObservable('notProven', how)] };
}

function labelItem(node: NodeEvidence, name: string, value: string): EvidenceItem {
  return {
    resource: refOf(nodes, node),
    path: `metadata.labels[${JSON.stringify(name)}]`,
    value,
    grade: 'exact',
    reproduce: ['kubectl', 'get', 'nodes', '-o', 'yaml', '--', node.metadata.name],
  };
}
