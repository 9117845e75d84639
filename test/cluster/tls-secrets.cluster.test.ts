import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../../src/cluster/connect.ts';
import { readList } from '../../src/collect/read-list.ts';
import type { AuditReport } from '../../src/engine/report-model.ts';
import { tlsSecrets } from '../../src/evidence/sources/tls.ts';
import type { PkiView } from '../../src/indexes/pki-view.ts';
import { createCertificate } from '../support/certificates.ts';
import { runSecaudit } from '../support/run-secaudit.ts';
import { startApiServer, type Ground } from './api-server.ts';

const DAY = 24 * 3_600_000;
const inDays = (days: number): Date => new Date(Date.now() + days * DAY);
const rfc3339 = (days: number): string => inDays(days).toISOString().replace(/\.\d+Z$/, 'Z');

const root = createCertificate({ commonName: 'example-root', use: 'authority', notAfter: inDays(3650) });
const intermediate = createCertificate({ commonName: 'example-intermediate', use: 'authority', notAfter: inDays(1000) }, root);
const web = createCertificate({ commonName: 'shop.example.com', names: ['shop.example.com'], use: 'server', keyType: 'RSA' }, root);
const deep = createCertificate({ commonName: 'deep.example.com', names: ['deep.example.com'], use: 'server' }, intermediate);
const star = createCertificate({ commonName: '*.example.com', names: ['*.example.com'], use: 'server' }, root);
const old = createCertificate({ commonName: 'old.example.com', names: ['old.example.com'], use: 'server', notBefore: inDays(-400), notAfter: inDays(-35) }, root);
const soon = createCertificate({ commonName: 'soon.example.com', names: ['soon.example.com'], use: 'server', notBefore: inDays(-360), notAfter: inDays(5) }, root);
const rotated = createCertificate({ commonName: 'rotated.example.com', names: ['rotated.example.com'], use: 'server', notBefore: inDays(-50), notAfter: inDays(25) }, root);

