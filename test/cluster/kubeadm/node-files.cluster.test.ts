import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { AuditReport } from '../../../src/engine/report-model.ts';
import type { PkiView } from '../../../src/indexes/pki-view.ts';
import { runSecaudit, type Finished, type RunOptions } from '../../support/run-secaudit.ts';
import type { ClusterNode } from './opened-cluster.ts';
import { whyNoKubeadmCluster } from './requirements.ts';
import { useKubeadmCluster } from './shared-cluster.ts';

const cluster = useKubeadmCluster();
const root = path.join(import.meta.dirname, '../../..');
const RESTRICTED = 'secaudit-node-files-restricted';
const USERS = 'secaudit-node-files-users';
const LABEL = 'kubectl-secaudit/node-files=true';
const LOOKED_AT = ['/etc/kubernetes', '/var/lib/kubelet/pki'];

async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await cluster().kubectl(args, { input });
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}

async function ourPods(): Promise<string[]> {
  return (await kubectl(['get', 'pods', '-A', '-l', LABEL, '-o', 'name'])).split('\n').filter(name => name !== '');
}

function run(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return runSecaudit(['pki', '--node-files', ...args], { ...options, env: { KUBECONFIG: cluster().kubeconfig.admin } });
}

async function reportOf(args: readonly string[]): Promise<AuditReport> {
  const { code, stdout, stderr } = await run([...args, '-o', 'json', '--quiet']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as AuditReport;
}

function gapsOf(report: AuditReport): string[] {
  return (report.views.pki as PkiView).unread.flatMap(({ of, gaps }) => gaps.map(({ detail }) => `${of}: ${detail}`));
}

/** SHA-256 of each certificate of a text, by openssl. */
function hashesOf(text: string): string[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  return blocks.map(block => execFileSync('openssl', ['x509', '-noout', '-fingerprint', '-sha256'], { encoding: 'utf8', input: block }).trim().replace(/^.*=/, '').replaceAll(':', '').toLowerCase());
}

/** What lies in the files of a node: path and SHA-256, also of what stands in kubeconfigs. */
function truthOf(node: ClusterNode): string[] {
  return LOOKED_AT.flatMap(folder => globSync('**/*', { cwd: node.path(folder) }).flatMap(file => {
    const inNode = path.posix.join(folder, file);
    const outside = node.path(inNode);
    if (!statSync(outside).isFile() || file.endsWith('.key')) return [];
    const text = readFileSync(outside, 'utf8');
    const inline = [...text.matchAll(/(?:client-certificate|certificate-authority)-data: (\S+)/g)].map(([, value = '']) => Buffer.from(value, 'base64').toString('utf8'));
    return hashesOf([text, ...inline].join('\n')).map(hash => `${inNode} on node ${node.name}: ${hash}`);
  }));
}

/** Every path below the directories that are mounted, but for the volumes of pods, and what is beside them. */
async function treeOf(node: ClusterNode): Promise<string> {
  const inside = await node.run(['find', '/etc/kubernetes', '/var/lib/kubelet', '-path', '/var/lib/kubelet/pods', '-prune', '-o', '-printf', '%p %m %u %g\n']);
  const beside = await node.run(['find', '/etc', '/var/lib', '-maxdepth', '1', '-printf', '%p\n']);
  expect([inside.code, beside.code]).toEqual([0, 0]);
  return `${inside.stdout}${beside.stdout}`.split('\n').sort().join('\n');
}

beforeAll(async () => {
  if (whyNoKubeadmCluster() !== undefined) return;
  const role = parse(readFileSync(path.join(root, 'deploy/clusterrole-node-files.yaml'), 'utf8')) as object;
  const base = parse(readFileSync(path.join(root, 'deploy/clusterrole.yaml'), 'utf8')) as object;
  const subjects = (name: string): object => ({ subjects: [{ kind: 'ServiceAccount', name, namespace: USERS }] });
  const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1' };
  const named = (manifest: object, name: string): object => ({ ...manifest, metadata: { name } });
  const bound = (kind: string, name: string, to: string, user: string, namespace?: string): object => ({
    ...rbac, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: to }, ...subjects(user),
  });
  const items = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: RESTRICTED, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } },
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: USERS } },
    ...['with', 'without'].map(name => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: USERS } })),
    named(base, `${USERS}-base`), named(role, `${USERS}-add-on`),
    bound('ClusterRoleBinding', `${USERS}-with`, `${USERS}-base`, 'with'), bound('ClusterRoleBinding', `${USERS}-without`, `${USERS}-base`, 'without'),
    bound('RoleBinding', `${USERS}-add-on`, `${USERS}-add-on`, 'with', 'kube-system'),
  ];
  await kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
});
afterAll(async () => {
  if (whyNoKubeadmCluster() !== undefined) return;
  await kubectl(['delete', '--ignore-not-found', '--wait=false', `namespace/${RESTRICTED}`, `namespace/${USERS}`, `clusterrole/${USERS}-base`, `clusterrole/${USERS}-add-on`, `clusterrolebinding/${USERS}-with`, `clusterrolebinding/${USERS}-without`]);
  await kubectl(['delete', '--ignore-not-found', '-n', 'kube-system', `rolebinding/${USERS}-add-on`]);
});

