import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createCertificate, type Certificate, type CertificateFields } from '../support/certificates.ts';
import { startApiServer, type Ground } from './api-server.ts';
import { opensslFacts } from './certificate-oracle.ts';
import { expectSeen, linesOf, OF_PLATFORM, pki, type Answer } from './pki-answer.ts';

/**
 * Certificates as other installers than kubeadm make them, and as they should not be, on a real API server: the inventory
 * is compared with the files, certificate by certificate, by openssl; and the findings with what was planted, which is all
 * that there may be.
 */

const DAY = 86_400_000;
const inDays = (days: number): Date => new Date(Math.floor(Date.now() / 1000) * 1000 + days * DAY);
const NAMES = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local', 'localhost', '127.0.0.1', '10.96.0.1'];
const authority = (commonName: string, more: Partial<CertificateFields> = {}): Certificate => createCertificate({ commonName, use: 'authority', notAfter: inDays(3650), ...more });

const rolesOf = ({ view }: Answer): string[] => view.roles.filter(({ grade, role }) => grade === 'exact' && !role.startsWith('loopback')).map(({ role, instance = '' }) => `${role} ${instance}`.trim()).sort();

async function kubectl(ground: Ground, args: readonly string[], input?: string): Promise<void> {
  const { code, stderr } = await ground.kubectl(args, { input, kubeconfig: ground.kubeconfig.superAdmin });
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
}

describe('as k3s makes them: five authorities', () => {
  const born = Math.floor(Date.now() / 1000);
  const clients = authority(`k3s-client-ca@${born}`);
  const servers = authority(`k3s-server-ca@${born}`);
  const proxies = authority(`k3s-request-header-ca@${born}`);
  const served = createCertificate({ commonName: 'k3s', organizations: ['k3s'], names: NAMES, use: 'server' }, servers);
  const serving = { certificate: served.certificate + servers.certificate, key: served.key };
  const admin = createCertificate({ commonName: 'system:admin', organizations: ['system:masters'], use: 'client' }, clients);
  let ground: Ground;
  beforeAll(async () => {
    ground = await startApiServer({
      controllerManager: true, pki: { cluster: clients, servers, frontProxy: proxies, etcd: authority(`etcd-server-ca@${born}`), serving, frontProxyName: 'system:auth-proxy', kubeletClient: { commonName: 'kube-apiserver' } },
      flags: { 'requestheader-allowed-names': 'system:auth-proxy' },
    });
  });
  afterAll(() => ground.stop());

  test('each has its role, and only the login is worth a word', async () => {
    const answer = await pki(await ground.kubeconfigFor({ name: 'default', credential: admin }));
    expect({ code: answer.code, stderr: answer.stderr }).toEqual({ code: 0, stderr: '' });
    expectSeen(answer, ground, served.certificate, clients.certificate, servers.certificate, proxies.certificate, admin.certificate);
    expect(rolesOf(answer)).toEqual([
      'apiserver-loopback', 'apiserver-serving k3s', `client-authority k3s-client-ca@${born}`, `front-proxy-authority k3s-request-header-ca@${born}`, 'login system:admin', `server-authority k3s-server-ca@${born}`,
    ]);
    expect(linesOf(answer.report)).toEqual([
      ...OF_PLATFORM,
      'pki-kubelet-authority-unset medium Component/kube-apiserver',
      'pki-long-lived-client-certificate low Component/kubeconfig system:admin',
      'pki-system-masters-certificate high Component/kubeconfig system:admin',
    ]);
    expect(answer.view.certificates.find(({ commonName }) => commonName === 'system:admin')?.identity).toMatchObject({ standard: 'the admin of k3s, RKE2 or OpenShift', isAccepted: true, isMaster: true });
  });
});

describe('as minikube makes them: one key for everything', () => {
  const usages = ['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1'];
  const cluster = authority('minikubeCA', { usages });
  const proxies = authority('proxyClientCA', { usages });
  const leaf = { organizations: ['system:masters'], use: 'both', keyType: 'RSA', notAfter: inDays(1095) } as const;
  const serving = createCertificate({ commonName: 'minikube', names: [...NAMES, 'minikubeCA', 'control-plane.minikube.internal'], ...leaf }, cluster);
  const user = createCertificate({ commonName: 'minikube-user', ...leaf }, cluster);
  let ground: Ground;
  beforeAll(async () => {
    ground = await startApiServer({ pki: { cluster, frontProxy: proxies, serving, frontProxyName: 'aggregator' }, flags: { 'requestheader-allowed-names': 'front-proxy-client,aggregator' } });
  });
  afterAll(() => ground.stop());

  test('the key of the API server is a login of system:masters', async () => {
    const answer = await pki(await ground.kubeconfigFor({ name: 'minikube', credential: user }));
    expectSeen(answer, ground, cluster.certificate, proxies.certificate, serving.certificate, user.certificate);
    expect(linesOf(answer.report)).toEqual([
      ...OF_PLATFORM,
      'pki-kubelet-authority-unset medium Component/kube-apiserver',
      'pki-long-lived-client-certificate medium Component/kubeconfig minikube-user',
      'pki-server-certificate-as-login high Component/kube-apiserver minikube',
      'pki-system-masters-certificate high Component/kubeconfig minikube-user',
    ]);
    // It really is one.
    const who = await ground.kubectl(['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username} {.status.userInfo.groups}'], { kubeconfig: await ground.kubeconfigFor({ name: 'server', credential: serving }) });
    expect(who.stdout).toBe('minikube ["system:masters","system:authenticated"]');
  });
});

