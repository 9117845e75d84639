import { readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { cleanupTrial, FOREVER } from './cleanup-trial.ts';

const { folder, start, kill, output, isUp, isGone, processes, until, remove } = cleanupTrial(`
  import { startApiServer } from ${JSON.stringify(path.join(import.meta.dirname, 'api-server.ts'))};
  const ground = await startApiServer({ controllerManager: true });`, { name: 'secaudit-cleanup-', patience: 60, pause: 5 });

afterAll(remove);

const runs = (program: string) => (): boolean => processes().some(line => line.includes(program));

async function nothingIsLeft(): Promise<void> {
  await until('the program has ended', isGone);
  await until('no process is left', () => processes().length === 0, 10);
  await until('no directory is left', () => readdirSync(folder).length === 0, 10);
}

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
    start(FOREVER);
    await until(moment, hasCome);
    kill('SIGKILL');
    await nothingIsLeft();
  });
}

for (const milliseconds of [70, 150, 400, 1000, 2000]) {
  test(`SIGKILL after ${milliseconds} ms leaves nothing`, async () => {
    start(FOREVER);
    await sleep(milliseconds);
    kill('SIGKILL');
    await nothingIsLeft();
  });
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} leaves nothing`, async () => {
    start(FOREVER);
    await until('it is up', isUp);
    kill(signal);
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
  expect(output()).toBe('up\ncode 0');
});
