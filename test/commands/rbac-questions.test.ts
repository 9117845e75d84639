import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AuditReport } from '../../src/engine/report-model.ts';
import { renderAccess } from '../../src/report/access-table.ts';
import { renderWhoCan } from '../../src/report/who-can-table.ts';
import { readRecordedApi, type ApiData } from '../support/api-data.ts';
import { startFakeApiServer, type FakeApiServer } from '../support/api-server.ts';
import { createCertificate } from '../support/certificates.ts';
import { runSecaudit, type Finished } from '../support/run-secaudit.ts';

let data: ApiData;
let server: FakeApiServer;
let directory: string;
let kubeconfig: string;

// Each test starts the program several times.
vi.setConfig({ testTimeout: 60_000 });

beforeAll(async () => {
  data = await readRecordedApi(join(import.meta.dirname, '../../fixtures/demo/api'));
  directory = await mkdtemp(join(tmpdir(), 'secaudit-questions-'));
  server = await startFakeApiServer({ data });
  kubeconfig = await configFor(server, 'kubeconfig');
});
afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

async function configFor(api: FakeApiServer, name: string): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, api.kubeconfig({ user: api.certificateUser({ commonName: 'auditor', organizations: ['security', 'contractors'] }) }));
  return file;
}

function rbac(args: readonly string[], config = kubeconfig): Promise<Finished> {
  return runSecaudit(['rbac', ...args], { env: { KUBECONFIG: config } });
}

async function report(args: readonly string[], config = kubeconfig): Promise<AuditReport> {
  const { stdout, stderr } = await rbac([...args, '-o', 'json'], config);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as AuditReport;
}

/** The widest line of a table on a terminal of 100 columns. */
function widest(text: string): number {
  return Math.max(...text.split('\n').slice(2).map(line => line.length));
}

const terminal = { width: 100, color: false, unicode: true, headers: true };

