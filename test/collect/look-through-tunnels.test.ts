import { describe, expect, it } from 'vitest';
import { RequestFailure, type ApiClient, type HandshakeOptions, type NoServer, type PodName } from '../../src/cluster/api-client.ts';
import { createPortRun, lookThroughTunnels, type Nodes } from '../../src/collect/look-through-tunnels.ts';
import { readCommandFlags } from '../../src/evidence/command-flags.ts';
import type { RawTlsServer } from '../../src/evidence/raw-tls-server.ts';
import type { PerResult } from '../../src/evidence/source.ts';
import { nodeTunnels, type NodePorts } from '../../src/evidence/sources/node-ports.ts';
import { status, type Access } from '../support/api-answers.ts';
import { createCertificate } from '../support/certificates.ts';
import { testBench } from '../cluster-client/connection.ts';

const bench = testBench();
const { read } = nodeTunnels;
if (read.how !== 'nodePorts') throw new Error('the source is read otherwise');

const { certificate } = createCertificate({ commonName: 'own', use: 'server' });
const der = Buffer.from(certificate.replaceAll(/-----[^-]*-----|\s/g, ''), 'base64');
const SHOWN: RawTlsServer = { chain: [der], clientCertificate: 'required', clientAuthorities: { names: [] } };
const REFUSED = { headers: {}, bytes: 0 };

type Pod = Nodes['pods'][number];
const pod = (name: string, nodeName: string, more: { readonly daemonSet?: boolean; readonly ready?: boolean; readonly namespace?: string; readonly hostNetwork?: boolean } = {}): Pod => ({
  metadata: { name, namespace: more.namespace ?? 'kube-system', ...(more.daemonSet === false ? {} : { ownerReferences: 'kube-proxy' }) },
  status: { conditions: more.ready ?? true }, spec: { nodeName, hostNetwork: more.hostNetwork ?? true, containers: [] },
});
const node = (name: string, isControlPlane = false): Nodes['nodes'][number] => ({ metadata: { name, labels: isControlPlane ? { 'node-role.kubernetes.io/control-plane': '' } : {} } });

