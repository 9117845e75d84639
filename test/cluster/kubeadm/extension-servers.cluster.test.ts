import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AuditReport } from '../../../src/engine/report-model.ts';
import { createCertificate, type Certificate } from '../../support/certificates.ts';
import { runSecaudit } from '../../support/run-secaudit.ts';
import { useKubeadmCluster } from './shared-cluster.ts';
import { serveTls } from './tls-pod.ts';

const cluster = useKubeadmCluster();
const NAMESPACE = 'secaudit-hooks-suite';
const NAME = 'hook';
const before = createCertificate({ commonName: 'hooks of last year', use: 'authority' });
const authority = createCertificate({ commonName: 'hooks', use: 'authority' });
const fields = { commonName: NAME, use: 'server' } as const;
const good = createCertificate({ ...fields, names: [`${NAME}.${NAMESPACE}.svc`] }, authority);
const misnamed = createCertificate({ ...fields, names: [NAME] }, authority);

async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await cluster().kubectl(args, { input });
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** A pod in the place of a webhook. */
function serve(certificate: Certificate): Promise<void> {
  return serveTls(kubectl, { namespace: NAMESPACE, name: NAME, port: 8443, hostNetwork: false }, certificate);
}

const hook = (name: string, bundle: Certificate, failurePolicy: string): object => ({
  name, failurePolicy, sideEffects: 'None', admissionReviewVersions: ['v1'], timeoutSeconds: 5,
  rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': NAMESPACE } },
  clientConfig: { service: { namespace: NAMESPACE, name: NAME }, caBundle: base64(bundle.certificate) },
});

/** The API server calls the webhooks in the order of their names, and the first that fails is its answer. */
async function configure(...webhooks: readonly object[]): Promise<void> {
  await kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', metadata: { name: NAMESPACE }, webhooks }));
}

beforeAll(async () => {
  await kubectl(['create', 'namespace', NAMESPACE]);
  await kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name: NAME, namespace: NAMESPACE }, spec: { selector: { app: NAME }, ports: [{ port: 443, targetPort: 'https' }] } }));
});
afterAll(async () => {
  await kubectl(['delete', 'validatingwebhookconfiguration', NAMESPACE, '--ignore-not-found']);
  await kubectl(['delete', 'namespace', NAMESPACE, '--wait=false']);
});

async function findings(...args: readonly string[]): Promise<{ status: string | undefined; messages: string[]; view: NonNullable<AuditReport['views']['pki']> | undefined }> {
  const { code, stdout, stderr } = await runSecaudit(['pki', ...args, '--check', 'pki-extension-server-mismatch', '-o', 'json', '--quiet'], { env: { KUBECONFIG: cluster().kubeconfig.admin } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { checks, findings: found, views } = JSON.parse(stdout) as AuditReport;
  return { status: checks[0]?.status, messages: found.map(({ severity, message }) => `${severity}: ${message}`), view: views.pki };
}

/** What the API server itself says when it calls the webhook. */
async function answer(): Promise<string> {
  for (let attempt = 0; ; attempt += 1) {
    const { stderr } = await cluster().kubectl(['create', 'configmap', 'asked', '-n', NAMESPACE, '--dry-run=server']);
    // A Service leads nowhere until the node knows its pod.
    if (!/connection refused|no route to host|no endpoints|deadline/.test(stderr) || attempt === 40) return stderr;
    await new Promise(resolve => setTimeout(resolve, 500));
  }
}

it('says of a bundle from before what the API server says', async () => {
  await serve(good);
  await configure(hook('a.good.example.org', authority, 'Ignore'), hook('b.stale.example.org', before, 'Fail'), hook('c.stale.example.org', before, 'Ignore'));
  const { status, messages, view } = await findings('--tunnel');
  expect(status).toBe('failed');
  expect(messages).toEqual([
    `high: the server of ValidatingWebhookConfiguration ${NAMESPACE}, b.stale.example.org (pod ${NAMESPACE}/${NAME}) shows a certificate of CN=hooks, which the bundle does not hold, so every request that it is asked about is refused`,
    `medium: the server of ValidatingWebhookConfiguration ${NAMESPACE}, c.stale.example.org (pod ${NAMESPACE}/${NAME}) shows a certificate of CN=hooks, which the bundle does not hold, so what it should look at goes past it`,
  ]);
  expect(await answer()).toContain('x509: certificate signed by unknown authority');
  if (view === undefined || !('roles' in view)) throw new Error('there is no view of certificates');
  expect(view.roles.find(({ role }) => role === 'extension-serving')).toMatchObject({ instance: NAME, grade: 'exact' });
});

it('says of a certificate for another name what the API server says', async () => {
  await serve(misnamed);
  await configure(hook('a.example.org', authority, 'Fail'));
  expect((await findings('--tunnel')).messages).toEqual([
    `high: the server of ValidatingWebhookConfiguration ${NAMESPACE}, a.example.org (pod ${NAMESPACE}/${NAME}) shows a certificate that is not for ${NAME}.${NAMESPACE}.svc, so every request that it is asked about is refused`,
  ]);
  expect(await answer()).toMatch(/x509: certificate is valid for hook, not hook\.secaudit-hooks-suite\.svc/);
});

it('passes what the API server takes, and knows nothing without the flag', async () => {
  await serve(good);
  await configure(hook('a.example.org', authority, 'Fail'));
  expect((await findings('--tunnel')).status).toBe('passed');
  // It is verified now: what answers there is no webhook.
  expect(await answer()).not.toContain('x509');
  expect((await findings()).status).toBe('notAssessed');
});
