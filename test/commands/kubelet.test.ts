import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AuditReport } from '../../src/engine/report-model.ts';
import type { KubeletView } from '../../src/indexes/kubelet-view.ts';
import { plain, status } from '../support/api-answers.ts';
import { readRecordedApi, type ApiData, type ApiObject } from '../support/api-data.ts';
import { startFakeApiServer, type FakeApiServer, type FakeApiServerOptions, type FaultRule } from '../support/api-server.ts';
import { createCertificate } from '../support/certificates.ts';
import { recordedKubelet } from '../support/kubelets.ts';
import { runSecaudit, type Finished } from '../support/run-secaudit.ts';

/** Each test starts the program several times. */
vi.setConfig({ testTimeout: 90_000 });

const TOKEN = 'marker-token-33cc';
let recorded: ApiData;
let directory: string;
const running: { close: () => Promise<void> | void }[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'secaudit-kubelet-'));
  recorded = await readRecordedApi(join(import.meta.dirname, '../../fixtures/demo/api'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));
afterEach(async () => {
  for (const each of running.splice(0)) await each.close();
});

function nameOf(index: number): string {
  return `node-${String(index).padStart(3, '0')}`;
}

function proxyPath(name: string): string {
  return `/api/v1/nodes/${name}/proxy/configz`;
}

/** The recorded cluster with so many nodes in place of its own; each kubelet answers as a real one did. */
function dataWith(count: number, status: object = {}): ApiData {
  const items: ApiObject[] = Array.from({ length: count }, (_, index) => ({ metadata: { name: nameOf(index), uid: nameOf(index) }, spec: {}, status: { nodeInfo: { kubeletVersion: 'v1.37.1' }, ...status } }));
  const texts = new Map(recorded.texts);
  items.forEach(({ metadata: { name } }, index) => texts.set(proxyPath(name), recordedKubelet(index === 0 ? 'worker-1' : 'control-plane', 'configz.json')));
  return { ...recorded, lists: new Map(recorded.lists).set('/api/v1/nodes', { apiVersion: 'v1', kind: 'NodeList', items }), texts };
}

async function start(data: ApiData, faults: readonly FaultRule[] = [], more: Partial<FakeApiServerOptions> = {}): Promise<FakeApiServer> {
  const server = await startFakeApiServer({ data, faults, tokens: { [TOKEN]: { name: 'ana', groups: [] } }, ...more });
  running.push(server);
  return server;
}

function run(server: FakeApiServer, ...args: readonly string[]): Promise<Finished & { seconds: number }> {
  return runAs(server, { token: TOKEN }, args);
}

async function runAs(server: FakeApiServer, user: object, args: readonly string[]): Promise<Finished & { seconds: number }> {
  const file = join(directory, `kubeconfig-${Math.random().toString(36).slice(2)}`);
  writeFileSync(file, server.kubeconfig({ user }));
  const started = performance.now();
  const finished = await runSecaudit(args, { env: { KUBECONFIG: file } });
  expect(finished.stdout + finished.stderr).not.toContain(TOKEN);
  return { ...finished, seconds: (performance.now() - started) / 1000 };
}

function reportOf(server: FakeApiServer, ...args: readonly string[]): Promise<{ report: AuditReport; view: KubeletView; seconds: number }> {
  return reportAs(server, { token: TOKEN }, ...args);
}

async function reportAs(server: FakeApiServer, user: object, ...args: readonly string[]): Promise<{ report: AuditReport; view: KubeletView; seconds: number }> {
  const { stdout, stderr, seconds } = await runAs(server, user, ['kubelet', '-o', 'json', ...args]);
  if (stdout === '') throw new Error(stderr);
  const report = JSON.parse(stdout) as AuditReport;
  const { kubelet } = report.views;
  if (kubelet === undefined || !('nodes' in kubelet)) throw new Error('there is no view of kubelets');
  return { report, view: kubelet, seconds };
}

