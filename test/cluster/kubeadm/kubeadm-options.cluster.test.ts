import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { startKubeadmCluster } from './cluster.ts';
import { installDebianPackages } from './debian-packages.ts';
import { clusterPrograms } from './programs.ts';
import { whyNoKubeadmCluster } from './requirements.ts';

const reason = whyNoKubeadmCluster();
beforeAll(async () => {
  if (reason !== undefined) return;
  // Before there is a proxy that nobody listens at.
  await installDebianPackages();
  await clusterPrograms();
}, 30 * 60_000);
afterEach(() => vi.unstubAllEnvs());
beforeEach(({ skip }) => skip(reason !== undefined, reason));

test('a cluster as asked for: no worker, serving certificates of the authority, settings of one kubelet, flags of the API server', async () => {
  vi.stubEnv('HTTPS_PROXY', 'http://192.0.2.1:3128');
  let dir: string;
  {
    await using cluster = await startKubeadmCluster({
      workers: [],
      kubelet: { serverTLSBootstrap: true },
      controlPlane: { eventRecordQPS: 7 },
      apiServerFlags: { profiling: 'false' },
    });
    ({ dir } = cluster);
    expect(cluster.nodes.map(({ name }) => name)).toEqual(['control-plane']);
    const node = cluster.node('control-plane');

    const shown = execFileSync('openssl', ['s_client', '-connect', `${node.address}:10250`, '-CAfile', node.path('/etc/kubernetes/pki/ca.crt')], { encoding: 'utf8', input: '', stdio: ['pipe', 'pipe', 'ignore'] });
    expect(shown).toContain('Verify return code: 0 (ok)');
    const requests = await cluster.kubectl(['get', 'csr', '--field-selector=spec.signerName=kubernetes.io/kubelet-serving', '-o', 'jsonpath={.items[*].status.conditions[*].type}']);
    expect(requests.stdout).toBe('Approved');

    const { stdout } = await cluster.kubectl(['get', '--raw', '/api/v1/nodes/control-plane/proxy/configz']);
    expect((JSON.parse(stdout) as { kubeletconfig: unknown }).kubeletconfig).toMatchObject({ serverTLSBootstrap: true, eventRecordQPS: 7 });
    const told = await cluster.kubectl(['get', 'configmap', 'kubelet-config', '--namespace', 'kube-system', '-o', 'jsonpath={.data.kubelet}']);
    expect(told.stdout).toContain('serverTLSBootstrap: true');
    expect(told.stdout).not.toContain('eventRecordQPS: 7');

    const environment = await cluster.kubectl(['get', 'pods', '--namespace', 'kube-system', '--selector=tier=control-plane', '-o', 'jsonpath={.items[*].spec.containers[*].env}']);
    expect(environment).toMatchObject({ code: 0, stdout: '' }); // what this machine has in its own does not get there
    const command = await cluster.kubectl(['get', 'pod', 'kube-apiserver-control-plane', '--namespace', 'kube-system', '-o', 'jsonpath={.spec.containers[0].command}']);
    expect(command.stdout).toContain('--profiling=false');
  }
  expect(existsSync(dir)).toBe(false);
}, 300_000);
