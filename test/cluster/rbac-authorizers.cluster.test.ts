import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { audit } from '../../src/audit.ts';
import type { AuditReport } from '../../src/engine/report-model.ts';
import { createCertificate } from '../support/certificates.ts';
import { startApiServer, type Ground } from './api-server.ts';

/** What the check says, and what the view says of who decides. */
async function judge(kubeconfig: string): Promise<{ readonly status: string | undefined; readonly severities: readonly string[]; readonly notes: readonly string[] }> {
  const report: AuditReport = await audit({ kubeconfig }, { selection: { checks: ['rbac-always-allow'] }, views: ['rbac'] });
  const view = report.views.rbac;
  if (view === undefined || 'gaps' in view) throw new Error('no view');
  return {
    status: report.checks.find(({ id }) => id === 'rbac-always-allow')?.status,
    severities: report.findings.map(({ severity }) => severity),
    notes: [...view.authorizers, ...view.unread.rows.flatMap(({ gaps }) => gaps.map(({ detail }) => detail))],
  };
}

async function withReader(ground: Ground, user: string): Promise<string> {
  const made = await ground.kubectl(['create', 'clusterrolebinding', user, '--clusterrole=reader', `--user=${user}`]);
  if (made.code !== 0) throw new Error(made.stderr);
  return ground.kubeconfigFor({ user });
}

async function readerRole(ground: Ground): Promise<void> {
  const rules = [
    { apiGroups: ['rbac.authorization.k8s.io'], resources: ['*'], verbs: ['list'] },
    { apiGroups: [''], resources: ['pods', 'nodes', 'namespaces', 'serviceaccounts'], verbs: ['list'] }, { apiGroups: [''], resources: ['configmaps', 'namespaces'], verbs: ['get'] },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['list'] },
  ];
  const made = await ground.kubectl(['create', '-f', '-'], { input: JSON.stringify({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'reader' }, rules }) });
  if (made.code !== 0) throw new Error(made.stderr);
}

describe('who decides', () => {
  it('everything is allowed with AlwaysAllow, also after RBAC, for an admin and for anybody', async () => {
    for (const authorizationModes of [['AlwaysAllow'], ['RBAC', 'AlwaysAllow']]) {
      await using ground = await startApiServer({ authorizationModes, kubeadmAdmin: true });
      expect(await judge(ground.kubeconfig.admin)).toMatchObject({ status: 'failed', severities: ['critical'] });
      const anybody = await judge(await ground.kubeconfigFor({ user: 'anybody' }));
      expect(anybody).toMatchObject({ status: 'failed', severities: ['critical'] });
      expect(anybody.notes.filter(note => note.startsWith('the API server allows you to'))).toHaveLength(3);
      expect(anybody.notes.includes('RBAC is not among the authorizers of this API server: bindings decide nothing')).toBe(authorizationModes.length === 1);
    }
  }, 120_000);

  it('nothing is, with Node and RBAC', async () => {
    await using ground = await startApiServer({ kubeadmAdmin: true });
    await readerRole(ground);
    for (const kubeconfig of [ground.kubeconfig.admin, await withReader(ground, 'ana')]) {
      const { status, notes } = await judge(kubeconfig);
      expect(status).toBe('passed');
      expect(notes.filter(note => /another authorizer|also asks|not among/.test(note))).toEqual([]);
    }
  }, 60_000);

  it('a webhook that allows more shows, and is not AlwaysAllow', async () => {
    await using webhook = await startWebhook(({ user, resourceAttributes: asked }) => ({ allowed: user === 'cloud' && asked?.verb === 'list' && asked.resource === 'secrets' }));
    await using ground = await startApiServer({ kubeadmAdmin: true, authorizationConfiguration: configuration({ type: 'Node', name: 'node' }, { type: 'RBAC', name: 'rbac' }, webhook.authorizer) });
    await readerRole(ground);
    const cloud = await judge(await withReader(ground, 'cloud'));
    expect(cloud.status).toBe('passed');
    expect(cloud.notes).toContain('the API server allows you to list secrets, and RBAC alone would not: another authorizer decides as well');
    const plain = await judge(await withReader(ground, 'plain'));
    expect(plain.status).toBe('passed');
    expect(plain.notes.filter(note => note.includes('another authorizer'))).toEqual([]);
    // The admin is allowed everything by RBAC; what the file says shows as a file, and in the counts of decisions.
    const admin = await judge(ground.kubeconfig.admin);
    expect(admin.status).toBe('notAssessed');
    expect(admin.notes.filter(note => note.startsWith('the API server also asks'))).toEqual(['the API server also asks Webhook, a file: what they allow cannot be seen here']);
  }, 60_000);

  it('a webhook that refuses outright proves nothing about AlwaysAllow behind it', async () => {
    // What the API server counts and is started with would show AlwaysAllow by itself.
    const isShut = ({ resourceAttributes: asked, nonResourceAttributes: path }: Asked): boolean => asked?.resource === 'probes' || ['/metrics', '/flagz'].includes(path?.path ?? '');
    await using webhook = await startWebhook(asked => ({ allowed: false, denied: asked.user === 'plain' && isShut(asked) }));
    const authorizers = [{ type: 'RBAC', name: 'rbac' }, webhook.authorizer];
    await using ground = await startApiServer({ kubeadmAdmin: true, authorizationConfiguration: configuration(...authorizers, { type: 'AlwaysAllow', name: 'alwaysallow' }) });
    await readerRole(ground);
    expect((await judge(await withReader(ground, 'plain'))).status).toBe('notAssessed');
    expect((await judge(await withReader(ground, 'other'))).status).toBe('failed');
  }, 60_000);
});

interface Asked {
  readonly user: string;
  readonly resourceAttributes?: { readonly verb: string; readonly resource: string };
  readonly nonResourceAttributes?: { readonly path: string };
}

/** An authorizer that answers as it is told, and the entry for it in the API server's configuration. */
async function startWebhook(answer: (asked: Asked) => object): Promise<AsyncDisposable & { readonly authorizer: { readonly type: string; readonly name: string } }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'secaudit-webhook-'));
  const authority = createCertificate({ commonName: 'webhook-ca', use: 'authority' });
  const own = createCertificate({ commonName: 'webhook', names: ['127.0.0.1'], use: 'server' }, authority);
  const server = createServer({ cert: own.certificate, key: own.key }, (request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => { text += part; }).on('end', () => {
      const review = JSON.parse(text) as { readonly spec: Asked };
      response.end(JSON.stringify({ ...review, status: answer(review.spec) }));
    });
  });
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve); });
  const kubeConfigFile = path.join(folder, 'webhook.kubeconfig');
  writeFileSync(kubeConfigFile, JSON.stringify({
    apiVersion: 'v1', kind: 'Config', 'current-context': 'w', contexts: [{ name: 'w', context: { cluster: 'w', user: 'w' } }], users: [{ name: 'w', user: {} }],
    clusters: [{ name: 'w', cluster: { server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, 'certificate-authority-data': Buffer.from(authority.certificate).toString('base64') } }],
  }));
  const settings = { timeout: '3s', subjectAccessReviewVersion: 'v1', matchConditionSubjectAccessReviewVersion: 'v1', failurePolicy: 'NoOpinion', authorizedTTL: '5s', unauthorizedTTL: '5s', connectionInfo: { type: 'KubeConfigFile', kubeConfigFile } };
  const authorizer = { type: 'Webhook', name: 'cloud', webhook: settings };
  return {
    authorizer,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configuration(...authorizers: readonly object[]): object {
  return { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AuthorizationConfiguration', authorizers };
}
