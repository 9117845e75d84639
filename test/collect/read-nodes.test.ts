import { describe, expect, it } from 'vitest';
import { collect } from '../../src/collect/collect.ts';
import { createKubeletRun, readNodes } from '../../src/collect/read-nodes.ts';
import type { Gap } from '../../src/evidence/gap.ts';
import { perNodeSource, type PerResult } from '../../src/evidence/source.ts';
import { nodes } from '../../src/evidence/sources/platform.ts';
import { json, plain, status } from '../support/api-answers.ts';
import type { FakeApiServerOptions, FaultRule } from '../support/api-server.ts';
import { testBench } from '../cluster-client/connection.ts';

const bench = testBench();
const TOKEN = 'marker-token-11aa';
const hello = perNodeSource<{ readonly text: string; readonly again?: string; readonly date?: string }>({
  id: 'hello',
  title: 'kubelet greetings',
  projectionVersion: 1,
  path: '/hello',
  againOf: 2,
  keeps: 'the greeting',
  parse(first, second) {
    if (!first.body.startsWith('hello')) throw new Error(`body ${first.body}`);
    return { text: first.body, ...(second === undefined ? {} : { again: second.body }), ...(first.date === undefined ? {} : { date: first.date }) };
  },
});
type Hello = PerResult<NonNullable<typeof hello.evidence>[number] extends PerResult<infer T> ? T : never>;

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `node-${index}`);
}

function pathOf(name: string, path = '/hello'): string {
  return `/api/v1/nodes/${name}/proxy${path}`;
}

function at(name: string, fault: FaultRule['fault'], times?: number): FaultRule {
  return { path: pathOf(name), fault, ...(times === undefined ? {} : { times }) };
}

/** Reads the greetings of these nodes; whoever has no fault answers. */
async function read(of: readonly string[], options: Partial<FakeApiServerOptions> = {}, run = createKubeletRun(60_000, 400)): Promise<{ results: Hello[]; asked: string[]; seconds: number; byName: (name: string) => Hello }> {
  const server = await bench.start({
    tokens: { [TOKEN]: { name: 'ana', groups: [] } },
    data: { lists: new Map(), texts: new Map(of.map(name => [pathOf(name), `hello from ${name}`])) },
    ...options,
  });
  const client = await bench.open(server, { user: { token: TOKEN } });
  const started = performance.now();
  if (hello.read.how !== 'node') throw new Error('greetings are read per node');
  const results = (await readNodes(client, hello, hello.read, of, run)) as Hello[];
  return {
    results,
    asked: server.requests.map(({ path }) => path),
    seconds: (performance.now() - started) / 1000,
    byName(name) {
      const found = results.find(result => result.of === name);
      if (found === undefined) throw new Error(`no result for ${name}`);
      return found;
    },
  };
}

function gapOf(result: Hello): Partial<Gap> {
  return 'gap' in result ? result.gap : {};
}

