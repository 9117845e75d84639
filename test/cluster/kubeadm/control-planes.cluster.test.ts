import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AuditReport } from '../../../src/engine/report-model.ts';
import type { VersionsView } from '../../../src/indexes/versions-view.ts';
import { runSecaudit } from '../../support/run-secaudit.ts';
import { opensslFacts } from '../certificate-oracle.ts';
import { expectThese, linesOf, loopbackOf, pki, type Answer } from '../pki-answer.ts';
import { startKubeadmCluster, type KubeadmCluster } from './cluster.ts';
import type { ClusterNode } from './opened-cluster.ts';
import { whyNoKubeadmCluster } from './requirements.ts';

/**
 * Two nodes of a control plane, joined by kubeadm with the certificates that it uploads, and a balancer before their API
 * servers: what is reported of each is compared with its files and with what openssl is shown, and a certificate in
 * another's place is found on the node where it lies.
 */

const reason = whyNoKubeadmCluster();
let started: KubeadmCluster | undefined;
beforeAll(async () => {
  if (reason === undefined) started = await startKubeadmCluster({ controlPlanes: 2, workers: [{}] });
}, 30 * 60_000);
beforeEach(({ skip }) => skip(reason !== undefined, reason));
afterAll(() => started?.stop());

function cluster(): KubeadmCluster {
  if (started === undefined) throw new Error('the cluster is there from beforeAll on');
  return started;
}
const PLANES = ['control-plane', 'control-plane-2'] as const;
const second = (): ClusterNode => cluster().node('control-plane-2');
const past = (name: string): readonly string[] => ['--server', `https://${cluster().node(name).address}:6443`];
const ask = (...args: readonly string[]): Promise<Answer> => pki(cluster().kubeconfig.admin, '--quiet', ...args);
const worthAWord = ({ report }: Answer): string[] => linesOf(report).filter(line => !/^\S+ info /.test(line));
const statusOf = ({ report }: Answer, check: string): string | undefined => report.checks.find(({ id }) => id === check)?.status;
const sha256Of = (text: string): string | undefined => opensslFacts(text)[0]?.sha256;

/** The certificates of a file, also those that stand in a kubeconfig. */
function textIn(file: string): string {
  const text = readFileSync(file, 'utf8');
  return [text, ...[...text.matchAll(/(?:client-certificate|certificate-authority)-data: (\S+)/g)].map(([, data = '']) => Buffer.from(data, 'base64').toString('utf8'))].join('\n');
}

/** Everything in the folders of a node that is no key. */
function filesOf(node: ClusterNode): string[] {
  return ['/etc/kubernetes', '/var/lib/kubelet/pki'].flatMap(folder => globSync('**/*', { cwd: node.path(folder) }).map(file => node.path(path.posix.join(folder, file)))
    .filter(file => statSync(file).isFile() && !file.endsWith('.key')).map(textIn));
}

/** What a program shows at 127.0.0.1 of its node, by openssl there. */
async function shownOn(node: ClusterNode, port: number): Promise<string> {
  return (await node.run(['openssl', 's_client', '-showcerts', '-connect', `127.0.0.1:${port}`], { input: '' })).stdout;
}

const FRESH = [
  'pki-kubelet-authority-unset medium Component/kube-apiserver', 'pki-kubelet-authority-unset medium Component/kube-apiserver',
  'pki-long-lived-client-certificate low Component/kubeconfig kubernetes-admin',
];
/** What lies in the files of its nodes besides. */
const IN_FILES = [
  ...FRESH,
  'pki-long-lived-client-certificate low Node/control-plane kubernetes-super-admin', 'pki-long-lived-client-certificate low Node/control-plane-2 kubernetes-admin',
  'pki-system-masters-certificate high Node/control-plane kubernetes-super-admin',
].sort();

