import { describe, expect, it } from 'vitest';
import { probeKubelets } from '../../src/collect/probe-kubelets.ts';
import { createKubeletRun } from '../../src/collect/read-nodes.ts';
import type { PerResult } from '../../src/evidence/source.ts';
import { kubeletProbe, type KubeletProbe } from '../../src/evidence/sources/kubelet.ts';
import { testBench } from '../cluster-client/connection.ts';
import { plain, status, type Reply } from '../support/api-answers.ts';
import type { FakeApiServerOptions, FaultRule } from '../support/api-server.ts';

const bench = testBench();
const TOKEN = 'marker-token-22bb';

// As kubelets and API servers 1.37.1 answer.
const refused = plain(401, 'Unauthorized');
const forbidden = plain(403, 'Forbidden (user=system:anonymous, verb=get, resource=nodes, subresource(s)=[healthz proxy])');
const ok = plain(200, 'ok');
const closed = status(503, 'error trying to reach service: dial tcp 10.0.0.2:10255: connect: connection refused');

function pod(name: string, nodeName: string | undefined, namespace = 'kube-system', hostNetwork = true): { metadata: { name: string; namespace: string }; spec: { containers: []; hostNetwork: boolean; nodeName?: string } } {
  return { metadata: { name, namespace }, spec: { containers: [], hostNetwork, ...(nodeName === undefined ? {} : { nodeName }) } };
}

function secure(name: string, path = 'healthz', namespace = 'kube-system'): string {
  return `/api/v1/namespaces/${namespace}/pods/https:${name}:10250/proxy/${path}`;
}

function readOnly(name: string, namespace = 'kube-system'): string {
  return `/api/v1/namespaces/${namespace}/pods/${name}:10255/proxy/healthz`;
}

async function probe(names: readonly string[], pods: readonly ReturnType<typeof pod>[], answers: Readonly<Record<string, Reply | FaultRule['fault']>>, options: Partial<FakeApiServerOptions> = {}): Promise<{ results: PerResult<KubeletProbe>[]; asked: string[] }> {
  const faults = Object.entries(answers).map(([path, answer]) => ({ path, fault: 'body' in answer ? { reply: answer } : answer }));
  const server = await bench.start({ tokens: { [TOKEN]: { name: 'ana', groups: [] } }, data: { lists: new Map(), texts: new Map() }, faults, ...options });
  const client = await bench.open(server, { user: { token: TOKEN } });
  const results = await probeKubelets(client, kubeletProbe, names, pods, createKubeletRun(10_000, 400));
  return { results, asked: server.requests.filter(({ method }) => method === 'GET').map(({ path }) => path) };
}

function valueOf([result]: readonly PerResult<KubeletProbe>[]): Omit<KubeletProbe, 'pod'> | undefined {
  if (result === undefined || 'gap' in result) return undefined;
  const { pod: _pod, ...value } = result.value;
  return value;
}