describe('readNodes', () => {
  it('gives each node its own answer, in the order of the list', async () => {
    const { results } = await read(['b', 'a', 'c']);
    expect(results.map(result => [result.of, 'value' in result ? result.value.text : ''])).toEqual([['b', 'hello from b'], ['a', 'hello from a'], ['c', 'hello from c']]);
  });

  it('carries the time by the clock of who answered', async () => {
    const { results: [first] } = await read(['a']);
    expect(first !== undefined && 'value' in first ? Math.abs(Date.parse(first.value.date ?? '') - Date.now()) : Infinity).toBeLessThan(5_000);
  });

  it('asks the first nodes twice where the source wants it, and the others once', async () => {
    const { results, asked } = await read(['a', 'b', 'c']);
    expect(results.map(result => 'value' in result && result.value.again !== undefined)).toEqual([true, true, false]);
    expect(asked.filter(path => path === pathOf('c'))).toHaveLength(1);
    expect(asked.filter(path => path === pathOf('a'))).toHaveLength(2);
  });

  it('keeps the first answer where the second fails', async () => {
    let count = 0;
    const { byName } = await read(['a'], { isForbidden: ({ name }) => name === 'a' && ++count > 1 });
    expect(byName('a')).toMatchObject({ value: { text: 'hello from a' } });
    expect(byName('a')).not.toHaveProperty('value.again');
  });

  it('makes a gap of whatever is wrong with one node, and keeps the others', async () => {
    const { byName, results } = await read(['ok', 'hangs', 'down', 'gone', 'unserved', 'refuses', 'untrusting', 'garbage', 'cut', 'page', 'odd', 'unsigned', 'fine'], {
      faults: [
        at('hangs', { slow: 'headers', milliseconds: 20_000 }),
        at('down', { reply: status(503, 'error trying to reach service: dial tcp 10.0.0.9:10250: connect: connection refused') }),
        at('gone', { reply: status(404, 'nodes "gone" not found', { details: { name: 'gone', kind: 'nodes' } }) }),
        at('unserved', { reply: plain(404, '404 page not found\n') }),
        at('refuses', { reply: plain(403, 'Forbidden (user=kube-apiserver-kubelet-client, verb=get, resource=nodes, subresource(s)=[proxy])') }),
        at('untrusting', { reply: plain(401, 'Unauthorized') }),
        at('garbage', { reply: plain(200, 'secret-looking garbage') }),
        at('cut', { cut: 'midBody' }),
        at('page', { reply: { status: 200, contentType: 'text/html', body: '<!doctype html>' } }),
        at('unsigned', { reply: status(503, 'error trying to reach service: remote error: tls: internal error') }),
        at('odd', { reply: plain(418, 'teapot') }),
      ],
    });
    expect(gapOf(byName('hangs'))).toMatchObject({ kind: 'gap', reason: 'timeout' });
    expect(gapOf(byName('down'))).toMatchObject({ kind: 'gap', reason: 'unreachable' });
    expect(gapOf(byName('gone'))).toMatchObject({ kind: 'gap', reason: 'notSeen' });
    expect(gapOf(byName('unserved'))).toMatchObject({ kind: 'notObservable', reason: 'notServed' });
    expect(gapOf(byName('refuses'))).toMatchObject({ kind: 'gap', reason: 'forbidden' });
    expect(gapOf(byName('refuses'))).not.toHaveProperty('permissions');
    expect(gapOf(byName('untrusting'))).toMatchObject({ kind: 'gap', reason: 'unauthorized' });
    expect(gapOf(byName('garbage'))).toMatchObject({ kind: 'gap', reason: 'malformed' });
    expect(gapOf(byName('cut'))).toMatchObject({ kind: 'gap', reason: 'truncated' });
    expect(gapOf(byName('page'))).toMatchObject({ kind: 'gap', reason: 'malformed' });
    expect(gapOf(byName('unsigned'))).toMatchObject({ kind: 'gap', reason: 'noCertificate', detail: expect.stringContaining('CertificateSigningRequest') as string });
    expect(gapOf(byName('odd'))).toMatchObject({ kind: 'gap', reason: 'serverError' });
    expect(byName('ok')).toMatchObject({ value: { text: 'hello from ok' } });
    expect(byName('fine')).toMatchObject({ value: { text: 'hello from fine' } });
    expect(JSON.stringify(results)).not.toMatch(/secret-looking|10\.0\.0\.9/);
  });

  it("asks a kubelet that fails once, and takes its 401 for no word about the caller's login", async () => {
    const { asked } = await read(['a', 'b'], { faults: [at('a', { reply: status(503, 'error trying to reach service') }), at('b', { reply: plain(401, 'Unauthorized') })] });
    expect(asked).toEqual(expect.arrayContaining([pathOf('a'), pathOf('b')]));
    expect(asked).toHaveLength(2);
  });

  it('learns from a few refusals that the right is missing, and asks nobody else', async () => {
    const { results, asked } = await read(names(5000), { isForbidden: ({ subresource }) => subresource === 'proxy' });
    expect(asked.length).toBeLessThanOrEqual(3);
    expect(results).toHaveLength(5000);
    expect(new Set(results.map(result => JSON.stringify(gapOf(result)))).size).toBe(1);
    expect(gapOf(results[4999] as Hello)).toMatchObject({ kind: 'gap', reason: 'forbidden', source: 'hello', permissions: [{ apiGroup: '', resource: 'nodes/proxy', verb: 'get' }] });
  });

  it('goes on where only some nodes are refused', async () => {
    const { byName } = await read(names(6), { isForbidden: ({ name }) => name === 'node-0' || name === 'node-4' });
    expect(gapOf(byName('node-0'))).toMatchObject({ reason: 'forbidden', permissions: [{ resource: 'nodes/proxy' }] });
    expect(gapOf(byName('node-4'))).toMatchObject({ reason: 'forbidden' });
    expect(byName('node-5')).toMatchObject({ value: { text: 'hello from node-5' } });
  });

  it('is done with 300 nodes, 40 of which hang, in a bounded time', async () => {
    const dead = names(300).filter((_, index) => index % 7 === 5).slice(0, 40);
    const { results, seconds } = await read(names(300), { faults: dead.map(name => at(name, { slow: 'headers', milliseconds: 20_000 })) });
    expect(results.filter(result => 'gap' in result).map(({ of }) => of)).toEqual(dead);
    // 40 that hang for 0.4 s, 16 at a time, are 1.2 s; one after the other they would be 16 s.
    expect(seconds).toBeLessThan(6);
  });

  it('gives up on all nodes together when the time for them is over, and says so for each', async () => {
    const { results, seconds } = await read(names(300), { faults: [{ path: '/api/v1/nodes/*', fault: { slow: 'headers', milliseconds: 20_000 } }] }, createKubeletRun(1_000, 400));
    expect(results).toHaveLength(300);
    expect(results.every(result => gapOf(result).reason === 'timeout')).toBe(true);
    expect(new Set(results.map(result => gapOf(result).detail))).toContain('the time for all kubelets was over before this one was asked');
    expect(seconds).toBeLessThan(5);
  });

  it('does not wait again for a node that was dead when another source asked', async () => {
    const run = createKubeletRun(60_000, 400);
    const faults = [at('a', { slow: 'headers', milliseconds: 20_000 })];
    await read(['a'], { faults }, run);
    const { asked, byName } = await read(['a'], {}, run);
    expect(asked).toEqual([]);
    expect(gapOf(byName('a'))).toMatchObject({ reason: 'timeout', source: 'hello' });
  });

  it('makes one segment of a name, whatever it is', async () => {
    const { asked } = await read(['../../secrets', 'a?b#c']);
    expect(asked.sort()).toEqual([pathOf('..%2F..%2Fsecrets'), pathOf('a%3Fb%23c')]);
  });
});