describe('pki', () => {
  let all: Answer;
  beforeAll(async () => {
    if (reason === undefined) all = await ask('--tunnel', '--node-files', '--probe-nodes');
  });

  test('shows every certificate of the files of every node, and what is made at a start, as openssl does, and no other', async () => {
    const nodes = cluster().nodes;
    const planes = PLANES.map(name => cluster().node(name));
    const shown = await Promise.all(planes.flatMap(node => [10257, 10259].map(port => shownOn(node, port))));
    expectThese(all.view, ...nodes.flatMap(filesOf), ...shown, ...planes.map(({ address }) => loopbackOf(`${address}:6443`)));
    expect(all.view.unread).toEqual([]);
  });

  test.each([
    ['apiserver-serving', 'pki/apiserver.crt'], ['apiserver-kubelet-client', 'pki/apiserver-kubelet-client.crt'], ['apiserver-etcd-client', 'pki/apiserver-etcd-client.crt'],
    ['front-proxy-client', 'pki/front-proxy-client.crt'], ['controller-manager-client', 'controller-manager.conf'], ['scheduler-client', 'scheduler.conf'],
    ['etcd-authority', 'pki/etcd/ca.crt'], ['etcd-server', 'pki/etcd/server.crt'], ['etcd-peer', 'pki/etcd/peer.crt'], ['etcd-healthcheck-client', 'pki/etcd/healthcheck-client.crt'],
  ])('%s: each node its own', (role, file) => {
    const rows = all.view.roles.filter(each => each.role === role).map(({ instance, grade, certificate }) => ({ instance, grade, certificate }));
    const own = (name: string): string | undefined => opensslFacts(textIn(cluster().node(name).path(`/etc/kubernetes/${file}`))).find(({ isAuthority }) => isAuthority === role.endsWith('-authority'))?.sha256;
    expect(rows).toEqual(PLANES.map(name => ({ instance: name, grade: 'exact', certificate: own(name) })));
  });

  test('what each API server makes for itself is that of its node', () => {
    const rows = all.view.roles.filter(({ role }) => role === 'apiserver-loopback').map(({ instance, certificate }) => ({ instance, certificate }));
    expect(rows).toEqual(PLANES.map(name => ({ instance: name, certificate: sha256Of(loopbackOf(`${cluster().node(name).address}:6443`)) })));
  });

  test('finds what a fresh cluster has on each node, and keys of their own', () => {
    expect(worthAWord(all)).toEqual(IN_FILES);
    for (const check of ['pki-shared-serving-key', 'pki-component-certificate-deviates', 'pki-etcd-trusts-cluster-authority', 'pki-renewed-not-restarted']) expect([check, statusOf(all, check)]).toEqual([check, 'passed']);
  });

  test('past the balancer it is the same, whichever replica answers', async () => {
    const seen = ({ view }: Answer): string[] => view.certificates.map(({ sha256 }) => sha256).sort();
    const [balanced, ...direct] = [await ask('--tunnel'), await ask('--tunnel', ...past(PLANES[0])), await ask('--tunnel', ...past(PLANES[1]))];
    for (const each of direct) {
      expect(seen(each)).toEqual(seen(balanced));
      expect(worthAWord(each)).toEqual(worthAWord(balanced));
    }
    expect(worthAWord(balanced)).toEqual(FRESH);
  });
});

test('without files, that of one API server to kubelets is no word about the other', async () => {
  const { view, report } = await ask();
  const rows = view.roles.filter(({ role }) => role === 'apiserver-kubelet-client');
  const ends = PLANES.map(name => opensslFacts(textIn(cluster().node(name).path('/etc/kubernetes/pki/apiserver-kubelet-client.crt')))[0]?.notAfter ?? '').sort().map(end => Date.parse(end));
  expect(rows[0]?.grade).toBe('expiryOnly');
  const end = Date.parse(rows[0]?.notAfter ?? '');
  // Which of them a balancer led to is chance; the end of the first is at most a second late.
  expect(ends.filter(real => end - real === 0 || end - real === 1000)).toHaveLength(1);
  if (rows.length === 1) expect(end - (ends[0] ?? 0)).toBeLessThanOrEqual(1000);
  else expect(rows.slice(1).map(({ grade, how }) => ({ grade, how }))).toEqual([{ grade: 'notObservable', how: 'kubelets were asked through 1 of 2 API servers, or several of them have certificates that end together' }]);
  expect(report.checks.find(({ id }) => id === 'pki-certificate-expired')?.status).toBe('notAssessed');
});

