import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { AuditReport } from '../../../src/engine/report-model.ts';
import { runSecaudit } from '../../support/run-secaudit.ts';
import { startKubeadmCluster, type KubeadmCluster } from './cluster.ts';
import { whyNoKubeadmCluster } from './requirements.ts';

const reason = whyNoKubeadmCluster();
let cluster: KubeadmCluster | undefined;
let report: AuditReport;

beforeAll(async () => {
  if (reason !== undefined) return;
  // As kubeadm leaves it: no worker that is badly kept, and nothing in it.
  cluster = await startKubeadmCluster({ workers: [{}] });
  const { stdout, stderr } = await runSecaudit(['scan', '-o', 'json', '--quiet'], { env: { KUBECONFIG: cluster.kubeconfig.admin } });
  if (stdout === '') throw new Error(stderr);
  report = JSON.parse(stdout) as AuditReport;
}, 30 * 60_000);
beforeEach(({ skip }) => skip(reason !== undefined, reason));
afterAll(() => cluster?.stop());

test('what a fresh cluster shows is what the README says, and no more', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../../README.md'), 'utf8');
  const section = /### What a fresh kubeadm cluster shows\n(.*?)\n### /s.exec(readme)?.[1] ?? '';
  const said = [...section.matchAll(/^\| (\w+) \| `([a-z-]+)` \|/gm)].map(([, severity, check]) => `${severity ?? ''} ${check ?? ''}`);
  const found = report.findings.filter(({ severity }) => severity !== 'info').map(({ severity, check }) => `${severity} ${check}`);
  expect(said.length).toBeGreaterThan(3);
  expect([...new Set(found)].sort()).toEqual(said.sort());
});

test('of RBAC nothing is above info', () => {
  expect(report.findings.filter(({ check, severity }) => check.startsWith('rbac-') && severity !== 'info')).toEqual([]);
  expect(report.checks.filter(({ id }) => id.startsWith('rbac-')).map(({ status }) => status).filter(status => status !== 'passed' && status !== 'notApplicable')).toEqual([]);
});

test('only what files show, and what waits for a flag, is not assessed', () => {
  expect(report.checks.filter(({ status }) => status === 'notAssessed').map(({ id }) => id)).toEqual([
    'pki-authority-expiring', 'pki-authority-key-in-secret', 'pki-certificate-expired', 'pki-certificate-expiring', 'pki-component-certificate-deviates', 'pki-component-name-missing',
    'pki-etcd-trusts-cluster-authority', 'pki-etcd-without-client-certificates', 'pki-node-identity-shared', 'pki-renewed-not-restarted', 'pki-shared-private-key', 'pki-shared-serving-key',
    'pki-tls-secret-broken', 'pki-wildcard-certificate',
  ]);
  expect(report.checks.filter(({ status }) => status === 'error')).toEqual([]);
});

test('all six subjects stand on one screen of forty lines', async () => {
  const { stdout } = await runSecaudit(['scan', '--quiet'], { env: { KUBECONFIG: cluster?.kubeconfig.admin ?? '' } });
  for (const subject of ['certificates', 'RBAC', 'kubelets', 'versions', 'network policy', 'Secrets']) expect(stdout).toMatch(new RegExp(`^${subject} +\\S`, 'm'));
  expect(stdout.trimEnd().split('\n').length).toBeLessThanOrEqual(40);
});
