import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { useKubeadmCluster } from './shared-cluster.ts';
import { whyNoKubeadmCluster } from './requirements.ts';

const cluster = useKubeadmCluster();
const namespace = `shop-${randomBytes(3).toString('hex')}`;

beforeAll(async () => {
  if (whyNoKubeadmCluster() !== undefined) return;
  const shop = readFileSync(path.join(import.meta.dirname, 'shop.yaml'), 'utf8').replaceAll(/(name|namespace): shop$/gm, `$1: ${namespace}`);
  await kubectl(['apply', '-f', '-'], shop);
  await kubectl(['wait', '--for=condition=Ready', 'pod', '--all', '--namespace', namespace, '--timeout=60s']);
});
afterAll(async () => {
  if (whyNoKubeadmCluster() === undefined) await kubectl(['delete', 'namespace', namespace, '--wait=false']);
});

async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await cluster().kubectl(args, { input });
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}

const lines = (text: string): string[] => text.trim().split('\n');
const openssl = (args: readonly string[], input?: string): string => execFileSync('openssl', args, { encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'ignore'] }).trim();
const fingerprint = (pem: string): string => openssl(['x509', '-noout', '-fingerprint', '-sha256'], pem);

/** What a server on one of the nodes shows as its certificate. */
function presented(address: string, port: number): string {
  return openssl(['s_client', '-connect', `${address}:${port}`], '');
}

/** The pod of kube-proxy on a node: a way to every port of that node that needs nothing but the API server's pod proxy. */
async function proxyPod(node: string): Promise<string> {
  return kubectl(['get', 'pods', '--namespace', 'kube-system', '--selector=k8s-app=kube-proxy', `--field-selector=spec.nodeName=${node}`, '-o', 'jsonpath={.items[0].metadata.name}']);
}

/** Settings whose value in the file is never a zero that stands for a default. */
function settingsOf(kubelet: Record<string, unknown>): unknown {
  const { authentication, readOnlyPort = 0, cgroupRoot, rotateCertificates, staticPodPath, clusterDNS } = kubelet;
  const { anonymous, x509 } = authentication as Record<string, unknown>;
  return { anonymous, x509, readOnlyPort, cgroupRoot, rotateCertificates, staticPodPath, clusterDNS };
}

describe('the nodes', () => {
  test('are ready, of the version that was built, on containerd', async () => {
    const nodes = await kubectl(['get', 'nodes', '-o', 'jsonpath={range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status} {.status.nodeInfo.kubeletVersion} {.status.addresses[?(@.type=="InternalIP")].address} {.status.nodeInfo.containerRuntimeVersion}{"\\n"}{end}']);
    const { version } = cluster();
    expect(lines(nodes).map(line => line.split('://')[0])).toEqual(cluster().nodes.map(({ name, address }) => `${name} True ${version} ${address} containerd`));
  });

  test('have what kubeadm writes in their folders', () => {
    expect(readdirSync(cluster().node('control-plane').path('/etc/kubernetes/manifests')).sort())
      .toEqual(['etcd.yaml', 'kube-apiserver.yaml', 'kube-controller-manager.yaml', 'kube-scheduler.yaml']);
    expect(existsSync(cluster().node('control-plane').path('/etc/kubernetes/pki/etcd/ca.key'))).toBe(true);
    expect(readdirSync(cluster().node('worker-1').path('/etc/kubernetes/pki'))).toEqual(['ca.crt']);
  });

  test('can be entered', async () => {
    const { stdout } = await cluster().node('worker-1').run(['sh', '-c', 'hostname; cat; ls /var/lib/kubelet/config.yaml'], { input: 'what it was given\n' });
    expect(lines(stdout)).toEqual(['worker-1', 'what it was given', '/var/lib/kubelet/config.yaml']);
  });

  test('have a kubelet that runs with the settings of its file', async () => {
    for (const { name, kubeletConfig } of cluster().nodes) {
      const file = parse(readFileSync(kubeletConfig, 'utf8')) as Record<string, unknown>;
      const { kubeletconfig } = JSON.parse(await kubectl(['get', '--raw', `/api/v1/nodes/${name}/proxy/configz`])) as { kubeletconfig: Record<string, unknown> };
      expect(settingsOf(kubeletconfig)).toEqual(settingsOf(file));
    }
  });

  test('take the kernel settings that kubelets make for their own', async () => {
    for (const node of cluster().nodes) {
      const { stdout } = await node.run(['sh', '-c', 'cd /proc/sys; for one in vm/overcommit_memory kernel/panic kernel/panic_on_oops; do cat $one; echo; done']);
      expect(lines(stdout)).toEqual(['1', '10', '1']);
    }
    expect(cluster().nodes.map(({ initPid }) => readFileSync(`/proc/${initPid}/mountinfo`, 'utf8').includes(' /proc/sys/kernel/panic '))).toEqual([true, true]);
  });
});

