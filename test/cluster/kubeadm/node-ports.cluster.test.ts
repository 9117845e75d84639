import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import type { AuditReport } from '../../../src/engine/report-model.ts';
import type { CertificateRole, RoleId } from '../../../src/indexes/certificate-role.ts';
import type { PkiView } from '../../../src/indexes/pki-view.ts';
import { runSecaudit } from '../../support/run-secaudit.ts';
import type { ClusterNode } from './opened-cluster.ts';
import { whyNoKubeadmCluster } from './requirements.ts';
import { useKubeadmCluster } from './shared-cluster.ts';

const cluster = useKubeadmCluster();
const root = path.join(import.meta.dirname, '../../..');
const NAMESPACE = 'secaudit-ports-suite';
const USERS = { base: ['clusterrole.yaml'], tunnel: ['clusterrole.yaml', 'clusterrole-pods-portforward.yaml'] } as const;

async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await cluster().kubectl(args, { input });
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}

async function report(args: readonly string[], user?: keyof typeof USERS): Promise<AuditReport> {
  const login = user === undefined ? [] : [
    '--server', cluster().url, '--certificate-authority', controlPlane().path('/etc/kubernetes/pki/ca.crt'), '--token', (await kubectl(['create', 'token', user, '-n', NAMESPACE])).trim(),
  ];
  const { code, stdout, stderr } = await runSecaudit(['pki', ...args, ...login, '-o', 'json', '--quiet'], { env: { KUBECONFIG: user === undefined ? cluster().kubeconfig.admin : '/nonexistent' } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as AuditReport;
}

function viewOf({ views }: AuditReport): PkiView {
  const { pki } = views;
  if (pki === undefined || !('roles' in pki)) throw new Error('there is no view of certificates');
  return pki;
}

function controlPlane(): ClusterNode {
  return cluster().node('control-plane');
}

/** The fingerprint of the first certificate in a file of a node, as openssl has it. */
function fingerprint(node: ClusterNode, file: string): string {
  const line = execFileSync('openssl', ['x509', '-noout', '-fingerprint', '-sha256', '-in', node.path(file)], { encoding: 'utf8' });
  return line.replace(/^.*=/, '').replaceAll(':', '').trim().toLowerCase();
}

function roleOf(view: PkiView, role: RoleId, instance?: string): CertificateRole | undefined {
  return view.roles.find(each => each.role === role && (instance === undefined || each.instance === instance));
}

/** Rows by their bytes, of what the two ways can see. */
function expectFiles(view: PkiView, files: readonly (readonly [RoleId, string, string])[]): void {
  for (const [role, node, file] of files) {
    expect({ role, node, ...roleOf(view, role, role === 'apiserver-serving' ? undefined : node) }).toMatchObject({ role, node, grade: 'exact', certificate: fingerprint(cluster().node(node), file) });
  }
}

const BOTH = [
  ['apiserver-serving', 'control-plane', '/etc/kubernetes/pki/apiserver.crt'],
  ['etcd-server', 'control-plane', '/etc/kubernetes/pki/etcd/server.crt'],
  ['kubelet-serving', 'control-plane', '/var/lib/kubelet/pki/kubelet.crt'],
  ['kubelet-serving', 'worker-1', '/var/lib/kubelet/pki/kubelet.crt'],
] as const;

beforeAll(async () => {
  if (whyNoKubeadmCluster() !== undefined) return;
  const files = [...new Set(Object.values(USERS).flat())];
  const roles = await Promise.all(files.map(async file => ({ ...(JSON.parse(await kubectl(['create', '--dry-run=client', '-o', 'json', '-f', path.join(root, 'deploy', file)])) as object), metadata: { name: `${NAMESPACE}-${file.replace('.yaml', '')}` } })));
  const bindings = Object.entries(USERS).flatMap(([user, held]) => [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: user, namespace: NAMESPACE } },
    ...held.map(file => ({
      apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: `${NAMESPACE}-${file.replace('.yaml', '')}-${user}` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: `${NAMESPACE}-${file.replace('.yaml', '')}` }, subjects: [{ kind: 'ServiceAccount', name: user, namespace: NAMESPACE }],
    })),
  ]);
  await kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }, ...roles, ...bindings] }));
}, 60_000);

afterAll(async () => {
  if (whyNoKubeadmCluster() !== undefined) return;
  await cluster().kubectl(['delete', 'namespace', NAMESPACE, '--wait=false']);
  for (const kind of ['clusterrolebinding', 'clusterrole']) {
    const names = (await kubectl(['get', kind, '-o', 'name'])).split('\n').filter(name => name.includes(`/${NAMESPACE}`));
    if (names.length > 0) await cluster().kubectl(['delete', '--', ...names]);
  }
}, 60_000);