async function asUser(user: 'with' | 'without'): Promise<AuditReport> {
  const token = (await kubectl(['create', 'token', user, '-n', USERS])).trim();
  const authority = cluster().node('control-plane').path('/etc/kubernetes/pki/ca.crt');
  const { code, stdout, stderr } = await runSecaudit(['pki', '--node-files', '--server', cluster().url, '--certificate-authority', authority, '--token', token, '-o', 'json', '--quiet'], { env: { KUBECONFIG: '/nonexistent' } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as AuditReport;
}

test('every certificate of every file of every node, as openssl sees it; nothing on the nodes is new, and no pod stays', async () => {
  const before = await Promise.all(cluster().nodes.map(treeOf));
  const report = await reportOf([]);
  expect(await ourPods()).toEqual([]);
  const seen = (report.views.pki as PkiView).certificates.flatMap(({ sha256, sightings }) => sightings.filter(({ node }) => node !== undefined).map(({ where }) => `${where}: ${sha256}`));
  const expected = cluster().nodes.flatMap(truthOf);
  expect(expected.length).toBeGreaterThan(20);
  expect([...new Set(seen)].sort()).toEqual([...new Set(expected)].sort());
  expect(gapsOf(report)).toEqual([]);
  expect(await Promise.all(cluster().nodes.map(treeOf))).toEqual(before);
});

test('every role of the control plane and of the kubelets is exact, on its node', async () => {
  const { roles } = (await reportOf([])).views.pki as PkiView;
  const grades = new Map(roles.map(({ role, grade, instance }) => [`${role} ${instance ?? ''}`.trim(), grade]));
  for (const role of ['apiserver-kubelet-client', 'apiserver-etcd-client', 'front-proxy-client', 'etcd-authority', 'etcd-server', 'etcd-peer', 'etcd-healthcheck-client', 'controller-manager-client', 'scheduler-client', 'admin', 'super-admin', 'kubelet-client', 'kubelet-serving']) {
    expect([role, grades.get(`${role} control-plane`)]).toEqual([role, 'exact']);
  }
  for (const { name } of cluster().nodes) expect(grades.get(`kubelet-client ${name}`)).toBe('exact');
  expect(roles.filter(({ grade }) => grade !== 'exact').map(({ role }) => role)).toEqual(['kube-proxy-client']);
});

test('what is about to be created is said before, where something is, and only there', async () => {
  const words = '--node-files: on each node a pod called secaudit-node-files-... is created in namespace kube-system';
  expect((await run([])).stderr).toContain(words);
  for (const args of [['rbac', '--node-files'], ['pki', '--node-files', '-n', USERS], ['pki']]) {
    const { code, stderr } = await runSecaudit(args, { env: { KUBECONFIG: cluster().kubeconfig.admin } });
    expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: '' });
  }
  const wrong = await runSecaudit(['pki', '--node-files-image', 'busybox'], { env: { KUBECONFIG: cluster().kubeconfig.admin } });
  expect([wrong.code, wrong.stderr]).toEqual([2, 'error: --node-files-image has a meaning with --node-files only\n']);
});

test('no key of any node leaves it', async () => {
  const { stdout, stderr } = await run(['-o', 'json', '-v']);
  for (const node of cluster().nodes) {
    for (const folder of LOOKED_AT) {
      for (const file of globSync('**/*', { cwd: node.path(folder) })) {
        const outside = node.path(path.posix.join(folder, file));
        if (!statSync(outside).isFile()) continue;
        const text = readFileSync(outside, 'utf8');
        const inline = [...text.matchAll(/client-key-data: (\S+)/g)].map(([, value = '']) => value);
        const lines = [...text.matchAll(/-----BEGIN [A-Z ]*PRIVATE KEY-----\n([^-]*)-----END/g)].flatMap(([, body = '']) => body.split('\n').slice(2, -2));
        for (const secret of [...inline.map(value => value.slice(200, 240)), ...lines.map(line => line.slice(8, 48))]) expect(stdout + stderr).not.toContain(secret);
      }
    }
  }
});

