import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApiServer, type Ground } from './api-server.ts';
import { opensslFacts } from './certificate-oracle.ts';
import type { PkiParts } from './cluster-pki.ts';
import { freePort } from './free-port.ts';
import { createAuthority } from './pki.ts';
import { expectThese, linesOf, loopbackOf, OF_PLATFORM, pki, type Answer } from './pki-answer.ts';
import { registerNode } from './register-node.ts';

/**
 * Certificates in each other's place, on programs that run with them: what listens is asked at its address, what it was
 * started with stands in its static pod, and the findings are what was planted and nothing else.
 */

const NODE = 'cp-1';
const ALWAYS = [...OF_PLATFORM, 'pki-kubelet-authority-unset medium Component/kube-apiserver'];
const fileOf = (ground: Ground, name: string): string => path.join(path.dirname(ground.ca.cluster), name);
const textOf = (ground: Ground, name: string): string => readFileSync(fileOf(ground, name), 'utf8');

/** Whoever serves with what, this kubectl takes it. */
async function kubectl(ground: Ground, args: readonly string[], input?: string): Promise<void> {
  const { code, stderr } = await ground.kubectl(['--insecure-skip-tls-verify', ...args], { input, kubeconfig: ground.kubeconfig.superAdmin });
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
}

/** The command lines with which the programs of a ground run, as its kubelet would show them if it had one. */
async function showStaticPods(ground: Ground): Promise<void> {
  const lines = execFileSync('ps', ['-ww', '-eo', 'args='], { encoding: 'utf8' }).split('\n').filter(line => line.includes(ground.dir));
  for (const program of ['kube-apiserver', 'etcd']) {
    const command = lines.map(line => line.split(' ')).find(([first = '']) => path.basename(first) === program);
    if (command === undefined) throw new Error(`no ${program} runs in ${ground.dir}`);
    const pod = {
      apiVersion: 'v1', kind: 'Pod',
      metadata: { name: `${program}-${NODE}`, namespace: 'kube-system', labels: { component: program, tier: 'control-plane' }, annotations: { 'kubernetes.io/config.mirror': 'x', 'kubernetes.io/config.source': 'file' } },
      spec: { nodeName: NODE, hostNetwork: true, containers: [{ name: program, image: program, command: [program, ...command.slice(1)] }] },
    };
    await kubectl(ground, ['delete', 'pod', '-n', 'kube-system', `${program}-${NODE}`, '--ignore-not-found', '--force', '--grace-period=0']);
    await kubectl(ground, ['create', '-f', '-'], JSON.stringify(pod));
  }
}

/** A ground whose one node is this machine. */
async function startNode(parts: PkiParts): Promise<Ground> {
  const ground = await startApiServer({ pki: parts });
  await registerNode(ground, { name: NODE, kubeletVersion: 'v1.37.1', labels: { 'node-role.kubernetes.io/control-plane': '' } });
  const status = { status: { addresses: [{ type: 'InternalIP', address: '127.0.0.1' }], daemonEndpoints: { kubeletEndpoint: { Port: await freePort() } } } };
  await kubectl(ground, ['patch', 'node', '--subresource=status', '--type=merge', `--patch=${JSON.stringify(status)}`, '--', NODE]);
  await kubectl(ground, ['create', 'configmap', 'kube-root-ca.crt', '-n', 'kube-system', `--from-file=ca.crt=${ground.ca.cluster}`]);
  await kubectl(ground, ['create', 'clusterrolebinding', 'people', '--clusterrole=cluster-admin', '--group=people']);
  await showStaticPods(ground);
  return ground;
}

const ANA = ['pki-long-lived-client-certificate low Component/kubeconfig ana', 'pki-privileged-client-certificate high Component/kubeconfig ana'];

/** What is found beside what every ground has and what the login is; and the certificates that are seen are those of these files and no other. */
async function expectFaults(ground: Ground, faults: readonly string[], files: readonly string[], ...args: readonly string[]): Promise<Answer> {
  const credential = ground.issueClientCertificate({ user: 'ana', groups: ['people'] });
  const answer = await pki(await ground.kubeconfigFor({ name: 'ana', credential }), '--probe-nodes', ...args);
  expect(answer.code).toBe(0);
  expect(linesOf(answer.report)).toEqual([...ALWAYS, ...ANA, ...faults].sort());
  expectThese(answer.view, credential.certificate, ...[...AUTHORITIES, ...files].map(name => textOf(ground, name)), loopbackOf(`127.0.0.1:${ground.port}`));
  return answer;
}

const AUTHORITIES = ['ca.crt', 'front-proxy-ca.crt'];
const ETCD = ['etcd/server.crt', 'etcd/peer.crt'];
const DEVIATES = 'pki-component-certificate-deviates';
const messagesOf = ({ report }: Answer): string[] => report.findings.filter(({ check }) => check === DEVIATES).map(({ message }) => message);
const statusOf = ({ report }: Answer): string | undefined => report.checks.find(({ id }) => id === DEVIATES)?.status;
/** Of a role that was seen: the file in which its certificate lies. */
const fileIn = (ground: Ground, { view }: Answer, role: string): string | undefined => {
  const sha256 = view.roles.find(each => each.role === role && each.grade === 'exact')?.certificate;
  return ['kube-apiserver.crt', ...ETCD].find(name => opensslFacts(textOf(ground, name))[0]?.sha256 === sha256);
};

