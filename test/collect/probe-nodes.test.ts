import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createPortRun, type Nodes } from '../../src/collect/look-through-tunnels.ts';
import { probeNodes } from '../../src/collect/probe-nodes.ts';
import { readCommandFlags } from '../../src/evidence/command-flags.ts';
import type { PerResult } from '../../src/evidence/source.ts';
import { nodeProbe, type ProbedNode } from '../../src/evidence/sources/node-ports.ts';
import { plain, type Reply } from '../support/api-answers.ts';
import { testBench } from '../cluster-client/connection.ts';

const bench = testBench();
const { read } = nodeProbe;
const ending: (() => void)[] = [];
afterEach(() => ending.splice(0).forEach(end => end()));

/** A kubelet at 127.0.0.1 that answers strangers so. */
async function kubelet(...answers: readonly (readonly [string, Reply])[]): Promise<number> {
  const server = await bench.start({ data: { lists: new Map(), texts: new Map() }, faults: answers.map(([path, reply]) => ({ path, fault: { reply } })) });
  return Number(new URL(server.url).port);
}

async function probe(places: readonly { readonly name: string; readonly host?: string; readonly port?: number }[], controlPlane: Nodes['controlPlane'] = []): Promise<{ results: readonly PerResult<ProbedNode>[]; asked: string[] }> {
  const items = places.map(({ name, host, port }) => ({ metadata: { name }, status: { addresses: host === undefined ? [{ type: 'Hostname', address: name }] : [{ type: 'InternalIP', address: host }], daemonEndpoints: { kubeletEndpoint: { Port: port ?? 0 } } } }));
  const server = await bench.start({ data: { lists: new Map([['/api/v1/nodes', { apiVersion: 'v1', kind: 'NodeList', items }]]), texts: new Map() } });
  const client = await bench.open(server, { user: { token: 'good-token' } });
  if (read.how !== 'nodePorts') throw new Error('the source is read otherwise');
  const results = await probeNodes(client, nodeProbe, read, { nodes: places.map(({ name }) => ({ metadata: { name, labels: {} } })), controlPlane }, createPortRun(20_000, 500));
  return { results, asked: client.events.filter(({ path }) => !path.startsWith('/')).map(({ method, path, outcome }) => `${method} ${path} ${outcome}`) };
}

const FORBIDDEN = plain(403, 'Forbidden (user=system:anonymous, verb=get, resource=nodes, subresource(s)=[healthz proxy])');

describe('probeNodes', () => {
  it('sees what a kubelet serves with, and how it takes a stranger', async () => {
    const port = await kubelet(['/healthz', plain(401, 'Unauthorized')]);
    const { results, asked } = await probe([{ name: 'a', host: '127.0.0.1', port }]);
    expect(results).toMatchObject([{ of: 'a', value: { way: { address: '127.0.0.1' }, anonymous: 'refused', readOnlyPort: 'closed', ports: [{ program: 'kubelet', port, shown: { clientCertificate: 'requested' } }] } }]);
    expect(asked.toSorted()).toEqual([`GET 127.0.0.1:10255 (readOnlyHealth, as a stranger) closed`, `GET 127.0.0.1:${port} (health, as a stranger) 401`, `TLS 127.0.0.1:${port} shown`].toSorted());
  });

  it('asks for everything only who gave health to a stranger, and drops the answer', async () => {
    const open = await kubelet(['/healthz', plain(200, 'ok')], ['/debug/pprof/cmdline', plain(200, 'kubelet\0--marker-flag')]);
    const healthy = await kubelet(['/healthz', plain(200, 'ok')], ['/debug/pprof/cmdline', FORBIDDEN]);
    const asking = await kubelet(['/healthz', FORBIDDEN]);
    const { results } = await probe([open, healthy, asking].map((port, at) => ({ name: `n${at}`, host: '127.0.0.1', port })));
    expect(results.map(each => ('value' in each ? each.value.anonymous : each))).toEqual(['allowed', 'granted', 'forbidden']);
    expect(JSON.stringify(results)).not.toContain('marker-flag');
  });

  it('goes to no name, and to no node that names no address', async () => {
    const { results, asked } = await probe([{ name: 'a', host: 'metadata.example.invalid' }, { name: 'b' }]);
    expect(results).toMatchObject([{ gap: { reason: 'unreachable' } }, { gap: { kind: 'gap', reason: 'notSeen', detail: 'the node names no address of its own in the cluster' } }]);
    expect(asked).toEqual([]);
  });

  it('asks a node no more that did not answer once: a gap, and no pass', async () => {
    const silent = createServer(socket => ending.push(() => socket.destroy()));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    ending.push(() => silent.close());
    const { port } = silent.address() as AddressInfo;
    const etcd: Nodes['controlPlane'][number] = { metadata: { name: 'e', namespace: 'kube-system' }, spec: { nodeName: 'a', hostNetwork: true, containers: [{ command: readCommandFlags(['etcd']) }] } };
    const { results, asked } = await probe([{ name: 'a', host: '127.0.0.1', port }], [etcd]);
    expect(results).toMatchObject([{ of: 'a', gap: { kind: 'gap', reason: 'timeout', detail: `the node cannot be reached from here: port ${port} did not answer within 1 s` } }]);
    expect(asked).toEqual([`TLS 127.0.0.1:${port} timeout`]);
  });
});
