import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { audit } from '../../src/audit.ts';
import type { AuditReport } from '../../src/engine/report-model.ts';
import { FLAGZ_ACCEPT } from '../../src/evidence/flagz.ts';
import type { SecretsView } from '../../src/indexes/secrets-view.ts';
import { startApiServer, type Ground } from './api-server.ts';
import type { EncryptionKind } from './encryption.ts';
import { getRaw } from './raw-get.ts';
import type { CommandResult } from './run-program.ts';

const UNENCRYPTED = 'secrets-unencrypted-at-rest';
const REMAINS = 'secrets-plaintext-remains';
const WEAK = 'secrets-weak-encryption-provider';

async function auditSecrets(kubeconfig: string): Promise<AuditReport> {
  return audit({ kubeconfig }, { selection: { families: ['secrets'] }, views: ['secrets'] });
}

function viewIn({ views: { secrets } }: AuditReport): SecretsView {
  if (secrets === undefined || 'gaps' in secrets) throw new Error(JSON.stringify(secrets));
  return secrets;
}

function verdictsIn(report: AuditReport): string[] {
  return viewIn(report).replicas.map(({ verdict }) => verdict);
}

/** The status of each check, with the severity of its findings. */
function outcomeOf(report: AuditReport): Record<string, string> {
  return Object.fromEntries(report.checks.map(({ id, status, error }) => {
    if (error !== undefined) throw new Error(error);
    return [id, [status, ...report.findings.filter(finding => finding.check === id).map(({ severity }) => severity)].join(' ')];
  }));
}

async function createSecret(ground: Ground, name: string, kubeconfig?: string): Promise<void> {
  succeeded(await ground.kubectl(['create', 'secret', 'generic', name, '--from-literal=password=not-a-real-one'], { kubeconfig }));
}

function succeeded({ code, stdout, stderr }: CommandResult): string {
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

async function flagsOf(ground: Ground): Promise<Record<string, string>> {
  const admin = ground.issueClientCertificate({ user: 'reader-of-flags', groups: ['system:masters'] });
  return (JSON.parse((await getRaw(ground.url, admin, '/flagz', FLAGZ_ACCEPT)).body) as { flags: Record<string, string> }).flags;
}

/** How the value of a Secret begins in etcd itself: the truth that verdicts are held against. */
async function prefixInEtcd(ground: Ground, name: string): Promise<string> {
  const server = /https:[^\],]+/.exec((await flagsOf(ground))['etcd-servers'] ?? '')?.[0];
  const pki = (file: string): Buffer => readFileSync(path.join(ground.dir, 'pki', file));
  const key = Buffer.from(`/registry/secrets/default/${name}`).toString('base64');
  const answer = await new Promise<string>((resolve, reject) => {
    const asked = request(new URL('/v3/kv/range', server), {
      method: 'POST', cert: pki('apiserver-etcd-client.crt'), key: pki('apiserver-etcd-client.key'), ca: readFileSync(ground.ca.etcd),
    }, response => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => { body += chunk; }).on('end', () => { resolve(body); }).on('error', reject);
    });
    asked.on('error', reject).end(JSON.stringify({ key }));
  });
  const { kvs } = JSON.parse(answer) as { kvs?: { value: string }[] };
  const value = Buffer.from(kvs?.[0]?.value ?? '', 'base64').toString('latin1');
  return /^k8s:enc:\w+:v\d:|^k8s\0/.exec(value)?.[0] ?? 'not there';
}

describe.each<[EncryptionKind, string, Record<string, string>]>([
  ['none', 'notConfigured', { [UNENCRYPTED]: 'failed high', [REMAINS]: 'notApplicable', [WEAK]: 'notApplicable' }],
  ['aescbc', 'encrypted', { [UNENCRYPTED]: 'passed', [REMAINS]: 'passed', [WEAK]: 'failed low' }],
  ['secretbox', 'encrypted', { [UNENCRYPTED]: 'passed', [REMAINS]: 'passed', [WEAK]: 'passed info' }],
  ['identity-first', 'identityFirst', { [UNENCRYPTED]: 'failed high', [REMAINS]: 'notApplicable', [WEAK]: 'notApplicable' }],
  ['configmaps-only', 'notCovered', { [UNENCRYPTED]: 'failed high', [REMAINS]: 'notApplicable', [WEAK]: 'notApplicable' }],
])('a real API server with %s', (encryption, verdict, outcome) => {
  test(`is ${verdict}, and what etcd holds agrees`, async () => {
    await using ground = await startApiServer({ encryption });
    await createSecret(ground, 'db');
    const report = await auditSecrets(ground.kubeconfig.admin);
    expect(verdictsIn(report)).toEqual([verdict]);
    expect(await prefixInEtcd(ground, 'db')).toBe(verdict === 'encrypted' ? `k8s:enc:${encryption}:v1:` : 'k8s\0');
    expect(outcomeOf(report)).toMatchObject(outcome);
    expect(viewIn(report).stored).toEqual({ count: 1, atLeast: false, from: 'list' });
    // The report says nothing of a Secret but that it is there.
    expect(JSON.stringify(report)).not.toContain('not-a-real-one');

    const lines = new Set(succeeded(await ground.kubectl(['get', '--raw', '/metrics'])).split('\n').map(line => line.replace(/ \S+$/, '')));
    const cited = report.findings.flatMap(({ evidence }) => evidence).filter(({ grade, path }) => grade === 'exact' && path.startsWith('apiserver_'));
    expect(cited.filter(({ path }) => !lines.has(path))).toEqual([]);
  });
});

