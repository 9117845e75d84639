import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditReport } from '../../src/engine/report-model.ts';
import type { HandshakeView } from '../../src/indexes/handshake-certificates.ts';
import { runSecaudit } from '../support/run-secaudit.ts';
import { startApiServer, type Ground } from './api-server.ts';

const DAY = 24 * 3_600_000;
let ground: Ground;
beforeAll(async () => {
  ground = await startApiServer();
});
afterAll(() => ground.stop());

/** What openssl says of a certificate of the ground. */
function openssl(file: string, ...words: readonly string[]): string {
  return execFileSync('openssl', ['x509', '-in', file, '-noout', ...words], { encoding: 'utf8' }).trim().replace(/^[^=]*=/, '');
}

async function scan(kubeconfig: string): Promise<{ code: number | null; stderr: string; report: AuditReport; view: HandshakeView }> {
  const { code, stdout, stderr } = await runSecaudit(['-o', 'json'], { env: { KUBECONFIG: kubeconfig } });
  const report = JSON.parse(stdout) as AuditReport;
  const view = report.views.handshake;
  if (view === undefined || 'gaps' in view) throw new Error(stderr);
  return { code, stderr, report, view };
}

/** Everything that the server shows, compared with its own files. */
function expectShown(view: HandshakeView): void {
  const [serving] = view.certificates;
  const file = path.join(path.dirname(ground.ca.cluster), 'kube-apiserver.crt');
  expect(serving).toMatchObject({ role: 'serving', subject: 'CN=kube-apiserver', issuer: 'CN=kubernetes', keyType: 'P-256' });
  expect(Date.parse(serving?.notAfter ?? '')).toBe(Date.parse(openssl(file, '-enddate')));
  expect(Date.parse(serving?.notBefore ?? '')).toBe(Date.parse(openssl(file, '-startdate')));
  expect(serving?.serial).toBe(openssl(file, '-serial'));
  expect(serving?.sha256).toBe(openssl(file, '-fingerprint', '-sha256').replaceAll(':', '').toLowerCase());
  expect(view.clientAuthorities).toContain('CN=kubernetes');
  expect(view.clientAuthorities).toContain('CN=front-proxy-ca');
  const loopback = view.certificates.find(({ role }) => role === 'loopback');
  expect(loopback?.subject).toMatch(/^CN=apiserver-loopback-client@\d+$/);
  expect(view.anonymousVersionStatus).toBe(200);
}

describe('without a login that is accepted', () => {
  test('an expired client certificate', async () => {
    const ended = new Date(Date.now() - DAY);
    const { code, stderr, report, view } = await scan(await ground.kubeconfigFor({ user: 'ana', notBefore: new Date(Date.now() - 2 * DAY), notAfter: ended }));
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^error: .*expired on ${ended.toISOString().slice(0, 10)}`));
    expectShown(view);
    // The login itself was seen, and is what is wrong.
    expect(report.checks.filter(({ status }) => status !== 'notAssessed').map(({ id, status }) => `${id} ${status}`)).toEqual(['pki-certificate-expired failed']);
    expect(report.clockSkewSeconds).toBe(0);
    expect(report.deadlines.map(({ what }) => what)).toContain('certificate of the API server (CN=kube-apiserver)');
  });

  test('a dead token', async () => {
    const { code, stderr, view } = await scan(await ground.kubeconfigFor({ token: 'dead' }));
    expect(code).toBe(1);
    expect(stderr).toMatch(/does not accept the token/);
    expectShown(view);
  });
});

test('an admin sees the same, and is assessed', async () => {
  const { code, stderr, view, report } = await scan(ground.kubeconfig.admin);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expectShown(view);
  expect(report.loginRefused).toBeUndefined();
  const caKeys = report.cluster.idFrom;
  expect(caKeys).toBe('kube-system');
});
