import { describe, expect, it } from 'vitest';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import type { Gap } from '../../src/evidence/gap.ts';
import type { PerResult } from '../../src/evidence/source.ts';
import type { LookedAtPort, NodePorts } from '../../src/evidence/sources/node-ports.ts';
import { certificateRoles } from '../../src/indexes/certificate-roles.ts';
import type { Sightings } from '../../src/indexes/certificate-sighting.ts';
import { sightingsOfNodePorts } from '../../src/indexes/sightings-of-node-ports.ts';
import { snapshotWith } from '../support/cluster.ts';
import { direct, shownPort, tunnelled, withoutFlags } from '../support/node-ports.ts';
import { authority, made, NOW } from '../support/pki.ts';

const etcdAuthority = made({ commonName: 'etcd-ca', use: 'authority' });
const etcd = made({ commonName: 'cp-1', use: 'both' }, etcdAuthority);
const api = made({ commonName: 'kube-apiserver', use: 'server' }, authority);
const loopback = made({ commonName: 'apiserver-loopback-client@1795287491', use: 'server' });
const API = { program: 'kube-apiserver', port: 6443 } as const;
const LOOPBACK = { ...API, serverName: 'apiserver-loopback-client' } as const;
const ETCD = { program: 'etcd', port: 2379 } as const;

type Ways = { readonly nodetunnels?: readonly PerResult<NodePorts>[] | Gap; readonly nodeprobe?: readonly PerResult<NodePorts>[] | Gap };
function snapshotOf(ways: Ways): ReturnType<typeof snapshotWith> {
  const given = Object.entries(ways).map(([id, way]): readonly [string, readonly PerResult<NodePorts>[] | Gap] => [id, way]);
  const sources = Object.fromEntries(given.filter(([, way]) => !('kind' in way)));
  const failed = given.flatMap(([id, way]) => ('kind' in way ? [[id, way] as const] : []));
  const gaps = Object.fromEntries([...Object.entries(withoutFlags).filter(([id]) => !(id in sources)), ...failed]);
  return snapshotWith({ collectedAt: NOW, sources, gaps }, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'cp-1', labels: { 'node-role.kubernetes.io/control-plane': '' } } });
}

function seen(ways: Ways): Sightings {
  const resolved = createEvaluator(snapshotOf(ways)).resolve(sightingsOfNodePorts);
  if (!('value' in resolved)) throw new Error('it could not be built');
  return resolved.value;
}

const linesOf = ({ found }: Sightings): string[] => found.map(({ as, role, node, where, certificate }) => `${as} ${role ?? '-'} ${node ?? '-'} ${certificate.subject}: ${where}`);
const unreadOf = ({ unread }: Sightings): string[] => unread.map(({ of, gaps }) => `${of}: ${gaps.map(({ detail }) => detail).join()}`);
const gap = (port: LookedAtPort['port'], more: Partial<Gap> = {}): Gap => ({ kind: 'gap', reason: 'timeout', source: 'nodetunnels', detail: `port ${port} did not answer within 3 s`, ...more });

