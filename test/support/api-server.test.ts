import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { connect, type ClusterClient } from '../../src/cluster/connect.ts';
import { matchesFields, matchesLabels, parseResourcePath, readRecordedApi } from './api-data.ts';
import { startFakeApiServer, type FakeApiServer, type FakeApiServerOptions } from './api-server.ts';
import { createCertificate } from './certificates.ts';

const root = mkdtempSync(join(tmpdir(), 'secaudit-recorded-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const pod = (name: string, namespace: string, labels: Record<string, string> = {}): object => ({ metadata: { name, namespace, labels }, spec: { nodeName: 'n1' }, status: { phase: 'Running' } });
mkdirSync(join(root, 'api/v1'), { recursive: true });
mkdirSync(join(root, 'apis/rbac.authorization.k8s.io/v1'), { recursive: true });
writeFileSync(join(root, 'api/v1/pods.json'), JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: [pod('a', 'x', { app: 'web' }), pod('b', 'y'), pod('c', 'x', { app: 'db' }), pod('d', 'x')] }));
writeFileSync(join(root, 'apis/rbac.authorization.k8s.io/v1/clusterroles.json'), JSON.stringify({ kind: 'ClusterRoleList', apiVersion: 'rbac.authorization.k8s.io/v1', metadata: {}, items: [] }));
writeFileSync(join(root, 'version.json'), '{"gitVersion":"v1.37.1"}');
writeFileSync(join(root, 'metrics.txt'), '# HELP x\n');

const servers: FakeApiServer[] = [];
const clients: ClusterClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(servers.splice(0).map(server => server.close()));
});

let count = 0;
async function serve(options: Partial<FakeApiServerOptions> = {}): Promise<{ server: FakeApiServer; client: ClusterClient }> {
  const server = await startFakeApiServer({ data: await readRecordedApi(root), ...options });
  servers.push(server);
  count += 1;
  const kubeconfig = join(root, `..`, `secaudit-kubeconfig-${process.pid}-${count}`);
  writeFileSync(kubeconfig, server.kubeconfig({ user: server.certificateUser({ commonName: 'ana', organizations: ['sre'] }) }));
  const client = await connect({ kubeconfig });
  rmSync(kubeconfig);
  clients.push(client);
  return { server, client };
}

interface Page {
  readonly kind: string;
  readonly metadata: { readonly continue?: string; readonly remainingItemCount?: number };
  readonly items: readonly { readonly kind?: string; readonly metadata: { readonly name: string }; readonly spec?: object }[];
}

async function page(client: ClusterClient, path: string, accept?: string): Promise<Page> {
  const answer = await client.get(path, accept === undefined ? {} : { accept });
  expect(answer.status).toBe(200);
  return JSON.parse(answer.body) as Page;
}

const names = ({ items }: Page): string[] => items.map(({ metadata }) => metadata.name);

describe('recorded answers', () => {
  it('are lists, and texts at their paths', async () => {
    const { client } = await serve();
    expect(names(await page(client, '/api/v1/pods'))).toEqual(['a', 'b', 'c', 'd']);
    expect(await page(client, '/apis/rbac.authorization.k8s.io/v1/clusterroles')).toMatchObject({ kind: 'ClusterRoleList', items: [] });
    expect((await client.get('/version')).headers['content-type']).toBe('application/json');
    expect((await client.get('/metrics')).body).toBe('# HELP x\n');
    expect((await client.get('/flagz'))).toMatchObject({ status: 404, body: '404 page not found\n' });
  });

  it('are cut by namespace, name and selectors', async () => {
    const { client } = await serve();
    expect(names(await page(client, '/api/v1/namespaces/x/pods'))).toEqual(['a', 'c', 'd']);
    expect(names(await page(client, '/api/v1/pods?labelSelector=app%3Dweb'))).toEqual(['a']);
    expect(names(await page(client, '/api/v1/pods?fieldSelector=metadata.namespace%3Dy'))).toEqual(['b']);
    expect(JSON.parse((await client.get('/api/v1/namespaces/x/pods/c')).body)).toMatchObject({ kind: 'Pod', apiVersion: 'v1', metadata: { name: 'c' } });
    const missing = await client.get('/api/v1/namespaces/x/pods/b');
    expect(JSON.parse(missing.body)).toMatchObject({ kind: 'Status', code: 404, reason: 'NotFound', message: 'pods "b" not found' });
  });

  it('come in pages', async () => {
    const { client } = await serve();
    const first = await page(client, '/api/v1/pods?limit=3');
    expect(first.metadata.remainingItemCount).toBe(1);
    const second = await page(client, `/api/v1/pods?limit=3&continue=${first.metadata.continue ?? ''}`);
    expect([...names(first), ...names(second)]).toEqual(['a', 'b', 'c', 'd']);
    expect(second.metadata.continue).toBeUndefined();
    const selected = await page(client, '/api/v1/namespaces/x/pods?limit=1&labelSelector=app');
    expect(selected.metadata.continue).toBeDefined();
    expect(selected.metadata.remainingItemCount).toBeUndefined();
    expect((await client.get('/api/v1/pods?continue=nonsense')).status).toBe(400);
  });

  it('are metadata only for who asks for that', async () => {
    const { client } = await serve();
    const list = await page(client, '/api/v1/pods', 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1');
    expect(list.kind).toBe('PartialObjectMetadataList');
    expect(list.items.every(item => item.kind === 'PartialObjectMetadata' && item.spec === undefined)).toBe(true);
    expect((await client.get('/api/v1/pods', { accept: 'application/vnd.kubernetes.protobuf' })).status).toBe(406);
  });
});

describe('refusals in the words of the API server', () => {
  it('name user, verb, resource, group and scope', async () => {
    const { client } = await serve({ isForbidden: () => true });
    const message = async (path: string): Promise<unknown> => (JSON.parse((await client.get(path)).body) as { message: unknown }).message;
    expect(await message('/api/v1/secrets')).toBe('secrets is forbidden: User "ana" cannot list resource "secrets" in API group "" at the cluster scope');
    expect(await message('/apis/rbac.authorization.k8s.io/v1/clusterroles')).toBe('clusterroles.rbac.authorization.k8s.io is forbidden: User "ana" cannot list resource "clusterroles" in API group "rbac.authorization.k8s.io" at the cluster scope');
    expect(await message('/api/v1/namespaces/x/pods/a')).toBe('pods "a" is forbidden: User "ana" cannot get resource "pods" in API group "" in the namespace "x"');
    expect(await message('/api/v1/nodes/n1/proxy/configz')).toBe('nodes "n1" is forbidden: User "ana" cannot get resource "nodes/proxy" in API group "" at the cluster scope');
    expect(await message('/metrics')).toBe('forbidden: User "ana" cannot get path "/metrics"');
  });

  it('of an expired continue token carry another one', async () => {
    const { client } = await serve({ faults: [{ path: '/api/v1/pods', times: 1, fault: { status: 410 } }] });
    const gone = await client.get('/api/v1/pods?limit=2&continue=old');
    expect(JSON.parse(gone.body)).toMatchObject({ code: 410, reason: 'Expired', metadata: { continue: 'old' } });
  });
});

describe('the request log', () => {
  it('shows method, path, user and headers, and hides the credential', async () => {
    const { server, client } = await serve();
    await client.get('/api/v1/pods?limit=1');
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]).toMatchObject({ method: 'GET', path: '/api/v1/pods?limit=1', user: 'ana' });
  });
});

