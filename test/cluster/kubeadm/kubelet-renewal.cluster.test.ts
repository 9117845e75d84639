import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { AuditReport } from '../../../src/engine/report-model.ts';
import { runSecaudit } from '../../support/run-secaudit.ts';
import { startKubeadmCluster, type KubeadmCluster } from './cluster.ts';
import { whyNoKubeadmCluster } from './requirements.ts';

/**
 * Kubelets whose renewals fail. worker-1 has a client certificate of minutes, and the API server refuses its requests for
 * another; worker-2 asks for a serving certificate that nobody approves.
 */

const CHECK = 'pki-kubelet-not-renewing';
/** Issued for so long and dated back by five more minutes, it is renewed after three to five, and ends after six. */
const LIFE = '6m';
const reason = whyNoKubeadmCluster();
let cluster: KubeadmCluster | undefined;

beforeAll(async () => {
  if (reason !== undefined) return;
  cluster = await startKubeadmCluster({ workers: [{}, { serverTLSBootstrap: true }], controllerManagerFlags: { 'cluster-signing-duration': LIFE }, approveServingCertificates: false });
  await kubectl(['create', '-f', '-'], JSON.stringify(REFUSAL));
}, 30 * 60_000);
beforeEach(({ skip }) => skip(reason !== undefined, reason));
afterAll(() => cluster?.stop());

const REFUSAL = {
  apiVersion: 'v1', kind: 'List',
  items: [
    {
      apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy', metadata: { name: 'no-requests-of-worker-1' },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: { resourceRules: [{ apiGroups: ['certificates.k8s.io'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['certificatesigningrequests'] }] },
        validations: [{ expression: 'request.userInfo.username != "system:node:worker-1"' }],
      },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicyBinding', metadata: { name: 'no-requests-of-worker-1' },
      spec: { policyName: 'no-requests-of-worker-1', validationActions: ['Deny'] },
    },
  ],
};

async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await cluster!.kubectl(args, { input });
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}

async function report(...args: readonly string[]): Promise<AuditReport> {
  const { stdout, stderr } = await runSecaudit(['pki', '--check', CHECK, '-o', 'json', '--quiet', ...args], { env: { KUBECONFIG: cluster!.kubeconfig.admin } });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as AuditReport;
}

const linesOf = ({ findings }: AuditReport, node: string): string[] => findings.filter(({ resource }) => resource.name === node).map(({ severity, message }) => `${severity} ${message}`);

/** Asks again until the findings about a node are as wanted. */
async function until(node: string, is: (lines: readonly string[]) => boolean, seconds: number): Promise<string[]> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const lines = linesOf(await report(), node);
    if (is(lines)) return lines;
    if (Date.now() > deadline) throw new Error(`${node} still says: ${lines.join('; ')}`);
    await sleep(2_000);
  }
}

const counterOf = async (node: string, family: string): Promise<string | undefined> =>
  new RegExp(`^${family} (\\S+)$`, 'm').exec(await kubectl(['get', '--raw', `/api/v1/nodes/${node}/proxy/metrics`]))?.[1];

test('a kubelet that nobody gave a serving certificate is a finding an hour after it asked, and a word before', async () => {
  // The request is there before the kubelet is asked for anything.
  const [request = ''] = (await kubectl(['get', 'csr', '--field-selector=spec.signerName=kubernetes.io/kubelet-serving', '-o', 'jsonpath={.items[*].metadata.name}'])).split(' ');
  const [now] = linesOf(await report(), 'worker-2');
  expect(now).toBe(`info the kubelet of worker-2 has asked for a serving certificate a few minutes ago and has none yet; its request ${request} waits for an approval or a signature`);

  const dir = mkdtempSync(path.join(tmpdir(), 'secaudit-renewal-'));
  try {
    const file = path.join(dir, 'snapshot');
    const { code, stderr } = await runSecaudit(['snapshot', file, '--quiet'], { env: { KUBECONFIG: cluster!.kubeconfig.admin } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const later = await report('--snapshot', file, '--at', new Date(Date.now() + 3_600_000).toISOString());
    expect(linesOf(later, 'worker-2')).toEqual([
      `medium the kubelet of worker-2 has no serving certificate that is good, so that logs, exec, metrics and port-forward of its pods are refused; its request ${request} waits for an approval or a signature`,
    ]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  // It really answers nobody.
  expect((await cluster!.kubectl(['get', '--raw', '/api/v1/nodes/worker-2/proxy/healthz'])).stderr).toContain('tls: internal error');
}, 120_000);

test('of what was denied once and approved then nothing is said', async () => {
  const requests = async (): Promise<string[]> =>
    (await kubectl(['get', 'csr', '-o', 'jsonpath={range .items[?(@.spec.signerName=="kubernetes.io/kubelet-serving")]}{.metadata.name} {.status.conditions[0].type}{"\\n"}{end}']))
      .split('\n').filter(line => /^\S+ ?$/.test(line)).map(line => line.trim());
  await kubectl(['certificate', 'deny', ...(await requests())]);
  for (let tries = 0; (await requests()).length === 0; tries += 1) {
    if (tries > 120) throw new Error('worker-2 does not ask again');
    await sleep(500);
  }
  await kubectl(['certificate', 'approve', ...(await requests())]);
  await until('worker-2', lines => lines.length === 0, 90);
  expect(Number(await counterOf('worker-2', 'kubelet_server_expiration_renew_errors'))).toBeGreaterThan(0);
}, 180_000);

test('a kubelet whose requests are refused is said while a renewal is due, is stuck in the end, and is well once it got one', async () => {
  const [first = ''] = await until('worker-1', lines => lines.length > 0, 420);
  expect(first).toMatch(/^(info|high) the kubelet of worker-1 failed \S+( times)? to renew its client certificate/);
  const [stuck] = await until('worker-1', lines => lines.some(each => each.startsWith('high')), 420);
  expect(stuck).toMatch(/of which less than a tenth is left: its rotation is stuck$/);
  const { findings } = await report();
  const finding = findings.find(({ resource }) => resource.name === 'worker-1');
  const [evidence] = finding?.evidence ?? [];
  expect(Number(await counterOf('worker-1', evidence?.path ?? ''))).toBeGreaterThanOrEqual(Number(evidence?.value));

  await kubectl(['delete', 'validatingadmissionpolicybinding', 'no-requests-of-worker-1']);
  // Its counter stays where it was.
  await until('worker-1', lines => lines.length === 0, 90);
  expect(Number(await counterOf('worker-1', 'kubelet_certificate_manager_client_expiration_renew_errors'))).toBeGreaterThan(0);
}, 900_000);

test('a kubelet that asked before its API server was there has counted that, and is well', async () => {
  expect(Number(await counterOf('control-plane', 'kubelet_certificate_manager_client_expiration_renew_errors'))).toBeGreaterThan(0);
  expect(linesOf(await report(), 'control-plane').filter(line => !line.startsWith('info'))).toEqual([]);
}, 60_000);
