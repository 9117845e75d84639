import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditReport } from '../../src/engine/report-model.ts';
import { readRecordedApi } from '../support/api-data.ts';
import { json } from '../support/api-answers.ts';
import { createCertificate } from '../support/certificates.ts';
import { startFakeApiServer, type FakeApiServer } from '../support/api-server.ts';
import { runSecaudit, type Finished } from '../support/run-secaudit.ts';

const TOKEN = 'marker-token-5e1f';
const DAY = 24 * 60 * 60 * 1000;
const notAfter = new Date(Math.floor(Date.now() / 1000) * 1000 + 40 * DAY);
let directory: string;
let server: FakeApiServer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'secaudit-nologin-'));
  const data = await readRecordedApi(join(import.meta.dirname, '../../fixtures/demo/api'));
  // In the last of its ten years.
  const authority = createCertificate({ commonName: 'kubernetes', use: 'authority', notBefore: new Date(Date.now() - 3300 * DAY), notAfter: new Date(Date.now() + 350 * DAY) });
  server = await startFakeApiServer({ data, certificate: { notAfter }, authority });
});
afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

async function run(user: object, args: readonly string[] = [], api = server): Promise<Finished> {
  const file = join(directory, `kubeconfig-${Math.random().toString(36).slice(2)}`);
  await writeFile(file, api.kubeconfig({ user }));
  return runSecaudit([...args, '--kubeconfig', file]);
}

const expired = (): object => server.certificateUser({ commonName: 'ana', notBefore: new Date(Date.now() - 3 * DAY), notAfter: new Date(Date.now() - DAY) });