describe('kubelet', () => {
  it('is done with 300 nodes, of which some hang, refuse, fail or talk nonsense, in a bounded time', async () => {
    const hanging = Array.from({ length: 20 }, (_, index) => nameOf(index * 11 + 7));
    const faults: FaultRule[] = [
      ...hanging.map(name => ({ path: proxyPath(name), fault: { slow: 'headers' as const, milliseconds: 60_000 } })),
      { path: proxyPath(nameOf(31)), fault: { reply: status(503, 'error trying to reach service: dial tcp 10.0.0.31:10250: connect: connection refused') } },
      { path: proxyPath(nameOf(32)), fault: { reply: plain(403, 'Forbidden (user=kube-apiserver-kubelet-client, verb=get, resource=nodes, subresource(s)=[configz proxy])') } },
      { path: proxyPath(nameOf(33)), fault: { reply: plain(200, '{"kubeletconfig":{"readOnlyPort":0}}') } },
      { path: proxyPath(nameOf(34)), fault: { reply: plain(200, '<html>') } },
      { path: proxyPath(nameOf(35)), fault: { cut: 'midBody' } },
    ];
    const { report, view, seconds } = await reportOf(await start(dataWith(300), faults));
    expect(view).toMatchObject({ total: 300, known: 275 });
    // 20 that hang for 5 s, 16 at a time.
    expect(seconds).toBeLessThan(30);
    const unknown = view.nodes.filter(({ learnedBy }) => learnedBy.length === 0);
    expect(unknown.map(({ node }) => node).sort()).toEqual([...hanging, nameOf(31), nameOf(32), nameOf(33), nameOf(34), nameOf(35)].sort());
    const check = report.checks.find(({ id }) => id === 'kubelet-read-only-port');
    expect(check).toMatchObject({ status: 'failed', targets: 275, open: 1 });
    expect(check?.unknown).toHaveLength(25);
    expect(report.summary.checks).toMatchObject({ passed: 0 });
    // One dead node or twenty are one line of what was not assessed.
    expect(report.notAssessed.filter(({ detail }) => detail.includes('did not answer within'))).toHaveLength(1);
  });

  it('prints one line a node, and why some are not known', async () => {
    const server = await start(dataWith(4), [{ path: proxyPath(nameOf(3)), fault: { reply: status(503, 'error trying to reach service') } }]);
    const { stdout } = await run(server, 'kubelet');
    expect(stdout).toMatch(/^node-000 +v1\.37\.1 +on +Webhook +yes +10255 +yes +self-signed +configz$/m);
    expect(stdout).toMatch(/^node-001 +v1\.37\.1 +off +Webhook +yes +closed +yes +self-signed +configz$/m);
    expect(stdout).toMatch(/^node-003 +v1\.37\.1 +\? +\? +\? +\? +\? +\? +-$/m);
    expect(stdout).toContain('Settings known of 3 of 4 nodes.\nnot seen: node-003 (the API server cannot reach the kubelet (503))\n');
  });

  it('asks three kubelets and no more where nodes/proxy is refused, and says what would help', async () => {
    const server = await start(dataWith(300), [], { isForbidden: ({ subresource }) => subresource === 'proxy' });
    const { report, view } = await reportOf(server);
    expect(server.requests.filter(({ path }) => path.includes('/proxy/'))).toHaveLength(3);
    expect(view.known).toBe(0);
    expect(report.notAssessed.map(({ closes }) => closes)).toEqual(expect.arrayContaining([
      expect.objectContaining({ by: 'permission', permissions: [{ apiGroup: '', resource: 'nodes/proxy', verb: 'get' }] }),
      expect.objectContaining({ by: 'flag', flag: '--probe-anonymous' }),
    ]));
  });

  it('asks none with --kubelet off', async () => {
    const server = await start(dataWith(2));
    const { report } = await reportOf(server, '--kubelet', 'off');
    expect(server.requests.filter(({ path }) => path.includes('/proxy/'))).toEqual([]);
    expect(report.notAssessed.map(({ closes }) => closes)).toContainEqual(expect.objectContaining({ by: 'flag', flag: '--kubelet proxy' }));
    expect(report.summary.gaps).toBe(0);
  });

  it('says the same of a snapshot as of the cluster', async () => {
    const server = await start(dataWith(4), [{ path: proxyPath(nameOf(3)), fault: { reply: status(503, 'error trying to reach service') } }]);
    const file = join(directory, 'kubelets.snapshot.gz');
    expect((await run(server, 'snapshot', file)).code).toBe(0);
    const live = await reportOf(server);
    const { stdout } = await runSecaudit(['kubelet', '--snapshot', file, '-o', 'json'], { env: {} });
    const saved = JSON.parse(stdout) as AuditReport;
    expect(saved.views.kubelet).toEqual(live.view);
    expect(saved.findings.map(({ fingerprint }) => fingerprint)).toEqual(live.report.findings.map(({ fingerprint }) => fingerprint));
  });

  it('refuses flags that contradict each other, before anything is asked', async () => {
    const server = await start(dataWith(1));
    for (const args of [['--kubelet', 'direct', '--as', 'ben'], ['--kubelet-insecure-tls'], ['--kubelet', 'ssh']]) {
      const { code, stderr } = await run(server, 'kubelet', ...args);
      expect([args, code, stderr]).toEqual([args, 2, expect.stringMatching(/^error: /)]);
    }
    expect(server.requests).toEqual([]);
  });

  it('is out of scope in one namespace', async () => {
    const { report } = await (async () => {
      const { stdout } = await run(await start(dataWith(1)), 'kubelet', '-n', 'shop', '-o', 'json');
      return { report: JSON.parse(stdout) as AuditReport };
    })();
    expect(new Set(report.checks.map(({ status: of }) => of))).toEqual(new Set(['notAssessed']));
  });
});

