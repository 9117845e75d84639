import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { AuditReport } from '../../../src/engine/report-model.ts';
import { runSecaudit } from '../../support/run-secaudit.ts';
import { startKubeadmCluster } from './cluster.ts';
import type { ClusterNode, OpenedCluster } from './opened-cluster.ts';
import { whyNoKubeadmCluster } from './requirements.ts';

const reason = whyNoKubeadmCluster();
beforeEach(({ skip }) => skip(reason !== undefined, reason));

async function report(cluster: OpenedCluster, ...args: readonly string[]): Promise<AuditReport> {
  const { code, stdout, stderr } = await runSecaudit(['kubelet', ...args, '-o', 'json', '--quiet'], { env: { KUBECONFIG: cluster.kubeconfig.admin } });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as AuditReport;
}

function linesOf({ findings }: AuditReport, node: string): string[] {
  return findings.filter(({ resource }) => resource.name === node).map(({ check, severity }) => `${severity} ${check}`).sort();
}

function viewOf({ views }: AuditReport, node: string): unknown {
  const { kubelet } = views;
  return kubelet !== undefined && 'nodes' in kubelet ? kubelet.nodes.find(row => row.node === node) : undefined;
}

/** The kubelet of a node, by this machine's count: the process in the node's own namespace that runs the program. */
function kubeletOf(cluster: OpenedCluster, { initPid }: ClusterNode): number {
  const namespace = readlinkSync(`/proc/${initPid}/ns/pid`);
  const found = readdirSync('/proc').filter(name => /^\d+$/.test(name)).map(Number).find(pid => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(`${cluster.programs.kubelet}\0`) && readlinkSync(`/proc/${pid}/ns/pid`) === namespace;
    } catch {
      // It ended while we looked.
      return false;
    }
  });
  if (found === undefined) throw new Error('the node has no kubelet');
  return found;
}

/** By this machine's count. What has ended and was not waited for has no command line any more. */
function isRunning(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
}

/** Writes other settings into a kubelet's file and starts it anew, as the remediation says. */
async function remedy(cluster: OpenedCluster, node: ClusterNode, settings: object): Promise<void> {
  writeFileSync(node.kubeletConfig, stringify({ ...(parse(readFileSync(node.kubeletConfig, 'utf8')) as object), ...settings }));
  const pid = kubeletOf(cluster, node);
  const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(arg => arg !== '');
  process.kill(pid, 'SIGTERM');
  // Two cannot have the port: one that starts too early ends, and nobody starts it again.
  for (let tries = 0; isRunning(pid); tries += 1) {
    if (tries > 300) throw new Error(`the kubelet of ${node.name} does not end`);
    await sleep(100);
  }
  await node.run(['sh', '-c', 'setsid "$@" >/dev/null 2>&1 </dev/null &', 'sh', ...args]);
  await untilAnswering(cluster, node);
}

/** A kubelet that has just got its serving certificate, or has just been started, takes a moment. */
async function untilAnswering(cluster: OpenedCluster, { name }: ClusterNode): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const { code, stderr } = await cluster.kubectl(['get', '--raw', `/api/v1/nodes/${name}/proxy/healthz`]);
    if (code === 0) return;
    // Whoever asks for a serving certificate again, with another address, waits for another yes.
    const { stdout: pending } = await cluster.kubectl(['get', 'csr', '--field-selector=spec.signerName=kubernetes.io/kubelet-serving', '-o', 'name']);
    for (const request of pending.split('\n').filter(line => line !== '')) await cluster.kubectl(['certificate', 'approve', request]);
    if (tries > 120) throw new Error(`the kubelet of ${name} does not answer: ${stderr}`);
    await sleep(500);
  }
}

test('a kubelet that is open to all, found, proven by trying, and set right as the findings say', async () => {
  await using cluster = await startKubeadmCluster({
    kubelet: { serverTLSBootstrap: true },
    workers: [{ authentication: { anonymous: { enabled: true }, x509: { clientCAFile: '/etc/kubernetes/pki/ca.crt' } }, authorization: { mode: 'AlwaysAllow' }, enableSystemLogQuery: true, rotateCertificates: false }],
  });
  const worker = cluster.node('worker-1');
  const always = ['low kubelet-kernel-defaults-changed', 'low kubelet-pod-pids-unlimited', 'low kubelet-seccomp-default-off'];

  for (const node of cluster.nodes) await untilAnswering(cluster, node);

  // Found in the configuration.
  expect(linesOf(await report(cluster), 'worker-1')).toEqual([
    'critical kubelet-anonymous-access',
    'high kubelet-authorization-always-allow',
    'low kubelet-client-rotation-off',
    'low kubelet-log-query-enabled',
    ...always,
  ].sort());
  expect(linesOf(await report(cluster), 'control-plane')).toEqual(always);

  // And without it, by a request of a stranger that is answered.
  const tried = await report(cluster, '--kubelet', 'off', '--probe-anonymous');
  expect(linesOf(tried, 'worker-1')).toEqual(['critical kubelet-anonymous-access']);
  expect(linesOf(tried, 'control-plane')).toEqual([]);

  // Serving certificates are of the cluster's authority here, so that a credential may go to them.
  const direct = await report(cluster, '--kubelet', 'direct');
  expect(viewOf(direct, 'worker-1')).toMatchObject({ learnedBy: ['direct'], servingCertificate: 'csr', anonymous: true, authorization: 'AlwaysAllow' });
  expect(viewOf(direct, 'control-plane')).toMatchObject({ learnedBy: ['direct'], servingCertificate: 'csr', anonymous: false });

  // A right to health checks for strangers is not yet everything.
  await remedy(cluster, worker, { authorization: { mode: 'Webhook' } });
  await cluster.kubectl(['create', 'clusterrole', 'health', '--verb=get', '--resource=nodes/healthz']);
  await cluster.kubectl(['create', 'clusterrolebinding', 'health', '--clusterrole=health', '--user=system:anonymous']);
  await untilLines(cluster, ['high kubelet-anonymous-access'], '--kubelet', 'off', '--probe-anonymous');
  await cluster.kubectl(['delete', 'clusterrolebinding', 'health']);

  await remedy(cluster, worker, {
    authentication: { anonymous: { enabled: false }, x509: { clientCAFile: '/etc/kubernetes/pki/ca.crt' } },
    enableSystemLogQuery: false,
    rotateCertificates: true,
    podPidsLimit: 4096,
    seccompDefault: true,
  });
  const after = await report(cluster, '--probe-anonymous');
  expect(linesOf(after, 'worker-1')).toEqual(['low kubelet-kernel-defaults-changed']);
  expect(viewOf(after, 'worker-1')).toMatchObject({ anonymous: false, readOnlyPort: 0, learnedBy: ['configz', 'probe'] });

  async function untilLines(of: OpenedCluster, lines: readonly string[], ...args: readonly string[]): Promise<void> {
    // A kubelet remembers for half a minute what it was told of somebody.
    for (let tries = 0; ; tries += 1) {
      const found = linesOf(await report(of, ...args), 'worker-1');
      if (tries > 30 || JSON.stringify(found) === JSON.stringify(lines)) {
        expect(found).toEqual(lines);
        return;
      }
      await sleep(2_000);
    }
  }
}, 30 * 60_000);
