import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuditReport } from '../../src/engine/report-model.ts';
import { createCertificate, type Certificate } from '../support/certificates.ts';
import { runSecaudit } from '../support/run-secaudit.ts';
import { startApiServer, type Ground } from './api-server.ts';
import { createAuthority } from './pki.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await startApiServer({});
});
afterAll(() => ground.stop());

async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await ground.kubectl(args, { input, kubeconfig: ground.kubeconfig.superAdmin });
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}
const apply = (object: object): Promise<string> => kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], JSON.stringify(object));

async function pki(): Promise<AuditReport> {
  const { stdout, stderr } = await runSecaudit(['pki', '-o', 'json'], { env: { KUBECONFIG: ground.kubeconfig.superAdmin } });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as AuditReport;
}
const messagesOf = ({ findings }: AuditReport): string[] => findings.filter(({ check }) => check === CHECK).map(({ message }) => message.replace(/\d+ calls|one call/, 'N calls').replace(/ since.*/, '')).sort();

const hooks = createAuthority('refusing-hooks');
const CHECK = 'pki-extension-certificate-refused';
async function serve(certificate: Certificate): Promise<Server> {
  const server = createServer({ cert: certificate.certificate, key: certificate.key }, (_, response) => response.writeHead(200).end('{}')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // What the API server gives up is no fault of this server.
  server.on('tlsClientError', () => undefined);
  return server;
}
const hook = (name: string, server: Server): object => ({
  name: `${name}.example.org`, admissionReviewVersions: ['v1'], sideEffects: 'None', failurePolicy: 'Ignore', timeoutSeconds: 5,
  rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['namespaces'] }],
  clientConfig: { url: `https://localhost:${(server.address() as AddressInfo).port}/`, caBundle: Buffer.from(hooks.certificate).toString('base64') },
});
test('certificates of webhooks that the API server refuses are counted and found, and one that is in order is not', async () => {
  const good = await serve(createCertificate({ commonName: 'localhost', names: ['localhost'], use: 'server' }, hooks));
  const nameless = await serve(createCertificate({ commonName: 'localhost', use: 'server' }, hooks));
  const weak = await serve(createCertificate({ commonName: 'localhost', names: ['localhost'], use: 'server', hash: 'sha1' }, hooks));
  try {
    await apply({ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', metadata: { name: 'refusing' }, webhooks: [hook('good', good)] });
    await kubectl(['create', 'namespace', 'one']);
    const before = await pki();
    expect([before.checks.find(({ id }) => id === CHECK)?.status, messagesOf(before)]).toEqual(['passed', []]);

    await apply({ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', metadata: { name: 'refusing' }, webhooks: [hook('good', good), hook('nameless', nameless), hook('weak', weak)] });
    const counted = async (): Promise<number> => [...(await kubectl(['get', '--raw', '/metrics'])).matchAll(/^apiserver_webhooks_x509_(?:missing_san|insecure_sha1)_total [1-9]/gm)].length;
    // The new configuration counts after a moment.
    for (let at = 0; (await counted()) < 2; at += 1) {
      if (at > 60) throw new Error('the API server does not count them');
      await kubectl(['create', 'namespace', `more-${at}`]);
    }
    expect(messagesOf(await pki())).toEqual(['API server has counted N calls to webhooks whose certificate has its name as the common name alone', 'API server has counted N calls to webhooks whose certificate is signed with SHA-1']);
  } finally {
    await kubectl(['delete', 'validatingwebhookconfiguration', 'refusing']);
    for (const server of [good, nameless, weak]) server.close();
  }
}, 300_000);