describe('as kubeadm made them before 1.29, renewed: back-dated to the authority', () => {
  const begun = inDays(-1825);
  const cluster = authority('kubernetes', { names: ['kubernetes'], notBefore: begun, notAfter: inDays(1825), keyType: 'RSA' });
  const proxies = authority('front-proxy-ca', { names: ['front-proxy-ca'], notBefore: begun, notAfter: inDays(1825), keyType: 'RSA' });
  const leaf = { notBefore: begun, keyType: 'RSA' } as const;
  const serving = createCertificate({ commonName: 'kube-apiserver', names: NAMES, use: 'server', notAfter: inDays(355), ...leaf }, cluster);
  const admin = createCertificate({ commonName: 'kubernetes-admin', organizations: ['system:masters'], use: 'client', notAfter: inDays(355), ...leaf }, cluster);
  const brief = createCertificate({ commonName: 'ana', use: 'client', notAfter: inDays(60), ...leaf }, cluster);
  let ground: Ground;
  beforeAll(async () => {
    ground = await startApiServer({ pki: { cluster, frontProxy: proxies, serving, kubeletClient: { commonName: 'kube-apiserver-kubelet-client', organizations: ['system:masters'] } } });
  });
  afterAll(() => ground.stop());

  test('six years between its dates are no life of six years', async () => {
    const answer = await pki(await ground.kubeconfigFor({ name: 'admin', credential: admin }));
    expectSeen(answer, ground, cluster.certificate, proxies.certificate, serving.certificate, admin.certificate);
    expect(linesOf(answer.report)).toEqual([
      ...OF_PLATFORM,
      'pki-kubelet-authority-unset medium Component/kube-apiserver',
      // Low, for the year that is left: its dates alone would make six.
      'pki-long-lived-client-certificate low Component/kubeconfig kubernetes-admin',
      'pki-system-masters-certificate high Component/kubeconfig kubernetes-admin',
    ]);
  });
  test('sixty days left are all that is sure', async () => {
    const { report } = await pki(await ground.kubeconfigFor({ name: 'ana', credential: brief }));
    expect(linesOf(report)).toEqual(['pki-certificate-expiring low Component/kubeconfig']);
  });
});

