import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditReport, ReportFinding } from '../../src/engine/report-model.ts';
import type { PkiView } from '../../src/indexes/pki-view.ts';
import { runSecaudit } from '../support/run-secaudit.ts';
import { startApiServer, type Ground } from './api-server.ts';
import { createAuthority } from './pki.ts';

const DAY = 24 * 3_600_000;
const inDays = (days: number): Date => new Date(Date.now() + days * DAY);

function openssl(args: readonly string[], input?: string): string {
  return execFileSync('openssl', args, { encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'ignore'] }).trim();
}

/** What every API server makes itself and binds: said, and no fault. */
const OF_PLATFORM = Array.from({ length: 2 }, () => 'info pki-certificate-approver ClusterRoleBinding/system:controller:certificate-controller certificate-controller');

interface Truth {
  readonly notAfter: string;
  readonly sha256: string;
}

function truthOf(pem: string): Truth {
  const said = (...words: readonly string[]): string => openssl(['x509', '-noout', ...words], pem).replace(/^[^=]*=/, '');
  return { notAfter: new Date(said('-enddate')).toISOString().replace('.000Z', 'Z'), sha256: said('-fingerprint', '-sha256').replaceAll(':', '').toLowerCase() };
}

async function pki(kubeconfig: string, ...args: readonly string[]): Promise<{ code: number | null; stderr: string; report: AuditReport; view: PkiView }> {
  const { code, stdout, stderr } = await runSecaudit(['pki', '-o', 'json', ...args], { env: { KUBECONFIG: kubeconfig } });
  const report = JSON.parse(stdout) as AuditReport;
  return { code, stderr, report, view: report.views.pki as PkiView };
}

const lineOf = ({ severity, check, resource, subject }: ReportFinding): string => `${severity} ${check} ${resource.kind}/${resource.name}${subject === undefined ? '' : ` ${subject.name}`}`;
const linesOf = (report: AuditReport): string[] => report.findings.map(lineOf).sort();

async function kubectl(ground: Ground, args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await ground.kubectl(args, { input });
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}

