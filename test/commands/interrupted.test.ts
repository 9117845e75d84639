import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readRecordedApi, type ApiData } from '../support/api-data.ts';
import { startFakeApiServer, type FaultRule } from '../support/api-server.ts';
import { runSecaudit, type Finished } from '../support/run-secaudit.ts';

const BINDINGS = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
let data: ApiData;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'secaudit-interrupted-'));
  data = await readRecordedApi(join(import.meta.dirname, '../../fixtures/demo/api'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Runs a command and presses Ctrl-C as often as said, from when something has happened. */
async function interruptedWhen(hasHappened: () => boolean, kubeconfig: string, args: readonly string[], times = 1): Promise<Finished & { seconds: number }> {
  const config = join(directory, `kubeconfig-${Math.random().toString(36).slice(2)}`);
  await writeFile(config, kubeconfig);
  let pressed = 0;
  const finished = await runSecaudit(args, {
    env: { KUBECONFIG: config },
    whileRunning: child => {
      const timer = setInterval(() => {
        if (!hasHappened()) return;
        clearInterval(timer);
        pressed = performance.now();
        for (let press = 0; press < times; press += 1) setTimeout(() => child.kill('SIGINT'), 150 + 250 * press);
      }, 20);
      child.on('exit', () => clearInterval(timer));
    },
  });
  return { ...finished, seconds: (performance.now() - pressed) / 1000 };
}

async function interruptedAt(faults: readonly FaultRule[], path: string, args: readonly string[]): Promise<Finished & { seconds: number }> {
  const server = await startFakeApiServer({ data, faults });
  const finished = await interruptedWhen(() => server.requests.some(request => request.path.startsWith(path)), server.kubeconfig(), args);
  await server.close();
  return finished;
}

it.each(['scan', 'rbac', 'permissions'])('%s while it connects: nothing was read, exit 130', async command => {
  let connections = 0;
  const silent = createServer(socket => {
    connections += 1;
    socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const kubeconfig = JSON.stringify({
    apiVersion: 'v1', kind: 'Config', 'current-context': 'x', contexts: [{ name: 'x', context: { cluster: 'x', user: '' } }],
    clusters: [{ name: 'x', cluster: { server: `https://127.0.0.1:${(silent.address() as AddressInfo).port}` } }],
  });
  const { code, stdout, stderr, seconds } = await interruptedWhen(() => connections > 0, kubeconfig, [command]);
  silent.close();
  expect({ code, stdout, stderr }).toEqual({ code: 130, stdout: '', stderr: 'interrupted before anything was read\n' });
  expect(seconds).toBeLessThan(3);
});

it.each<readonly [string, FaultRule]>([
  ['in the middle of a body', { path: BINDINGS, fault: { slow: 'body', milliseconds: 60_000 } }],
  ['in the pause before another try', { path: BINDINGS, fault: { status: 429, retryAfterSeconds: 10 } }],
])('%s: what was read is said, exit 130', async (_name, fault) => {
  const { code, stdout, stderr, seconds } = await interruptedAt([fault], BINDINGS, ['scan']);
  expect(code).toBe(130);
  expect(stderr).toMatch(/^interrupted: \d+ of \d+ sources were read[^\n]*\n$/);
  expect(stdout).toContain('interrupted before');
  expect(seconds).toBeLessThan(3);
});

it('snapshot: no file is left behind, not even a part of one', async () => {
  const file = join(directory, 'interrupted.snapshot.gz');
  const { code, stderr } = await interruptedAt([{ path: BINDINGS, fault: { slow: 'headers', milliseconds: 60_000 } }], BINDINGS, ['snapshot', file]);
  expect(code).toBe(130);
  expect(stderr).toMatch(/^interrupted: [^\n]*\n[^\n]* was not written\n$/);
  expect((await readdir(directory)).filter(name => name.includes('snapshot'))).toEqual([]);
});

it.each([1, 2])('a plugin that does not listen is ended too, with Ctrl-C pressed %i times', async times => {
  const started = join(directory, `started-${times}`);
  const plugin = join(directory, `deaf-${times}`);
  await writeFile(plugin, `#!/bin/sh\ntrap '' TERM INT\necho $$ > ${started}\nwhile :; do sleep 0.2; done\n`, { mode: 0o755 });
  const server = await startFakeApiServer({ data });
  const kubeconfig = server.kubeconfig({ user: { exec: { command: plugin, apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never' } } });
  const { code, stdout, stderr, seconds } = await interruptedWhen(() => existsSync(started) && readFileSync(started, 'utf8').trim() !== '', kubeconfig, ['scan'], times);
  await server.close();
  expect({ code, stdout, stderr }).toEqual({ code: 130, stdout: '', stderr: 'interrupted before anything was read\n' });
  expect(seconds).toBeLessThan(5);
  expect(() => process.kill(Number(readFileSync(started, 'utf8')), 0)).toThrow(/ESRCH/);
});

it('pressed again during the lists: still 130, what was read is written to its end, and at once', async () => {
  const server = await startFakeApiServer({ data, faults: [{ path: BINDINGS, fault: { slow: 'headers', milliseconds: 60_000 } }] });
  const hasBegun = (): boolean => server.requests.some(request => request.path.startsWith(BINDINGS));
  const { code, stdout, seconds } = await interruptedWhen(hasBegun, server.kubeconfig(), ['scan', '-o', 'json'], 2);
  await server.close();
  // A third time would end it by the signal itself, which shells call 130 too.
  expect(code).toBe(130);
  expect(JSON.parse(stdout)).toMatchObject({ kind: 'AuditReport' });
  expect(seconds).toBeLessThan(3);
});