test('the certificates that kubeadm uploads are encrypted, and are no open key of an authority', async () => {
  const { stdout } = await cluster().kubectl(['get', 'secret', 'kubeadm-certs', '-n', 'kube-system', '-o', 'json']);
  const { data } = JSON.parse(stdout) as { data: Readonly<Record<string, string>> };
  expect(Object.keys(data).sort()).toEqual(['ca.crt', 'ca.key', 'etcd-ca.crt', 'etcd-ca.key', 'front-proxy-ca.crt', 'front-proxy-ca.key', 'sa.key', 'sa.pub']);
  expect(Object.values(data).map(value => Buffer.from(value, 'base64').toString('latin1')).filter(text => text.includes('-----BEGIN'))).toEqual([]);
  const of = async (...args: readonly string[]): Promise<readonly string[]> =>
    (await ask('--tls-secrets', ...args)).report.findings.filter(({ check }) => check === 'pki-authority-key-in-secret').map(({ severity, message }) => `${severity} ${message}`);
  expect(await of()).toEqual([]);
  // After two hours kubeadm's promise is broken; those whom it lets read it, and who have no key to it, are no news.
  expect(await of('--at', new Date(Date.now() + 3 * 3_600_000).toISOString())).toEqual([
    'low Secret kube-system/kubeadm-certs holds the keys of the control plane for nodes that join it, encrypted with a key that kubeadm printed; kubeadm deletes it after two hours, and did not',
  ]);
});