test('a server without encryption and without a Secret is found out, and one with encryption is not passed on nothing', async () => {
  await using ground = await startApiServer({ encryption: 'none' });
  expect(outcomeOf(await auditSecrets(ground.kubeconfig.admin))).toMatchObject({ [UNENCRYPTED]: 'failed high' });
  await ground.restart({ encryption: 'aescbc' });
  const report = await auditSecrets(ground.kubeconfig.admin);
  expect(verdictsIn(report)).toEqual(['unknown']);
  expect(outcomeOf(report)).toMatchObject({ [UNENCRYPTED]: 'notAssessed', [REMAINS]: 'notAssessed', [WEAK]: 'notAssessed' });
});

test('two replicas with different configurations are judged each for itself', async () => {
  await using ground = await startApiServer({ encryption: 'aescbc' });
  await createSecret(ground, 'db');
  // As after a rollout that reached one of two: identity first, with the same key behind it.
  const replica = await ground.addReplica({ encryption: 'identity-first' });
  if (!replica.hasOwnIdentity) throw new Error('This machine cannot give a second API server a host name of its own, which this test needs.');
  await createSecret(ground, 'db-2', replica.kubeconfig);
  const report = await auditSecrets(replica.balancer.kubeconfig);
  expect(verdictsIn(report).sort()).toEqual(['identityFirst', 'plaintextRemains']);
  expect(outcomeOf(report)).toMatchObject({ [UNENCRYPTED]: 'failed high', [REMAINS]: 'failed medium' });
  expect(report.findings.find(({ check }) => check === UNENCRYPTED)?.message).toContain('1 of 2 replicas');
});

test('a replica that cannot be reached keeps the other one from a pass', async () => {
  await using ground = await startApiServer({ encryption: 'secretbox' });
  await createSecret(ground, 'db');
  const replica = await ground.addReplica();
  // Its lease lives on, as it does for an hour.
  await replica.stop();
  const report = await auditSecrets(ground.kubeconfig.admin);
  expect(verdictsIn(report).sort()).toEqual(['encrypted', 'unknown']);
  expect(outcomeOf(report)).toMatchObject({ [UNENCRYPTED]: 'notAssessed' });
});

test('two replicas with the same file: what one writes shows how the other one does', async () => {
  await using ground = await startApiServer({ encryption: 'secretbox' });
  await createSecret(ground, 'db');
  const replica = await ground.addReplica();
  expect(verdictsIn(await auditSecrets(replica.kubeconfig))).toEqual(['encryptedWritesUnseen', 'unknown']);
  expect(verdictsIn(await auditSecrets(replica.balancer.kubeconfig))).toEqual(['encrypted', 'encrypted']);
});

test('Secrets of before are found in plain text, and the remediation makes that go away', async () => {
  await using ground = await startApiServer({ encryption: 'none' });
  await createSecret(ground, 'old-1');
  await createSecret(ground, 'old-2');
  await ground.restart({ encryption: 'secretbox' });

  const before = await auditSecrets(ground.kubeconfig.admin);
  expect(verdictsIn(before)).toEqual(['plaintextRemains']);
  expect(await prefixInEtcd(ground, 'old-2')).toBe('k8s\0');
  // Identity may stand first for all that is known: nothing was written yet.
  expect(outcomeOf(before)).toMatchObject({ [UNENCRYPTED]: 'notAssessed', [REMAINS]: 'failed medium' });

  const secrets = succeeded(await ground.kubectl(['get', 'secrets', '--all-namespaces', '-o', 'json']));
  succeeded(await ground.kubectl(['replace', '-f', '-'], { input: secrets }));
  expect([await prefixInEtcd(ground, 'old-1'), await prefixInEtcd(ground, 'old-2')]).toEqual(['k8s:enc:secretbox:v1:', 'k8s:enc:secretbox:v1:']);
  const rewritten = await auditSecrets(ground.kubeconfig.admin);
  expect(outcomeOf(rewritten)).toMatchObject({ [UNENCRYPTED]: 'passed', [REMAINS]: 'failed medium' });

  await ground.restart();
  const after = await auditSecrets(ground.kubeconfig.admin);
  expect(verdictsIn(after)).toEqual(['encryptedWritesUnseen']);
  expect(outcomeOf(after)).toMatchObject({ [UNENCRYPTED]: 'passed info', [REMAINS]: 'passed', [WEAK]: 'passed info' });
  await createSecret(ground, 'new');
  expect(verdictsIn(await auditSecrets(ground.kubeconfig.admin))).toEqual(['encrypted']);
});