describe('as they should not be', () => {
  const clients = authority('clients');
  const servers = authority('servers', { notBefore: inDays(-3450), notAfter: inDays(200) });
  // API servers publish no authority that has ended (clusterauthenticationtrust), and what nobody can see is not reported.
  const ended = authority('ended', { notBefore: inDays(-3680), notAfter: inDays(-30) });
  const ending = authority('ending', { notBefore: inDays(-3600), notAfter: inDays(50) });
  const weak = authority('weak', { keyType: 'RSA 1024', hash: 'sha1' });
  const forever = authority('forever', { notAfter: inDays(36_500) });
  // It issues front proxies and is trusted for clients as well.
  const shared = authority('shared');
  const serving = createCertificate({ commonName: 'kube-apiserver', names: ['localhost', '127.0.0.1'], use: 'server' }, servers);
  const minikube = createCertificate({ commonName: 'minikube', organizations: ['system:masters'], names: ['kubernetes.default.svc'], use: 'server', usages: [], keyType: 'RSA 1024', hash: 'sha1', notBefore: inDays(-100), notAfter: inDays(-2) }, clients);
  const issuing = createCertificate({ commonName: 'issuing', firstName: 'other', names: ['kubernetes'], use: 'server', mayIssue: true }, clients);
  const login = createCertificate({ commonName: 'ana', firstName: 'eva', organizations: ['ops'], use: 'client', notAfter: inDays(730) }, clients);
  const elsewhere = authority('elsewhere');
  const trailing = Buffer.concat([Buffer.from(elsewhere.certificate.replaceAll(/-----[^-]*-----|\s/g, ''), 'base64'), Buffer.of(0)]).toString('base64');
  let ground: Ground;
  beforeAll(async () => {
    ground = await startApiServer({ pki: { cluster: clients, servers, frontProxy: shared, serving, moreClients: [ended, ending, weak, forever, shared].map(({ certificate }) => certificate) } });
    const file = (name: string, { certificate, key }: Certificate): string => {
      const at = path.join(ground.dir, name);
      writeFileSync(`${at}.crt`, certificate);
      writeFileSync(`${at}.key`, key);
      return `${at}.crt,${at}.key`;
    };
    await ground.restart({ flags: { 'tls-sni-cert-key': [`${file('minikube', minikube)}:kubernetes.default.svc`, `${file('issuing', issuing)}:kubernetes`] } });
    const bundle = `${elsewhere.certificate}-----BEGIN CERTIFICATE-----\n${trailing}\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n`;
    await kubectl(ground, ['create', 'configmap', 'kube-root-ca.crt', '-n', 'kube-system', `--from-literal=ca.crt=${bundle}`]);
    await kubectl(ground, ['create', 'clusterrolebinding', 'ops', '--clusterrole=cluster-admin', '--group=ops']);
  });
  afterAll(() => ground.stop());

  const OF_TRUST = [
    'pki-authority-expiring high Component/kube-apiserver',
    'pki-authority-expiring medium Component/kube-apiserver',
    'pki-authority-long-lived low ConfigMap/extension-apiserver-authentication',
    'pki-certificate-expired critical Component/kube-apiserver',
    'pki-certificate-for-any-use medium Component/kube-apiserver',
    'pki-certificate-malformed low Component/kube-apiserver',
    'pki-certificate-outlives-authority medium Component/kube-apiserver',
    'pki-certificate-unreadable low ConfigMap/kube-root-ca.crt',
    'pki-certificate-unreadable low ConfigMap/kube-root-ca.crt',
    'pki-kubelet-authority-unset medium Component/kube-apiserver',
    'pki-leaf-may-issue high Component/kube-apiserver',
    'pki-server-authority-mismatch high ConfigMap/kube-root-ca.crt',
    'pki-server-certificate-as-login high Component/kube-apiserver minikube',
    'pki-serving-name-missing high Component/kube-apiserver',
    'pki-shared-front-proxy-authority high Component/kube-apiserver',
    'pki-weak-key high Component/kube-apiserver',
    'pki-weak-key high ConfigMap/extension-apiserver-authentication',
    'pki-weak-signature high Component/kube-apiserver',
  ];

  test('everything planted is found, and nothing else', async () => {
    const answer = await pki(await ground.kubeconfigFor({ name: 'ana', credential: login }));
    expectSeen(answer, ground, ...[clients, servers, ending, weak, forever, shared, serving, minikube, issuing, login, elsewhere].map(({ certificate }) => certificate));
    expect(linesOf(answer.report)).toEqual([
      ...OF_PLATFORM,
      ...OF_TRUST,
      'pki-certificate-malformed medium Component/kubeconfig',
      'pki-long-lived-client-certificate medium Component/kubeconfig ana',
      'pki-privileged-client-certificate high Component/kubeconfig ana',
    ].sort());
    expect(answer.view.certificates.find(({ sha256 }) => sha256 === opensslFacts(login.certificate)[0]?.sha256)?.identity).toMatchObject({
      user: 'ana', groups: ['ops'], isAccepted: true, strongest: { can: 'do anything', binding: 'ClusterRoleBinding/ops', group: 'ops' },
    });
    const who = await ground.kubectl(['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'], { kubeconfig: await ground.kubeconfigFor({ name: 'ana', credential: login }) });
    expect(who.stdout).toBe('ana');
  });

  test('every binding that reaches the bearer is listed, as the API server has them', async () => {
    const { view } = await pki(await ground.kubeconfigFor({ name: 'ana', credential: login }));
    const { bindings } = view.certificates.find(({ commonName }) => commonName === 'ana')?.identity ?? {};
    const { stdout } = await ground.kubectl(['get', 'clusterrolebindings', '-o', 'json'], { kubeconfig: ground.kubeconfig.superAdmin });
    const all = (JSON.parse(stdout) as { items: { metadata: { name: string }; subjects?: { kind: string; name: string }[] }[] }).items;
    const reaching = all.filter(({ subjects }) => subjects?.some(({ kind, name }) => (kind === 'User' && name === 'ana') || (kind === 'Group' && ['ops', 'system:authenticated'].includes(name))));
    expect(bindings?.rows.map(({ binding }) => binding).sort()).toEqual(reaching.map(({ metadata }) => `ClusterRoleBinding/${metadata.name}`).sort());
    expect(bindings?.rows[0]).toMatchObject({ binding: 'ClusterRoleBinding/ops', group: 'ops' });
  });

  test('a login that Go refuses: what a handshake shows, and why', async () => {
    const negative = createCertificate({ commonName: 'ana', use: 'client', notAfter: inDays(60), serial: Buffer.of(0x80, 1) }, clients);
    const { code, stderr, report } = await pki(await ground.kubeconfigFor({ name: 'ana', credential: negative }));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: /);
    expect(linesOf(report)).toContain('pki-certificate-malformed medium Component/kubeconfig');
    expect(report.checks.filter(({ id, status }) => id.startsWith('pki-') && status === 'passed')).toEqual([]);
  });
});