describe('what ports of nodes show', () => {
  it('is used by the program that is expected there, and an authority of etcd is sent along', () => {
    expect(linesOf(seen({ nodetunnels: [tunnelled('cp-1', shownPort(ETCD, [etcd, etcdAuthority]))] }))).toEqual([
      'used etcd-server cp-1 CN=cp-1: port 2379 of cp-1, through a tunnel', 'used etcd-authority cp-1 CN=etcd-ca: port 2379 of cp-1, through a tunnel',
    ]);
  });

  it('of an authority of which nothing is known is only kept', () => {
    expect(linesOf(seen({ nodetunnels: [tunnelled('w', shownPort({ program: 'kubelet', port: 10250 }, [api, authority]))] }))[1]).toBe('kept - w CN=kubernetes: port 10250 of w, through a tunnel');
  });

  it('is the certificate that an API server made for itself, unless it shows what it shows to everybody', () => {
    expect(linesOf(seen({ nodetunnels: [tunnelled('cp-1', shownPort(API, [api]), shownPort(LOOPBACK, [loopback]))] }))[1]).toMatch(/^used apiserver-loopback cp-1/);
    expect(linesOf(seen({ nodetunnels: [tunnelled('cp-1', shownPort(API, [api]), shownPort(LOOPBACK, [api]))] }))).toHaveLength(1);
  });

  it('can be seen again by a command, at an address of IPv6 too; through a tunnel it takes two', () => {
    expect(seen({ nodeprobe: [direct('cp-1', 'fd00::1', shownPort(ETCD, [etcd]))] }).found[0]?.shown).toEqual({ reproduce: ['openssl', 's_client', '-showcerts', '-connect', '[fd00::1]:2379', '-noservername'] });
    expect(seen({ nodetunnels: [tunnelled('cp-1', shownPort(LOOPBACK, [loopback]))] }).found[0]?.shown).toEqual({
      derivation: 'with kubectl port-forward -n kube-system pod/kube-proxy-cp-1 6443 open, openssl s_client -showcerts -connect 127.0.0.1:6443 -servername apiserver-loopback-client shows it',
    });
  });

  it('leaves no hole where no flag was given, and one where the right was missing', () => {
    expect(unreadOf(seen({}))).toEqual([]);
    expect(unreadOf(seen({ nodetunnels: { kind: 'gap', reason: 'forbidden', source: 'nodetunnels', detail: 'which nodes there are is not known' } }))).toEqual(['certificates of ports of nodes through tunnels: which nodes there are is not known']);
  });

  it('leaves a hole for nodes that were not reached, once for those of one reason, and none where the other way led there', () => {
    const dead = (of: string): PerResult<NodePorts> => ({ of, gap: gap(10250, { detail: 'no way' }) });
    expect(unreadOf(seen({ nodetunnels: ['a', 'b', 'c'].map(dead) }))).toEqual(['certificates at the ports of 3 nodes: no way']);
    expect(unreadOf(seen({ nodetunnels: [dead('cp-1')], nodeprobe: [direct('cp-1', '10.0.0.1', shownPort(ETCD, [etcd]))] }))).toEqual([]);
  });

  it('leaves a hole for a port that did not answer, not for one where nothing listens, and none where the other way showed it', () => {
    const hung: LookedAtPort = { ...ETCD, gap: gap(2379) };
    expect(unreadOf(seen({ nodetunnels: [tunnelled('cp-1', shownPort(API, [api]), hung)] }))).toEqual(['certificate of etcd on cp-1: port 2379 did not answer within 3 s']);
    expect(unreadOf(seen({ nodetunnels: [tunnelled('cp-1', shownPort(API, [api]), { ...ETCD, gap: gap(2379, { kind: 'notObservable', reason: 'notServed' }) })] }))).toEqual([]);
    expect(unreadOf(seen({ nodetunnels: [tunnelled('cp-1', hung)], nodeprobe: [direct('cp-1', '10.0.0.1', shownPort(ETCD, [etcd]))] }))).toEqual([]);
  });
});

describe('the rows of certificates', () => {
  const rowsOf = (ways: Ways): string[] => {
    const resolved = createEvaluator(snapshotOf(ways)).resolve(certificateRoles);
    return 'value' in resolved ? resolved.value.roles.filter(({ role }) => role.startsWith('etcd')).map(({ role, instance, grade, how }) => `${role} ${instance ?? '-'} ${grade}: ${how}`) : [];
  };
  it('are exact on the node, one for both ways, and name the authority that was not seen', () => {
    const shown = shownPort(ETCD, [etcd]);
    expect(rowsOf({ nodetunnels: [tunnelled('cp-1', shown)], nodeprobe: [direct('cp-1', '10.0.0.1', shown)] })).toEqual([
      expect.stringMatching(/^etcd-authority - notObservable: only a file on the control plane holds it; it is CN=etcd-ca with the key [0-9a-f]+, as what etcd serves with says$/i),
      'etcd-server cp-1 exact: port 2379 of cp-1 and 1 more',
      'etcd-peer - notObservable: only a file on the control plane holds it',
    ]);
  });
  it('hold the authority of etcd where it was sent along', () => {
    expect(rowsOf({ nodetunnels: [tunnelled('cp-1', shownPort(ETCD, [etcd, etcdAuthority]))] })).toContainEqual('etcd-authority cp-1 exact: port 2379 of cp-1, through a tunnel');
  });
});
