import { keptCertificate, type KeptCertificate } from '../certificate-facts.ts';
import type { Program } from '../command-flags.ts';
import { formatDistinguishedName } from '../distinguished-name.ts';
import type { Gap, Permission } from '../gap.ts';
import type { RawTlsServer } from '../raw-tls-server.ts';
import type { OptIn, PerResult, Source } from '../source.ts';
import { controlPlanePods } from './control-plane.ts';
import { pods } from './workloads.ts';

/** What is expected to listen at a port of a node. */
export type ListeningProgram = 'kubelet' | Program | 'etcd-peer';

/** A port of a node that is looked at. */
export interface NodePort {
  readonly program: ListeningProgram;
  readonly port: number;
  /** The server name that is asked for; absent as clients by address ask. */
  readonly serverName?: string;
}

/** What a TLS server shows to a client that has no certificate. */
export interface ShownServer {
  /** Its own certificate first. */
  readonly chain: readonly KeptCertificate[];
  /** As RawTlsServer has it. */
  readonly clientCertificate: RawTlsServer['clientCertificate'];
  /** Whose client certificates it takes; no names at all: it asks for none, or takes any. */
  readonly clientAuthorities: { readonly names: readonly string[] } | { readonly unknown: string };
}

/** One port with what was seen there, or why nothing was. */
export type LookedAtPort = NodePort & ({ readonly shown: ShownServer } | { readonly gap: Gap });

/** What was seen at the ports of one node. */
export interface NodePorts {
  /** The pod that led there, or the node's own address. */
  readonly way: { readonly pod: { readonly namespace: string; readonly name: string } } | { readonly address: string };
  readonly ports: readonly LookedAtPort[];
}

/** How a kubelet takes a stranger, asked at its own address. */
export interface ProbedNode extends NodePorts {
  readonly way: { readonly address: string };
  /** As KubeletProbe has both. */
  readonly anonymous?: 'refused' | 'forbidden' | 'granted' | 'allowed';
  readonly readOnlyPort?: 'open' | 'closed';
}

/** The rights that a tunnel takes: `get` for the WebSocket, and since 1.35 `create` too (AuthorizePodWebsocketUpgradeCreatePermission). */
export const PODS_PORTFORWARD: readonly Permission[] = (['get', 'create'] as const).map(verb => ({ apiGroup: '', resource: 'pods/portforward', verb }));

const LISTS: readonly Permission[] = [{ apiGroup: '', resource: 'nodes', verb: 'list' }, { apiGroup: '', resource: 'pods', verb: 'list' }];

/** What listens on each node, seen through the API server and a pod that shares the node's network; ports of 127.0.0.1 too. */
export const nodeTunnels: Source<readonly PerResult<NodePorts>[]> = {
  type: 'source',
  id: 'nodetunnels',
  title: 'ports of nodes through tunnels',
  projectionVersion: 1,
  read: { how: 'nodePorts', way: 'tunnel', project: shownServer },
  per: 'node',
  permissions: [...PODS_PORTFORWARD, ...LISTS],
  addOnRole: 'pods-portforward',
  optIn: { flag: '--tunnel', detail: 'no tunnel to the ports of nodes was opened' } satisfies OptIn,
  after: [pods, controlPlanePods],
  skippedWithNamespace: true,
};

/** What listens on each node at its own address, seen from this machine. */
export const nodeProbe: Source<readonly PerResult<ProbedNode>[]> = {
  type: 'source',
  id: 'nodeprobe',
  title: 'ports of nodes at their addresses',
  projectionVersion: 1,
  read: { how: 'nodePorts', way: 'direct', project: shownServer },
  per: 'node',
  permissions: LISTS,
  optIn: { flag: '--probe-nodes', detail: 'nothing was sent to the addresses of nodes' } satisfies OptIn,
  after: [controlPlanePods],
  skippedWithNamespace: true,
};

/** What a TLS server showed, as evidence. @throws {Error} a certificate or a name that is none */
export function shownServer({ chain, clientCertificate, clientAuthorities }: RawTlsServer): ShownServer {
  return {
    chain: chain.map(keptCertificate),
    clientCertificate,
    clientAuthorities: 'names' in clientAuthorities ? { names: clientAuthorities.names.map(formatDistinguishedName) } : clientAuthorities,
  };
}
