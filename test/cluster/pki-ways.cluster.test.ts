import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { AuditReport, ReportFinding } from '../../src/engine/report-model.ts';
import type { PkiView } from '../../src/indexes/pki-view.ts';
import { createCertificate, type Certificate } from '../support/certificates.ts';
import { runSecaudit } from '../support/run-secaudit.ts';
import { startApiServer, type Ground } from './api-server.ts';
import { createAuthority } from './pki.ts';

const DAY = 24 * 3_600_000;
const inDays = (days: number): Date => new Date(Date.now() + days * DAY);
const openssl = (args: readonly string[], input?: string): Buffer => execFileSync('openssl', args, { input, stdio: ['pipe', 'pipe', 'ignore'] });

let ground: Ground;
beforeAll(async () => {
  ground = await startApiServer({
    admitAnything: true,
    flags: {
      'feature-gates': 'ClusterTrustBundle=true,PodCertificateRequest=true',
      'runtime-config': 'certificates.k8s.io/v1beta1=true,certificates.k8s.io/v1alpha1=true',
    },
  });
});
afterAll(() => ground.stop());

async function kubectl(args: readonly string[], input?: string, kubeconfig?: string): Promise<string> {
  const { code, stdout, stderr } = await ground.kubectl(args, { input, ...(kubeconfig === undefined ? {} : { kubeconfig }) });
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}
const apply = (...objects: readonly object[]): Promise<string> => kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], objects.map(object => stringify(object, { lineWidth: 0 })).join('---\n'));

async function pki(kubeconfig = ground.kubeconfig.admin, ...args: readonly string[]): Promise<{ report: AuditReport; view: PkiView }> {
  const { stdout, stderr } = await runSecaudit(['pki', '-o', 'json', ...args], { env: { KUBECONFIG: kubeconfig } });
  if (stdout === '') throw new Error(stderr);
  const report = JSON.parse(stdout) as AuditReport;
  return { report, view: report.views.pki as PkiView };
}
const lineOf = ({ severity, check, resource }: ReportFinding): string => `${severity} ${check} ${resource.kind}/${resource.namespace === undefined ? '' : `${resource.namespace}/`}${resource.name}`;
const linesOf = (report: AuditReport, check: string): string[] => report.findings.filter(each => each.check === check).map(lineOf).sort();
const statusOf = (report: AuditReport, check: string): string | undefined => report.checks.find(({ id }) => id === check)?.status;

const copy = (namespace: string, ...all: readonly string[]): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kube-root-ca.crt', namespace }, data: { 'ca.crt': all.join('') } });
const namespace = (name: string): object => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

describe('the authority of each namespace', () => {
  const stranger = createAuthority('kubernetes').certificate;
  test('is compared, and one of somebody else stands out', async () => {
    const own = readFileSync(ground.ca.cluster, 'utf8');
    await apply(namespace('shop'), namespace('bank'), copy('kube-system', own), copy('default', own), copy('shop', own, stranger), copy('bank', stranger));
    const { report } = await pki();
    expect(linesOf(report, 'pki-root-ca-differs')).toEqual(['high pki-root-ca-differs ConfigMap/bank/kube-root-ca.crt', 'medium pki-root-ca-differs ConfigMap/shop/kube-root-ca.crt']);
    // curl, which knows nothing but what is in the file, says the same.
    const connects = (file: string): boolean => {
      try {
        return openssl(['s_client', '-verify_return_error', '-CAfile', file, '-connect', `127.0.0.1:${ground.port}`], '').length > 0;
      } catch {
        return false;
      }
    };
    const file = path.join(ground.dir, 'stranger.crt');
    writeFileSync(file, stranger);
    expect([connects(ground.ca.cluster), connects(file)]).toEqual([true, false]);
    await apply(copy('shop', own), copy('bank', own));
    expect(statusOf((await pki()).report, 'pki-root-ca-differs')).toBe('passed');
  });

  test('takes the right to list ConfigMaps of this one name, and no other is asked for', async () => {
    await apply(
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'copies' }, rules: [{ apiGroups: [''], resources: ['configmaps'], resourceNames: ['kube-root-ca.crt'], verbs: ['list', 'get'] }] },
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'copies' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'copies' }, subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'copies' }] },
    );
    const kubeconfig = await ground.kubeconfigFor({ user: 'copies' });
    const { report } = await pki(kubeconfig, '--check', 'pki-root-ca-differs');
    expect(statusOf(report, 'pki-root-ca-differs')).toBe('passed');
    expect(report.sources.find(({ id }) => id === 'rootcacopies')).toMatchObject({ count: 4 });
    const asked = ground.auditEvents().filter(({ user, objectRef, verb }) => user.username === 'copies' && verb === 'list' && objectRef?.resource === 'configmaps');
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.every(({ objectRef, requestURI }) => objectRef?.name === 'kube-root-ca.crt' && requestURI.includes('fieldSelector=metadata.name%3Dkube-root-ca.crt'))).toBe(true);
    // The same right shows no other: the API server refuses the list of all.
    const { code } = await ground.kubectl(['get', 'configmaps', '-A'], { kubeconfig });
    expect(code).not.toBe(0);
  });
});

