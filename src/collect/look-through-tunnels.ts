import type { ApiClient, PodName } from '../cluster/api-client.ts';
import type { Gap } from '../evidence/gap.ts';
import type { PerResult, Read, Source } from '../evidence/source.ts';
import type { ControlPlanePod } from '../evidence/sources/control-plane.ts';
import { PODS_PORTFORWARD, type NodePort, type NodePorts, type ShownServer } from '../evidence/sources/node-ports.ts';
import type { NodeEvidence } from '../evidence/sources/platform.ts';
import type { PodEvidence } from '../evidence/sources/workloads.ts';
import { askPermissions } from './ask-permissions.ts';
import { malformed, Unread } from './gap-of.ts';
import { readNodePlaces } from './node-addresses.ts';
import { portsOf } from './node-ports.ts';
import { gapOfPort, gapOfPortFailure, timeIsOver } from './port-gap.ts';
import { createKubeletRun, type KubeletRun } from './read-nodes.ts';

export type PortsRead = Extract<Read, { how: 'nodePorts' }>;

/** What there is to look at, as it was read before. */
export interface Nodes {
  readonly nodes: readonly NodeEvidence[];
  readonly pods: readonly PodEvidence[];
  /** None where they could not be read: ports are then where they are by default. */
  readonly controlPlane: readonly ControlPlanePod[];
}

/** Pods of one node that are tried; one that has ended leads nowhere. */
const MOST_PODS = 3;
/** Handshakes at once, and what one may take. */
const CONCURRENCY = 8;
const PORT_MILLISECONDS = 3_000;
const BUDGET_MILLISECONDS = 60_000;

/** The turns of handshakes with ports of nodes. */
export function createPortRun(budgetMilliseconds = BUDGET_MILLISECONDS, portMilliseconds = PORT_MILLISECONDS): KubeletRun {
  return createKubeletRun(budgetMilliseconds, portMilliseconds, CONCURRENCY);
}

/**
 * Makes a TLS handshake with each port of each node, through the API server and one pod that shares the node's network:
 * there 127.0.0.1 is the node's own. Nothing else is sent. The caller's right is asked for first.
 */
export async function lookThroughTunnels(client: ApiClient, source: Source, read: PortsRead, { nodes, pods, controlPlane }: Nodes, run = createPortRun()): Promise<PerResult<NodePorts>[]> {
  const namespace = await allowedNamespace(client);
  if (namespace === 'none') {
    const gap = mayNotOpenTunnels(source);
    return nodes.map(({ metadata }) => ({ of: metadata.name, gap }));
  }
  const places = await readNodePlaces(client);
  const ways = Map.groupBy(pods.filter(({ metadata, spec }) => spec?.hostNetwork === true && (namespace === 'any' || metadata.namespace === namespace)), ({ spec }) => spec?.nodeName ?? '');
  return Promise.all(nodes.map(async node => {
    const ports = portsOf(node, controlPlane, places.get(node.metadata.name)?.kubeletPort, false);
    return { of: node.metadata.name, ...(await throughPods(client, source, read, (ways.get(node.metadata.name) ?? []).toSorted(byFitness), ports, run)) };
  }));
}

/** Where the caller may open tunnels, by its own word for it: everywhere, in kube-system, or nowhere. */
async function allowedNamespace(client: ApiClient): Promise<'any' | 'kube-system' | 'none'> {
  if (await mayOpenTunnels(client)) return 'any';
  return (await mayOpenTunnels(client, 'kube-system')) ? 'kube-system' : 'none';
}

/** Whether the caller may open tunnels to pods of a namespace, or of all. */
export async function mayOpenTunnels(client: ApiClient, namespace?: string): Promise<boolean> {
  const answers = await askPermissions(client, PODS_PORTFORWARD, namespace);
  return answers.every(answer => 'allowed' in answer && answer.allowed);
}

export function mayNotOpenTunnels(source: Source): Gap {
  return { kind: 'gap', reason: 'forbidden', source: source.id, detail: 'this user may not open tunnels to pods', permissions: PODS_PORTFORWARD };
}

/** Ready ones first, then those of a DaemonSet, such as kube-proxy or the network's: etcd's own pod is the last to be troubled. */
function byFitness(a: PodEvidence, b: PodEvidence): number {
  const unfit = ({ metadata, status }: PodEvidence): number =>
    (status?.conditions === true ? 0 : 8) + (metadata.ownerReferences === undefined ? 2 : 0) + (metadata.namespace === 'kube-system' ? 0 : 1) + (metadata.name.startsWith('etcd') ? 4 : 0);
  return unfit(a) - unfit(b) || (a.metadata.name < b.metadata.name ? -1 : 1);
}

async function throughPods(client: ApiClient, source: Source, read: PortsRead, pods: readonly PodEvidence[], ports: readonly NodePort[], run: KubeletRun): Promise<{ value: NodePorts } | { gap: Gap }> {
  let gap: Gap = { kind: 'notObservable', reason: 'notSeen', source: source.id, detail: 'no pod that may be used shares the network of this node, so no tunnel leads to its ports' };
  const [first, ...others] = ports;
  if (first === undefined) return { gap };
  for (const { metadata } of pods.slice(0, MOST_PODS)) {
    const pod = { namespace: metadata.namespace ?? '', name: metadata.name };
    const look = (port: NodePort): Promise<Looked<NodePort>> => lookThroughPod(client, source, read, pod, port, run);
    const one = await look(first);
    // Where the first port shows that this pod leads nowhere, another may.
    if (one.isWayClosed && 'gap' in one.seen) {
      ({ gap } = one.seen);
      continue;
    }
    const rest = await Promise.all(others.map(look));
    return { value: { way: { pod }, ports: [one, ...rest].map(({ seen }) => seen) } };
  }
  return { gap };
}

/** What a port showed, or why it showed nothing. */
export interface Looked<P> {
  readonly seen: P & ({ readonly shown: ShownServer } | { readonly gap: Gap });
  /** There was no tunnel at all, whatever the port. */
  readonly isWayClosed: boolean;
}

/** One handshake with a port of a pod, in its turn. */
export async function lookThroughPod<P extends Pick<NodePort, 'port' | 'serverName'>>(client: ApiClient, source: Source, read: Pick<PortsRead, 'project'>, pod: PodName, port: P, run: KubeletRun): Promise<Looked<P>> {
  const looked = await run.turn(async (timeoutMilliseconds): Promise<Looked<P>> => {
    try {
      const outcome = await client.handshakeThroughPod(pod, port.port, { timeoutMilliseconds, ...(port.serverName === undefined ? {} : { serverName: port.serverName }) });
      if ('chain' in outcome) return { seen: { ...port, ...parsed(source, read, outcome) }, isWayClosed: false };
      return { seen: { ...port, gap: gapOfPort(source, port.port, outcome) }, isWayClosed: 'refused' in outcome };
    } catch (error) {
      return { seen: { ...port, gap: gapOfPortFailure(source, port.port, timeoutMilliseconds, error) }, isWayClosed: false };
    }
  });
  return looked ?? { seen: { ...port, gap: timeIsOver(source) }, isWayClosed: false };
}

/** What a server showed as evidence, or why it is none. */
export function parsed(source: Source, read: Pick<PortsRead, 'project'>, raw: Parameters<PortsRead['project']>[0]): { readonly shown: ShownServer } | { readonly gap: Gap } {
  try {
    return { shown: read.project(raw) as ShownServer };
  } catch (error) {
    if (error instanceof Error && !(error instanceof Unread)) return { gap: malformed(source, 'a server shows a certificate that cannot be read').gap };
    throw error;
  }
}