describe('collect', () => {
  const options = { tool: 'test', collectedAt: '2026-11-21T12:00:00Z', clockSkewSeconds: 0 };
  const list = { apiVersion: 'v1', kind: 'NodeList', items: names(3).map(name => ({ metadata: { name, uid: name }, spec: {}, status: {} })) };
  const data = { lists: new Map([['/api/v1/nodes', list]]), texts: new Map(names(3).map(name => [pathOf(name), `hello from ${name}`])) };

  async function collected(more: Partial<FakeApiServerOptions> = {}, namespace?: string): Promise<Awaited<ReturnType<typeof collect>>> {
    const server = await bench.start({ tokens: { [TOKEN]: { name: 'ana', groups: [] } }, data, ...more });
    const client = await bench.open(server, { user: { token: TOKEN } });
    return collect(client, [hello, nodes], { ...options, ...(namespace === undefined ? {} : { namespace }) });
  }

  it('reads the nodes first and then each kubelet', async () => {
    const { sources } = await collected();
    expect(sources['hello']).toMatchObject({ value: [{ of: 'node-0' }, { of: 'node-1' }, { of: 'node-2' }], cost: { requests: 5 } });
  });

  it('says that the nodes are not known where they may not be listed, and asks no kubelet', async () => {
    const { sources } = await collected({ isForbidden: ({ resource, verb }) => resource === 'nodes' && verb === 'list' });
    expect(sources['hello']).toMatchObject({ gap: { reason: 'forbidden', source: 'hello', permissions: [{ resource: 'nodes', verb: 'list' }] } });
    expect(sources['hello']).toMatchObject({ cost: { requests: 0 } });
  });

  it('leaves kubelets out of one namespace', async () => {
    const { sources } = await collected({}, 'shop');
    expect(sources['hello']).toMatchObject({ gap: { kind: 'outOfScope' } });
  });

  it('takes a web page for the list of nodes for no list', async () => {
    const { sources } = await collected({ faults: [{ path: '/api/v1/nodes', fault: { reply: json(200, { kind: 'PodList', items: [] }) } }] });
    expect(sources['hello']).toMatchObject({ gap: { reason: 'malformed' } });
  });
});