describe('keys of service accounts', () => {
  const keyFile = (name: string): string => path.join(ground.dir, name);
  const spkiOf = (file: string): string => createHash('sha256').update(openssl(['pkey', '-in', file, '-pubout', '-outform', 'DER'])).digest('hex');

  test('are what openssl reads from their files', async () => {
    const { view, report } = await pki();
    expect(view.serviceAccountKeys).toHaveLength(1);
    expect(statusOf(report, 'pki-service-account-key-weak')).toBe('passed');
    expect(statusOf(report, 'pki-service-account-key-shared')).not.toBe('failed');
  });

  test('a weak one beside that of the authority of the cluster', async () => {
    const publicHalf = (from: string, to: string): void => { openssl(['pkey', '-in', from, '-pubout', '-out', keyFile(to)]); };
    openssl(['genrsa', '-out', keyFile('weak-sa.key'), '1024']);
    publicHalf(keyFile('weak-sa.key'), 'weak-sa.pub');
    const shared = ground.ca.cluster.replace(/crt$/, 'key');
    publicHalf(shared, 'shared.pub');
    await ground.restart({ flags: { 'service-account-key-file': [keyFile('weak-sa.pub'), keyFile('shared.pub')], 'service-account-signing-key-file': shared } });
    const { view, report } = await pki(ground.kubeconfig.superAdmin);
    expect(view.serviceAccountKeys?.map(({ publicKeySha256 }) => publicKeySha256).sort()).toEqual([spkiOf(keyFile('weak-sa.key')), spkiOf(shared)].sort());
    expect(linesOf(report, 'pki-service-account-key-weak')).toEqual(['high pki-service-account-key-weak Component/kube-apiserver']);
    expect(linesOf(report, 'pki-service-account-key-shared')).toEqual(['high pki-service-account-key-shared Component/kube-apiserver']);
  });
});

describe('flags of the API server', () => {
  test('name its files, and say that it verifies no kubelet', async () => {
    const { view, report } = await pki(ground.kubeconfig.superAdmin);
    expect(view.files).toContainEqual({ component: 'kube-apiserver', flag: 'client-ca-file', path: path.join(ground.dir, 'pki/client-ca.crt'), from: 'API server that answered /flagz' });
    expect(linesOf(report, 'pki-kubelet-authority-unset')).toEqual(['medium pki-kubelet-authority-unset Component/kube-apiserver']);
    await ground.restart({ flags: { 'kubelet-certificate-authority': ground.ca.cluster } });
    expect((await pki(ground.kubeconfig.superAdmin)).report.findings.filter(({ check }) => check === 'pki-kubelet-authority-unset')).toEqual([]);
  });
});

describe('bundles of extensions', () => {
  const old = createAuthority('hooks', { notBefore: inDays(-400), notAfter: inDays(-35) }).certificate;
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const service = { namespace: 'shop', name: 'hook' };
  const webhook = { admissionReviewVersions: ['v1'], sideEffects: 'None', rules: [{ operations: ['CREATE'], apiGroups: ['odd.example.org'], apiVersions: ['v1'], resources: ['nothing'] }] };
  const crd = (caBundle: string): object => ({
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'things.example.org' },
    spec: {
      group: 'example.org', scope: 'Namespaced', names: { plural: 'things', singular: 'thing', kind: 'Thing' },
      versions: ['v1', 'v2'].map(name => ({ name, served: true, storage: name === 'v1', schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } })),
      conversion: { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig: { service, caBundle } } },
    },
  });
  test('without a valid member are found, of webhooks and of custom resources', async () => {
    await apply({
      apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', metadata: { name: 'hooks' },
      webhooks: [{ ...webhook, name: 'a.example.org', failurePolicy: 'Fail', clientConfig: { service, caBundle: base64(old) } }, { ...webhook, name: 'b.example.org', failurePolicy: 'Ignore', clientConfig: { service, caBundle: base64(old) } }, { ...webhook, name: 'c.example.org', clientConfig: { service, caBundle: base64(old + readFileSync(ground.ca.cluster, 'utf8')) } }],
    }, crd(base64(old)));
    const { report } = await pki(ground.kubeconfig.superAdmin);
    expect(linesOf(report, 'pki-extension-bundle-useless')).toEqual([
      'high pki-extension-bundle-useless CustomResourceDefinition/things.example.org', 'high pki-extension-bundle-useless ValidatingWebhookConfiguration/hooks', 'medium pki-extension-bundle-useless ValidatingWebhookConfiguration/hooks',
    ]);
  });
});