test('identity that is put first after encryption is found out with the first write, and not called encrypted before', async () => {
  await using ground = await startApiServer({ encryption: 'aescbc' });
  await createSecret(ground, 'db');
  await ground.restart({ encryption: 'identity-first' });
  expect(verdictsIn(await auditSecrets(ground.kubeconfig.admin))).toEqual(['encryptedWritesUnseen']);
  await createSecret(ground, 'new');
  expect(verdictsIn(await auditSecrets(ground.kubeconfig.admin))).toEqual(['identityFirst']);
});

const reloading = { 'encryption-provider-config-automatic-reload': 'true' };

test('a configuration that was taken over without a restart is not judged by what the one before did', { timeout: 180_000 }, async () => {
  await using ground = await startApiServer({ encryption: 'aescbc', flags: reloading });
  await createSecret(ground, 'db');
  expect(outcomeOf(await auditSecrets(ground.kubeconfig.admin))).toMatchObject({ [UNENCRYPTED]: 'passed' });
  await reload(ground, each => ({ ...each, providers: each.providers.toReversed() }));
  const report = await auditSecrets(ground.kubeconfig.admin);
  expect(outcomeOf(report)).toMatchObject({ [UNENCRYPTED]: 'notAssessed', [REMAINS]: 'notAssessed', [WEAK]: 'notAssessed' });
  // So it is: the next one is in plain text.
  await createSecret(ground, 'new');
  expect(await prefixInEtcd(ground, 'new')).toBe('k8s\0');
});

test('Secrets that were read before a configuration named them are not taken for encrypted', { timeout: 180_000 }, async () => {
  await using ground = await startApiServer({ encryption: 'configmaps-only', flags: reloading });
  await createSecret(ground, 'old');
  await reload(ground, each => ({ ...each, resources: ['configmaps', 'secrets'] }));
  await createSecret(ground, 'new');
  expect([await prefixInEtcd(ground, 'old'), await prefixInEtcd(ground, 'new')]).toEqual(['k8s\0', 'k8s:enc:aescbc:v1:']);
  expect(outcomeOf(await auditSecrets(ground.kubeconfig.admin))).toMatchObject({ [REMAINS]: 'notAssessed' });
});

interface Configured {
  readonly resources: readonly string[];
  readonly providers: readonly unknown[];
}

/** Changes the configuration file and waits until the server has taken it over; it looks once a minute. */
async function reload(ground: Ground, change: (each: Configured) => Configured): Promise<void> {
  const file = (await flagsOf(ground))['encryption-provider-config'] ?? '';
  const configuration = JSON.parse(readFileSync(file, 'utf8')) as { resources: Configured[] };
  writeFileSync(file, JSON.stringify({ ...configuration, resources: configuration.resources.map(change) }));
  const taken = /^apiserver_encryption_config_controller_automatic_reloads_total\{.*status="success"\} [1-9]/m;
  while (!taken.test(succeeded(await ground.kubectl(['get', '--raw', '/metrics'])))) await sleep(2000);
}

test('a user without metrics learns what is missing, and an empty /flagz is still proof', async () => {
  await using ground = await startApiServer({ encryption: 'none' });
  await createSecret(ground, 'db');
  const nobody = await ground.kubeconfigFor({ user: 'nobody-in-particular' });
  const blind = await auditSecrets(nobody);
  // The one that answered, and whatever others there are.
  expect(verdictsIn(blind)).toEqual(['unknown', 'unknown']);
  expect(viewIn(blind).replicas[0]?.gaps).toMatchObject([{ reason: 'forbidden', permissions: expect.arrayContaining([{ nonResourceURL: '/metrics', verb: 'get' }]) as unknown }]);

  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'flagz' }, rules: [{ nonResourceURLs: ['/flagz'], verbs: ['get'] }] };
  succeeded(await ground.kubectl(['apply', '-f', '-'], { input: JSON.stringify(role) }));
  succeeded(await ground.kubectl(['create', 'clusterrolebinding', 'flagz', '--clusterrole=flagz', '--user=nobody-in-particular']));
  await expect.poll(async () => verdictsIn(await auditSecrets(nobody)), { timeout: 10_000 }).toEqual(['notConfigured', 'unknown']);
  await ground.restart({ encryption: 'aescbc' });
  expect(verdictsIn(await auditSecrets(nobody))).toEqual(['unknown', 'unknown']);
});
