import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuditReport } from '../../src/engine/report-model.ts';
import type { Manifest } from '../support/cluster.ts';
import { clusterRole, clusterRoleBinding, on, serviceAccount } from '../support/rbac.ts';
import { runSecaudit } from '../support/run-secaudit.ts';
import { startApiServer, type Ground } from './api-server.ts';

/** How exposed the pods of a service account are, on a real API server: what leads to them is taken away and put back, one after the other. */

let ground: Ground;
beforeAll(async () => { ground = await startApiServer({ controllerManager: true }); }, 120_000);
afterAll(() => ground.stop());

async function kubectl(args: readonly string[], objects: readonly object[] = []): Promise<void> {
  const { code, stderr } = await ground.kubectl(args, { input: objects.map(each => JSON.stringify(each)).join('\n') });
  if (code !== 0) throw new Error(stderr);
}

async function findings(kubeconfig = ground.kubeconfig.admin): Promise<{ readonly lines: readonly string[]; readonly report: AuditReport }> {
  const { stdout, stderr } = await runSecaudit(['rbac', '--kubeconfig', kubeconfig, '-o', 'json', '--quiet']);
  if (stdout === '') throw new Error(stderr);
  const report = JSON.parse(stdout) as AuditReport;
  return { report, lines: report.findings.filter(({ severity }) => severity !== 'info').map(({ severity, check, resource }) => `${severity} ${check} ${resource.name}`) };
}

/** The finding about what the service account comes to. */
async function worst(): Promise<string | undefined> {
  const { report } = await findings();
  const found = report.findings.find(({ check }) => check === 'rbac-escalation-path');
  return found && `${found.severity} ${/(pods? shop\/.*)?$/.exec(found.message)?.[0] ?? ''}`.trim();
}

test('what minikube binds to the default service account of kube-system is one finding, and the only one', async () => {
  await kubectl(['create', 'clusterrolebinding', 'minikube-rbac', '--clusterrole=cluster-admin', '--serviceaccount=kube-system:default']);
  expect((await findings()).lines).toEqual(['critical rbac-cluster-admin-grant minikube-rbac']);
  await kubectl(['delete', 'clusterrolebinding', 'minikube-rbac']);
  expect((await findings()).lines).toEqual([]);
}, 120_000);

const web = (kind: string, apiVersion: string, name: string, more: object, namespace = 'shop'): object => ({ apiVersion, kind, metadata: { namespace, name, ...(kind === 'Pod' ? { labels: { app: 'web' } } : {}) }, ...more });
const service = (spec: object): object => web('Service', 'v1', 'web', { spec: { selector: { app: 'web' }, ports: [{ port: 80 }], ...spec } });
const ingress = web('Ingress', 'networking.k8s.io/v1', 'front', { spec: { defaultBackend: { service: { name: 'web', port: { number: 80 } } } } });
const gatewayApi = (kind: string, plural: string): object => ({
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.gateway.networking.k8s.io`, annotations: { 'api-approved.kubernetes.io': 'unapproved, a stand-in for a test' } },
  spec: {
    group: 'gateway.networking.k8s.io', scope: 'Namespaced', names: { kind, plural, singular: kind.toLowerCase() },
    versions: [{ name: 'v1beta1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }],
  },
});
const route = web('HTTPRoute', 'gateway.networking.k8s.io/v1beta1', 'edge', { spec: { parentRefs: [{ name: 'edge' }], rules: [{ backendRefs: [{ name: 'web', namespace: 'shop', port: 80 }] }] } }, 'edge');
const grant = web('ReferenceGrant', 'gateway.networking.k8s.io/v1beta1', 'edge', { spec: { from: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'edge' }], to: [{ group: '', kind: 'Service' }] } });

test('a way that begins at a pod reachable from outside counts one step more', async () => {
  const bound: readonly Manifest[] = [clusterRole('web', on([''], ['secrets'], 'list')), clusterRoleBinding('web', 'web', serviceAccount('web', 'shop'))];
  for (const name of ['shop', 'edge']) await kubectl(['create', 'namespace', name]);
  await kubectl(['create', 'serviceaccount', 'web', '-n', 'shop']);
  await kubectl(['apply', '-f', '-'], [...bound, web('Pod', 'v1', 'web-1', { spec: { serviceAccountName: 'web', containers: [{ name: 'main', image: 'web' }] } }), service({})]);
  expect(await worst()).toBe('high');

  await kubectl(['apply', '-f', '-'], [ingress]);
  expect(await worst()).toBe('critical pod shop/web-1 is reachable from outside through Ingress/shop/front and Service/shop/web');
  const { stdout } = await runSecaudit(['rbac', 'path', 'ServiceAccount/shop/web', '--kubeconfig', ground.kubeconfig.admin, '--quiet']);
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain('pod shop/web-1 is reachable from outside through Ingress/shop/front and Service/shop/web');
  const { report } = await findings();
  const evidence = report.findings.find(({ check }) => check === 'rbac-escalation-path')?.evidence ?? [];
  const env = { PATH: `${path.dirname(ground.binaries.kubectl)}:${process.env['PATH'] ?? ''}`, KUBECONFIG: ground.kubeconfig.admin };
  expect(evidence.map(item => execFileSync('sh', ['-c', item.reproduce ?? 'false'], { env, encoding: 'utf8' }))).toEqual([
    expect.stringContaining('"name":"web"'), expect.stringContaining('"secrets"'), 'web', '{"app":"web"}',
  ]);

  await kubectl(['delete', 'ingress', 'front', '-n', 'shop']);
  expect(await worst()).toBe('high');
  await kubectl(['apply', '-f', '-'], [service({ type: 'LoadBalancer' })]);
  expect(await worst()).toBe('critical pod shop/web-1 is reachable from outside through Service/shop/web of type LoadBalancer');
  await kubectl(['apply', '-f', '-'], [service({ type: 'ClusterIP' })]);

  await kubectl(['apply', '-f', '-'], [gatewayApi('HTTPRoute', 'httproutes'), gatewayApi('ReferenceGrant', 'referencegrants')]);
  await kubectl(['wait', '--for=condition=Established', 'crd/httproutes.gateway.networking.k8s.io', 'crd/referencegrants.gateway.networking.k8s.io', '--timeout=60s']);
  await kubectl(['apply', '-f', '-'], [route]);
  expect(await worst()).toBe('high');
  await kubectl(['apply', '-f', '-'], [grant]);
  expect(await worst()).toBe('critical pod shop/web-1 is reachable from outside through HTTPRoute/edge/edge and Service/shop/web');
}, 300_000);

test('where Services may not be read, how exposed pods are is said not to be known', async () => {
  await kubectl(['create', 'clusterrole', 'no-services', '--verb=list', '--resource=clusterroles,clusterrolebindings,roles,rolebindings,serviceaccounts,pods,namespaces,nodes']);
  await kubectl(['create', 'clusterrolebinding', 'no-services', '--clusterrole=no-services', '--user=auditor']);
  const { report } = await findings(await ground.kubeconfigFor({ user: 'auditor' }));
  expect(report.findings.filter(({ check }) => check === 'rbac-escalation-path').map(({ severity }) => severity)).toEqual(['high']);
  expect(report.checks.find(({ id }) => id === 'rbac-escalation-path')).toMatchObject({ unknown: expect.arrayContaining([expect.objectContaining({ of: 'how exposed pods are' })]) as object });
}, 120_000);