describe('rbac who-can', () => {
  it('names subjects, bindings and rules, folds what is the platform\'s own, and fits a terminal', async () => {
    const { code, stdout, stderr } = await rbac(['who-can', 'get', 'secrets']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^Group\/system:masters +everywhere +none is needed/m);
    expect(stdout).toMatch(/^ServiceAccount\/monitoring\/agent +everywhere +ClusterRoleBinding\/monitoring-read-everything +read-everything\[0\]/m);
    expect(stdout).toMatch(/^Group\/shop-team +shop +RoleBinding\/shop\/shop-team +admin\[/m);
    expect(stdout).not.toContain('generic-garbage-collector');
    expect((await rbac(['who-can', 'get', 'secrets', '-o', 'wide'])).stdout).toContain('generic-garbage-collector');
    expect(widest(renderWhoCan(await report(['who-can', 'get', 'secrets']), terminal))).toBeLessThanOrEqual(100);
  });
  it('reads the bindings of one namespace and of the cluster with -n, and nothing of others', async () => {
    const before = server.requests.length;
    const { views } = await report(['who-can', 'get', 'secrets', '-n', 'shop']);
    const paths = server.requests.slice(before).map(({ path }) => path.split('?')[0]);
    expect(paths).toContain('/apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings');
    expect(paths).not.toContain('/apis/rbac.authorization.k8s.io/v1/rolebindings');
    expect(views.whoCan).toMatchObject({ question: { namespace: 'shop' }, unseen: { total: 0 } });
  });
  it('says which bindings it has not seen', async () => {
    const closed = await startFakeApiServer({ data, isForbidden: ({ resource }) => resource === 'rolebindings' });
    const { stdout } = await rbac(['who-can', 'get', 'po'], await configFor(closed, 'closed'));
    await closed.close();
    expect(stdout).toContain('not seen: RoleBindings in all namespaces (this user may not read RoleBindings)');
  });
  it('still answers where discovery is closed, and asks for the group', async () => {
    const closed = await startFakeApiServer({ data, isForbidden: ({ path }) => path === '/apis' });
    const config = await configFor(closed, 'no-discovery');
    const [short, long] = [await rbac(['who-can', 'get', 'deployments'], config), await rbac(['who-can', 'get', 'deployments.apps'], config)];
    await closed.close();
    expect(short).toMatchObject({ code: 2, stdout: '' });
    expect(short.stderr).toMatch(/^error: which API group serves deployments is not known.*\n$/);
    expect(long.code).toBe(0);
    expect(long.stdout).toContain('whether deployments.apps is served is not known');
  });
  it.each([
    [['get', 'secretz'], 'this API server serves no resource secretz; did you mean secrets?'],
    [['GET', 'pods'], 'GET is no verb; RBAC knows them in lower case, such as get, list, create, delete or impersonate'],
    [['get', '/metrics', '-n', 'shop'], 'a path such as /metrics stands in no namespace and has no subresource'],
    [['get', 'pods', '-n', '..'], '--namespace takes the name of one namespace, which ".." cannot be'],
  ])('refuses %j in one sentence', async (args, sentence) => {
    expect(await rbac(['who-can', ...args])).toEqual({ code: 2, stdout: '', stderr: `error: ${sentence}\n` });
  });
  it('says which argument is missing, and where the help is', async () => {
    const { code, stderr } = await rbac(['who-can', 'get']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: missing 1 required arg: resource .*; see "kubectl secaudit rbac who-can --help"\n$/);
  });
  it('has help with the names of its arguments', async () => {
    const { code, stdout } = await rbac(['who-can', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('$ kubectl secaudit rbac who-can VERB RESOURCE');
  });
});

describe('rbac access', () => {
  it('says what a user may do, through which bindings and groups, and fits a terminal', async () => {
    const { code, stdout } = await rbac(['access', 'bob', '--group', 'contractors']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^do anything +everywhere/m);
    expect(stdout).toMatch(/^ {2}\* +\* \(\*\) +ClusterRoleBinding\/incident-4711 +contractors/m);
    expect(stdout).toContain('in contractors as given; system:authenticated as for everybody of its kind');
    expect(widest(renderAccess(await report(['access', 'bob', '--group', 'contractors']), terminal))).toBeLessThanOrEqual(100);
  });
  it.each(['ServiceAccount/ci/runner', 'system:serviceaccount:ci:runner', 'User/system:serviceaccount:ci:runner'])('takes %s for one service account', async words => {
    const { views } = await report(['access', words]);
    expect(views.access).toMatchObject({
      question: { subject: 'ServiceAccount/ci/runner', user: 'system:serviceaccount:ci:runner', groups: [{ name: 'system:serviceaccounts' }, { name: 'system:serviceaccounts:ci' }, { name: 'system:authenticated' }] },
      powers: { rows: [{ can: 'do anything', impact: 'takeover' }, {}, {}, {}].slice(0, 1) },
    });
  });
  it('reads user and groups from a certificate, or from a kubeconfig with one, and says until when', async () => {
    const pem = join(directory, 'old.crt');
    await writeFile(pem, createCertificate({ commonName: 'mallory', organizations: ['system:masters', 'x + O=y, "z"'], use: 'client' }).certificate);
    const { stdout } = await rbac(['access', '--certificate', pem]);
    expect(stdout).toContain('in system:masters, x + O=y, "z" by its certificate; system:authenticated');
    expect(stdout).toContain('A member of system:masters may do anything');
    expect(stdout).toMatch(/its certificate is valid until \d{4}-\d\d-\d\d, and cannot be revoked before/);
    const { views } = await report(['access', '--certificate', kubeconfig]);
    expect(views.access).toMatchObject({ question: { user: 'auditor', groups: [{ name: 'security', from: 'certificate' }, { name: 'contractors', from: 'certificate' }, { name: 'system:authenticated', from: 'implicit' }] } });
  });
  it.each([
    [[], 'rbac access takes a SUBJECT such as User/ana, or --certificate FILE, and not both'],
    [['ana', '--certificate', 'x'], 'rbac access takes a SUBJECT such as User/ana, or --certificate FILE, and not both'],
    [['ServiceAccount/web'], 'ServiceAccount/web names nobody; write User/NAME, Group/NAME, ServiceAccount/NAMESPACE/NAME or the name of a user'],
    [['Group/'], 'Group/ names nobody; write User/NAME, Group/NAME, ServiceAccount/NAMESPACE/NAME or the name of a user'],
    [['--certificate', '/nonexistent'], 'cannot read the certificate /nonexistent (ENOENT)'],
    [['--certificate', import.meta.filename], `${import.meta.filename} is neither a PEM certificate nor a kubeconfig`],
  ])('refuses %j in one sentence', async (args, sentence) => {
    expect(await rbac(['access', ...args])).toEqual({ code: 2, stdout: '', stderr: `error: ${sentence}\n` });
  });
});