describe('kubelet --kubelet direct', () => {
  interface FakeKubelet {
    readonly port: number;
    /** The Authorization header of each request. */
    readonly credentials: (string | undefined)[];
    /** The common name of the client certificate of each handshake. */
    readonly certificates: (string | undefined)[];
  }
  type Version = 'TLSv1.2' | 'TLSv1.3';
  type Serving = { readonly authority: FakeApiServer['authority'] | undefined; readonly names: readonly string[] };

  /** A kubelet on a port of this machine that remembers what it was shown, and whose certificate may be another from the second handshake on. */
  async function startKubelet(serving: Serving, later?: Serving, maxVersion: Version = 'TLSv1.3'): Promise<FakeKubelet> {
    const credentials: FakeKubelet['credentials'] = [];
    const certificates: FakeKubelet['certificates'] = [];
    const made = ({ authority, names }: Serving): { cert: string; key: string } => {
      const { certificate, key } = createCertificate({ commonName: 'system:node:node-000', names: [...names], use: 'server' }, authority);
      return { cert: certificate, key };
    };
    const next = later === undefined ? undefined : made(later);
    // As kubelets do: a client certificate is asked for, and judged by the authorizers later.
    const server: Server = createServer({ ...made(serving), maxVersion, requestCert: true, rejectUnauthorized: false }, (request, response) => {
      credentials.push(request.headers.authorization);
      const isKnown = request.headers.authorization !== undefined || certificates.at(-1) !== undefined;
      response.writeHead(isKnown ? 200 : 401, { 'Content-Type': 'application/json' });
      response.end(recordedKubelet('control-plane', 'configz.json'));
    });
    server.on('secureConnection', socket => certificates.push(socket.getPeerX509Certificate()?.subject.replace(/^[^]*CN=/, '')));
    // Who has connected is served with what was there then.
    server.on('connection', () => {
      if (next !== undefined) server.setSecureContext(next);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    running.push({ close: () => void server.close() });
    return { port: (server.address() as AddressInfo).port, credentials, certificates };
  }

  type Kind = 'good' | 'foreign' | 'for another name';

  /** The API server, and one node whose kubelet has such a certificate. */
  async function world(certificate: Kind, later?: Kind, maxVersion?: Version): Promise<FakeKubelet & { server: FakeApiServer }> {
    const data = dataWith(1);
    const server = await start(data);
    const servingOf = (kind: Kind): Serving => ({ authority: kind === 'foreign' ? undefined : server.authority, names: [kind === 'for another name' ? '127.0.0.2' : '127.0.0.1'] });
    const kubelet = await startKubelet(servingOf(certificate), later === undefined ? undefined : servingOf(later), maxVersion);
    for (const node of data.lists.get('/api/v1/nodes')?.items ?? []) {
      Object.assign(node, { status: { addresses: [{ type: 'Hostname', address: 'node-000' }, { type: 'InternalIP', address: '127.0.0.1' }], daemonEndpoints: { kubeletEndpoint: { Port: kubelet.port } } } });
    }
    return { server, ...kubelet };
  }

  const withCertificate = (server: FakeApiServer): object => server.certificateUser({ commonName: 'ana' });

  it('sends the credential to a kubelet whose certificate is good, and reads it without nodes/proxy', async () => {
    const { server, credentials } = await world('good');
    const { view } = await reportOf(server, '--kubelet', 'direct');
    expect(view.nodes).toMatchObject([{ learnedBy: ['direct'], anonymous: false }]);
    expect(credentials).toEqual([`Bearer ${TOKEN}`]);
    expect(server.requests.filter(({ path }) => path.includes('/proxy/'))).toEqual([]);
  });
  it.each(['foreign', 'for another name'] as const)('sends none to one whose certificate is %s', async kind => {
    const { server, credentials } = await world(kind);
    const { report, view } = await reportOf(server, '--kubelet', 'direct');
    expect(view.known).toBe(0);
    expect(report.notAssessed.map(({ detail }) => detail).join()).toContain('no credential was sent');
    expect(credentials).toEqual([]);
  });
  it('sends it all the same where told to', async () => {
    const { server, credentials } = await world('foreign');
    const { view } = await reportOf(server, '--kubelet', 'direct', '--kubelet-insecure-tls');
    expect(view.known).toBe(1);
    expect(credentials).toEqual([`Bearer ${TOKEN}`]);
  });
  it('shows a client certificate to a kubelet whose certificate was found good before', async () => {
    const { server, certificates, credentials } = await world('good');
    const { view } = await reportAs(server, withCertificate(server), '--kubelet', 'direct');
    expect(view.nodes).toMatchObject([{ learnedBy: ['direct'], anonymous: false }]);
    expect({ certificates, credentials }).toEqual({ certificates: [undefined, 'ana'], credentials: [undefined] });
  });
  it.each([['foreign', 'TLSv1.2'], ['foreign', 'TLSv1.3'], ['for another name', 'TLSv1.2'], ['for another name', 'TLSv1.3']] as const)('shows no client certificate to one whose certificate is %s, by %s', async (kind, version) => {
    const { server, certificates } = await world(kind, undefined, version);
    const { report, view } = await reportAs(server, withCertificate(server), '--kubelet', 'direct');
    expect(view.known).toBe(0);
    expect(report.notAssessed.map(({ detail }) => detail).join()).toContain('no credential was sent');
    expect(certificates.filter(name => name !== undefined)).toEqual([]);
  });
  it('asks nothing of one that shows another certificate the second time, even one that is good', async () => {
    const { server, certificates, credentials } = await world('good', 'good');
    const { view } = await reportAs(server, withCertificate(server), '--kubelet', 'direct');
    expect(view.known).toBe(0);
    expect({ certificates, credentials }).toEqual({ certificates: [undefined], credentials: [] });
  });
  it('shows the client certificate at once where told to', async () => {
    const { server, certificates } = await world('foreign');
    const { view } = await reportAs(server, withCertificate(server), '--kubelet', 'direct', '--kubelet-insecure-tls');
    expect(view.known).toBe(1);
    expect(certificates).toEqual(['ana']);
  });
});