describe('the other commands know both API servers', () => {
  async function viewOf<T>(command: string): Promise<{ readonly report: AuditReport; readonly view: T }> {
    const { code, stdout, stderr } = await runSecaudit([command, '-o', 'json', '--quiet'], { env: { KUBECONFIG: cluster().kubeconfig.admin } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const report = JSON.parse(stdout) as AuditReport;
    return { report, view: report.views[command as keyof AuditReport['views']] as T };
  }

  test('versions', async () => {
    const { view, report } = await viewOf<VersionsView>('versions');
    expect(view.components.map(({ component, count, notes }) => ({ component, count, notes }))).toEqual([{ component: 'API server', count: 2, notes: [] }, { component: 'kubelet', count: 3, notes: [] }]);
    expect(report.checks.map(({ status }) => status)).toEqual(['passed', 'passed']);
  });

  test('secrets', async () => {
    const { stdout } = await runSecaudit(['secrets', '--quiet'], { env: { KUBECONFIG: cluster().kubeconfig.admin } });
    expect(stdout.split('\n').filter(line => line.startsWith('API server replica')).map(line => line.replace(/ {2,}.*(plain text).*/, ' $1'))).toEqual(['API server replica 1 of 2 plain text', 'API server replica 2 of 2 plain text']);
  });

  test('scan: nothing of the second node is a fault of RBAC, no check breaks off, and no replica is unseen', async () => {
    const { report } = await viewOf('scan');
    expect(report.findings.filter(({ check, severity }) => check.startsWith('rbac-') && severity !== 'info')).toEqual([]);
    expect(report.checks.filter(({ status }) => status === 'error')).toEqual([]);
    expect(JSON.stringify(report.notAssessed)).not.toContain('replica');
  });
});

describe('a certificate in another\'s place', () => {
  /** Writes files of a node, and what was in them when the test is over. */
  async function instead(files: readonly (readonly [node: ClusterNode, inNode: string, text: string])[], run: () => Promise<void>): Promise<void> {
    const before = files.map(([node, inNode]) => [node.path(inNode), readFileSync(node.path(inNode))] as const);
    try {
      for (const [node, inNode, text] of files) writeFileSync(node.path(inNode), text);
      await run();
    } finally {
      for (const [file, bytes] of before) writeFileSync(file, bytes);
    }
  }
  const read = (node: ClusterNode, inNode: string): string => readFileSync(node.path(inNode), 'utf8');
  const deviations = ({ report }: Answer): string[] => report.findings.filter(({ check }) => check === 'pki-component-certificate-deviates').map(({ severity, message }) => `${severity} ${message}`).sort();

  /** Ends a program of a node, and waits until its kubelet has started it anew. */
  async function restart(node: ClusterNode, ...programs: readonly string[]): Promise<void> {
    const since = Math.ceil(Date.now() / 1000) * 1000;
    await sleep(since - Date.now());
    for (const program of programs) expect((await node.run(['sh', '-c', `kill -9 $(pidof ${program})`])).code).toBe(0);
    const deadline = Date.now() + 60_000;
    for (;;) {
      const { stdout } = await cluster().kubectl(['get', 'pods', '-n', 'kube-system', '-o', 'json', ...past(PLANES[0]), ...programs.map(program => `${program}-${node.name}`)]);
      const { items } = JSON.parse(stdout) as { items: { status: { containerStatuses?: { state: { running?: { startedAt: string } } }[] } }[] };
      if (items.every(({ status }) => Date.parse(status.containerStatuses?.[0]?.state.running?.startedAt ?? '') >= since)) return;
      if (Date.now() > deadline) throw new Error(`not all of ${programs.join(', ')} run again on ${node.name}`);
      await sleep(250);
    }
  }

  test('an API server that serves with the leaf and key of the other node', async () => {
    const [one, two] = [cluster().node(PLANES[0]), second()];
    const pair = ['/etc/kubernetes/pki/apiserver.crt', '/etc/kubernetes/pki/apiserver.key'] as const;
    const shows = async (certificate: string): Promise<void> => {
      const wanted = sha256Of(certificate);
      for (let tries = 0; sha256Of(execFileSync('openssl', ['s_client', '-connect', `${two.address}:6443`], { encoding: 'utf8', input: '', stdio: ['pipe', 'pipe', 'ignore'] })) !== wanted; tries += 1) {
        if (tries > 900) throw new Error('the API server does not take its new certificate');
        await sleep(100);
      }
    };
    const [own] = pair;
    await instead(pair.map(file => [two, file, read(one, file)] as const), async () => {
      await shows(read(one, own));
      const answer = await ask('--tunnel', ...past(PLANES[0]));
      expect(worthAWord(answer)).toEqual([...FRESH, 'pki-shared-serving-key medium Component/kube-apiserver'].sort());
      expect(answer.report.findings.find(({ check }) => check === 'pki-shared-serving-key')?.message).toBe('kube-apiserver serves with one key on control-plane, control-plane-2 (CN=kube-apiserver)');
    });
    await shows(read(two, own));
    expect(statusOf(await ask('--tunnel'), 'pki-shared-serving-key')).toBe('passed');
  });

  test('controller manager and scheduler as each other, kubelets asked as the front proxy, a kubelet as another node', async () => {
    const two = second();
    const worker = cluster().node('worker-1');
    const [manager, scheduler] = ['/etc/kubernetes/controller-manager.conf', '/etc/kubernetes/scheduler.conf'];
    const toKubelets = (end: string): string => `/etc/kubernetes/pki/apiserver-kubelet-client.${end}`;
    const current = '/var/lib/kubelet/pki/kubelet-client-current.pem';
    await instead([
      [two, manager, read(two, scheduler)], [two, scheduler, read(two, manager)],
      ...['crt', 'key'].map(end => [two, toKubelets(end), read(two, `/etc/kubernetes/pki/front-proxy-client.${end}`)] as const),
      // The kubelet goes on with what it has read: as another node it would see none of its pods.
      [worker, current, read(two, current)],
    ], async () => {
      await restart(two, 'kube-controller-manager', 'kube-scheduler');
      const answer = await ask('--node-files', ...past(PLANES[0]));
      expect(deviations(answer)).toEqual([
        'high the certificate of the API server, to kubelets on control-plane-2 is CN=front-proxy-client, and its role is kube-apiserver-kubelet-client or kube-apiserver or system:kube-apiserver',
        'high the certificate of the controller manager on control-plane-2 is CN=system:kube-scheduler, and its role is system:kube-controller-manager',
        'high the certificate of the kubelet on worker-1 is O=system:nodes, CN=system:node:control-plane-2, and its role is system:node:worker-1',
        'high the certificate of the scheduler on control-plane-2 is CN=system:kube-controller-manager, and its role is system:kube-scheduler',
      ]);
      // The file of worker-1 is a copy of the other node's.
      expect(worthAWord(answer).filter(line => !line.startsWith('pki-component-certificate-deviates'))).toEqual([...IN_FILES, 'pki-node-identity-shared high Node/control-plane-2'].sort());
    });
    await restart(two, 'kube-controller-manager', 'kube-scheduler');
    expect(worthAWord(await ask('--node-files'))).toEqual(IN_FILES);
  });
});