const LOGINS: readonly (readonly [string, () => object, RegExp, string[]])[] = [
  ['an expired client certificate', expired, /the client certificate of user "tester" .*expired on/, ['pki-authority-expiring failed', 'pki-certificate-expired failed']],
  ['a dead token', () => ({ token: TOKEN }), /does not accept the token of user "tester"/, ['pki-authority-expiring failed']],
  ['an exec plugin that fails', () => ({ exec: { command: 'false', apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never' } }), /the exec plugin "false" of user "tester".* ended with exit code 1/, ['pki-authority-expiring failed']],
  ['an exec plugin that is not there', () => ({ exec: { command: 'no-such-plugin', apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never', installHint: 'ask the admins' } }), /"no-such-plugin".* was not found; ask the admins/, ['pki-authority-expiring failed']],
  ['a token file that is not there', () => ({ tokenFile: '/nonexistent/token' }), /cannot read the tokenFile \/nonexistent\/token/, ['pki-authority-expiring failed']],
];

describe.each(LOGINS)('with %s', (_name, user, words, failed) => {
  it('the sentence is on stderr, the exit code is 1, and the report says what the handshake shows', async () => {
    const { code, stdout, stderr } = await run(user(), ['scan', '-o', 'json']);
    expect(code).toBe(1);
    expect(stderr).toMatch(words);
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
    expect(stdout + stderr).not.toContain(TOKEN);
    const report = JSON.parse(stdout) as AuditReport;
    expect(report.loginRefused).toMatch(words);
    // What is wrong with what was shown is wrong whoever asks.
    expect(report.checks.filter(({ status }) => status !== 'notAssessed').map(({ id, status }) => `${id} ${status}`)).toEqual(failed);
    expect(report.sources.filter(({ id }) => id !== 'apiserverhandshake' && id !== 'configuredconnection').map(({ gap }) => gap?.reason).filter(reason => reason !== 'unauthorized')).toEqual([]);
    expect(report.sources.find(({ id }) => id === 'apiserverhandshake')).toMatchObject({ status: 'read' });
    expect(report.deadlines).toContainEqual({ what: 'certificate of the API server (CN=kube-apiserver)', at: notAfter.toISOString().replace('.000Z', 'Z'), daysLeft: 40, count: 1 });
    expect(report.views.handshake).toMatchObject({
      certificates: [{ role: 'serving', subject: 'CN=kube-apiserver', issuer: 'CN=kubernetes', names: ['DNS:localhost', 'DNS:kubernetes.default.svc', 'IP:127.0.0.1'], keyType: 'P-256' }, { role: 'servingAuthority', subject: 'CN=kubernetes' }],
      clientAuthorities: ['CN=kubernetes'],
      anonymousVersionStatus: 200,
    });
    expect(report.notAssessed).toContainEqual(expect.objectContaining({ reason: 'unauthorized', closes: { by: 'login' } }));
    expect(report.notAssessed.filter(({ reason }) => reason !== 'unauthorized').map(({ closes }) => closes.by).filter(by => by !== 'nobody')).toEqual([]);
    expect(report.cluster.idFrom).toBe('ca');
  });

  it('the first screen shows the certificate and when it ends', async () => {
    const { stdout } = await run(user());
    expect(stdout).toContain('as nobody (the login is not accepted)');
    expect(stdout).toMatch(/^in 40 days +\d{4}-\d\d-\d\d +certificate of the API server \(CN=kube-apiserver\)$/m);
    expect(stdout).toMatch(/^API server +CN=kube-apiserver +CN=kubernetes +localhost, kubernetes\.default\.svc, 127\.0\.0\.1 +P-256/m);
    expect(stdout).toContain('client certificates are taken from: CN=kubernetes');
    expect(stdout).toContain('a login that is accepted');
    expect(stdout).not.toMatch(/[1-9]\d* passed/);
  });

  it('pki shows what the kubeconfig and the handshakes hold, and fails in the same way', async () => {
    const { code, stdout, stderr } = await run(user(), ['pki']);
    expect(code).toBe(1);
    expect(stderr).toMatch(words);
    expect(stdout).toMatch(/^API server +kube-apiserver +\d{4}-\d\d-\d\d +40 days +exact +handshake with the API server/m);
    expect(stdout).toMatch(/^authority of the API server +kubernetes +\d{4}-\d\d-\d\d +\d+ days +exact +handshake with the API server and 3 more/m);
    expect(/^your own login +ana +\d{4}-\d\d-\d\d +1 day ago +exact/m.test(stdout)).toBe(failed.includes('pki-certificate-expired failed'));
    expect(stdout).not.toMatch(/nothing that a binding gives it/);
    expect(stdout).toMatch(/^not read: certificates of signing requests \(/m);
    expect(stdout).not.toMatch(/[1-9]\d* passed/);
  });
});

it.each([['rbac'], ['secrets'], ['versions'], ['permissions'], ['snapshot', 'x.gz'], ['rbac', 'who-can', 'get', 'pods'], ['rbac', 'access', 'ana'], ['rbac', 'path', 'User/ana']])('%s %s has nothing to show and says the same', async (...command) => {
  const user = { exec: { command: 'false', apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never' } };
  for (const [login, words] of [[expired(), /expired on/], [user, /ended with exit code 1/]] as const) {
    const { code, stdout, stderr } = await run(login, command.map(word => (word === 'x.gz' ? join(directory, word) : word)));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(words);
    expect(existsSync(join(directory, 'x.gz'))).toBe(false);
  }
});

it('a plugin that fails before a server that is not there: the plugin is what can be corrected', async () => {
  const file = join(directory, 'kubeconfig-nowhere');
  await writeFile(file, server.kubeconfig({ user: { exec: { command: 'false', apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never' } }, cluster: { server: 'https://127.0.0.1:1' } }));
  const { code, stdout, stderr } = await runSecaudit(['scan', '--kubeconfig', file]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^error: the exec plugin "false" [^\n]*\n$/);
});

it('the next step is one that works without a login', async () => {
  const sound = await startFakeApiServer({ data: await readRecordedApi(join(import.meta.dirname, '../../fixtures/demo/api')) });
  const login = { token: TOKEN };
  const { stdout } = await run(login, [], sound);
  expect(stdout).toMatch(/^Next {2}kubectl secaudit pki$/m);
  const pki = await run(login, ['pki'], sound);
  expect(pki.stdout).toMatch(/^API server +kube-apiserver /m);
  expect(pki.stdout).toMatch(/^Next {2}kubectl secaudit pki -o json$/m);
  await sound.close();
});

it('no credential goes along with what anybody may ask', async () => {
  const before = server.requests.length;
  await run({ token: TOKEN });
  const sent = server.requests.slice(before);
  expect(sent.map(({ method, path, user, headers }) => `${method} ${path} ${user} ${headers['authorization'] ?? 'none'}`).toSorted()).toEqual([
    'GET /version  Bearer (hidden)',
    'GET /version system:anonymous none',
  ]);
});

it('a normal run shows the deadline too, from the certificate that the server really has', async () => {
  const { code, stdout } = await run(server.certificateUser({ commonName: 'auditor' }), ['-o', 'json']);
  const report = JSON.parse(stdout) as AuditReport;
  expect(code).toBe(0);
  const serving = report.views.handshake !== undefined && 'certificates' in report.views.handshake ? report.views.handshake.certificates[0] : undefined;
  expect(report.deadlines.map(({ what }) => what)).toContain('certificate of the API server (CN=kube-apiserver)');
  expect(serving?.notAfter).toBe(notAfter.toISOString().replace('.000Z', 'Z'));
  expect(new X509Certificate(server.authority.certificate).subject).toBe(serving?.issuer);
});

it.each([
  [2 * DAY, /this machine's clock is 2 days behind the API server's/],
  [-5 * 60_000, /this machine's clock is 5 minutes ahead of the API server's/],
  [30_000, undefined],
] as const)('a server whose clock is %i ms ahead of ours: said on the first screen above a minute', async (ahead, words) => {
  const data = await readRecordedApi(join(import.meta.dirname, '../../fixtures/demo/api'));
  const reply = { ...json(200, JSON.parse(data.texts.get('/version') ?? '{}') as object), headers: { Date: new Date(Date.now() + ahead).toUTCString() } };
  const skewed = await startFakeApiServer({ data, faults: [{ path: '/version', fault: { reply } }] });
  const { stdout } = await run(skewed.certificateUser({ commonName: 'auditor' }), [], skewed);
  await skewed.close();
  if (words === undefined) expect(stdout).not.toMatch(/clock/);
  else expect(stdout).toMatch(words);
});
