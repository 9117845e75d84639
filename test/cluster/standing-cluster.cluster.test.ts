import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { controlPlaneBinaries } from './binaries.ts';
import { whyNoKubeadmCluster } from './kubeadm/requirements.ts';
import { processesMentioning } from './process-list.ts';
import { runProgram, type CommandResult } from './run-program.ts';
import type { SupervisorRecord } from './supervisor.ts';

const state = realpathSync(mkdtempSync(path.join(tmpdir(), 'secaudit-standing-')));
const dir = path.join(state, 'secaudit', 'cluster');

afterEach(() => run('down.ts'));
afterAll(() => rmSync(state, { recursive: true, force: true }));

/** Ends when its output is closed, as for a shell's pipe: nothing that stays behind may hold it open. */
const run = (script: string, ...args: string[]): Promise<CommandResult> =>
  runProgram(process.execPath, [path.join(import.meta.dirname, script), ...args], { XDG_STATE_HOME: state });

const processes = (): string[] => processesMentioning(dir);

test('up starts one that stays, twice says so, down ends it, twice says so', async () => {
  const up = await run('up.ts', '--encryption', 'aescbc');
  expect(up).toMatchObject({ code: 0, stderr: '' });
  expect(up.stdout).toMatch(/^The cluster is up at https:\/\/127\.0\.0\.1:\d+, after [\d.]+ s\.\n/);
  const kubeconfig = /export KUBECONFIG=(\S+)/.exec(up.stdout)?.[1] ?? '';
  const { kubectl } = await controlPlaneBinaries();
  expect(up.stdout).toContain(kubectl);
  expect(execFileSync(kubectl, ['get', 'ns'], { encoding: 'utf8', env: { ...process.env, KUBECONFIG: kubeconfig } })).toContain('kube-system');
  expect(processes().join('\n')).toContain('--encryption-provider-config=');

  const again = await run('up.ts');
  expect(again.code).toBe(0);
  expect(again.stdout).toContain('already up at https://127.0.0.1:');
  expect(again.stdout).toContain('(started with --encryption aescbc)');

  expect(await run('down.ts')).toEqual({ code: 0, stderr: '', stdout: 'The cluster has ended; nothing of it is left.\n' });
  expect(processes()).toEqual([]);
  expect(existsSync(dir)).toBe(false);
  expect(await run('down.ts')).toEqual({ code: 0, stderr: '', stdout: 'No cluster was up.\n' });
});

test('kubeadm starts a whole cluster, and down ends that too', async ({ skip }) => {
  const reason = whyNoKubeadmCluster();
  skip(reason !== undefined, reason);
  const up = await run('up.ts', 'kubeadm', '--workers', '0');
  expect(up.stdout).toMatch(/^The cluster is up at https:\/\/10\.213\.\d+\.2:6443, after [\d.]+ s\.\n/);
  const kubeconfig = /export KUBECONFIG=(\S+)/.exec(up.stdout)?.[1] ?? '';
  const { kubectl } = await controlPlaneBinaries();
  expect(execFileSync(kubectl, ['get', 'nodes'], { encoding: 'utf8', env: { ...process.env, KUBECONFIG: kubeconfig } })).toMatch(/^control-plane +Ready /m);
  expect((await run('up.ts')).stdout).toContain('(started with kubeadm --workers 0)');

  expect(await run('down.ts')).toEqual({ code: 0, stderr: '', stdout: 'The cluster has ended; nothing of it is left.\n' });
  expect(processes()).toEqual([]);
  expect(existsSync(dir)).toBe(false);
}, 30 * 60_000);

test('of two at once, one starts it', async () => {
  const both = await Promise.all([run('up.ts'), run('up.ts')]);
  expect(both.map(({ code }) => code).sort()).toEqual([0, 1]);
  expect(both.map(({ stderr }) => stderr).join('')).toMatch(/being started|still runs/);
  expect(processes().filter(line => line.includes('--secure-port='))).toHaveLength(1);
});

for (const next of ['up.ts', 'down.ts']) {
  test(`${next} clears what a killed one left`, async () => {
    await run('up.ts');
    const { supervisor } = JSON.parse(readFileSync(path.join(dir, 'supervisor.json'), 'utf8')) as SupervisorRecord;
    process.kill(supervisor, 'SIGKILL');
    expect(processes()).not.toEqual([]);

    const { stdout, code } = await run(next);
    expect(code).toBe(0);
    expect(stdout).toContain(next === 'up.ts' ? 'The cluster is up' : 'had been killed');
    expect(processes().filter(line => line.includes('--secure-port='))).toHaveLength(next === 'up.ts' ? 1 : 0);
  });
}

test.each([
  ['up.ts', ['--bogus'], `Unknown option '--bogus'`],
  ['up.ts', ['kind'], `Unexpected argument 'kind'`],
  ['up.ts', ['kubeadm', 'twice'], `Unexpected argument 'twice'`],
  ['up.ts', ['kubeadm', '--encryption', 'aescbc'], `Unknown option '--encryption'`],
  ['up.ts', ['kubeadm', '--workers', 'ten'], '--workers takes a number from 0 to 9, not "ten".'],
  ['up.ts', ['kubeadm', '--control-planes', '0'], '--control-planes takes a number from 1 to 3, not "0".'],
  ['up.ts', ['--workers', '2'], `Unknown option '--workers'`],
  ['up.ts', ['--encryption', 'rot13'], 'no encryption kind "rot13"'],
  ['down.ts', ['--now'], `Unknown option '--now'`],
])('%s %j is a usage error', async (script, args, words) => {
  const { stdout, stderr, code } = await run(script, ...args);
  expect({ stdout, code }).toEqual({ stdout: '', code: 2 });
  expect(stderr).toContain(words);
  expect(stderr).toContain('Usage: npm run cluster:');
});
