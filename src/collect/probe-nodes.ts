import { RequestFailure, type Answer, type ApiClient, type NodeAddress, type StrangersQuestion } from '../cluster/api-client.ts';
import type { Gap } from '../evidence/gap.ts';
import type { PerResult, Source } from '../evidence/source.ts';
import type { LookedAtPort, NodePort, ProbedNode } from '../evidence/sources/node-ports.ts';
import { createPortRun, parsed, type Looked, type Nodes, type PortsRead } from './look-through-tunnels.ts';
import { readNodePlaces } from './node-addresses.ts';
import { portsOf } from './node-ports.ts';
import { gapOfPort, gapOfPortFailure, timeIsOver } from './port-gap.ts';
import { anonymousIn } from './probe-kubelets.ts';
import type { KubeletRun } from './read-nodes.ts';

const READ_ONLY_PORT = 10255;

/**
 * Makes a TLS handshake with each port of each node at the node's own address, and asks its kubelet as a stranger. No
 * credential and no client certificate is shown to anybody. A node that cannot be reached from here is a gap.
 */
export async function probeNodes(client: ApiClient, source: Source, read: PortsRead, { nodes, controlPlane }: Omit<Nodes, 'pods'>, run = createPortRun()): Promise<PerResult<ProbedNode>[]> {
  const places = await readNodePlaces(client);
  return Promise.all(nodes.map(async node => {
    const { host, kubeletPort } = places.get(node.metadata.name) ?? {};
    if (host === undefined) {
      return { of: node.metadata.name, gap: { kind: 'gap', reason: 'notSeen', source: source.id, detail: 'the node names no address of its own in the cluster' } satisfies Gap };
    }
    return { of: node.metadata.name, ...(await probe(client, source, read, host, portsOf(node, controlPlane, kubeletPort, true), run)) };
  }));
}

async function probe(client: ApiClient, source: Source, read: PortsRead, host: string, [kubelet, ...others]: readonly NodePort[], run: KubeletRun): Promise<{ value: ProbedNode } | { gap: Gap }> {
  if (kubelet === undefined) throw new Error('every node has a kubelet');
  const look = (port: NodePort): Promise<LookedAtPort> => lookAt(client, source, read, host, port, run);
  const first = await look(kubelet);
  // Who is not there at one port is there at no other.
  if ('gap' in first && (first.gap.reason === 'timeout' || first.gap.reason === 'unreachable')) {
    return { gap: { ...first.gap, detail: `the node cannot be reached from here: ${first.gap.detail}` } };
  }
  const [anonymous, readOnlyPort, ...rest] = await Promise.all([
    'shown' in first ? anonymousOf(client, { host, port: kubelet.port }, run) : undefined,
    readOnlyOf(client, { host, port: READ_ONLY_PORT }, run),
    ...others.map(look),
  ]);
  return {
    value: {
      way: { address: host },
      ports: [first, ...rest],
      ...(anonymous === undefined ? {} : { anonymous }),
      ...(readOnlyPort === undefined ? {} : { readOnlyPort }),
    },
  };
}

/** One handshake with a port at an address, in its turn. */
export async function lookAt<P extends Pick<NodePort, 'port' | 'serverName'>>(client: ApiClient, source: Source, read: Pick<PortsRead, 'project'>, host: string, port: P, run: KubeletRun): Promise<Looked<P>['seen']> {
  const looked = await run.turn(async (timeoutMilliseconds): Promise<Looked<P>['seen']> => {
    try {
      const outcome = await client.handshakeWithNode({ host, port: port.port }, { timeoutMilliseconds, ...(port.serverName === undefined ? {} : { serverName: port.serverName }) });
      return 'chain' in outcome ? { ...port, ...parsed(source, read, outcome) } : { ...port, gap: gapOfPort(source, port.port, outcome) };
    } catch (error) {
      return { ...port, gap: gapOfPortFailure(source, port.port, timeoutMilliseconds, error) };
    }
  });
  return looked ?? { ...port, gap: timeIsOver(source) };
}

/** Health first. Whoever gets that is asked for what takes the right to everything; its answer is dropped unread. */
async function anonymousOf(client: ApiClient, kubelet: NodeAddress, run: KubeletRun): Promise<ProbedNode['anonymous']> {
  const health = anonymousIn(answerIn(await ask(client, kubelet, 'health', run)));
  if (health !== 'granted') return health;
  return anonymousIn(answerIn(await ask(client, kubelet, 'everything', run))) === 'granted' ? 'allowed' : 'granted';
}

async function readOnlyOf(client: ApiClient, at: NodeAddress, run: KubeletRun): Promise<ProbedNode['readOnlyPort']> {
  const answer = await ask(client, at, 'readOnlyHealth', run);
  if (answer === 'closed') return 'closed';
  return answer?.status === 200 && answer.body.trim() === 'ok' ? 'open' : undefined;
}

function answerIn(answer: Answer | 'closed' | undefined): Answer | undefined {
  return answer === 'closed' ? undefined : answer;
}

async function ask(client: ApiClient, at: NodeAddress, question: StrangersQuestion, run: KubeletRun): Promise<Answer | 'closed' | undefined> {
  return run.turn(async timeoutMilliseconds => {
    try {
      return await client.askAsStranger(at, question, { timeoutMilliseconds });
    } catch (error) {
      // Whoever does not answer leaves the question open.
      if (error instanceof RequestFailure) return undefined;
      throw error;
    }
  });
}
