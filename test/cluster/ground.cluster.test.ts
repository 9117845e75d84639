import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { beforeAll, describe, expect, test } from 'vitest';
import { startApiServer, type Ground } from './api-server.ts';
import { controlPlaneVersion } from './binaries.ts';

/** Runs kubectl and gives its output; fails with its own words. */
async function kubectl(ground: Ground, args: readonly string[], kubeconfig?: string): Promise<string> {
  const { stdout, stderr, code } = await ground.kubectl(args, { kubeconfig });
  expect(code, `kubectl ${args.join(' ')}: ${stderr}`).toBe(0);
  return stdout;
}

async function json<T>(ground: Ground, args: readonly string[], kubeconfig?: string): Promise<T> {
  return JSON.parse(await kubectl(ground, [...args, '-o', 'json'], kubeconfig)) as T;
}

/** How often an API server has turned Secrets or ConfigMaps into what lies in etcd, by provider. */
async function writesByProvider(ground: Ground, resource: string): Promise<Record<string, number>> {
  const metrics = await kubectl(ground, ['get', '--raw', '/metrics']);
  const lines = metrics.matchAll(/^apiserver_storage_transformation_operations_total\{(.*)\} (\S+)$/gm);
  const found: Record<string, number> = {};
  for (const [, labels = '', value] of lines) {
    const label = (name: string): string | undefined => new RegExp(`\\b${name}="([^"]*)"`).exec(labels)?.[1];
    if (label('resource') === resource && label('transformation_type') === 'to_storage') {
      found[label('transformer_prefix') ?? ''] = Number(value);
    }
  }
  return found;
}

interface ObjectList {
  readonly items: readonly { readonly metadata: { readonly name: string; readonly uid: string; readonly labels?: Record<string, string> } }[];
}

describe('a bare ground', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await startApiServer();
    return () => ground.stop();
  });

  test('is ready, and is the version that go.mod names', async () => {
    expect(await kubectl(ground, ['get', '--raw', '/readyz'])).toBe('ok');
    const version = await json<Record<string, { gitVersion: string }>>(ground, ['version']);
    expect(version['serverVersion']?.gitVersion).toBe(controlPlaneVersion());
    expect(version['clientVersion']?.gitVersion).toBe(controlPlaneVersion());
  });

  test('has its namespaces, an identity lease, and no binding but the bootstrap ones', async () => {
    const namespaces = await json<ObjectList>(ground, ['get', 'namespaces']);
    expect(namespaces.items.map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining(['default', 'kube-system']));
    const leases = await json<ObjectList>(ground, ['get', 'leases', '-n', 'kube-system', '-l', 'apiserver.kubernetes.io/identity=kube-apiserver']);
    expect(leases.items).toHaveLength(1);
    const bindings = await json<ObjectList>(ground, ['get', 'clusterrolebindings']);
    expect(bindings.items.filter(({ metadata }) => metadata.labels?.['kubernetes.io/bootstrapping'] !== 'rbac-defaults')).toEqual([]);
  });

  test('writes an audit event for what is asked, with user, verb and answer', async () => {
    const kubeconfig = await ground.kubeconfigFor({ user: 'ana', groups: ['sre'] });
    const { code, stderr } = await ground.kubectl(['get', 'secrets', '-n', 'kube-system'], { kubeconfig });
    expect(code).toBe(1);
    expect(stderr).toContain('"ana" cannot list resource "secrets"');
    const events = ground.auditEvents().filter(event => event.user.username === 'ana' && event.objectRef?.resource === 'secrets');
    expect(events).toMatchObject([{ verb: 'list', stage: 'ResponseComplete', responseStatus: { code: 403 }, user: { groups: ['sre', 'system:authenticated'] } }]);
  });

  test('knows service accounts by token, and turns an expired certificate away', async () => {
    await kubectl(ground, ['create', 'serviceaccount', 'reader']);
    const token = await ground.kubeconfigFor({ serviceAccount: 'reader', namespace: 'default' });
    expect(await kubectl(ground, ['auth', 'whoami'], token)).toContain('system:serviceaccount:default:reader');

    const expired = await ground.kubeconfigFor({ user: 'ana', notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') });
    expect((await ground.kubectl(['get', 'namespaces'], { kubeconfig: expired })).stderr).toContain('Unauthorized');
  });

  test('issues certificates that its authority signed, with the validity asked for', () => {
    const notBefore = new Date('2030-01-01T00:00:00Z');
    const notAfter = new Date('2055-06-07T08:09:10Z');
    const { certificate } = ground.issueClientCertificate({ user: 'Zoë', groups: ['a:b', 'c'], notBefore, notAfter });
    const read = new X509Certificate(certificate);
    expect(read.verify(new X509Certificate(readFileSync(ground.ca.cluster)).publicKey)).toBe(true);
    expect(read.subject.split('\n')).toEqual(['O=a:b', 'O=c', 'CN=Zoë']);
    expect([read.validFromDate, read.validToDate]).toEqual([notBefore, notAfter]);
  });

  test('runs beside another one on ports of its own', async () => {
    await using other = await startApiServer();
    expect(other.port).not.toBe(ground.port);
    await kubectl(other, ['create', 'namespace', 'only-here']);
    expect((await ground.kubectl(['get', 'namespace', 'only-here'])).stderr).toContain('NotFound');
  });

  test('shares its objects with a replica, and balances between the two', async () => {
    const replica = await ground.addReplica();
    await kubectl(ground, ['create', 'configmap', 'shared']);
    const [here, there] = await Promise.all([ground.kubeconfig.admin, replica.kubeconfig].map(kubeconfig =>
      json<ObjectList['items'][number]>(ground, ['get', 'configmap', 'shared'], kubeconfig)));
    expect(there?.metadata.uid).toBe(here?.metadata.uid);

    const served = async (): Promise<string> => (await ground.kubectl(['get', '--raw', '/metrics'], { kubeconfig: replica.balancer.kubeconfig })).stdout
      .match(/^process_start_time_seconds .*$/m)?.[0] ?? '';
    expect(new Set([await served(), await served(), await served()]).size).toBe(2);

    const leases = await json<ObjectList>(ground, ['get', 'leases', '-n', 'kube-system', '-l', 'apiserver.kubernetes.io/identity=kube-apiserver']);
    expect(leases.items).toHaveLength(replica.hasOwnIdentity ? 2 : 1);
    expect(ground.auditEvents().map(event => event.requestURI)).toContain('/metrics');
    await replica.stop();
    expect(await served()).toBe(await served());
  });
});