describe('a cluster that signs', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await startApiServer({ controllerManager: true, kubeadmAdmin: true });
  });
  afterAll(() => ground.stop());

  test('every certificate that is seen equals its file', async () => {
    const { code, stderr, view } = await pki(ground.kubeconfig.admin);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const folder = path.dirname(ground.ca.cluster);
    const login = Buffer.from(/client-certificate-data: (\S+)/.exec(readFileSync(ground.kubeconfig.admin, 'utf8'))?.[1] ?? '', 'base64').toString('utf8');
    const files = [
      ['login', login], ['apiserver-serving', readFileSync(path.join(folder, 'kube-apiserver.crt'), 'utf8')],
      ['cluster-authority', readFileSync(ground.ca.cluster, 'utf8')], ['front-proxy-authority', readFileSync(ground.ca.frontProxy, 'utf8')],
    ] as const;
    for (const [role, pem] of files) {
      const { notAfter, sha256 } = truthOf(pem);
      expect([role, view.roles.filter(each => each.role === role)]).toMatchObject([role, [{ grade: 'exact', notAfter, certificate: sha256 }]]);
    }
    const loopback = openssl(['s_client', '-connect', `127.0.0.1:${ground.port}`, '-servername', 'apiserver-loopback-client'], '');
    expect(view.roles.find(each => each.role === 'apiserver-loopback')).toMatchObject({ certificate: truthOf(loopback).sha256, notAfter: truthOf(loopback).notAfter });
  });

  test('what is issued on a request is there at once, with whom it makes of its bearer and what that may do', async () => {
    const key = openssl(['genpkey', '-algorithm', 'ED25519']);
    writeFileSync(path.join(ground.dir, 'ana.key'), key);
    const request = openssl(['req', '-new', '-key', path.join(ground.dir, 'ana.key'), '-subj', '/O=sre/O=on-call/CN=$(touch owned)']);
    const manifest = (name: string): string => JSON.stringify({
      apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', metadata: { name },
      spec: { request: Buffer.from(`${request}\n`).toString('base64'), signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'], expirationSeconds: 86_400 },
    });
    await kubectl(ground, ['create', '-f', '-'], manifest('ana'));
    await kubectl(ground, ['create', '-f', '-'], manifest('pending'));
    await kubectl(ground, ['certificate', 'approve', 'ana']);
    await kubectl(ground, ['create', 'clusterrolebinding', 'on-call', '--clusterrole=cluster-admin', '--group=on-call']);
    let pem = '';
    for (let tries = 0; pem === '' && tries < 100; tries += 1) {
      pem = Buffer.from(await kubectl(ground, ['get', 'csr', 'ana', '-o', 'jsonpath={.status.certificate}']), 'base64').toString('utf8');
      if (pem === '') await sleep(100);
    }
    const { view, report } = await pki(ground.kubeconfig.admin);
    const issued = view.certificates.find(({ sha256 }) => sha256 === truthOf(pem).sha256);
    expect(issued).toMatchObject({
      commonName: '$(touch owned)', organizations: ['sre', 'on-call'], keyType: 'Ed25519', notAfter: truthOf(pem).notAfter,
      identity: { isAccepted: true, strongest: { can: 'do anything', group: 'on-call', binding: 'ClusterRoleBinding/on-call' } },
    });
    expect(linesOf(report)).toContain('high pki-privileged-client-certificate CertificateSigningRequest/ana $(touch owned)');
    // The API server says the same of whoever has the key.
    const config = { server: ground.url, ca: ground.ca.cluster };
    writeFileSync(path.join(ground.dir, 'ana.crt'), pem);
    const who = JSON.parse(await kubectl(ground, [
      'auth', 'whoami', '-o', 'json', '--kubeconfig=/dev/null', `--server=${config.server}`, `--certificate-authority=${config.ca}`,
      `--client-certificate=${path.join(ground.dir, 'ana.crt')}`, `--client-key=${path.join(ground.dir, 'ana.key')}`,
    ])) as { status: { userInfo: { username: string; groups: string[] } } };
    expect(who.status.userInfo).toMatchObject({ username: issued?.identity?.user, groups: [...(issued?.identity?.groups ?? []), 'system:authenticated'] });

    // What the finding says to change makes it go away.
    await kubectl(ground, ['delete', 'clusterrolebinding', 'on-call']);
    expect(linesOf((await pki(ground.kubeconfig.admin)).report).filter(line => line.includes('CertificateSigningRequest/ana'))).toEqual([]);
  });

  test('a request that waits is stuck after an hour, and no sooner', async () => {
    const stuck = 'low pki-signing-request-stuck CertificateSigningRequest/pending kubernetes-admin';
    const lines = async (...args: readonly string[]): Promise<string[]> => linesOf((await pki(ground.kubeconfig.admin, ...args)).report).map(line => (line.startsWith('low pki-signing') ? `${line} kubernetes-admin` : line));
    expect(await lines()).not.toContain(stuck);
    const later = await lines('--at', new Date(Date.now() + 2 * 3_600_000).toISOString());
    expect(later.filter(line => line.includes('pki-signing-request-stuck'))).toEqual([stuck]);
    await kubectl(ground, ['certificate', 'deny', 'pending']);
    expect((await lines()).filter(line => line.includes('pki-signing-request-stuck'))).toEqual([stuck]);
  });

  test('years later everything has ended, and the report says so', async () => {
    const { report, view } = await pki(ground.kubeconfig.admin, '--at', inDays(400).toISOString());
    expect(linesOf(report)).toContain('critical pki-certificate-expired Component/kube-apiserver');
    expect(linesOf(report)).toContain('critical pki-certificate-expired Component/kubeconfig');
    expect(view.next?.daysLeft).toBeLessThan(0);
  });

  test('it only asks', () => {
    const asked = ground.auditEvents().filter(({ userAgent }) => userAgent?.startsWith('kubectl-secaudit') === true);
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.map(({ verb, objectRef }) => `${verb} ${objectRef?.resource ?? ''}`).filter(line => !/^(get|list) |^create selfsubject/.test(line))).toEqual([]);
    // Their names alone, as metadata: which Secrets there are, and whose tokens lie in some.
    const ofSecrets = asked.filter(({ objectRef }) => objectRef?.resource === 'secrets').map(({ requestURI }) => decodeURIComponent(requestURI).replace(/&continue=.*/, ''));
    expect([...new Set(ofSecrets)].filter(uri => !/fieldSelector=type(!=helm\.sh\/release\.v1,type!=kubernetes\.io\/service-account-token|=kubernetes\.io\/service-account-token)$/.test(uri))).toEqual([]);
  });
});

