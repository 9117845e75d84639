/**
 * Owns a directory and the processes that work in it: `node supervisor.ts DIRECTORY`, with an IPC channel to whoever
 * wants them. When that channel closes, for whatever reason (a normal end, an exception, SIGKILL), every process is
 * killed and the directory removed. It runs in a session of its own, so a Ctrl-C in the terminal does not reach it
 * before its parent.
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { removeCgroup } from './cgroup-removal.ts';

/** What the parent asks for. */
export type Request =
  | {
      readonly type: 'run';
      readonly id: number;
      readonly program: string;
      readonly args: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly cwd: string;
      /** Standard output and error; an earlier run's are overwritten. */
      readonly log: string;
    }
  | { readonly type: 'kill'; readonly id: number; readonly signal: NodeJS.Signals }
  | { readonly type: 'own-cgroups'; readonly cgroups: readonly string[] }
  | { readonly type: 'detach' };

/** What the supervisor tells. */
export type Report =
  | { readonly type: 'ready' }
  | { readonly type: 'taken' }
  | { readonly type: 'refused'; readonly message: string }
  | { readonly type: 'started'; readonly id: number; readonly pid: number }
  | { readonly type: 'failed'; readonly id: number; readonly message: string }
  | { readonly type: 'exited'; readonly id: number; readonly code: number | null; readonly signal: NodeJS.Signals | null }
  | { readonly type: 'owned' }
  | { readonly type: 'detached' };

/** `supervisor.json` in the directory: enough to clean up should the supervisor itself be killed. */
export interface SupervisorRecord {
  readonly supervisor: number;
  readonly processes: readonly number[];
  /** Folders of control groups, made or about to be made; they go after the processes. */
  readonly cgroups: readonly string[];
}

const directory = process.argv[2] ?? '';
const running = new Map<number, number>();
let cgroups: readonly string[] = [];
let mine = false;
let detached = false;
let ending = false;

process.on('disconnect', () => {
  if (!detached) void end(0);
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void end(0));
process.on('uncaughtException', () => void end(1));
process.on('message', message => handle(message as Request));
claim();

function claim(): void {
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    tell(code === 'EEXIST' ? { type: 'taken' } : { type: 'refused', message });
    void end(1);
    return;
  }
  mine = true;
  record();
  tell({ type: 'ready' });
}

function handle(request: Request): void {
  if (ending) return;
  if (request.type === 'run') run(request);
  if (request.type === 'kill') {
    const pid = running.get(request.id);
    if (pid !== undefined) killGroup(pid, request.signal);
  }
  if (request.type === 'own-cgroups') {
    cgroups = [...cgroups, ...request.cgroups];
    record();
    tell({ type: 'owned' });
  }
  if (request.type === 'detach') {
    detached = true;
    tell({ type: 'detached' });
  }
}

function run({ id, program, args, env, cwd, log }: Extract<Request, { type: 'run' }>): void {
  try {
    const output = openSync(log, 'w');
    // Detached makes it the leader of a process group, so that its own children die with it.
    const child = spawn(program, args, {
      cwd, detached: true, env: { ...process.env, ...env }, stdio: ['ignore', output, output],
    });
    closeSync(output);
    const { pid } = child;
    if (pid !== undefined) {
      running.set(id, pid);
      record();
      tell({ type: 'started', id, pid });
    }
    child.on('error', error => tell({ type: 'failed', id, message: error.message }));
    child.on('exit', (code, signal) => {
      running.delete(id);
      if (!ending) record();
      tell({ type: 'exited', id, code, signal });
    });
  } catch (error) {
    tell({ type: 'failed', id, message: (error as Error).message });
  }
}

async function end(code: number): Promise<void> {
  if (ending) return;
  ending = true;
  // Again and again, since a group can gain a member between the signal and its leader's end.
  while (running.size > 0) {
    for (const pid of running.values()) killGroup(pid, 'SIGKILL');
    await new Promise(resolve => setTimeout(resolve, 10));
  }
  for (const cgroup of cgroups) removeCgroup(cgroup);
  // Retried, since the parent may have been killed while one of its own children still writes there.
  if (mine) await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  process.exitCode = code;
  if (process.connected) process.disconnect?.();
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Gone already: its exit event is on its way.
  }
}

function record(): void {
  const contents: SupervisorRecord = { supervisor: process.pid, processes: [...running.values()], cgroups };
  const file = path.join(directory, 'supervisor.json');
  // In one step: who reads half a record takes the directory for an abandoned one.
  writeFileSync(`${file}.new`, JSON.stringify(contents));
  renameSync(`${file}.new`, file);
}

function tell(report: Report): void {
  // The parent may be gone at any moment; the disconnect event then says so.
  if (process.connected) process.send?.(report, undefined, undefined, () => undefined);
}