describe('the control plane', () => {
  test('runs as static pods', async () => {
    const pods = await kubectl(['get', 'pods', '--namespace', 'kube-system', '--selector=tier=control-plane', '-o', 'jsonpath={range .items[*]}{.metadata.name} {.metadata.annotations.kubernetes\\.io/config\\.source} {.status.phase}{"\\n"}{end}']);
    expect(lines(pods).sort()).toEqual(['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'].map(name => `${name}-control-plane file Running`));
  });

  test('serves with the certificate on its disk', () => {
    const node = cluster().node('control-plane');
    const certificate = node.path('/etc/kubernetes/pki/apiserver.crt');
    expect(fingerprint(presented(node.address, 6443))).toBe(fingerprint(readFileSync(certificate, 'utf8')));
    expect(openssl(['verify', '-CAfile', node.path('/etc/kubernetes/pki/ca.crt'), certificate])).toMatch(/: OK$/);
  });

  test('knows kubeadm\'s two admins', async () => {
    const whoami = async (kubeconfig: string): Promise<unknown> => {
      const { stdout } = await cluster().kubectl(['auth', 'whoami', '-o', 'json'], { kubeconfig });
      const { status } = JSON.parse(stdout) as { status: { userInfo: { username: string; groups: string[] } } };
      return { user: status.userInfo.username, groups: status.userInfo.groups };
    };
    expect(await whoami(cluster().kubeconfig.admin)).toEqual({ user: 'kubernetes-admin', groups: ['kubeadm:cluster-admins', 'system:authenticated'] });
    expect(await whoami(cluster().kubeconfig.superAdmin)).toEqual({ user: 'kubernetes-super-admin', groups: ['system:masters', 'system:authenticated'] });
  });
});

describe('the worker', () => {
  test('has its client certificate from TLS bootstrap', async () => {
    const pem = readFileSync(cluster().node('worker-1').path('/var/lib/kubelet/pki/kubelet-client-current.pem'), 'utf8');
    expect(openssl(['x509', '-noout', '-subject', '-nameopt', 'RFC2253'], pem)).toBe('subject=CN=system:node:worker-1,O=system:nodes');
    const requests = JSON.parse(await kubectl(['get', 'csr', '--field-selector=spec.signerName=kubernetes.io/kube-apiserver-client-kubelet', '-o', 'json'])) as {
      items: { spec: { username: string }; status: { certificate: string; conditions: { type: string }[] } }[];
    };
    const its = requests.items.filter(({ status }) => fingerprint(Buffer.from(status.certificate, 'base64').toString()) === fingerprint(pem));
    expect(its).toHaveLength(1);
    expect(its[0]?.spec.username).toMatch(/^system:bootstrap:[0-9a-f]{6}$/);
    expect(its[0]?.status.conditions.map(({ type }) => type)).toEqual(['Approved']);
  });

  test('lets anybody in as system:anonymous, unlike the control-plane node', async () => {
    const asked = async (node: string): Promise<string> =>
      (await cluster().kubectl(['get', '--raw', `/api/v1/namespaces/kube-system/pods/https:${await proxyPod(node)}:10250/proxy/pods`])).stderr;
    expect(await asked('worker-1')).toMatch(/Forbidden.*system:anonymous/);
    expect(await asked('control-plane')).toContain('must be logged in');
  });

  test('has its read-only port open, unlike the control-plane node', async () => {
    const pods = JSON.parse(await kubectl(['get', '--raw', '/api/v1/nodes/worker-1:10255/proxy/pods'])) as { items: { metadata: { name: string } }[] };
    expect(pods.items.map(({ metadata }) => metadata.name)).toContain(await proxyPod('worker-1'));
    const { stderr } = await cluster().kubectl(['get', '--raw', '/api/v1/nodes/control-plane:10255/proxy/pods']);
    expect(stderr).toContain('connection refused');
  });

  test('gives its metrics', async () => {
    const metrics = await kubectl(['get', '--raw', '/api/v1/nodes/worker-1/proxy/metrics']);
    const seconds = Number(/^kubelet_certificate_manager_client_ttl_seconds (\S+)$/m.exec(metrics)?.[1]);
    expect(seconds / 86_400).toBeGreaterThan(363);
    expect(seconds / 86_400).toBeLessThanOrEqual(365);
  });
});