describe('interrupted', () => {
  /** Sends a signal once a pod of ours is there. */
  async function signalled(signal: NodeJS.Signals): Promise<Finished> {
    return run(['--quiet'], {
      whileRunning: child => {
        void (async () => {
          while (child.exitCode === null && (await ourPods()).length === 0) await sleep(50);
          child.kill(signal);
        })();
      },
    });
  }

  test.each(['SIGINT', 'SIGTERM'] as const)('by %s: no pod stays, exit 130', async signal => {
    const { code, stderr } = await signalled(signal);
    expect(code).toBe(130);
    expect(stderr).not.toContain('could not be deleted');
    expect(await ourPods()).toEqual([]);
  });

  test('by SIGKILL: the next run deletes what was left once it has ended, and says so', async () => {
    await signalled('SIGKILL');
    const left = await ourPods();
    expect(left.length).toBeGreaterThan(0);
    for (const pod of left) await kubectl(['wait', '-n', 'kube-system', '--for=jsonpath={.status.phase}=Succeeded', '--timeout=60s', pod]);
    const { code, stderr } = await run(['--quiet']);
    expect(code).toBe(0);
    for (const pod of left) expect(stderr).toContain(`deleted the pod ${pod.replace('pod/', '')}, which an earlier run left in namespace kube-system`);
    expect(await ourPods()).toEqual([]);
  });

  test('by --timeout: no pod stays', async () => {
    await run(['--quiet', '--timeout', '2s']);
    expect(await ourPods()).toEqual([]);
  });
});

describe('refused', () => {
  test('by Pod Security: the words of the server, and nothing is created', async () => {
    const watched = cluster().kubectl(['get', 'events', '-n', RESTRICTED, '-o', 'name']);
    const report = await reportOf(['--node-files-namespace', RESTRICTED]);
    expect(gapsOf(report)).toEqual(cluster().nodes.map(({ name }) => expect.stringMatching(new RegExp(`^certificate files of node ${name}: the API server refuses the pod: pods .* is forbidden: violates PodSecurity "restricted:latest"`)) as unknown).toSorted());
    expect((await watched).stdout).toBe('');
    expect(await kubectl(['get', 'events', '-n', RESTRICTED, '-o', 'name'])).toBe('');
    expect(await ourPods()).toEqual([]);
  });

  test('for want of rights: said which, and nothing is created', async () => {
    const report = await asUser('without');
    const gap = report.notAssessed.find(({ detail }) => detail.includes('create, read and delete pods in namespace kube-system'));
    expect(gap).toBeDefined();
    expect(await ourPods()).toEqual([]);
  });

  test('an image without a shell: said which flag, and nothing stays', async () => {
    const images = JSON.parse(await kubectl(['get', 'nodes', '-o', 'json'])) as { items: { status: { images: { names: string[] }[] } }[] };
    const pause = images.items[0]!.status.images.flatMap(({ names }) => names).find(name => /\/pause:/.test(name))!;
    const report = await reportOf(['--node-files-image', pause]);
    expect(gapsOf(report)).toEqual(cluster().nodes.map(() => expect.stringContaining(`the image ${pause} cannot be used`) as unknown));
    expect(await ourPods()).toEqual([]);
  });
});

test('the base role and the add-on role are enough', async () => {
  const report = await asUser('with');
  const { roles } = report.views.pki as PkiView;
  expect(roles.filter(({ role, grade }) => role === 'etcd-server' && grade === 'exact')).toHaveLength(1);
  expect(await ourPods()).toEqual([]);
});

test('a kubeconfig that was written after its component started', async () => {
  const owed = (report: AuditReport): string[] => report.findings.filter(({ check }) => check === 'pki-renewed-not-restarted').map(({ severity, resource, message }) => `${severity} ${resource.name} ${message}`);
  expect(owed(await reportOf([]))).toEqual([]);
  const file = '/etc/kubernetes/scheduler.conf';
  const node = cluster().node('control-plane');
  const { stdout: written } = await node.run(['stat', '-c', '%y', file]);
  try {
    await node.run(['touch', file]);
    expect(owed(await reportOf([]))).toEqual([expect.stringMatching(/^high kube-scheduler kube-scheduler on control-plane runs since .* most likely it still logs in with the certificate from before$/)]);
  } finally {
    await node.run(['touch', '-d', written.trim(), file]);
  }
});