describe.each([
  // As kubeadm names it, for the node, so that nothing but the key says whose it is.
  { etcdName: NODE, severity: 'medium', words: `the certificate of the API server on ${NODE} is CN=${NODE}, with the key that etcd on ${NODE} has too` },
  { etcdName: 'etcd-server', severity: 'high', words: `the certificate of the API server on ${NODE} is CN=etcd-server, which is a name for another: etcd` },
])('beside an etcd that calls itself $etcdName', ({ etcdName, severity, words }) => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await startNode({ etcdName });
  });
  afterAll(() => ground.stop());

  test('everything in its place: nothing is found, and what only files hold is not passed', async () => {
    const answer = await expectFaults(ground, [], ['kube-apiserver.crt', ...ETCD]);
    expect(['apiserver-serving', 'etcd-server', 'etcd-peer'].map(role => fileIn(ground, answer, role))).toEqual(['kube-apiserver.crt', ...ETCD]);
    expect(statusOf(answer)).toBe('notAssessed');
  });

  test('an API server that serves with the certificate of etcd', async () => {
    await ground.restart({ flags: { 'tls-cert-file': fileOf(ground, 'etcd/server.crt'), 'tls-private-key-file': fileOf(ground, 'etcd/server.key') } });
    await showStaticPods(ground);
    const answer = await expectFaults(ground, [
      `${DEVIATES} ${severity} Component/kube-apiserver`,
      'pki-server-authority-mismatch high ConfigMap/kube-root-ca.crt',
      // Of the address in the cluster, and of the name there.
      'pki-serving-name-missing high Component/kube-apiserver', 'pki-serving-name-missing high Component/kube-apiserver',
    ], [...ETCD, 'etcd/ca.crt'], '--certificate-authority', ground.ca.etcd);
    expect(messagesOf(answer)).toEqual([words]);
    expect(fileIn(ground, answer, 'apiserver-serving')).toBe('etcd/server.crt');
    // Who knows the cluster by its authority gets nowhere.
    expect((await ground.kubectl(['get', 'namespaces'])).stderr).toContain('certificate signed by unknown authority');
  });

  test('back in its place it is found no more', async () => {
    await ground.restart({ flags: {} });
    await showStaticPods(ground);
    await expectFaults(ground, [], ['kube-apiserver.crt', ...ETCD]);
  });
});

describe('clients of the API server with each other\'s certificates', () => {
  const cluster = createAuthority('kubernetes');
  let ground: Ground;
  beforeAll(async () => {
    ground = await startNode({ cluster, moreEtcdClients: [cluster.certificate] });
  });
  afterAll(() => ground.stop());
  const ALL = ['kube-apiserver.crt', ...ETCD];
  const TRUSTED = 'pki-etcd-trusts-cluster-authority critical Component/etcd';
  const given = (file: string, flags: string): string => `static pod kube-apiserver-${NODE} is given one file, ${fileOf(ground, file)}, for ${flags}`;

  test('to kubelets as the front proxy', async () => {
    await ground.restart({ flags: { 'kubelet-client-certificate': fileOf(ground, 'front-proxy-client.crt'), 'kubelet-client-key': fileOf(ground, 'front-proxy-client.key') } });
    await showStaticPods(ground);
    const answer = await expectFaults(ground, [`${DEVIATES} medium Component/kube-apiserver`, TRUSTED], ALL);
    expect(messagesOf(answer)).toEqual([given('front-proxy-client.crt', '--kubelet-client-certificate and --proxy-client-cert-file')]);
  });

  test('to etcd as to kubelets', async () => {
    await ground.restart({ flags: { 'etcd-certfile': fileOf(ground, 'apiserver-kubelet-client.crt'), 'etcd-keyfile': fileOf(ground, 'apiserver-kubelet-client.key') } });
    await showStaticPods(ground);
    const answer = await expectFaults(ground, [`${DEVIATES} medium Component/kube-apiserver`, TRUSTED], ALL);
    expect(messagesOf(answer)).toEqual([given('apiserver-kubelet-client.crt', '--kubelet-client-certificate and --etcd-certfile')]);
  });

  test('to etcd as etcd itself', async () => {
    await ground.restart({ flags: { 'etcd-certfile': fileOf(ground, 'etcd/server.crt'), 'etcd-keyfile': fileOf(ground, 'etcd/server.key') } });
    await showStaticPods(ground);
    const answer = await expectFaults(ground, [`${DEVIATES} medium Component/etcd`, TRUSTED], ALL);
    expect(messagesOf(answer)).toEqual([`static pod etcd-${NODE} is given one file, ${fileOf(ground, 'etcd/server.crt')}, for --cert-file and --etcd-certfile of kube-apiserver`]);
  });

  test('without static pods: as the API server itself says', async () => {
    await ground.restart({ flags: { 'etcd-certfile': fileOf(ground, 'apiserver-kubelet-client.crt'), 'etcd-keyfile': fileOf(ground, 'apiserver-kubelet-client.key') } });
    for (const program of ['kube-apiserver', 'etcd']) await kubectl(ground, ['delete', 'pod', '-n', 'kube-system', `${program}-${NODE}`, '--force', '--grace-period=0']);
    await kubectl(ground, ['delete', 'node', NODE]);
    const answer = await expectFaults(ground, [`${DEVIATES} medium Component/kube-apiserver`], ['kube-apiserver.crt']);
    expect(messagesOf(answer)).toEqual([`API server that answered /flagz is given one file, ${fileOf(ground, 'apiserver-kubelet-client.crt')}, for --kubelet-client-certificate and --etcd-certfile`]);
  });
});