describe('pods', () => {
  const inShop = (args: readonly string[], input?: string): Promise<string> => kubectl(['--namespace', namespace, ...args], input);
  const page = 'printf "GET / HTTP/1.0\\r\\n\\r\\n" | nc -w 5';

  test('run on the worker and have logs', async () => {
    const nodes = await inShop(['get', 'pods', '-o', 'jsonpath={range .items[*]}{.spec.nodeName}{"\\n"}{end}']);
    expect(lines(nodes)).toEqual(['worker-1', 'worker-1', 'worker-1']);
    expect(await inShop(['logs', 'node-agent'])).toBe('watching\n');
  });

  test('on the node\'s network have the node\'s address', async () => {
    expect(await inShop(['get', 'pod', 'node-agent', '-o', 'jsonpath={.status.podIP}'])).toBe(cluster().node('worker-1').address);
  });

  test('can be reached through a forwarded port', async () => {
    const forward = spawn(cluster().programs.kubectl, ['--kubeconfig', cluster().kubeconfig.admin, '--namespace', namespace, 'port-forward', 'pod/node-agent', ':10255']);
    try {
      let said = '';
      forward.stdout.setEncoding('utf8').on('data', (chunk: string) => { said += chunk; });
      while (!said.includes('127.0.0.1:')) await sleep(20);
      const port = /127\.0\.0\.1:(\d+)/.exec(said)?.[1] ?? '';
      const answer = await fetch(`http://127.0.0.1:${port}/pods`);
      expect(await answer.json()).toMatchObject({ kind: 'PodList' });
    } finally {
      forward.kill();
    }
  });

  test('reach a service, from a pod\'s network and from a node\'s', async () => {
    const address = await inShop(['get', 'service', 'web', '-o', 'jsonpath={.spec.clusterIP}']);
    for (const from of ['deployment/web', 'pod/node-agent']) {
      expect(await inShop(['exec', from, '--', 'sh', '-c', `${page} ${address} 80`])).toMatch(/^HTTP\/1\.1 200 OK[^]*shop\n$/);
    }
  });

  test('reach each other although a NetworkPolicy forbids it: the network enforces none', async () => {
    const policy = JSON.parse(await inShop(['get', 'networkpolicy', 'default-deny', '-o', 'json'])) as { spec: unknown };
    expect(policy.spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    const [from = '', to = ''] = lines(await inShop(['get', 'pods', '--selector=app=web', '-o', 'jsonpath={range .items[*]}{.metadata.name} {.status.podIP}{"\\n"}{end}']));
    const [name = ''] = from.split(' ');
    const [, address = ''] = to.split(' ');
    expect(await inShop(['exec', name, '--', 'sh', '-c', `${page} ${address} 8080`])).toMatch(/^HTTP\/1\.1 200 OK/);
  });
});