describe('probeKubelets', () => {
  it('knows a kubelet that takes no strangers', async () => {
    const { results, asked } = await probe(['a'], [pod('p', 'a')], { [secure('p')]: refused, [readOnly('p')]: closed });
    expect(results).toEqual([{ of: 'a', value: { pod: { namespace: 'kube-system', name: 'p' }, anonymous: 'refused', readOnlyPort: 'closed' } }]);
    expect(asked).toEqual([secure('p'), readOnly('p')]);
  });
  it('knows one that takes them and asks what they may do', async () => {
    const { results } = await probe(['a'], [pod('p', 'a')], { [secure('p')]: forbidden, [readOnly('p')]: ok });
    expect(valueOf(results)).toEqual({ anonymous: 'forbidden', readOnlyPort: 'open' });
  });
  it('tells a right to health from the right to everything', async () => {
    const few = await probe(['a'], [pod('p', 'a')], { [secure('p')]: ok, [secure('p', 'debug/pprof/cmdline')]: forbidden });
    expect(valueOf(few.results)).toEqual({ anonymous: 'granted' });
    const all = await probe(['a'], [pod('p', 'a')], { [secure('p')]: ok, [secure('p', 'debug/pprof/cmdline')]: plain(200, 'kubelet\0--config=marker-flag') });
    expect(valueOf(all.results)).toEqual({ anonymous: 'allowed' });
    expect(JSON.stringify(all.results)).not.toContain('marker-flag');
  });
  it('takes whatever it is told: a kubelet answers 406 to who wants JSON of some paths', async () => {
    const server = await bench.start({ tokens: { [TOKEN]: { name: 'ana', groups: [] } }, data: { lists: new Map(), texts: new Map([[secure('p'), 'ok']]) } });
    const client = await bench.open(server, { user: { token: TOKEN } });
    await probeKubelets(client, kubeletProbe, ['a'], [pod('p', 'a')], createKubeletRun(10_000, 400));
    expect(new Set(server.requests.filter(({ method }) => method === 'GET').map(({ headers }) => headers['accept']))).toEqual(new Set(['*/*']));
  });
  it('takes an answer of the API server itself for none of the kubelet', async () => {
    const { results } = await probe(['a'], [pod('p', 'a')], { [secure('p')]: { status: 403 }, [readOnly('p')]: { status: 401 } });
    expect(results).toMatchObject([{ gap: { kind: 'gap', reason: 'unreachable', source: 'kubeletprobe' } }]);
  });
  it('does not take another program on port 10255, or a way that is blocked, for a verdict', async () => {
    const { results } = await probe(['a'], [pod('p', 'a')], { [secure('p')]: refused, [readOnly('p')]: plain(200, '<html>hello</html>') });
    expect(valueOf(results)).toEqual({ anonymous: 'refused' });
    const blocked = await probe(['a'], [pod('p', 'a')], { [secure('p')]: refused, [readOnly('p')]: status(503, 'error trying to reach service: dial tcp 10.0.0.2:10255: i/o timeout') });
    expect(valueOf(blocked.results)).toEqual({ anonymous: 'refused' });
  });
  it('goes through another pod of the node where one does not lead there', async () => {
    const { results } = await probe(['a'], [pod('ended', 'a'), pod('p', 'a')], { [secure('p')]: refused, [readOnly('p')]: closed });
    expect(results).toMatchObject([{ value: { pod: { name: 'p' } } }]);
  });
  it('uses no pod with a network of its own, and says so where there is no other', async () => {
    const { results, asked } = await probe(['a', 'b'], [pod('own', 'a', 'shop', false), pod('pending', undefined)], {});
    expect(results).toMatchObject([{ of: 'a', gap: { kind: 'notObservable', reason: 'notSeen' } }, { of: 'b', gap: { kind: 'notObservable' } }]);
    expect(asked).toEqual([]);
  });
  it('asks first whether the caller may, and then nobody', async () => {
    const { results, asked } = await probe(['a'], [pod('p', 'a')], { [secure('p')]: refused }, { isForbidden: () => true });
    expect(results).toMatchObject([{ gap: { kind: 'gap', reason: 'forbidden', permissions: [{ resource: 'pods/proxy', verb: 'get' }] } }]);
    expect(asked).toEqual([]);
  });
  it('keeps to kube-system where only that is allowed', async () => {
    const { asked } = await probe(['a'], [pod('s', 'a', 'shop'), pod('p', 'a')], { [secure('p')]: refused, [readOnly('p')]: closed }, { isForbidden: ({ namespace }) => namespace !== 'kube-system' });
    expect(asked).toEqual([secure('p'), readOnly('p')]);
  });
  it('does not wait for ever', async () => {
    const { results } = await probe(['a'], [pod('p', 'a')], { [secure('p')]: { slow: 'headers', milliseconds: 20_000 }, [readOnly('p')]: closed });
    expect(valueOf(results)).toEqual({ readOnlyPort: 'closed' });
  });
});
