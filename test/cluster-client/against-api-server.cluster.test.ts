import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type ClusterClient } from '../../src/cluster/connect.ts';
import { firstAnswer } from '../../src/cluster/first-answer.ts';
import { isNamespaceMissing } from '../../src/collect/namespace-missing.ts';
import { startApiServer, type Ground } from '../cluster/api-server.ts';
import { controlPlaneVersion } from '../cluster/binaries.ts';
import type { ApiData, ApiList } from '../support/api-data.ts';
import { startFakeApiServer, type FakeApiServer } from '../support/api-server.ts';
import { bareEnvironment } from './temporary-files.ts';

let ground: Ground;
const opened: ClusterClient[] = [];

beforeAll(async () => {
  ground = await startApiServer({ anonymous: false });
});

afterAll(async () => {
  for (const client of opened) client.close();
  await ground.stop();
});

async function open(kubeconfig: string, flags: object = {}): Promise<ClusterClient> {
  const client = await connect({ kubeconfig, ...flags }, { env: bareEnvironment() });
  opened.push(client);
  return client;
}

async function refusalOf(client: ClusterClient): Promise<string | undefined> {
  return (await firstAnswer(client)).refusal;
}

describe('a real API server', () => {
  it('tells its version and time, and who is asking', async () => {
    const client = await open(ground.kubeconfig.admin);
    const first = await firstAnswer(client);
    expect(first).toMatchObject({ gitVersion: controlPlaneVersion(), dateFrom: 'server', clockSkewSeconds: 0 });
    const who = await client.selfReview('/apis/authentication.k8s.io/v1/selfsubjectreviews', { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });
    const expected = new X509Certificate(Buffer.from(/client-certificate-data: "?([\w+/=]+)/.exec(readFileSync(ground.kubeconfig.admin, 'utf8'))?.[1] ?? '', 'base64'));
    const { username } = (JSON.parse(who.body) as { status: { userInfo: { username: string } } }).status.userInfo;
    expect(expected.subject.split('\n')).toContain(`CN=${username}`);
    const rules = await client.selfReview('/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace: 'default' } });
    expect(rules.status).toBe(201);
  });

  it('packs a large list, and unpacks to what comes unpacked', async () => {
    const [packed, plain] = [await open(ground.kubeconfig.admin), await open(ground.kubeconfig.admin, { disableCompression: true })];
    const [a, b] = [await packed.get('/openapi/v2'), await plain.get('/openapi/v2')];
    expect(a.headers['content-encoding']).toBe('gzip');
    expect(b.headers['content-encoding']).toBeUndefined();
    expect(a.body).toBe(b.body);
    expect(a.bytes).toBeLessThan(b.bytes / 3);
  });

  it('says of a namespace that it is not there, to who may look', async () => {
    const admin = await open(ground.kubeconfig.admin);
    expect([await isNamespaceMissing(admin, 'no-such-place'), await isNamespaceMissing(admin, 'default')]).toEqual([true, false]);
    // A 403 proves nothing.
    expect(await isNamespaceMissing(await open(ground.kubeconfig.admin, { as: 'bob' }), 'no-such-place')).toBe(false);
  });

  it('sees the impersonated user', async () => {
    const client = await open(ground.kubeconfig.admin, { as: 'bob', asGroups: ['g1', 'g2'], asUid: '7' });
    const who = await client.selfReview('/apis/authentication.k8s.io/v1/selfsubjectreviews', { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });
    // Whoever is nobody in particular may still ask who he is.
    expect(JSON.parse(who.body)).toMatchObject({ status: { userInfo: { username: 'bob', uid: '7', groups: expect.arrayContaining(['g1', 'g2']) as unknown } } });
  });

  it('does not accept an expired certificate, a foreign one, a dead token, or nobody, and we can say why', async () => {
    const day = 24 * 3_600_000;
    const expired = await ground.kubeconfigFor({ user: 'ana', groups: ['sre'], notBefore: new Date(Date.now() - 2 * day), notAfter: new Date(Date.now() - day) });
    expect(await refusalOf(await open(expired))).toMatch(new RegExp(`\\(O=sre, CN=ana\\) expired on ${new Date(Date.now() - day).toISOString().slice(0, 10)}`));
    expect(await refusalOf(await open(await ground.kubeconfigFor({ token: 'dead' })))).toMatch(/does not accept the token of user/);
    expect(await refusalOf(await open(await ground.kubeconfigFor('anonymous')))).toMatch(/demands a login \(401\)/);
  });
});

describe('the fake API server answers as the real one', () => {
  let fake: FakeApiServer;
  const lists = new Map<string, ApiList>();
  const collections = ['/api/v1/namespaces', '/apis/rbac.authorization.k8s.io/v1/clusterroles', '/api/v1/configmaps'];

  beforeAll(async () => {
    const admin = await open(ground.kubeconfig.admin);
    for (const path of collections) lists.set(path, JSON.parse((await admin.get(path)).body) as ApiList);
    const data: ApiData = { lists, texts: new Map() };
    fake = await startFakeApiServer({ data, anonymous: false, isForbidden: ({ user }) => user.name === 'nobody' });
  });

  afterAll(() => fake.close());

  /** The answer without what differs from server to server by nature. */
  async function shape(client: ClusterClient, path: string, accept?: string): Promise<unknown> {
    const { status, headers, body } = await client.get(path, accept === undefined ? {} : { accept });
    const type = headers['content-type'];
    if (!body.startsWith('{')) return { status, type, body };
    const parsed = JSON.parse(body) as { metadata?: { continue?: string; resourceVersion?: string }; items?: object[] };
    const metadata = { ...parsed.metadata, ...(parsed.metadata?.continue === undefined ? {} : { continue: 'opaque' }), ...(parsed.metadata?.resourceVersion === undefined ? {} : { resourceVersion: 'n' }) };
    return { status, type, ...parsed, metadata };
  }

  async function both(user: string): Promise<readonly [ClusterClient, ClusterClient]> {
    const file = `${ground.dir}/fake-${user}.kubeconfig`;
    writeFileSync(file, fake.kubeconfig({ user: fake.certificateUser({ commonName: user }) }));
    const real = user === 'admin' ? ground.kubeconfig.superAdmin : await ground.kubeconfigFor({ user });
    return [await open(real), await open(file)];
  }

  const metadataOnly = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

  it.each([
    ['a whole list', '/api/v1/namespaces', undefined],
    ['a page', '/apis/rbac.authorization.k8s.io/v1/clusterroles?limit=5', undefined],
    ['a page of a selection', '/apis/rbac.authorization.k8s.io/v1/clusterroles?limit=2&labelSelector=kubernetes.io%2Fbootstrapping', undefined],
    ['metadata only', '/apis/rbac.authorization.k8s.io/v1/clusterroles?limit=5', metadataOnly],
    ['a field selector', '/api/v1/namespaces?fieldSelector=metadata.name%3Ddefault', undefined],
    ['a namespace of a list', '/api/v1/namespaces/kube-system/configmaps', undefined],
    ['one object', '/apis/rbac.authorization.k8s.io/v1/clusterroles/cluster-admin', undefined],
    ['a missing object', '/apis/rbac.authorization.k8s.io/v1/clusterroles/no-such-role', undefined],
    ['a missing object of the core group', '/api/v1/namespaces/no-such-namespace', undefined],
    ['an unknown resource', '/api/v1/unicorns', undefined],
    ['an unknown resource of a group', '/apis/rbac.authorization.k8s.io/v1/unicorns', undefined],
    ['an unknown group', '/apis/unicorns.example.org/v1/unicorns', undefined],
    ['an unknown path', '/unicorns', undefined],
    ['a broken continue token', '/api/v1/namespaces?limit=1&continue=nonsense', undefined],
  ])('%s', async (_name, path, accept) => {
    const [real, imitation] = await both('admin');
    const [theirs, ours] = [await shape(real, path, accept), await shape(imitation, path, accept)];
    if (path.includes('nonsense')) {
      // The wording follows the decoder; what counts is status and reason.
      const outline = ({ status, reason, code }: Record<string, unknown>): unknown => ({ status, reason, code });
      expect(outline(ours as Record<string, unknown>)).toEqual(outline(theirs as Record<string, unknown>));
    } else {
      expect(ours).toEqual(theirs);
    }
  });

  it.each(['/api/v1/secrets', '/apis/rbac.authorization.k8s.io/v1/clusterroles', '/api/v1/namespaces/x/pods/a', '/api/v1/nodes/n1/proxy/configz', '/metrics', '/apis/apps/v1/namespaces/x/deployments'])('the refusal of %s', async path => {
    const [real, imitation] = await both('nobody');
    expect(await shape(imitation, path)).toEqual(await shape(real, path));
  });

  it('a 401', async () => {
    const dead = await open(await ground.kubeconfigFor({ token: 'dead' }));
    writeFileSync(`${ground.dir}/fake-dead.kubeconfig`, fake.kubeconfig({ user: { token: 'dead' } }));
    expect(await shape(await open(`${ground.dir}/fake-dead.kubeconfig`), '/version')).toEqual(await shape(dead, '/version'));
  });
});
