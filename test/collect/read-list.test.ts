import { afterEach, describe, expect, it } from 'vitest';
import { connect, type ClusterClient } from '../../src/cluster/connect.ts';
import { collect } from '../../src/collect/collect.ts';
import { Unread } from '../../src/collect/gap-of.ts';
import { readList } from '../../src/collect/read-list.ts';
import { roles } from '../../src/evidence/sources/rbac.ts';
import { startFakeApiServer, type FakeApiServer, type FaultRule } from '../support/api-server.ts';
import { bareEnvironment, temporaryDirectory } from '../cluster-client/temporary-files.ts';

const PATH = '/apis/rbac.authorization.k8s.io/v1/roles';
const rules = [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }];
const items = Array.from({ length: 1201 }, (_, at) => ({ metadata: { name: `role-${at}`, namespace: 'n', uid: `u${at}` }, rules }));

const files = temporaryDirectory();
let server: FakeApiServer;
let client: ClusterClient;
afterEach(async () => {
  client.close();
  await server.close();
});

async function start(faults: readonly FaultRule[] = [], flags: { readonly requestTimeoutSeconds?: number } = {}): Promise<void> {
  server = await startFakeApiServer({
    data: { lists: new Map([[PATH, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleList', items }]]), texts: new Map() },
    faults, tokens: { t: { name: 'tester', groups: [] } }, gzipFrom: 1000,
  });
  client = await connect({ kubeconfig: files.write('config', server.kubeconfig({ user: { token: 't' } })), ...flags }, { env: bareEnvironment() });
}

const gapOf = (): Promise<unknown> => readList(client, roles, roles.read).then(() => 'no gap', (error: unknown) => (error instanceof Unread ? error.gap.reason : (error as { kind?: string }).kind));

describe('a list from a server that has no protobuf', () => {
  it('is whole, in pages, over one connection or two, and equal parts are one', async () => {
    await start();
    const found = (await readList(client, roles, roles.read)) as { metadata: { name: string }; rules: unknown }[];
    expect(found).toStrictEqual(items);
    expect(new Set(found.map(item => item.rules)).size).toBe(1);
    expect(server.requests.map(({ path }) => path.replace(/continue=.*/, 'continue'))).toEqual([`${PATH}?limit=500`, `${PATH}?limit=500&continue`, `${PATH}?limit=500&continue`]);
    expect(server.requests[0]?.headers['accept']).toBe('application/vnd.kubernetes.protobuf,application/json');
    expect(server.connections()).toBeLessThanOrEqual(2);
  });

  it('costs what came over the wire', async () => {
    await start();
    const { sources } = await collect(client, [roles], { tool: 'test', collectedAt: '2026-01-01T00:00:00Z', clockSkewSeconds: 0 });
    const cost = sources['roles']?.cost;
    expect(cost?.requests).toBe(3);
    expect(cost?.bytes).toBeGreaterThan(3000);
    // Compressed, so far less than the text.
    expect(cost?.bytes).toBeLessThan(JSON.stringify(items).length / 3);
  });

  it.each<[string, FaultRule['fault'], string]>([
    ['breaks off', { cut: 'midBody' }, 'truncated'], ['is shorter than it says', { cut: 'length' }, 'truncated'],
    ['breaks off in its archive', { cut: 'gzip' }, 'truncated'], ['is a broken archive', { corrupt: 'gzip' }, 'malformed'],
    ['never answers', { cut: 'beforeHeaders' }, 'unreachable'], ['is forbidden', { status: 403 }, 'forbidden'],
    ['expires again and again', { status: 410 }, 'truncated'],
    ['is a web page', { reply: { status: 200, contentType: 'text/html; charset=utf-8', body: '<html></html>' } }, 'malformed'],
    ['is of another type', { reply: { status: 200, contentType: 'text/plain', body: '{}' } }, 'malformed'],
    ['says that it is protobuf and is not', { reply: { status: 200, contentType: 'application/vnd.kubernetes.protobuf', body: '{"kind":"RoleList","items":[]}' } }, 'malformed'],
    ['is of another kind', { reply: { status: 200, contentType: 'application/json', body: '{"kind":"PodList","items":[{"metadata":{"name":"a","namespace":"n"}}]}' } }, 'malformed'],
    ['has an item without a name', { reply: { status: 200, contentType: 'application/json', body: '{"kind":"RoleList","items":[{"metadata":{}}]}' } }, 'malformed'],
    ['names the same next page for ever', { reply: { status: 200, contentType: 'application/json', body: '{"kind":"RoleList","metadata":{"continue":"x"},"items":[]}' } }, 'truncated'],
  ])('is a gap when it %s', async (_, fault, reason) => {
    await start([{ path: PATH, fault }]);
    expect(await gapOf()).toBe(reason);
  });

  it('is begun again when it expires once, and takes 429 for a wish to wait', async () => {
    await start([{ path: PATH, times: 1, fault: { status: 410 } }]);
    expect(await readList(client, roles, roles.read)).toHaveLength(items.length);
    server.setFaults([{ path: PATH, times: 1, fault: { status: 429, retryAfterSeconds: 0 } }]);
    expect(await readList(client, roles, roles.read)).toHaveLength(items.length);
  });

  it('is a gap when its body stops coming', async () => {
    await start([{ path: PATH, fault: { slow: 'body', milliseconds: 5000 } }], { requestTimeoutSeconds: 0.3 });
    expect(await gapOf()).toBe('timeout');
  });

  it('is interrupted by closing the client', async () => {
    await start([{ path: PATH, fault: { slow: 'body', milliseconds: 5000 } }]);
    const reading = gapOf();
    setTimeout(() => client.close(), 200);
    expect(await reading).toBe('interrupted');
  });
});