describe('a ground with encryption', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await startApiServer({ encryption: 'aescbc' });
    return () => ground.stop();
  });

  const store = async (name: string): Promise<void> => {
    await kubectl(ground, ['create', 'secret', 'generic', name, '--from-literal=word=value']);
    await kubectl(ground, ['create', 'configmap', name]);
  };

  test('aescbc writes Secrets through the provider', async () => {
    await store('first');
    const prefixes = await writesByProvider(ground, 'secrets');
    expect(prefixes['k8s:enc:aescbc:v1:']).toBeGreaterThan(0);
  });

  test('identity-first writes new ones in plain text and still reads the old', async () => {
    await ground.restart({ encryption: 'identity-first' });
    await store('second');
    expect(Object.keys(await writesByProvider(ground, 'secrets'))).not.toContain('k8s:enc:aescbc:v1:');
    expect(await kubectl(ground, ['get', 'secret', 'first', '-o', 'jsonpath={.data.word}'])).toBe(btoa('value'));
  });

  test('secretbox and configmaps-only do what they are called', async () => {
    await using secretbox = await startApiServer({ encryption: 'secretbox' });
    await kubectl(secretbox, ['create', 'secret', 'generic', 'one', '--from-literal=word=value']);
    expect((await writesByProvider(secretbox, 'secrets'))['k8s:enc:secretbox:v1:']).toBeGreaterThan(0);

    await using configMapsOnly = await startApiServer({ encryption: 'configmaps-only' });
    await kubectl(configMapsOnly, ['create', 'secret', 'generic', 'one', '--from-literal=word=value']);
    await kubectl(configMapsOnly, ['create', 'configmap', 'one']);
    expect((await writesByProvider(configMapsOnly, 'configmaps'))['k8s:enc:aescbc:v1:']).toBeGreaterThan(0);
    expect(await writesByProvider(configMapsOnly, 'secrets')).toEqual({});
  });
});

test('a controller manager fills the aggregated ClusterRoles, and without one they are empty', async () => {
  const rules = (ground: Ground): Promise<string> => kubectl(ground, ['get', 'clusterrole', 'view', '-o', 'jsonpath={.rules}']);
  await using bare = await startApiServer();
  await using managed = await startApiServer({ controllerManager: true });
  expect(['', 'null']).toContain(await rules(bare));
  expect(await rules(managed)).toContain('"pods"');
});

test('the admin of kubeadm has its power from a binding', async () => {
  await using ground = await startApiServer({ kubeadmAdmin: true });
  const whoAmI = await kubectl(ground, ['auth', 'whoami']);
  expect(whoAmI).toContain('kubeadm:cluster-admins');
  expect(whoAmI).not.toContain('system:masters');
  expect(await kubectl(ground, ['auth', 'can-i', '*', '*'])).toBe('yes\n');
  expect(await kubectl(ground, ['auth', 'whoami'], ground.kubeconfig.superAdmin)).toContain('system:masters');
});

test('anonymous access, authorization and flags are as asked', async () => {
  await using ground = await startApiServer({
    anonymous: { paths: ['/livez'] }, authorizationModes: ['AlwaysAllow'], flags: { profiling: 'false', 'audit-log-path': undefined },
  });
  // By hand, since kubectl asks for a user name when it has no credentials.
  const status = (path: string): Promise<number | undefined> => new Promise((resolve, reject) => {
    const asked = request(`${ground.url}${path}`, { ca: readFileSync(ground.ca.cluster) }, answer => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.on('error', reject).end();
  });
  expect(await status('/livez')).toBe(200);
  expect(await status('/version')).toBe(401);
  expect(ground.auditEvents()).toEqual([]);
  expect((await ground.kubectl(['get', '--raw', '/debug/pprof/'])).stderr).toContain('NotFound');
  const nobody = await ground.kubeconfigFor({ user: 'nobody' });
  expect(await kubectl(ground, ['get', 'namespaces'], nobody)).toContain('kube-system');
  await ground.restart({ anonymous: false, authorizationModes: ['RBAC'] });
  expect(await status('/livez')).toBe(401);
  expect((await ground.kubectl(['get', 'namespaces'], { kubeconfig: nobody })).code).toBe(1);
});

test('a server that cannot start says why and leaves nothing', async () => {
  await expect(startApiServer({ flags: { 'no-such-flag': 'x' } })).rejects.toThrow(/kube-apiserver ended \(exit code 1\).*unknown flag: --no-such-flag/s);
});
