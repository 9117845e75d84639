import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { processesMentioning } from './process-list.ts';

const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'secaudit-cleanup-')));
let started: ChildProcess | undefined;
let output = '';

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a program that starts a ground under `folder`, says "up" and then does what is given. */
function start(andThen: string): void {
  output = '';
  const program = `
    import { startApiServer } from ${JSON.stringify(path.join(import.meta.dirname, 'api-server.ts'))};
    const ground = await startApiServer({ controllerManager: true });
    process.stdout.write('up\\n');
    ${andThen}`;
  const { NODE_OPTIONS: _, ...env } = process.env;
  started = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
    env: { ...env, TMPDIR: folder }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [started.stdout, started.stderr]) stream?.setEncoding('utf8').on('data', (chunk: string) => { output += chunk; });
}

/** What lives of the grounds under the folder, without the program that starts them. */
function processes(): string[] {
  return processesMentioning(folder).filter(line => !line.includes('input-type'));
}

async function until(what: string, isSo: () => boolean, seconds = 60): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`After ${seconds} s still not so: ${what}. Alive:\n${processes().join('\n')}\nOutput:\n${output}`);
    await sleep(5);
  }
}

const runs = (program: string) => (): boolean => processes().some(line => line.includes(program));
const isUp = (): boolean => output.includes('up\n');
const isGone = (): boolean => started?.exitCode !== null || started.signalCode !== null;

async function nothingIsLeft(): Promise<void> {
  await until('the program has ended', isGone);
  await until('no process is left', () => processes().length === 0, 10);
  await until('no directory is left', () => readdirSync(folder).length === 0, 10);
}

const forever = 'setInterval(() => undefined, 1 << 30);';

const moments: Readonly<Record<string, () => boolean>> = {
  'before anything': () => true,
  'as the supervisor starts': runs('supervisor.ts'),
  'as the directory appears': () => readdirSync(folder).length > 0,
  'as etcd starts': runs('--unsafe-no-fsync'),
  'as the API server starts': runs('--secure-port='),
  'as the controller manager starts': runs('--use-service-account-credentials'),
  'when it is up': isUp,
};

for (const [moment, hasCome] of Object.entries(moments)) {
  test(`SIGKILL ${moment} leaves nothing`, async () => {
    start(forever);
    await until(moment, hasCome);
    started?.kill('SIGKILL');
    await nothingIsLeft();
  });
}

for (const milliseconds of [70, 150, 400, 1000, 2000]) {
  test(`SIGKILL after ${milliseconds} ms leaves nothing`, async () => {
    start(forever);
    await sleep(milliseconds);
    started?.kill('SIGKILL');
    await nothingIsLeft();
  });
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} leaves nothing`, async () => {
    start(forever);
    await until('it is up', isUp);
    started?.kill(signal);
    await nothingIsLeft();
  });
}

const ends = {
  'an exception': `throw new Error('on purpose');`,
  'process.exit': 'process.exit(7);',
  'a program that forgets to stop it': '',
  'stop, twice': 'await ground.stop(); await ground.stop();',
};

for (const [what, code] of Object.entries(ends)) {
  test(`${what} leaves nothing`, async () => {
    start(code);
    await until('it is up', isUp);
    await nothingIsLeft();
  });
}

test('what a killed supervisor leaves is cleared by the next start, which works', async () => {
  start('process.kill(ground.supervisor, "SIGKILL");');
  await until('it is up', isUp);
  await until('the program has ended', isGone);
  expect(readdirSync(folder)).toHaveLength(1);
  expect(processes()).not.toEqual([]);

  start('const { code } = await ground.kubectl(["get", "namespaces"]); process.stdout.write(`code ${code}`); await ground.stop();');
  await nothingIsLeft();
  expect(output).toBe('up\ncode 0');
});