describe('a cluster with faults', () => {
  let ground: Ground;
  const proxyCa = createAuthority('old-proxies', { notBefore: inDays(-3550), notAfter: inDays(100) });
  const proxies = path.join(mkdtempSync(path.join(tmpdir(), 'secaudit-pki-')), 'proxies.crt');
  const withoutNames = { 'requestheader-client-ca-file': proxies, 'requestheader-allowed-names': undefined, 'proxy-client-cert-file': undefined, 'proxy-client-key-file': undefined };
  beforeAll(async () => {
    // From the first start on: what is published once stays.
    writeFileSync(proxies, proxyCa.certificate);
    ground = await startApiServer({ servingCertificate: { notBefore: inDays(-360), notAfter: inDays(5) }, flags: withoutNames });
    const file = (name: string): string => path.join(ground.dir, name);
    // As minikube issues it, and weaker: the API server's name in the cluster is a login of system:masters.
    openssl(['req', '-new', '-newkey', 'rsa:1024', '-nodes', '-keyout', file('weak.key'), '-out', file('weak.csr'), '-subj', '/O=system:masters/CN=minikube']);
    writeFileSync(file('weak.ext'), 'extendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=DNS:kubernetes\n');
    openssl(['x509', '-req', '-in', file('weak.csr'), '-CA', ground.ca.cluster, '-CAkey', ground.ca.cluster.replace(/crt$/, 'key'), '-out', file('weak.crt'), '-days', '200', '-sha1', '-extfile', file('weak.ext')]);
    await ground.restart({
      flags: {
        'tls-sni-cert-key': `${file('weak.crt')},${file('weak.key')}:kubernetes.default.svc`,
        ...withoutNames,
      },
    });
    const other = createAuthority('kubernetes').certificate;
    await kubectl(ground, ['create', 'configmap', 'kube-root-ca.crt', '-n', 'kube-system', `--from-literal=ca.crt=${other}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`]);
  });
  afterAll(async () => {
    rmSync(path.dirname(proxies), { recursive: true, force: true });
    await ground.stop();
  });

  test('each is found on the real thing', async () => {
    const { report, view } = await pki(ground.kubeconfig.superAdmin);
    expect(linesOf(report)).toEqual([
      'high pki-certificate-expiring Component/kube-apiserver',
      'high pki-server-authority-mismatch ConfigMap/kube-root-ca.crt',
      'high pki-server-certificate-as-login Component/kube-apiserver minikube',
      'high pki-serving-name-missing Component/kube-apiserver',
      'high pki-system-masters-certificate Component/kubeconfig kubernetes-super-admin',
      'high pki-weak-key Component/kube-apiserver',
      'high pki-weak-signature Component/kube-apiserver',
      ...OF_PLATFORM,
      'low pki-certificate-unreadable ConfigMap/kube-root-ca.crt',
      'low pki-long-lived-client-certificate Component/kubeconfig kubernetes-super-admin',
      'medium pki-authority-expiring Component/kube-apiserver',
      'medium pki-front-proxy-any-name Component/kube-apiserver',
      'medium pki-kubelet-authority-unset Component/kube-apiserver',
    ]);
    const weak = truthOf(readFileSync(path.join(ground.dir, 'weak.crt'), 'utf8'));
    expect(view.certificates.find(({ sha256 }) => sha256 === weak.sha256)).toMatchObject({ notAfter: weak.notAfter, keyType: 'RSA 1024', signature: 'ECDSA SHA-1', usages: ['server', 'client'] });
  });

  test('a component\'s name on a login', async () => {
    const { report } = await pki(await ground.kubeconfigFor({ user: 'system:kube-scheduler' }));
    expect(linesOf(report)).toContain('high pki-component-identity-misused Component/kubeconfig system:kube-scheduler');
    // It may list no requests, and that is no pass of what they hold.
    expect(report.checks.find(({ id }) => id === 'pki-signing-request-stuck')).toMatchObject({ status: 'notAssessed' });
  });

  test('what the words say to change makes them go away', async () => {
    const folder = path.dirname(ground.ca.cluster);
    await kubectl(ground, ['create', 'configmap', 'kube-root-ca.crt', '-n', 'kube-system', `--from-file=ca.crt=${ground.ca.cluster}`, '--dry-run=client', '-o', 'yaml']).then(yaml => kubectl(ground, ['replace', '-f', '-'], yaml));
    await ground.restart({ servingCertificate: {}, flags: { 'requestheader-client-ca-file': path.join(folder, 'front-proxy-ca.crt'), 'requestheader-allowed-names': 'front-proxy-client' } });
    const login = await ground.kubeconfigFor({ user: 'ana', groups: ['system:masters'], notAfter: inDays(30) });
    expect(linesOf((await pki(login)).report)).toEqual([
      'high pki-system-masters-certificate Component/kubeconfig ana',
      ...OF_PLATFORM,
      // API servers only add to what they publish, so that extension API servers go on trusting it to its end.
      'medium pki-authority-expiring Component/kube-apiserver',
      'medium pki-kubelet-authority-unset Component/kube-apiserver',
    ]);
  });

  test('one authority for clients and for proxies', async () => {
    const shared = 'high pki-shared-front-proxy-authority Component/kube-apiserver';
    const own = path.join(path.dirname(ground.ca.cluster), 'front-proxy-ca.crt');
    await ground.restart({ flags: { 'requestheader-client-ca-file': ground.ca.cluster, 'requestheader-allowed-names': 'front-proxy-client' } });
    expect(linesOf((await pki(ground.kubeconfig.superAdmin)).report)).toContain(shared);
    await ground.restart({ flags: { 'requestheader-client-ca-file': own, 'requestheader-allowed-names': 'front-proxy-client' } });
    expect(linesOf((await pki(ground.kubeconfig.superAdmin)).report)).toContain(shared);
    // Half of what the remediation says is not enough; with the rest the finding is gone.
    const patch = JSON.stringify({ data: { 'requestheader-client-ca-file': readFileSync(own, 'utf8') } });
    await kubectl(ground, ['patch', 'configmap', 'extension-apiserver-authentication', '-n', 'kube-system', '-p', patch]);
    expect(linesOf((await pki(ground.kubeconfig.superAdmin)).report)).not.toContain(shared);
  });

  test('an API server without names, although names are published', async () => {
    await ground.restart({ flags: { 'requestheader-allowed-names': undefined, 'proxy-client-cert-file': undefined, 'proxy-client-key-file': undefined } });
    const published = await kubectl(ground, ['get', 'configmap', 'extension-apiserver-authentication', '-n', 'kube-system', '-o', 'jsonpath={.data.requestheader-allowed-names}']);
    expect(published).toBe('["front-proxy-client"]');
    expect(linesOf((await pki(ground.kubeconfig.superAdmin)).report)).toContain('medium pki-front-proxy-any-name Component/kube-apiserver');
  });

  test('an expired login: what is shown to anybody, and exit 1', async () => {
    const { code, stderr, report, view } = await pki(await ground.kubeconfigFor({ user: 'ana', notBefore: inDays(-2), notAfter: inDays(-1) }));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .*expired on/);
    expect(linesOf(report)).toContain('critical pki-certificate-expired Component/kubeconfig');
    expect(view.roles.filter(({ grade }) => grade === 'exact').map(({ role }) => role)).toEqual(expect.arrayContaining(['login', 'apiserver-serving', 'apiserver-loopback', 'server-authority']));
    expect(report.checks.filter(({ status }) => status === 'passed')).toEqual([]);
  });
});