/** As much of a CRD as the objects here need; group, kinds and the fields that are read are the real ones. */
function crd(group: string, kind: string, plural: string, scope: 'Namespaced' | 'Cluster'): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.${group}`, annotations: { 'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs/gateway-api' } },
    spec: {
      group, scope, names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }],
    },
  };
}

const secret = (namespace: string, name: string, crt: string, key: string, more: { readonly ca?: string; readonly annotations?: object; readonly type?: string } = {}): object => ({
  apiVersion: 'v1', kind: 'Secret', type: more.type ?? 'kubernetes.io/tls', metadata: { namespace, name, ...(more.annotations === undefined ? {} : { annotations: more.annotations }) },
  stringData: { 'tls.crt': crt, 'tls.key': key, ...(more.ca === undefined ? {} : { 'ca.crt': more.ca }) },
});

const objects: readonly object[] = [
  ...['shop', 'team-b', 'certs'].map(name => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
  secret('shop', 'web', web.certificate, web.key),
  secret('team-b', 'web', web.certificate, web.key),
  secret('shop', 'other-key', deep.certificate, web.key),
  secret('shop', 'no-key', deep.certificate, ''),
  secret('shop', 'no-chain', deep.certificate, deep.key, { ca: intermediate.certificate }),
  secret('shop', 'star', star.certificate, star.key),
  secret('shop', 'old', old.certificate, old.key),
  secret('shop', 'soon', soon.certificate, soon.key),
  secret('shop', 'rotated', rotated.certificate, rotated.key, { annotations: { 'cert-manager.io/certificate-name': 'rotated', 'example.com/password': 'hunter2' } }),
  secret('certs', 'trust', root.certificate + intermediate.certificate, ''),
  secret('certs', 'internal-ca', root.certificate, root.key),
  secret('shop', 'opaque', web.certificate, web.key, { type: 'Opaque' }),
  secret('kube-system', 'kubeadm-certs', 'x', 'x', { type: 'Opaque' }),
  { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { namespace: 'shop', name: 'web' }, spec: { tls: [{ hosts: ['shop.example.com'], secretName: 'web' }, { hosts: ['gone.example.com'], secretName: 'gone' }, { secretName: 'opaque' }], defaultBackend: { service: { name: 'a', port: { number: 80 } } } } },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { namespace: 'certs', name: 'reader' }, rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }] },
  { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { namespace: 'certs', name: 'reader' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' }, subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'ana' }] },
];

const custom: readonly object[] = [
  { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata: { namespace: 'shop', name: 'edge' }, spec: { listeners: [{ name: 'https', hostname: '*.example.com', tls: { mode: 'Terminate', certificateRefs: [{ name: 'star' }, { name: 'missing', namespace: 'certs' }] } }] } },
  { apiVersion: 'cert-manager.io/v1', kind: 'Issuer', metadata: { namespace: 'certs', name: 'internal' }, spec: { ca: { secretName: 'internal-ca' } } },
  { apiVersion: 'cert-manager.io/v1', kind: 'ClusterIssuer', metadata: { name: 'public' }, spec: { acme: { privateKeySecretRef: { name: 'account' } } } },
  {
    apiVersion: 'cert-manager.io/v1', kind: 'Certificate', metadata: { namespace: 'shop', name: 'late' }, spec: { secretName: 'late', issuerRef: { name: 'public', kind: 'ClusterIssuer' } },
    status: { notBefore: rfc3339(-80), notAfter: rfc3339(10), renewalTime: rfc3339(-20), conditions: [{ type: 'Ready', status: 'True', reason: 'Ready', message: 'hunter2', lastTransitionTime: rfc3339(-80) }] },
  },
  {
    apiVersion: 'cert-manager.io/v1', kind: 'Certificate', metadata: { namespace: 'shop', name: 'rotated' }, spec: { secretName: 'rotated', issuerRef: { name: 'public', kind: 'ClusterIssuer' } },
    status: { notBefore: rfc3339(-50), notAfter: rfc3339(25), renewalTime: rfc3339(1), conditions: [{ type: 'Ready', status: 'True', reason: 'Ready', lastTransitionTime: rfc3339(-50) }] },
  },
];

const OURS = /^pki-(tls-secret|shared-private|wildcard|cert-manager|authority-key|certificate-exp)/;
const linesOf = ({ findings }: AuditReport): string[] =>
  findings.filter(({ check, resource }) => OURS.test(check) && resource.kind !== 'Component').map(({ severity, check, resource }) => `${severity} ${check} ${resource.kind}/${resource.namespace ?? ''}/${resource.name}`).sort();

let ground: Ground;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'secaudit-tls-'));
  ground = await startApiServer();
  await create(objects);
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await ground.stop();
});

async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await ground.kubectl(args, { input });
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}

async function create(all: readonly object[]): Promise<void> {
  await kubectl(['create', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: all }));
}

async function pki(kubeconfig: string, ...args: readonly string[]): Promise<{ report: AuditReport; view: PkiView; stdout: string; stderr: string }> {
  const { stdout, stderr } = await runSecaudit(['pki', '-o', 'json', ...args], { env: { KUBECONFIG: kubeconfig } });
  if (stdout === '') throw new Error(stderr);
  const report = JSON.parse(stdout) as AuditReport;
  return { report, view: report.views.pki as PkiView, stdout, stderr };
}

const statusOf = ({ checks }: AuditReport, wanted: string): unknown => checks.find(({ id }) => id === wanted)?.status;

const WITHOUT_CUSTOM = [
  'low pki-authority-key-in-secret Secret/certs/internal-ca',
  'low pki-tls-secret-broken Secret/shop/no-chain',
  'low pki-wildcard-certificate Secret/shop/star',
  'medium pki-certificate-expired Secret/shop/old',
  'medium pki-certificate-expiring Secret/shop/soon',
  'medium pki-shared-private-key Secret/shop/web',
  'medium pki-shared-private-key Secret/team-b/web',
  'medium pki-tls-secret-broken Secret/shop/no-key',
  'medium pki-tls-secret-broken Secret/shop/other-key',
  'medium pki-tls-secret-missing Ingress/shop/web',
];

describe('a cluster without Gateway API and cert-manager', () => {
  test('without the flag no Secret is read, and the checks of them say so', async () => {
    const { report, view, stderr } = await pki(ground.kubeconfig.admin);
    expect(stderr).toBe('');
    expect(linesOf(report)).toEqual(['medium pki-tls-secret-missing Ingress/shop/web']);
    for (const check of ['pki-tls-secret-broken', 'pki-shared-private-key', 'pki-wildcard-certificate', 'pki-authority-key-in-secret']) expect([check, statusOf(report, check)]).toEqual([check, 'notAssessed']);
    expect(statusOf(report, 'pki-cert-manager-not-renewing')).toBe('notApplicable');
    expect(view.tlsSecrets).toMatchObject({ gaps: [{ kind: 'notRequested', flag: '--tls-secrets' }] });
    // Names and no more were asked for, beside tokens, which are another matter.
    const lists = ground.auditEvents().filter(({ objectRef, userAgent }) => objectRef?.resource === 'secrets' && userAgent?.startsWith('kubectl-secaudit') === true);
    expect(new Set(lists.map(({ requestURI }) => requestURI).filter(uri => !uri.includes('type%3Dkubernetes.io%2Fservice-account-token')))).toEqual(new Set(['/api/v1/secrets?limit=500&fieldSelector=type%21%3Dhelm.sh%2Frelease.v1%2Ctype%21%3Dkubernetes.io%2Fservice-account-token']));
  });

  test('with it each fault is found, and nothing else', async () => {
    const { report, view, stderr } = await pki(ground.kubeconfig.admin, '--tls-secrets');
    expect(stderr).toContain('--tls-secrets: Secrets of type kubernetes.io/tls are read');
    expect(linesOf(report)).toEqual(WITHOUT_CUSTOM);
    expect(view.tlsSecrets).toMatchObject({ secrets: 12 - 1, renewed: 1, expired: 1, faulty: 3 });
  });

  test('no key, no password and no other value comes out, into a report, a snapshot or stderr', async () => {
    const { stdout, stderr } = await pki(ground.kubeconfig.admin, '--tls-secrets', '-v');
    const file = join(folder, 'tls.snapshot.gz');
    const { code } = await runSecaudit(['snapshot', file, '--tls-secrets'], { env: { KUBECONFIG: ground.kubeconfig.admin } });
    expect(code).toBe(0);
    const text = stdout + stderr + gunzipSync(readFileSync(file)).toString('utf8');
    expect(text).not.toMatch(/PRIVATE KEY|hunter2/);
    for (const { key } of [web, deep, star, root]) {
      // Behind what a key has in common with its certificate.
      const der = Buffer.from(key.replaceAll(/-----[^-]*-----|\s/g, ''), 'base64');
      const inner = key === web.key ? der.subarray(-200) : der.subarray(36, 68);
      for (const shift of [0, 1, 2]) expect(text).not.toContain(inner.subarray(shift, shift + 18).toString('base64').slice(0, 24));
    }
    const { stdout: saved } = await runSecaudit(['pki', '--snapshot', file, '-o', 'json', '--quiet'], { env: {} });
    expect(linesOf(JSON.parse(saved) as AuditReport)).toEqual(WITHOUT_CUSTOM);
  });

  test('both encodings come to the same', async () => {
    const client = await connect({ kubeconfig: ground.kubeconfig.admin });
    try {
      const read = tlsSecrets.read;
      const fromProtobuf = await readList(client, tlsSecrets, read);
      const fromJson = await readList(client, tlsSecrets, read, { schema: { release: '', date: '', kinds: {}, messages: {} } });
      expect(fromProtobuf).toHaveLength(11);
      expect(fromJson).toEqual(fromProtobuf);
    } finally {
      client.close();
    }
  });

  test('who may not list Secrets is not refused by the list, but told before', async () => {
    await kubectl(['create', 'clusterrolebinding', 'viewer', '--clusterrole=view', '--user=viewer']);
    const { report, view } = await pki(await ground.kubeconfigFor({ user: 'viewer' }), '--tls-secrets');
    expect(statusOf(report, 'pki-tls-secret-broken')).toBe('notAssessed');
    expect(view.tlsSecrets).toMatchObject({ gaps: [{ kind: 'gap', reason: 'forbidden' }] });
    const refused = ground.auditEvents().filter(({ user, objectRef }) => user.username === 'viewer' && objectRef?.resource === 'secrets').map(({ requestURI }) => requestURI);
    expect(refused.filter(uri => uri.includes('kubernetes.io%2Ftls'))).toEqual([]);
    // The API is not there at all, which everybody may know.
    expect(statusOf(report, 'pki-cert-manager-not-renewing')).toBe('notApplicable');
  });

  test('in one namespace', async () => {
    const { report } = await pki(ground.kubeconfig.admin, '--tls-secrets', '-n', 'team-b');
    expect(linesOf(report)).toEqual([]);
  });
});

describe('with Gateway API and cert-manager', () => {
  beforeAll(async () => {
    await create([
      crd('gateway.networking.k8s.io', 'Gateway', 'gateways', 'Namespaced'), crd('cert-manager.io', 'Certificate', 'certificates', 'Namespaced'),
      crd('cert-manager.io', 'Issuer', 'issuers', 'Namespaced'), crd('cert-manager.io', 'ClusterIssuer', 'clusterissuers', 'Cluster'),
    ]);
    await kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
    for (let tries = 0; ; tries += 1) {
      try {
        await create(custom);
        break;
      } catch (error) {
        // Discovery of new kinds takes the API server a moment.
        if (tries > 20) throw error;
        await sleep(500);
      }
    }
  });

  test('what refers to Secrets that are not there, and what is not renewed', async () => {
    const { report } = await pki(ground.kubeconfig.admin, '--tls-secrets');
    expect(linesOf(report)).toEqual([...WITHOUT_CUSTOM, 'medium pki-cert-manager-not-renewing Certificate/shop/late', 'medium pki-tls-secret-missing Gateway/shop/edge'].sort());
  });

  test('and what of it shows without reading a Secret', async () => {
    const { report } = await pki(ground.kubeconfig.admin);
    expect(linesOf(report)).toEqual(['low pki-authority-key-in-secret Secret/certs/internal-ca', 'medium pki-cert-manager-not-renewing Certificate/shop/late', 'medium pki-tls-secret-missing Gateway/shop/edge', 'medium pki-tls-secret-missing Ingress/shop/web'].sort());
  });

  test('what the remediation says makes the findings go away', async () => {
    const files = (name: string, crt: string, key: string): string[] => {
      writeFileSync(join(folder, `${name}.crt`), crt);
      writeFileSync(join(folder, `${name}.key`), key);
      return ['--cert', join(folder, `${name}.crt`), '--key', join(folder, `${name}.key`)];
    };
    for (const [name, crt, key] of [['no-chain', deep.certificate + intermediate.certificate, deep.key], ['no-key', deep.certificate + intermediate.certificate, deep.key], ['other-key', web.certificate, web.key], ['gone', web.certificate, web.key]] as const) {
      const yaml = await kubectl(['create', 'secret', 'tls', name, '-n', 'shop', ...files(name, crt, key), '--dry-run=client', '-o', 'yaml']);
      await kubectl(['apply', '-f', '-'], yaml);
    }
    await kubectl(['delete', 'rolebinding', 'reader', '-n', 'certs']);
    const gone = linesOf((await pki(ground.kubeconfig.admin, '--tls-secrets')).report).filter(line => /broken|missing Ingress|authority-key/.test(line));
    expect(gone).toEqual([]);
  });
});
