import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditReport } from '../../src/engine/report-model.ts';
import { json, plain, status } from '../support/api-answers.ts';
import { readRecordedApi, type ApiData } from '../support/api-data.ts';
import { startFakeApiServer, type FakeApiServer, type Fault, type FaultRule } from '../support/api-server.ts';
import { runSecaudit, type Finished, type RunOptions } from '../support/run-secaudit.ts';

const BINDINGS = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
const TOKEN = 'marker-token-77aa';
let data: ApiData;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'secaudit-faults-'));
  data = await readRecordedApi(join(import.meta.dirname, '../../fixtures/demo/api'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function config(server: FakeApiServer, user: object = { token: TOKEN }): Promise<string> {
  const file = join(directory, `kubeconfig-${Math.random().toString(36).slice(2)}`);
  await writeFile(file, server.kubeconfig({ user }));
  return file;
}

/** Runs a scan against a server with these faults, and says how long it took. */
async function scan(faults: readonly FaultRule[], args: readonly string[] = [], more: Partial<Parameters<typeof startFakeApiServer>[0]> = {}): Promise<Finished & { report: AuditReport; seconds: number }> {
  const server = await startFakeApiServer({ data, tokens: { [TOKEN]: { name: 'ana', groups: [] } }, faults, ...more });
  const started = performance.now();
  const finished = await runSecaudit(['-o', 'json', ...args], { env: { KUBECONFIG: await config(server) } });
  await server.close();
  expect(finished.stdout + finished.stderr).not.toContain(TOKEN);
  return { ...finished, report: JSON.parse(finished.stdout) as AuditReport, seconds: (performance.now() - started) / 1000 };
}

const html = plain(200, '<!doctype html><title>Log in</title>');
const huge = { kind: 'ClusterRoleBindingList', apiVersion: 'rbac.authorization.k8s.io/v1', metadata: {}, items: [] };

/** A fault of the list of ClusterRoleBindings alone, and the reason that its gap must have. */
const LIST_FAULTS: readonly (readonly [name: string, fault: Fault, reason: string])[] = [
  ['401 in the middle, with nothing to renew', { status: 401 }, 'unauthorized'],
  ['403', { status: 403 }, 'forbidden'],
  ['404', { status: 404 }, 'notServed'],
  ['410 again and again', { status: 410 }, 'truncated'],
  ['429 with Retry-After, again and again', { status: 429, retryAfterSeconds: 1 }, 'tooManyRequests'],
  ['429 without Retry-After', { reply: plain(429, 'slow down') }, 'tooManyRequests'],
  ['500', { status: 500 }, 'serverError'],
  ['503', { status: 503 }, 'serverError'],
  ['headers that do not come', { slow: 'headers', milliseconds: 60_000 }, 'timeout'],
  ['a body that does not come', { slow: 'body', milliseconds: 60_000 }, 'timeout'],
  ['a reset in the middle of the body', { cut: 'midBody' }, 'truncated'],
  ['a gzip archive that is cut off', { cut: 'gzip' }, 'truncated'],
  ['bytes that are no gzip', { corrupt: 'gzip' }, 'malformed'],
  ["a proxy's login page", { reply: { ...html, contentType: 'text/html' } }, 'malformed'],
  ['JSON under another content type', { reply: { ...json(200, huge), contentType: 'text/plain' } }, 'malformed'],
  ['protobuf that is JSON', { reply: { ...json(200, huge), contentType: 'application/vnd.kubernetes.protobuf' } }, 'malformed'],
  ['no headers at all', { cut: 'beforeHeaders' }, 'unreachable'],
  ['a body shorter than its length', { cut: 'length' }, 'truncated'],
  ['JSON of another kind', { reply: json(200, { kind: 'PodList', apiVersion: 'v1', items: [] }) }, 'malformed'],
  ['a continue token that never ends', { reply: json(200, { ...huge, metadata: { continue: 'again' } }) }, 'truncated'],
];

/** Whether everything is allowed shows in flags and answers; every other check of the family judges what is bound. */
const isOfBindings = ({ id }: { readonly id: string }): boolean => id.startsWith('rbac-') && id !== 'rbac-always-allow';

describe('a fault of one list is a gap with its reason, in bounded time, and never a pass', () => {
  it.each(LIST_FAULTS)('%s', async (_name, fault, reason) => {
    const { code, report, seconds } = await scan([{ path: BINDINGS, fault }], ['--request-timeout', '3s']);
    expect(code).toBe(0);
    const source = report.sources.find(({ gap }) => gap?.source === 'clusterrolebindings');
    expect(source?.gap).toMatchObject({ kind: reason === 'notServed' ? 'notObservable' : 'gap', reason });
    const needing = report.checks.filter(isOfBindings);
    expect(needing.length).toBeGreaterThan(2);
    expect(needing.filter(check => check.status === 'passed').map(({ id }) => id)).toEqual([]);
    // Everything else was read.
    expect(report.sources.filter(({ gap }) => gap?.kind === 'gap' && gap.source !== 'clusterrolebindings').map(({ id }) => id)).toEqual([]);
    expect(seconds).toBeLessThan(20);
  });
});

/** 1,200 bindings, so that the list has three pages; the last one grants cluster-admin. */
function pages(): ApiData {
  const items = Array.from({ length: 1200 }, (_, at) => ({
    metadata: { name: `binding-${String(at).padStart(4, '0')}`, uid: String(at) },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: at === 1199 ? 'cluster-admin' : 'view' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: at === 1199 ? 'last@example.com' : 'ana@example.com' }],
  }));
  return { ...data, lists: new Map([...data.lists, [BINDINGS, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBindingList', items }]]) };
}

describe('a fault on a later page leaves no half list', () => {
  it.each<readonly [string, Fault, string]>([
    ['401', { status: 401 }, 'unauthorized'],
    ['403', { status: 403 }, 'forbidden'],
    ['410 on the continue token, each time', { status: 410 }, 'truncated'],
    ['500', { status: 500 }, 'serverError'],
    ['a reset in the middle of the body', { cut: 'midBody' }, 'truncated'],
    ['a body that stops coming', { slow: 'body', milliseconds: 60_000 }, 'timeout'],
    ['a gzip archive that is cut off', { cut: 'gzip' }, 'truncated'],
    ["a proxy's page", { reply: { ...html, contentType: 'text/html' } }, 'malformed'],
  ])('%s', async (_name, fault, reason) => {
    const { report } = await scan([{ path: BINDINGS, onNextPages: true, fault }], ['--request-timeout', '3s'], { data: pages() });
    expect(report.sources.find(({ id }) => id === 'clusterrolebindings')).toMatchObject({ status: 'gap', gap: { reason } });
    expect(report.checks.filter(check => isOfBindings(check) && check.status === 'passed')).toEqual([]);
  });

  it('410 once: the list is begun again, and is whole', async () => {
    const { report } = await scan([{ path: BINDINGS, onNextPages: true, times: 1, fault: { status: 410 } }], ['--check', 'rbac-cluster-admin-grant'], { data: pages() });
    expect(report.sources.find(({ id }) => id === 'clusterrolebindings')).toMatchObject({ status: 'read', count: 1200 });
    expect(JSON.stringify(report.findings)).toContain('last@example.com');
  });
});

describe('the first screen', () => {
  it('claims nothing of cluster-admins where roles could not be read', async () => {
    const server = await startFakeApiServer({ data, tokens: { [TOKEN]: { name: 'ana', groups: [] } }, faults: [{ path: '/apis/rbac.authorization.k8s.io/v1/clusterroles', fault: { status: 403 } }] });
    const { stdout } = await runSecaudit(['scan'], { env: { KUBECONFIG: await config(server, { token: TOKEN }) } });
    await server.close();
    expect(/^RBAC .*$/m.exec(stdout)?.[0]).toMatch(/no cluster-admin seen but the built-in ones.*; not all was read$/);
  });
});

describe('an item of 20 MB', () => {
  it('is read, and what is not declared of it is not kept', async () => {
    const marker = 'not-declared-'.repeat(1.6e6);
    const roles = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
    const list = data.lists.get(roles);
    if (list === undefined) throw new Error('the demo has roles');
    const large = { metadata: { name: 'large', uid: 'u', annotations: { note: marker } }, rules: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }] };
    const { code, report, stdout, seconds } = await scan([], [], { data: { ...data, lists: new Map([...data.lists, [roles, { ...list, items: [...list.items, large] }]]) } });
    expect(code).toBe(0);
    expect(report.sources.find(({ id }) => id === 'clusterroles')).toMatchObject({ status: 'read', count: list.items.length + 1 });
    expect(stdout).not.toContain('not-declared-');
    expect(seconds).toBeLessThan(20);
  });
});

describe('401 in the middle, with another credential to be had', () => {
  /** The old token is good for the first answer and no longer. */
  async function expiring(user: object, renew: () => Promise<void>): Promise<Finished & { report: AuditReport; refused: number }> {
    const tokens: Record<string, { name: string; groups: string[] }> = { old: { name: 'ana', groups: [] } };
    const server = await startFakeApiServer({ data, tokens });
    const timer = setInterval(() => {
      if (server.requests.length === 0 || tokens['old'] === undefined) return;
      delete tokens['old'];
      void renew().then(() => (tokens['new'] = { name: 'ana', groups: [] }));
    }, 1);
    const finished = await runSecaudit(['-o', 'json'], { env: { KUBECONFIG: await config(server, user) } });
    clearInterval(timer);
    const refused = server.requests.filter(({ user: who, headers }) => who === '' && headers['authorization'] !== undefined).length;
    await server.close();
    return { ...finished, report: JSON.parse(finished.stdout) as AuditReport, refused };
  }

  it.each(['exec plugin', 'tokenFile'])('%s: all is read', async kind => {
    const token = join(directory, `token-${kind}`);
    await writeFile(token, 'old');
    const plugin = join(directory, 'plugin');
    await writeFile(plugin, `#!/bin/sh\nprintf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}' "$(cat '${token}')"\n`, { mode: 0o755 });
    const user = kind === 'tokenFile' ? { tokenFile: token } : { exec: { command: plugin, apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never' } };
    const { code, report, refused } = await expiring(user, () => writeFile(token, 'new'));
    expect({ code, gaps: report.sources.filter(({ gap }) => gap?.kind === 'gap') }).toEqual({ code: 0, gaps: [] });
    expect(refused).toBeGreaterThan(0);
  });
});

describe('what passes by itself is no gap', () => {
  it.each([
    ['429 once', { status: 429, retryAfterSeconds: 1 }],
    ['503 twice', { status: 503 }],
  ] as const)('%s', async (name, fault) => {
    const { report, stderr } = await scan([{ path: BINDINGS, times: name.endsWith('twice') ? 2 : 1, fault }], ['-v']);
    expect(report.sources.find(({ id }) => id === 'clusterrolebindings')?.status).toBe('read');
    // -v shows each try.
    const shown = stderr.split('\n').filter(line => line.includes(BINDINGS)).map(line => line.split(' ')[2]);
    expect(shown).toEqual(name.endsWith('twice') ? ['503', '503', '200'] : ['429', '200']);
    expect(stderr).not.toMatch(/bearer|authorization:/i);
  });

  it('an aggregated API that is down: our reads are not touched', async () => {
    const { code, report } = await scan([{ path: '/apis/metrics.k8s.io/*', fault: { reply: status(503, 'service unavailable') } }]);
    expect(code).toBe(0);
    expect(report.sources.filter(({ gap }) => gap?.kind === 'gap')).toEqual([]);
  });
});

it('--timeout bounds the whole run, also when the first answer does not come', async () => {
  const server = await startFakeApiServer({ data, faults: [{ path: '/version', fault: { slow: 'headers', milliseconds: 60_000 } }] });
  const started = performance.now();
  const { code, stdout, stderr } = await runSecaudit(['--timeout', '2s'], { env: { KUBECONFIG: await config(server, {}) } });
  await server.close();
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^error: [^\n]*--timeout[^\n]*\n$/);
  expect((performance.now() - started) / 1000).toBeLessThan(15);
});

it.each(['--timeout', '--request-timeout'])('%s may be longer than the 24 days of a clock in Node', async flag => {
  const { code, report } = await scan([], [flag, '700h']);
  expect({ code, gaps: report.sources.filter(({ gap }) => gap?.kind === 'gap') }).toEqual({ code: 0, gaps: [] });
});

describe.each(['SIGINT', 'SIGTERM'] as const)('%s', signal => {
  async function interrupted(faults: readonly FaultRule[], path: string, user: object): Promise<Finished> {
    const server = await startFakeApiServer({ data, tokens: { [TOKEN]: { name: 'ana', groups: [] } }, faults });
    const options: RunOptions = {
      env: { KUBECONFIG: await config(server, user) },
      whileRunning: child => {
        const timer = setInterval(() => {
          if (!server.requests.some(request => request.path.startsWith(path))) return;
          clearInterval(timer);
          setTimeout(() => child.kill(signal), 200);
        }, 20);
      },
    };
    const finished = await runSecaudit([], options);
    await server.close();
    return finished;
  }

  it('before the first answer: nothing was read, exit 130', async () => {
    const { code, stdout, stderr } = await interrupted([{ path: '/version', fault: { slow: 'headers', milliseconds: 60_000 } }], '/version', { token: TOKEN });
    expect({ code, stdout, stderr }).toEqual({ code: 130, stdout: '', stderr: 'interrupted before anything was read\n' });
  });

  it('during the lists: what was read is said, exit 130', async () => {
    const { code, stdout, stderr } = await interrupted([{ path: BINDINGS, fault: { slow: 'headers', milliseconds: 60_000 } }], BINDINGS, { token: TOKEN });
    expect(code).toBe(130);
    expect(stderr).toMatch(/^interrupted: \d+ of \d+ sources were read/);
    expect(stdout).toContain('interrupted before');
  });

  it('while a plugin logs in: exit 130, and the plugin ends too', async () => {
    const started = join(directory, `started-${signal}`);
    const plugin = join(directory, `slow-${signal}`);
    await writeFile(plugin, `#!/bin/sh\necho $$ > ${started}\nexec sleep 60\n`, { mode: 0o755 });
    const server = await startFakeApiServer({ data });
    const user = { exec: { command: plugin, apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never' } };
    const finished = await runSecaudit([], {
      env: { KUBECONFIG: await config(server, user) },
      whileRunning: child => {
        const timer = setInterval(() => {
          if (!existsSync(started)) return;
          clearInterval(timer);
          setTimeout(() => child.kill(signal), 200);
        }, 20);
      },
    });
    await server.close();
    expect(finished).toEqual({ code: 130, stdout: '', stderr: 'interrupted before anything was read\n' });
    const pid = Number(readFileSync(started, 'utf8'));
    expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
    expect((await readdir(directory)).filter(name => name.endsWith('.tmp'))).toEqual([]);
  });
});