describe('--tunnel', () => {
  it('shows the certificates that lie on the nodes, and those that are made at a start', async () => {
    const view = viewOf(await report(['--tunnel']));
    expectFiles(view, BOTH);
    for (const role of ['controller-manager-serving', 'scheduler-serving'] as const) expect(roleOf(view, role, 'control-plane')).toMatchObject({ grade: 'exact' });
    expect(roleOf(view, 'apiserver-loopback')?.how).toContain('and 1 more');
    // It listens at the node's address alone.
    expect(roleOf(view, 'etcd-peer')?.grade).toBe('inferred');
    expect(view.unread).toEqual([]);
    // The tunnels come after the two scrapes that tell this one.
    expect(roleOf(view, 'apiserver-kubelet-client')?.grade).toBe('expiryOnly');
  });

  it('finds a fresh etcd closed, with an authority of its own', async () => {
    const { checks, findings } = await report(['--tunnel']);
    for (const id of ['pki-etcd-without-client-certificates', 'pki-etcd-trusts-cluster-authority', 'pki-shared-serving-key']) {
      expect(checks.find(check => check.id === id)).toMatchObject({ id, status: 'passed' });
    }
    expect(findings.filter(({ severity }) => severity !== 'info').map(({ check }) => check)).toEqual(['pki-kubelet-authority-unset', 'pki-long-lived-client-certificate']);
  });

  it('takes no more than its add-on role', async () => {
    expectFiles(viewOf(await report(['--tunnel'], 'tunnel')), BOTH);
  });

  it('says which rights are missing, and asks nothing then', async () => {
    const { notAssessed } = await report(['--tunnel'], 'base');
    expect(JSON.stringify(notAssessed)).toContain('pods/portforward');
  });

  it('is logged by the API server as what it is: get of pods/portforward, once a port and name', async () => {
    const { code, stderr } = await runSecaudit(['pki', '--tunnel', '-v', '-o', 'json'], { env: { KUBECONFIG: cluster().kubeconfig.admin } });
    expect(code).toBe(0);
    const asked = stderr.split('\n').filter(line => line.includes('/portforward?'));
    expect(asked.map(line => /pods\/([a-z-]+?)-[a-z0-9]{5}\/portforward\?ports=(\d+) (\d+)/.exec(line)?.slice(1).join(' ')).toSorted()).toEqual([
      'kube-proxy 10250 101', 'kube-proxy 10250 101', 'kube-proxy 10257 101', 'kube-proxy 10259 101', 'kube-proxy 2379 101', 'kube-proxy 6443 101', 'kube-proxy 6443 101',
    ]);
  });

  it.each(['SIGINT', 'SIGKILL'] as const)('leaves no connection to the scheduler when it ends by %s', async signal => {
    const connections = async (): Promise<string> => (await controlPlane().run(['ss', '-Htn', 'state', 'established', 'dport', '=', ':10259'])).stdout.trim();
    const { code } = await runSecaudit(['pki', '--tunnel', '-v'], {
      env: { KUBECONFIG: cluster().kubeconfig.admin },
      whileRunning: child => child.stderr?.on('data', (chunk: Buffer) => {
        if (chunk.includes('/portforward?')) child.kill(signal);
      }),
    });
    expect(code).toBe(signal === 'SIGINT' ? 130 : null);
    // A probe of the kubelet may pass by.
    for (let tries = 0; (await connections()) !== '' && tries < 50; tries += 1) await sleep(100);
    expect(await connections()).toBe('');
  });
});

describe('--probe-nodes', () => {
  it('shows what listens at the addresses of nodes, the peers of etcd too', async () => {
    const { views } = await report(['--probe-nodes']);
    const view = viewOf({ views } as AuditReport);
    expectFiles(view, [...BOTH, ['etcd-peer', 'control-plane', '/etc/kubernetes/pki/etcd/peer.crt']]);
    // They listen at 127.0.0.1 alone.
    expect(roleOf(view, 'scheduler-serving')).toBeUndefined();
  });

  it('and --tunnel see one certificate at two places', async () => {
    const view = viewOf(await report(['--probe-nodes', '--tunnel']));
    const etcd = view.certificates.find(({ sha256 }) => sha256 === roleOf(view, 'etcd-server')?.certificate);
    expect(etcd?.sightings.map(({ where }) => where)).toEqual(['port 2379 of control-plane', 'port 2379 of control-plane, through a tunnel']);
    expect(view.roles.filter(({ role }) => role === 'etcd-server')).toHaveLength(1);
  });

  it('leaves one line in the log of etcd for each of its ports', async () => {
    const lines = async (): Promise<number> => (await kubectl(['logs', '-n', 'kube-system', 'etcd-control-plane', '--tail=-1'])).split('\n').filter(line => line.includes('rejected connection')).length;
    const before = await lines();
    await report(['--probe-nodes']);
    await sleep(500);
    expect(await lines()).toBe(before + 2);
  });
});

test('neither flag: nothing is asked, and nothing is said of it as of a gap', async () => {
  const { sources, checks } = await report([]);
  const ids = ['nodetunnels', 'nodeprobe'];
  expect(sources.filter(({ id }) => ids.includes(id)).map(source => ('gap' in source ? source.gap.kind : 'read'))).toEqual(['notRequested', 'notRequested']);
  expect(checks.find(({ id }) => id === 'pki-etcd-without-client-certificates')).toMatchObject({ status: 'notAssessed' });
  expect(readFileSync(path.join(root, 'deploy/clusterrole.yaml'), 'utf8')).not.toContain('portforward');
});
