import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex, type Attempted } from '../evidence/need.ts';
import { apiServerRef, componentRef, type ResourceRef } from '../evidence/resource-ref.ts';
import type { PerResult, Source } from '../evidence/source.ts';
import { nodeProbe, nodeTunnels, type ListeningProgram, type LookedAtPort, type NodePorts, type ShownServer } from '../evidence/sources/node-ports.ts';
import type { RoleId } from './certificate-role.ts';
import type { Found, SeenAs, Sighting, Sightings, UnreadCertificates } from './certificate-sighting.ts';

/** One port of one node, and the way on which it was looked at. */
export interface LookedAt {
  readonly node: string;
  readonly source: Source;
  readonly way: NodePorts['way'];
  readonly port: LookedAtPort;
}

/** What was seen at the ports of nodes, on both ways. */
export interface PortsSeen {
  readonly ports: readonly LookedAt[];
  /** Nodes of which no port was looked at, for each way that was asked for. */
  readonly unreachedNodes: readonly { readonly node: string; readonly source: Source; readonly gap: Gap }[];
  /** Ways that could not be gone at all, and those that nobody asked for. */
  readonly unread: readonly { readonly source: Source; readonly gaps: readonly Gap[] }[];
}

export const portsSeen = defineIndex({
  id: 'ports-seen',
  needs: { tunnels: attempt(nodeTunnels), direct: attempt(nodeProbe) },
  build({ tunnels, direct }): PortsSeen {
    const ways = [seenOn(nodeTunnels, tunnels), seenOn(nodeProbe, direct)];
    return { ports: ways.flatMap(({ ports }) => ports), unreachedNodes: ways.flatMap(({ unreachedNodes }) => unreachedNodes), unread: ways.flatMap(({ unread }) => unread) };
  },
});

function seenOn(source: Source, attempted: Attempted<readonly PerResult<NodePorts>[]>): PortsSeen {
  if ('gaps' in attempted) return { ports: [], unreachedNodes: [], unread: [{ source, gaps: attempted.gaps }] };
  return {
    ports: attempted.value.flatMap(each => ('value' in each ? each.value.ports.map(port => ({ node: each.of, source, way: each.value.way, port })) : [])),
    unreachedNodes: attempted.value.flatMap(each => ('gap' in each ? [{ node: each.of, source, gap: each.gap }] : [])),
    unread: [],
  };
}

/** Certificates that programs on the nodes serve with, each of the instance that showed it. */
export const sightingsOfNodePorts = defineIndex({
  id: 'sightings-of-node-ports',
  needs: { seen: portsSeen },
  build({ seen }): Sightings {
    return { found: seen.ports.flatMap(each => foundAt(each, seen)), broken: [], unread: [...unreadWays(seen), ...unreadNodes(seen), ...unreadPorts(seen)] };
  },
});

interface Program {
  readonly role: RoleId;
  /** Absent for the node itself. */
  readonly resource?: ResourceRef;
  /** What is sent along with the certificate: where nothing is known of it but that it is sent, `kept`. */
  readonly authority: { readonly as: SeenAs; readonly role?: RoleId };
}

const PROGRAMS: Readonly<Record<ListeningProgram, Program>> = {
  'kubelet': { role: 'kubelet-serving', authority: { as: 'kept' } },
  'kube-apiserver': { role: 'apiserver-serving', resource: apiServerRef, authority: { as: 'servingAuthority' } },
  'kube-controller-manager': { role: 'controller-manager-serving', resource: componentRef('kube-controller-manager'), authority: { as: 'kept' } },
  'kube-scheduler': { role: 'scheduler-serving', resource: componentRef('kube-scheduler'), authority: { as: 'kept' } },
  'etcd': { role: 'etcd-server', resource: componentRef('etcd'), authority: { as: 'used', role: 'etcd-authority' } },
  'etcd-peer': { role: 'etcd-peer', resource: componentRef('etcd'), authority: { as: 'used', role: 'etcd-authority' } },
};

const LOOPBACK: Program = { role: 'apiserver-loopback', resource: apiServerRef, authority: { as: 'loopbackAuthority' } };

