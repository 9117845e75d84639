import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { AuditReport } from '../../../src/engine/report-model.ts';
import type { CertificateRole, RoleId } from '../../../src/indexes/certificate-role.ts';
import type { CertificateRow, PkiView } from '../../../src/indexes/pki-view.ts';
import { runSecaudit } from '../../support/run-secaudit.ts';
import type { OpenedCluster } from './opened-cluster.ts';
import { whyNoKubeadmCluster } from './requirements.ts';
import { useKubeadmCluster } from './shared-cluster.ts';

const cluster = useKubeadmCluster();
let report: AuditReport;
let view: PkiView;
beforeAll(async () => {
  if (whyNoKubeadmCluster() !== undefined) return;
  const { code, stdout, stderr } = await runSecaudit(['pki', '-o', 'json'], { env: { KUBECONFIG: cluster().kubeconfig.admin } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  report = JSON.parse(stdout) as AuditReport;
  view = report.views.pki as PkiView;
});

/** What openssl says of a certificate. */
interface Truth {
  readonly subject: string;
  readonly notAfter: string;
  readonly notBefore: string;
  readonly serial: string;
  readonly sha256: string;
}

function truthOf(pem: string): Truth {
  const lines = execFileSync('openssl', ['x509', '-noout', '-subject', '-startdate', '-enddate', '-serial', '-fingerprint', '-sha256', '-nameopt', 'sep_comma_plus_space,utf8'], { encoding: 'utf8', input: pem }).trim().split('\n');
  const value = (name: RegExp): string => lines.find(line => name.test(line))?.replace(/^[^=]*=\s*/, '') ?? '';
  const instant = (name: RegExp): string => new Date(value(name)).toISOString().replace('.000Z', 'Z');
  return { subject: value(/^subject/), notAfter: instant(/^notAfter/), notBefore: instant(/^notBefore/), serial: value(/^serial/), sha256: value(/fingerprint/i).replaceAll(':', '').toLowerCase() };
}

function controlPlane(): OpenedCluster['nodes'][number] {
  return cluster().nodes[0]!;
}

function fileTruth(file: string): Truth {
  return truthOf(readFileSync(controlPlane().path(`/etc/kubernetes/pki/${file}`), 'utf8'));
}

function kubeconfigTruth(file: string): Truth {
  const { users } = parse(readFileSync(controlPlane().path(`/etc/kubernetes/${file}`), 'utf8')) as { users: { user: { 'client-certificate-data': string } }[] };
  return truthOf(Buffer.from(users[0]!.user['client-certificate-data'], 'base64').toString('utf8'));
}

function role(id: RoleId, instance?: string): CertificateRole {
  const found = view.roles.filter(each => each.role === id && (instance === undefined || each.instance === instance));
  expect(found).toHaveLength(1);
  return found[0]!;
}

function seen({ certificate }: CertificateRole): CertificateRow {
  return view.certificates.find(({ sha256 }) => sha256 === certificate)!;
}

const EXACT: readonly (readonly [RoleId, () => Truth])[] = [
  ['login', () => kubeconfigTruth('admin.conf')],
  ['apiserver-serving', () => fileTruth('apiserver.crt')],
  ['cluster-authority', () => fileTruth('ca.crt')],
  ['front-proxy-authority', () => fileTruth('front-proxy-ca.crt')],
];

describe('equal to what openssl says of the file on the node', () => {
  test.each(EXACT)('%s', (id, truth) => {
    const found = role(id);
    const { subject, notAfter, notBefore, serial, sha256 } = truth();
    expect(found).toMatchObject({ grade: 'exact', notAfter, certificate: sha256 });
    expect(seen(found)).toMatchObject({ subject, notAfter, notBefore, serial, sha256 });
  });

  test('the client certificate of every kubelet', () => {
    for (const node of cluster().nodes) {
      const { notAfter, sha256 } = truthOf(readFileSync(node.path('/var/lib/kubelet/pki/kubelet-client-current.pem'), 'utf8'));
      const found = role('kubelet-client', node.name);
      // The request is removed an hour after it was approved; what the kubelet counts stays.
      expect(found.grade === 'exact' ? found.certificate : sha256).toBe(sha256);
      expect(['exact', 'expiryOnly']).toContain(found.grade);
      expectWithinASecond(found.notAfter, notAfter);
    }
  });

  test('what the API server shows to kubelets, by two scrapes', () => {
    const found = role('apiserver-kubelet-client');
    expect(found.grade).toBe('expiryOnly');
    expectWithinASecond(found.notAfter, fileTruth('apiserver-kubelet-client.crt').notAfter);
  });
});

/** Exact, or a second late where one began between looking and answering. */
function expectWithinASecond(measured: string | undefined, real: string): void {
  const late = Date.parse(measured ?? '') - Date.parse(real);
  expect([0, 1000]).toContain(late);
}

describe('what only a file holds', () => {
  test.each([['controller-manager-client', 'controller-manager.conf'], ['scheduler-client', 'scheduler.conf']] as const)('%s ends no earlier than the bound', (id, file) => {
    const found = role(id);
    expect(found.grade).toBe('bound');
    expect(Date.parse(found.notAfterAtLeast ?? '')).toBeLessThanOrEqual(Date.parse(kubeconfigTruth(file).notAfter));
  });

  test.each([['front-proxy-client', 'front-proxy-client.crt'], ['apiserver-etcd-client', 'apiserver-etcd-client.crt'], ['etcd-server', 'etcd/server.crt'], ['etcd-peer', 'etcd/peer.crt']] as const)('%s ends when it is said to, within minutes', (id, file) => {
    const found = role(id);
    expect(found.grade).toBe('inferred');
    expect(Math.abs(Date.parse(found.notAfter ?? '') - Date.parse(fileTruth(file).notAfter))).toBeLessThan(5 * 60_000);
  });

  test('the authority of etcd is not guessed', () => {
    expect(role('etcd-authority')).toMatchObject({ grade: 'notObservable' });
    expect(role('etcd-authority')).not.toHaveProperty('notAfter');
  });

  test('the serving certificates that kubelets made themselves are not guessed', () => {
    for (const { name } of cluster().nodes) expect(role('kubelet-serving', name)).toMatchObject({ grade: 'notObservable' });
  });

  test('kube-proxy has none', () => {
    expect(role('kube-proxy-client')).toMatchObject({ grade: 'notUsed' });
  });
});

test('no certificate of the control plane is left out', () => {
  const files = globSync('**/*.crt', { cwd: controlPlane().path('/etc/kubernetes/pki') }).sort();
  expect(files).toEqual([
    'apiserver-etcd-client.crt', 'apiserver-kubelet-client.crt', 'apiserver.crt', 'ca.crt', 'etcd/ca.crt',
    // Only a probe of etcd's own pod uses it.
    'etcd/healthcheck-client.crt',
    'etcd/peer.crt', 'etcd/server.crt', 'front-proxy-ca.crt', 'front-proxy-client.crt',
  ]);
  expect(view.roles.map(each => each.role).filter(id => !id.startsWith('kubelet-')).sort()).toEqual([
    'apiserver-etcd-client', 'apiserver-kubelet-client', 'apiserver-loopback', 'apiserver-serving', 'cluster-authority', 'controller-manager-client', 'etcd-authority', 'etcd-peer', 'etcd-server',
    'front-proxy-authority', 'front-proxy-client', 'kube-proxy-client', 'login', 'loopback-authority', 'scheduler-client',
  ]);
});

test('whose certificates they are, as the API server itself says', async () => {
  const { stdout } = await cluster().kubectl(['auth', 'whoami', '-o', 'json']);
  const { username, groups } = (JSON.parse(stdout) as { status: { userInfo: { username: string; groups: string[] } } }).status.userInfo;
  const { identity } = seen(role('login'));
  expect(identity).toMatchObject({ user: username, isAccepted: true, standard: "kubeadm's admin.conf", strongest: { can: 'do anything', binding: 'ClusterRoleBinding/kubeadm:cluster-admins' } });
  expect([...(identity?.groups ?? []), 'system:authenticated'].toSorted()).toEqual(groups.toSorted());
});

test('a fresh cluster has nothing worse than kubelets that nobody verifies, and a login for a year', () => {
  expect(report.findings.filter(({ severity }) => severity !== 'info').map(({ check, severity }) => `${severity} ${check}`)).toEqual(['medium pki-kubelet-authority-unset', 'low pki-long-lived-client-certificate']);
  expect(report.checks.filter(({ status }) => status === 'error')).toEqual([]);
});

test('a super administrator is told that nobody can revoke it', async () => {
  const { stdout } = await runSecaudit(['pki', '-o', 'json'], { env: { KUBECONFIG: cluster().kubeconfig.superAdmin } });
  const findings = (JSON.parse(stdout) as AuditReport).findings.map(({ check, severity, subject }) => `${severity} ${check} ${subject?.name ?? ''}`);
  expect(findings).toContain('high pki-system-masters-certificate kubernetes-super-admin');
});

test('no key of a file is in the report', () => {
  const text = JSON.stringify(report);
  for (const file of globSync('**/*.key', { cwd: controlPlane().path('/etc/kubernetes/pki') })) {
    const [, line = ''] = readFileSync(controlPlane().path(`/etc/kubernetes/pki/${file}`), 'utf8').split('\n');
    expect(text).not.toContain(line.slice(0, 40));
  }
});