describe('what signers publish', () => {
  test('a trust bundle, in the version that is served', async () => {
    const anchor = createAuthority('workloads', { notBefore: inDays(-800), notAfter: inDays(30) }).certificate;
    const spec = { signerName: 'example.org/workloads', trustBundle: anchor };
    const served = JSON.parse(await kubectl(['get', '--raw', '/apis/certificates.k8s.io'])) as { versions: { version: string }[] };
    for (const { version } of served.versions) {
      const { resources } = JSON.parse(await kubectl(['get', '--raw', `/apis/certificates.k8s.io/${version}`])) as { resources: { name: string }[] };
      if (!resources.some(({ name }) => name === 'clustertrustbundles')) continue;
      await apply({ apiVersion: `certificates.k8s.io/${version}`, kind: 'ClusterTrustBundle', metadata: { name: 'example.org:workloads:1' }, spec });
      const { report, view } = await pki(ground.kubeconfig.superAdmin);
      expect(view.roles.find(({ role }) => role === 'bundle-authority')).toMatchObject({ instance: 'workloads', how: 'ClusterTrustBundle example.org:workloads:1' });
      expect(linesOf(report, 'pki-authority-expiring')).toContain('high pki-authority-expiring ClusterTrustBundle/example.org:workloads:1');
      return;
    }
    throw new Error('no version of cluster trust bundles is served');
  });
  test('none where the API is not served', async () => {
    await ground.restart({ flags: { 'feature-gates': 'ClusterTrustBundle=false,ClusterTrustBundleProjection=false,PodCertificateRequest=false', 'runtime-config': undefined } });
    const { report } = await pki(ground.kubeconfig.superAdmin);
    for (const id of ['clustertrustbundles', 'podcertificaterequests']) expect(report.sources.find(each => each.id === id)).toMatchObject({ count: 0 });
  });
});

describe('a login below intermediate authorities', () => {
  test('is accepted as the API server accepts it', async () => {
    const root: Certificate = { certificate: readFileSync(ground.ca.cluster, 'utf8'), key: readFileSync(ground.ca.cluster.replace(/crt$/, 'key'), 'utf8') };
    const first = createCertificate({ commonName: 'people', use: 'authority' }, root);
    const second = createCertificate({ commonName: 'on-call', use: 'authority' }, first);
    const ana = createCertificate({ commonName: 'ana', organizations: ['system:masters'], use: 'client', notAfter: inDays(30) }, second);
    const kubeconfig = (...chain: readonly Certificate[]): string => {
      const file = path.join(ground.dir, `ana-${chain.length}.conf`);
      writeFileSync(file, stringify({
        apiVersion: 'v1', kind: 'Config', 'current-context': 'x', contexts: [{ name: 'x', context: { cluster: 'x', user: 'ana' } }],
        clusters: [{ name: 'x', cluster: { server: ground.url, 'certificate-authority': ground.ca.cluster } }],
        users: [{ name: 'ana', user: { 'client-certificate-data': Buffer.from(chain.map(({ certificate }) => certificate).join('')).toString('base64'), 'client-key-data': Buffer.from(ana.key).toString('base64') } }],
      }));
      return file;
    };
    const whole = kubeconfig(ana, second, first);
    expect(await kubectl(['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'], undefined, whole)).toBe('ana');
    const { report, view } = await pki(whole);
    expect(view.certificates.find(({ commonName }) => commonName === 'ana')?.identity).toMatchObject({ isAccepted: true, isMaster: true });
    expect(linesOf(report, 'pki-system-masters-certificate')).toEqual(['high pki-system-masters-certificate Component/kubeconfig']);
    // Without the upper one nobody is let in.
    const { code } = await ground.kubectl(['get', 'nodes'], { kubeconfig: kubeconfig(ana, second) });
    expect(code).not.toBe(0);
  });
});
