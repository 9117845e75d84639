import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuditReport } from '../../src/engine/report-model.ts';
import type { PkiView } from '../../src/indexes/pki-view.ts';
import { runSecaudit } from '../support/run-secaudit.ts';
import { startApiServer, type Ground } from './api-server.ts';
import { registerNode } from './register-node.ts';

/**
 * What k3s, RKE2 and OpenShift write about their certificates, on a real API server: Events, which it picks by its own
 * selectors, and annotations. None of them runs here: the words are those of k3s-io/k3s pkg/certmonitor/certmonitor.go and of
 * openshift/library-go pkg/operator/certrotation, and their API groups are definitions.
 */

const now = Math.floor(Date.now() / 1000) * 1000;
const at = (days: number): string => new Date(now + days * 86_400_000).toISOString().replace('.000Z', 'Z');
let ground: Ground;

beforeAll(async () => {
  ground = await startApiServer({});
  for (const name of ['server-1', 'agent-1']) await registerNode(ground, { name, kubeletVersion: 'v1.37.1' });
  await create(
    event('agent-1', 'CertificateExpirationWarning', `Node certificates require attention - restart k3s on this node to trigger automatic rotation: kubelet/client-kubelet.crt: certificate CN=system:node:agent-1,O=system:nodes will expire within 120 days at ${at(6)}\nkube-proxy/client-kube-proxy.crt: certificate CN=system:kube-proxy expired at ${at(-1)}`),
    event('server-1', 'CertificateExpirationOK', 'Node and Certificate Authority certificates managed by k3s are OK'),
    // Of the same node, and nothing to do with it.
    { ...event('agent-1', 'InvalidDiskCapacity', 'kubelet/client-kubelet.crt: certificate CN=system:node:agent-1,O=system:nodes expired at 2020-01-01T00:00:00Z'), source: { component: 'kubelet' } },
    { ...event('agent-1', 'Pulled', 'kubelet/client-kubelet.crt: certificate CN=system:node:agent-1,O=system:nodes expired at 2020-01-01T00:00:00Z'), involvedObject: { kind: 'Pod', namespace: 'default', name: 'p' } },
  );
});
afterAll(() => ground.stop());

function event(node: string, reason: string, message: string): object {
  return {
    apiVersion: 'v1', kind: 'Event', metadata: { name: `${node}.${reason.toLowerCase()}`, namespace: 'default' },
    involvedObject: { kind: 'Node', name: node, uid: node }, reason, message, type: 'Warning', source: { component: 'k3s-cert-monitor' },
    firstTimestamp: at(0), lastTimestamp: at(0), count: 1,
  };
}

async function create(...items: readonly object[]): Promise<void> {
  const { code, stderr } = await ground.kubectl(['create', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }), kubeconfig: ground.kubeconfig.superAdmin });
  if (code !== 0) throw new Error(stderr);
}