function foundAt(each: LookedAt, seen: PortsSeen): Found[] {
  const { node, port } = each;
  if (!('shown' in port)) return [];
  const program = port.serverName === undefined ? PROGRAMS[port.program] : LOOPBACK;
  // A server that knows no such name shows what it shows to everybody.
  if (port.serverName !== undefined && seen.ports.some(other => isSamePort(other, each) && other.port.serverName === undefined && leafOf(other) === leafOf(each))) return [];
  return port.shown.chain.map((certificate, at): Found => ({
    ...(at === 0 ? { as: 'used' as const, role: program.role } : program.authority),
    ...placeOf(each, program.resource ?? { apiVersion: 'v1', kind: 'Node', name: node }),
    path: `ports[${port.port}]${port.serverName === undefined ? '' : `[${port.serverName}]`}.chain[${at}]`,
    certificate,
  }));
}

/** Where a port was seen, and what shows it again. */
export function placeOf({ node, way, port }: LookedAt, resource: ResourceRef): Pick<Sighting, 'where' | 'resource' | 'shown' | 'node'> {
  const name = port.serverName === undefined ? ['-noservername'] : ['-servername', port.serverName];
  const asked = port.serverName === undefined ? '' : `, asked for ${port.serverName}`;
  if ('address' in way) {
    const host = way.address.includes(':') ? `[${way.address}]` : way.address;
    return { node, resource, where: `port ${port.port} of ${node}${asked}`, shown: { reproduce: ['openssl', 's_client', '-showcerts', '-connect', `${host}:${port.port}`, ...name] } };
  }
  const { namespace, name: pod } = way.pod;
  const derivation = `with kubectl port-forward -n ${namespace} pod/${pod} ${port.port} open, openssl s_client -showcerts -connect 127.0.0.1:${port.port} ${name.join(' ')} shows it`;
  return { node, resource, where: `port ${port.port} of ${node}, through a tunnel${asked}`, shown: { derivation } };
}

function isSamePort(a: LookedAt, b: LookedAt): boolean {
  return a.node === b.node && a.source === b.source && a.port.port === b.port.port;
}

function leafOf({ port }: LookedAt): string | undefined {
  return shownAt(port)?.chain[0]?.sha256;
}

function shownAt(port: LookedAtPort): ShownServer | undefined {
  return 'shown' in port ? port.shown : undefined;
}

/** A way that was asked for and could not be gone. What nobody asked for is no hole in what was read, nor could an older snapshot hold it. */
function unreadWays({ unread }: PortsSeen): UnreadCertificates[] {
  return unread.flatMap(({ source, gaps }) => (gaps.every(({ kind, reason }) => kind === 'notRequested' || reason === 'notInSnapshot') ? [] : [{ of: `certificates of ${source.title}`, source, gaps }]));
}

/** Nodes that were reached on neither way, those with the same reason as one. */
function unreadNodes({ ports, unreachedNodes }: PortsSeen): UnreadCertificates[] {
  const reached = new Set(ports.filter(({ port }) => 'shown' in port).map(({ node }) => node));
  const unreached = unreachedNodes.filter(({ node }) => !reached.has(node));
  return [...Map.groupBy(unreached, ({ source, gap }) => `${source.id} ${gap.detail}`).values()].flatMap(group => {
    const [first] = group;
    return first === undefined ? [] : [{ of: `certificates at the ports of ${namesOf(group)}`, source: first.source, gaps: [first.gap] }];
  });
}

/** Ports at which something listens that showed nothing, on either way. */
function unreadPorts({ ports }: PortsSeen): UnreadCertificates[] {
  const keyOf = ({ node, port }: LookedAt): string => `${node} ${port.program} ${port.serverName ?? ''}`;
  const seen = new Set(ports.filter(({ port }) => 'shown' in port).map(keyOf));
  const unseen = ports.flatMap(each => ('gap' in each.port && each.port.gap.kind === 'gap' && !seen.has(keyOf(each)) ? [{ ...each, gap: each.port.gap }] : []));
  return [...Map.groupBy(unseen, ({ source, port, gap }) => `${source.id} ${port.program} ${gap.detail}`).values()].flatMap(group => {
    const [first] = group;
    return first === undefined ? [] : [{ of: `certificate of ${first.port.program} on ${namesOf(group)}`, source: first.source, gaps: [first.gap] }];
  });
}

function namesOf(group: readonly { readonly node: string }[]): string {
  const names = [...new Set(group.map(({ node }) => node))];
  return names.length > 2 ? `${names.length} nodes` : names.join(' and ');
}