/** Asks a client of which the tunnels are the test's. */
async function look(known: Partial<Nodes>, through: (pod: PodName, port: number, options: HandshakeOptions) => RawTlsServer | NoServer | Error | 'hang', isForbidden: (access: Access) => boolean = () => false): Promise<{ results: readonly PerResult<NodePorts>[]; asked: string[]; most: number }> {
  const items = (known.nodes ?? []).map(({ metadata }) => ({ metadata: { name: metadata.name }, status: { addresses: [], daemonEndpoints: { kubeletEndpoint: { Port: 10250 } } } }));
  const server = await bench.start({ data: { lists: new Map([['/api/v1/nodes', { apiVersion: 'v1', kind: 'NodeList', items }]]), texts: new Map() }, isForbidden });
  const real = await bench.open(server);
  const asked: string[] = [];
  let running = 0;
  let most = 0;
  const client: ApiClient = {
    ...real,
    handshakeThroughPod: async (way, port, options) => {
      asked.push(`${way.name} ${port}${options.serverName === undefined ? '' : ` ${options.serverName}`}`);
      most = Math.max(most, ++running);
      await new Promise(resolve => setTimeout(resolve, 2));
      running -= 1;
      const outcome = through(way, port, options);
      if (outcome === 'hang') throw new RequestFailure('timeout', 'it did not answer in time');
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
  };
  if (read.how !== 'nodePorts') throw new Error('the source is read otherwise');
  const results = await lookThroughTunnels(client, nodeTunnels, read, { nodes: [], pods: [], controlPlane: [], ...known }, createPortRun(20_000, 3_000));
  return { results, asked, most };
}

function gapsOf(results: readonly PerResult<NodePorts>[]): string[] {
  return results.flatMap(each => ('gap' in each ? [`${each.of}: ${each.gap.kind} ${each.gap.reason}: ${each.gap.detail}`] : each.value.ports.flatMap(port => ('gap' in port ? [`${each.of} ${port.port}: ${port.gap.kind} ${port.gap.reason}: ${port.gap.detail}`] : []))));
}

describe('lookThroughTunnels', () => {
  it('looks at the kubelet of a worker and at all of a control plane, each port once', async () => {
    const { results, asked } = await look({ nodes: [node('cp', true), node('w')], pods: [pod('p-cp', 'cp'), pod('p-w', 'w')] }, () => SHOWN);
    expect(asked.toSorted()).toEqual(['p-cp 10250', 'p-cp 10257', 'p-cp 10259', 'p-cp 2379', 'p-cp 6443', 'p-cp 6443 apiserver-loopback-client', 'p-w 10250']);
    expect(results.map(each => ('value' in each ? each.value.ports.map(({ program }) => program) : each))).toEqual([
      ['kubelet', 'kube-apiserver', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd'], ['kubelet'],
    ]);
  });

  it('goes where the flags of static pods say, also on a node without the label', async () => {
    const controlPlane: Nodes['controlPlane'] = [
      { metadata: { name: 'a', namespace: 'kube-system' }, spec: { nodeName: 'cp', hostNetwork: true, containers: [{ command: readCommandFlags(['kube-apiserver', '--secure-port=8443']) }] } },
      { metadata: { name: 'e', namespace: 'kube-system' }, spec: { nodeName: 'cp', hostNetwork: true, containers: [{ command: readCommandFlags(['etcd']), args: readCommandFlags(['--listen-client-urls=https://127.0.0.1:4001']) }] } },
    ];
    const { asked } = await look({ nodes: [node('cp')], pods: [pod('p', 'cp')], controlPlane }, () => SHOWN);
    expect(asked.toSorted()).toEqual(['p 10250', 'p 10257', 'p 10259', 'p 4001', 'p 8443', 'p 8443 apiserver-loopback-client']);
  });

  it('prefers ready pods of DaemonSets, and etcd last', async () => {
    const pods = [pod('etcd-cp', 'cp', { daemonSet: false }), pod('a-broken', 'cp', { ready: false }), pod('api', 'cp', { daemonSet: false }), pod('proxy', 'cp')];
    expect((await look({ nodes: [node('cp')], pods }, () => SHOWN)).asked).toEqual(['proxy 10250']);
    expect((await look({ nodes: [node('cp')], pods: pods.filter(({ metadata }) => metadata.name !== 'proxy') }, () => SHOWN)).asked).toEqual(['api 10250']);
  });

  it('tries another pod where one is gone, and no more than three', async () => {
    const gone: NoServer = { refused: { status: 404, body: '{}', ...REFUSED } };
    const pods = ['a', 'b', 'c', 'd'].map(name => pod(name, 'w'));
    const { results, asked } = await look({ nodes: [node('w')], pods }, ({ name }) => (name === 'c' ? SHOWN : gone));
    expect(asked).toEqual(['a 10250', 'b 10250', 'c 10250']);
    expect(results).toMatchObject([{ value: { way: { pod: { name: 'c' } } } }]);
    expect(gapsOf((await look({ nodes: [node('w')], pods }, () => gone)).results)).toEqual(['w: gap notSeen: the pod that was to lead there is gone']);
  });

  it('uses no pod with a network of its own, and says that nothing leads there', async () => {
    const { results, asked } = await look({ nodes: [node('w')], pods: [pod('p', 'w', { hostNetwork: false }), pod('q', 'other')] }, () => SHOWN);
    expect(asked).toEqual([]);
    expect(gapsOf(results)).toEqual(['w: notObservable notSeen: no pod that may be used shares the network of this node, so no tunnel leads to its ports']);
  });

  it.each(['get', 'create'])('asks first whether the caller may, and then nobody: %s alone is missing', async verb => {
    const { results, asked } = await look({ nodes: [node('w')], pods: [pod('p', 'w')] }, () => SHOWN, access => access.verb === verb && access.resource === 'pods/portforward');
    expect(asked).toEqual([]);
    expect(results).toMatchObject([{ gap: { kind: 'gap', reason: 'forbidden', permissions: [{ verb: 'get' }, { verb: 'create' }] } }]);
  });

  it('keeps to kube-system where only that is allowed', async () => {
    const { asked } = await look({ nodes: [node('w')], pods: [pod('a', 'w', { namespace: 'shop' }), pod('p', 'w')] }, () => SHOWN, ({ resource, namespace }) => resource === 'pods/portforward' && namespace !== 'kube-system');
    expect(asked).toEqual(['p 10250']);
  });

  it.each([
    [{ refused: { ...REFUSED, ...status(403, 'admission webhook "x" denied the request: no') } }, 'w: gap forbidden: the API server opens no tunnel (admission webhook "x" denied the request: no)'],
    [{ refused: { ...REFUSED, status: 400, body: 'Bad Request' } }, 'w: gap notServed: the API server, or a proxy before it, opens no WebSocket (it answered 400); connect without that proxy'],
    [{ refused: { ...REFUSED, status: 405, body: 'Debug endpoints are disabled.' } }, 'w: gap notServed: the kubelet opens no tunnels: enableDebuggingHandlers is off'],
    [{ refused: { ...REFUSED, ...status(500, 'error dialing backend: dial tcp: i/o timeout') } }, 'w: gap unreachable: the API server cannot open a tunnel (error dialing backend: dial tcp: i/o timeout)'],
    [{ leadsNowhere: 'error forwarding port 10250 to pod 9ce86854adde29f8cd3dd95504c8ae022e8965ea80f2946daf38ece8772f3459, uid : dial tcp4 127.0.0.1:10250: connect: connection refused' }, 'w 10250: notObservable notServed: nothing listens on port 10250'],
    [{ leadsNowhere: 'error forwarding port 10250 to pod 9ce86854adde29f8cd3dd95504c8ae022e8965ea80f2946daf38ece8772f3459: i/o timeout' }, 'w 10250: gap unreachable: the tunnel ended before port 10250 had answered (error forwarding port 10250 to pod …: i/o timeout)'],
    ['hang', 'w 10250: gap timeout: port 10250 did not answer within 3 s'],
    [new RequestFailure('malformed', 'GET /secret/path'), 'w 10250: gap malformed: what listens on port 10250 shows no certificate that can be read'],
    [{ ...SHOWN, chain: [Buffer.from('no certificate')] }, 'w 10250: gap malformed: ports of nodes through tunnels: a server shows a certificate that cannot be read'],
  ] as const)('says in a sentence why nothing was seen: %j', async (outcome, line) => {
    expect(gapsOf((await look({ nodes: [node('w')], pods: [pod('p', 'w')] }, () => outcome)).results)).toEqual([line]);
  });

  it('has eight handshakes under way at most', async () => {
    const names = Array.from({ length: 30 }, (_, at) => `w${at}`);
    const { results, most } = await look({ nodes: names.map(name => node(name)), pods: names.map(name => pod(`p-${name}`, name)) }, () => SHOWN);
    expect(results).toHaveLength(30);
    expect(most).toBe(8);
  });
});