async function serve(group: string, kind: string, plural: string): Promise<void> {
  await create({
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.${group}`, annotations: { 'api-approved.kubernetes.io': 'unapproved, made for a test' } },
    spec: {
      group, scope: 'Namespaced', names: { kind, plural },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }],
    },
  });
  await ground.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s'], { kubeconfig: ground.kubeconfig.superAdmin });
}

async function pki(): Promise<{ readonly report: AuditReport; readonly view: PkiView }> {
  const { stdout, stderr } = await runSecaudit(['pki', '-o', 'json', '--quiet', '--kubelet', 'off'], { env: { KUBECONFIG: ground.kubeconfig.admin } });
  if (stdout === '') throw new Error(stderr);
  const report = JSON.parse(stdout) as AuditReport;
  return { report, view: report.views.pki as PkiView };
}

const eventReads = (): string[] => ground.auditEvents().filter(({ verb, requestURI }) => verb === 'list' && /\/events\?/.test(requestURI)).map(({ requestURI }) => `list ${new URL(requestURI, 'https://x').searchParams.get('fieldSelector') ?? ''}`);

test('elsewhere than on k3s and RKE2 nobody reads Events', async () => {
  const { view } = await pki();
  expect(view.roles.filter(({ how }) => how.startsWith('Event'))).toEqual([]);
  expect(eventReads()).toEqual([]);
});

test('on k3s each certificate that an Event names is a row, and due', async () => {
  await serve('k3s.cattle.io', 'Addon', 'addons');
  const { report, view } = await pki();
  expect(eventReads().sort()).toEqual(['list involvedObject.kind=Node,source=k3s-cert-monitor', 'list involvedObject.kind=Node,source=rke2-cert-monitor']);
  expect(view.roles.filter(({ how }) => how.startsWith('Event')).map(({ role, instance, notAfter, grade }) => [role, instance, notAfter, grade])).toEqual([
    ['kubelet-client', 'agent-1', at(6), 'expiryOnly'], ['kube-proxy-client', 'agent-1', at(-1), 'expiryOnly'],
  ]);
  expect(view.roles.find(({ role, instance }) => role === 'kubelet-client' && instance === 'server-1')).toMatchObject({ grade: 'bound', notAfterAtLeast: at(90) });
  expect(view.counted.map(({ node, user }) => `${node} ${user}`).sort()).toEqual(['agent-1 system:kube-proxy', 'agent-1 system:node:agent-1']);
  const found = report.findings.filter(({ check }) => check === 'pki-certificate-expiring' || check === 'pki-certificate-expired').map(({ check, severity, message }) => `${check} ${severity} ${message}`);
  expect(found.sort()).toEqual([
    expect.stringMatching(/^pki-certificate-expired critical the certificate of the kube-proxy on agent-1 /) as string,
    expect.stringMatching(/^pki-certificate-expiring high the certificate of the kubelet on agent-1 expires on \d{4}-\d\d-\d\d: it is renewed when k3s or RKE2 is restarted on its node/) as string,
  ]);
});

test('on OpenShift the authorities in ConfigMaps are known by their annotations, and no value of a ConfigMap is asked for', async () => {
  const lists = (): string[] => ground.auditEvents().filter(({ verb, requestURI }) => verb === 'list' && /^\/api\/v1\/configmaps\?(?!.*fieldSelector)/.test(requestURI)).map(({ requestURI }) => requestURI);
  expect(lists()).toEqual([]);
  await serve('config.openshift.io', 'Cluster', 'clusters');
  const annotations = {
    'auth.openshift.io/certificate-not-before': at(-300), 'auth.openshift.io/certificate-not-after': at(65), 'certificates.openshift.io/refresh-period': '7008h0m0s',
    'auth.openshift.io/certificate-issuer': 'openshift-kube-apiserver-operator_kube-apiserver-to-kubelet-signer@1700000000',
  };
  await create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'openshift-kube-apiserver-operator' } });
  await create(
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kube-apiserver-to-kubelet-client-ca', namespace: 'openshift-kube-apiserver-operator', annotations }, data: { 'ca-bundle.crt': 'sesame' } },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'of-anybody', namespace: 'default', annotations } },
  );
  const { report, view } = await pki();
  expect(view.roles.filter(({ role }) => role === 'rotated').map(({ instance, notAfter, renewedBy, how }) => [instance, notAfter, renewedBy, how])).toEqual([[
    'openshift-kube-apiserver-operator/kube-apiserver-to-kubelet-client-ca', at(65), at(-8),
    'annotations of its ConfigMap, by openshift-kube-apiserver-operator_kube-apiserver-to-kubelet-signer@1700000000',
  ]]);
  expect(report.findings.filter(({ resource }) => resource.kind === 'ConfigMap').map(({ check, severity, message }) => `${check} ${severity} ${message}`)).toEqual([
    `pki-certificate-expiring medium the certificate in ConfigMap openshift-kube-apiserver-operator/kube-apiserver-to-kubelet-client-ca expires on ${at(65).slice(0, 10)}: its operator should have renewed it on ${at(-8).slice(0, 10)}, and has not`,
  ]);
  expect(lists()).toHaveLength(1);
  expect(JSON.stringify([report, view])).not.toContain('sesame');
});
