import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditReport } from '../../src/engine/report-model.ts';
import { runSecaudit } from '../support/run-secaudit.ts';
import { startApiServer, type Ground } from './api-server.ts';
import { freePort } from './free-port.ts';
import { accepts } from './readiness.ts';
import { registerNode } from './register-node.ts';

let ground: Ground;
const started: ChildProcess[] = [];
const ports: Record<string, number> = {};

/** An etcd of its own with the ground's certificates; it ends with this process. */
async function startEtcd(name: string, flags: readonly string[]): Promise<void> {
  const [clients, peers] = [await freePort(), await freePort()];
  const child = spawn(ground.binaries.etcd, [
    `--name=${name}`, `--data-dir=${path.join(ground.dir, name)}`, '--unsafe-no-fsync=true', '--log-level=error',
    `--listen-client-urls=https://127.0.0.1:${clients}`, `--advertise-client-urls=https://127.0.0.1:${clients}`,
    `--listen-peer-urls=http://127.0.0.1:${peers}`, `--initial-advertise-peer-urls=http://127.0.0.1:${peers}`, `--initial-cluster=${name}=http://127.0.0.1:${peers}`,
    `--cert-file=${path.join(ground.dir, 'pki/etcd/server.crt')}`, `--key-file=${path.join(ground.dir, 'pki/etcd/server.key')}`, ...flags,
  ], { stdio: 'ignore' });
  started.push(child);
  for (let tries = 0; !(await accepts(clients)); tries += 1) {
    if (tries > 300) throw new Error(`${name} did not answer`);
    await sleep(50);
  }
  ports[name] = clients;
}

/** A node of a control plane at 127.0.0.1, with an etcd pod whose flags name the port. */
async function addNode(name: string): Promise<void> {
  await registerNode(ground, { name, kubeletVersion: 'v1.37.1', labels: { 'node-role.kubernetes.io/control-plane': '' } });
  const status = { status: { addresses: [{ type: 'InternalIP', address: '127.0.0.1' }], daemonEndpoints: { kubeletEndpoint: { Port: await freePort() } } } };
  await kubectl(['patch', 'node', '--subresource=status', '--type=merge', `--patch=${JSON.stringify(status)}`, '--', name]);
  const pod = {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: `etcd-${name}`, namespace: 'kube-system', labels: { component: 'etcd', tier: 'control-plane' } },
    spec: { nodeName: name, hostNetwork: true, automountServiceAccountToken: false, containers: [{ name: 'etcd', image: 'etcd', command: ['etcd', `--listen-client-urls=https://127.0.0.1:${ports[name] ?? 0}`] }] },
  };
  await kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(pod));
}

async function kubectl(args: readonly string[], input?: string): Promise<void> {
  const { code, stderr } = await ground.kubectl(args, { input });
  if (code !== 0) throw new Error(stderr);
}

let report: AuditReport;
beforeAll(async () => {
  ground = await startApiServer({ flags: { 'disable-admission-plugins': 'ServiceAccount' } });
  const authority = (file: string): readonly string[] => ['--client-cert-auth=true', `--trusted-ca-file=${file}`];
  await Promise.all([startEtcd('closed', authority(ground.ca.etcd)), startEtcd('open', []), startEtcd('shared', authority(ground.ca.cluster))]);
  for (const name of ['closed', 'open', 'shared']) await addNode(name);
  const { code, stdout, stderr } = await runSecaudit(['pki', '--probe-nodes', '-o', 'json', '--quiet'], { env: { KUBECONFIG: ground.kubeconfig.admin } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  report = JSON.parse(stdout) as AuditReport;
}, 60_000);
afterAll(async () => {
  for (const child of started) child.kill('SIGKILL');
  await ground.stop();
});

describe('real etcds, asked at their addresses', () => {
  test('only the one that demands no client certificate is found', () => {
    const findings = report.findings.filter(({ check }) => check === 'pki-etcd-without-client-certificates');
    expect(findings.map(({ severity, message }) => `${severity} ${message}`)).toEqual([`critical etcd at port ${ports['open'] ?? 0} of open does not ask for a client certificate`]);
  });

  test('only the one that trusts the authority of the cluster is found', () => {
    const findings = report.findings.filter(({ check }) => check === 'pki-etcd-trusts-cluster-authority');
    expect(findings.map(({ severity, message }) => `${severity} ${message}`)).toEqual([expect.stringContaining(`critical etcd at port ${ports['shared'] ?? 0} of shared takes client certificates of an authority called CN=kubernetes`)]);
  });

  test('three names of one address that show one certificate are one server', () => {
    expect(report.findings.filter(({ check }) => check === 'pki-shared-serving-key')).toEqual([]);
  });

  test('a person without a certificate gets in where that is said, and nowhere else', async () => {
    const { Agent, request } = await import('node:https');
    const ask = (port: number): Promise<string> => new Promise(resolve => {
      const asked = request({ host: '127.0.0.1', port, path: '/version', agent: new Agent({ ca: readFileSync(ground.ca.etcd), keepAlive: false }) }, answer => resolve(String(answer.statusCode)));
      asked.on('error', () => resolve('refused'));
      asked.end();
    });
    expect(await Promise.all(['closed', 'open', 'shared'].map(name => ask(ports[name] ?? 0)))).toEqual(['refused', '200', 'refused']);
  });
});
