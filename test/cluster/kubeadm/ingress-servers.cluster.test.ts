import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuditReport } from '../../../src/engine/report-model.ts';
import { createCertificate } from '../../support/certificates.ts';
import { runSecaudit } from '../../support/run-secaudit.ts';
import { useKubeadmCluster } from './shared-cluster.ts';
import { serveTls } from './tls-pod.ts';

const cluster = useKubeadmCluster();
const NAMESPACE = 'secaudit-ingress-suite';
const HOST = 'shop.example.org';
const good = createCertificate({ commonName: 'shop', names: [HOST], use: 'server' });
const fake = createCertificate({ commonName: 'Kubernetes Ingress Controller Fake Certificate', organizations: ['Acme Co'], names: ['ingress.local'], use: 'server' });

async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await cluster().kubectl(args, { input });
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}

async function address(): Promise<string> {
  return (await kubectl(['get', 'node', 'control-plane', '-o', 'jsonpath={.status.addresses[?(@.type=="InternalIP")].address}'])).trim();
}

async function judged(...args: readonly string[]): Promise<AuditReport> {
  const { code, stdout, stderr } = await runSecaudit(['pki', ...args, '--check', 'pki-ingress-certificate-mismatch', '-o', 'json', '--quiet'], { env: { KUBECONFIG: cluster().kubeconfig.admin } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as AuditReport;
}

beforeAll(async () => {
  await kubectl(['create', 'namespace', NAMESPACE]);
  const ingress = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'front', namespace: NAMESPACE }, spec: { tls: [{ hosts: [HOST], secretName: 'shop' }], defaultBackend: { service: { name: 'shop', port: { number: 80 } } } } };
  await kubectl(['apply', '-f', '-'], JSON.stringify(ingress));
  // As a controller does that runs on the node.
  await kubectl(['patch', 'ingress', 'front', '-n', NAMESPACE, '--subresource=status', '--type=merge', '-p', JSON.stringify({ status: { loadBalancer: { ingress: [{ ip: await address() }] } } })]);
});
afterAll(async () => { await kubectl(['delete', 'namespace', NAMESPACE, '--wait=false']); });

it("finds the controller's own certificate, and the command that shows it", async () => {
  await serveTls(kubectl, { namespace: NAMESPACE, name: 'controller', port: 443, hostNetwork: true }, fake);
  const { checks, findings } = await judged('--probe-nodes');
  expect(checks[0]?.status).toBe('failed');
  expect(findings.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
    `medium: ${HOST} of Ingress ${NAMESPACE}/front is served with the certificate that its controller makes for itself (O=Acme Co, CN=Kubernetes Ingress Controller Fake Certificate)`,
  ]);
  const shown = findings[0]?.evidence[0]?.reproduce ?? '';
  expect(execFileSync('bash', ['-c', `${shown} </dev/null 2>/dev/null`], { encoding: 'utf8' })).toContain('CN = Kubernetes Ingress Controller Fake Certificate');
});

it('passes a certificate for the host, and knows nothing without the flag', async () => {
  await serveTls(kubectl, { namespace: NAMESPACE, name: 'controller', port: 443, hostNetwork: true }, good);
  expect((await judged('--probe-nodes')).checks[0]?.status).toBe('passed');
  expect((await judged()).checks[0]?.status).toBe('notAssessed');
});