it('reads paths as the API server does', () => {
  expect(parseResourcePath('/api/v1/namespaces')).toEqual({ collection: '/api/v1/namespaces', group: '', resource: 'namespaces' });
  expect(parseResourcePath('/api/v1/namespaces/shop')).toEqual({ collection: '/api/v1/namespaces', group: '', resource: 'namespaces', name: 'shop' });
  expect(parseResourcePath('/apis/apps/v1/namespaces/shop/deployments/web/scale')).toEqual({ collection: '/apis/apps/v1/deployments', group: 'apps', resource: 'deployments', namespace: 'shop', name: 'web', subresource: 'scale' });
  expect(parseResourcePath('/api/v1')).toBeUndefined();
  expect(parseResourcePath('/apis/apps')).toBeUndefined();
  expect(parseResourcePath('/readyz')).toBeUndefined();
});

it('matches selectors as the API server does', () => {
  const item = { metadata: { name: 'a', labels: { app: 'web', tier: 'front' } }, type: 'kubernetes.io/tls' };
  const labels = { 'app=web': true, 'app==web,tier=front': true, 'app=db': false, 'app!=db': true, app: true, '!app': false, '!other': true, other: false, '': true };
  for (const [selector, expected] of Object.entries(labels)) expect(matchesLabels(item, selector), selector).toBe(expected);
  const fields = { 'type=kubernetes.io/tls': true, 'type!=kubernetes.io/tls': false, 'metadata.name=a': true, 'metadata.name=b': false, 'spec.nodeName=': true };
  for (const [selector, expected] of Object.entries(fields)) expect(matchesFields(item, selector), selector).toBe(expected);
});

describe('certificates', () => {
  it.each(['P-256', 'RSA'] as const)('with %s keys say what was asked for, and verify', keyType => {
    const authority = createCertificate({ commonName: 'kubernetes', use: 'authority', keyType });
    const notBefore = new Date('2049-12-31T23:59:58Z');
    const notAfter = new Date('2050-01-01T00:00:01Z');
    const made = createCertificate({ commonName: 'Jörg', organizations: ['a', 'b'], names: ['localhost', '10.0.0.1', 'fd00::1:2', '::1'], use: 'server', keyType, notBefore, notAfter }, authority);
    const [ca, leaf] = [new X509Certificate(authority.certificate), new X509Certificate(made.certificate)];
    expect(ca.ca).toBe(true);
    expect(leaf.ca).toBe(false);
    expect(leaf.checkIssued(ca) && leaf.verify(ca.publicKey)).toBe(true);
    expect(leaf.subject).toBe('O=a\nO=b\nCN=Jörg');
    expect([Date.parse(leaf.validFrom), Date.parse(leaf.validTo)]).toEqual([notBefore.getTime(), notAfter.getTime()]);
    expect(['localhost', '10.0.0.1'].map(name => leaf.checkHost(name) ?? leaf.checkIP(name))).toEqual(['localhost', '10.0.0.1']);
    expect(leaf.checkIP('fd00::1:2')).toBe('fd00::1:2');
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  });
});
