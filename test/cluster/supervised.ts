import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { removeCgroup } from './cgroup-removal.ts';
import type { Report, Request, SupervisorRecord } from './supervisor.ts';

/** A directory, and processes that work in it. Both go when this process ends, however it ends. */
export interface Supervised {
  readonly dir: string;
  /** The process id of the supervisor. */
  readonly pid: number;
  /**
   * Starts a program in the directory; its output goes to `logs/NAME.log` there.
   * Throws if it cannot be started.
   */
  run(name: string, program: string, args: readonly string[], options?: RunOptions): Promise<SupervisedProcess>;
  /** Has these folders of control groups removed in the end too; to be said before they are made. */
  ownCgroups(folders: readonly string[]): Promise<void>;
  /** From now on all of it outlives this process, until the supervisor gets a SIGTERM. */
  detach(): Promise<void>;
  /** Kills the processes, removes the directory, and returns when both are done. */
  stop(): Promise<void>;
}

interface RunOptions {
  /** On top of this process's environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Default: the supervised directory. */
  readonly cwd?: string | undefined;
}

export interface SupervisedProcess {
  readonly name: string;
  readonly pid: number;
  /** The file with its output. */
  readonly log: string;
  /** How it ended; undefined while it runs. */
  exit(): Exit | undefined;
  /** Waits for its end. */
  wait(): Promise<Exit>;
  /** Kills it with all of its children and waits for its end. */
  kill(): Promise<void>;
}

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const supervisorProgram = path.join(import.meta.dirname, 'supervisor.ts');

/**
 * Makes `dir`, which must not exist, and owns it until `stop` or until this process ends. What a killed supervisor has
 * left there is cleared first.
 *
 * @returns undefined if the directory belongs to a living supervisor.
 */
export async function supervise(dir: string): Promise<Supervised | undefined> {
  mkdirSync(path.dirname(dir), { recursive: true });
  for (;;) {
    const supervised = await claim(dir);
    if (supervised !== undefined) return supervised;
    if (!clearAbandoned(dir)) return undefined;
  }
}

function claim(dir: string): Promise<Supervised | undefined> {
  const { NODE_OPTIONS: _, ...env } = process.env; // a test runner's loaders and inspectors are not for the supervisor
  const child = spawn(process.execPath, [supervisorProgram, dir], {
    cwd: '/', detached: true, env, stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()));
  const waiting = new Map<number, (report: Report) => void>();
  let lastId = 0;
  let pending = 0;

  // What is supervised does not keep this process alive, only an answer that is awaited does: a script that forgets
  // to stop its ground ends all the same, and the supervisor with it.
  const awaited = async <T>(answer: Promise<T>): Promise<T> => {
    if (pending++ === 0) { child.ref(); child.channel?.ref(); }
    try {
      return await answer;
    } finally {
      if (--pending === 0) { child.unref(); child.channel?.unref(); }
    }
  };
  const send = (request: Request): void => {
    if (child.connected) child.send(request, () => undefined);
  };

  const run: Supervised['run'] = (name, program, args, options = {}) => {
    // Before anything is written: the directory is going, or gone.
    if (!child.connected) return Promise.reject(new Error(`${program} was not started because its supervisor has been let go; start again.`));
    const id = ++lastId;
    const log = path.join(dir, 'logs', `${name}.log`);
    mkdirSync(path.dirname(log), { recursive: true });
    let exit: Exit | undefined;
    const { promise: exited, resolve: settleExit } = Promise.withResolvers<Exit>();
    const finish = (how: Exit): void => {
      exit = how;
      waiting.delete(id);
      settleExit(how);
    };
    const started = new Promise<SupervisedProcess>((resolve, reject) => {
      waiting.set(id, report => {
        if (report.type === 'started') {
          resolve({
            name, pid: report.pid, log,
            exit: () => exit,
            wait: () => awaited(exited),
            kill: async () => {
              send({ type: 'kill', id, signal: 'SIGKILL' });
              await awaited(exited);
            },
          });
        }
        if (report.type === 'failed') reject(new Error(`${program} cannot be started: ${report.message}.`));
        if (report.type === 'exited') finish({ code: report.code, signal: report.signal });
      });
      void ended.then(() => {
        reject(new Error(`${program} was not started because its supervisor has ended; start again.`));
        finish({ code: null, signal: 'SIGKILL' });
      });
      send({ type: 'run', id, program, args, env: options.env ?? {}, cwd: options.cwd ?? dir, log });
    });
    return awaited(started);
  };

  return awaited(new Promise<Supervised | undefined>((resolve, reject) => {
    let detached: (() => void) | undefined;
    let owned: (() => void) | undefined;
    child.on('error', reject);
    void ended.then(() => reject(new Error(`The supervisor of ${dir} ended before it was ready; start again.`)));
    child.on('message', message => {
      const report = message as Report;
      if ('id' in report) waiting.get(report.id)?.(report);
      if (report.type === 'owned') owned?.();
      if (report.type === 'detached') detached?.();
      if (report.type === 'taken') resolve(undefined);
      if (report.type === 'refused') reject(new Error(`${dir} cannot be made: ${report.message}.`));
      if (report.type === 'ready') {
        resolve({
          dir,
          pid: child.pid ?? 0,
          run,
          ownCgroups: cgroups => awaited(new Promise<void>(done => {
            owned = done;
            send({ type: 'own-cgroups', cgroups });
          })),
          detach: () => awaited(new Promise<void>(done => {
            detached = () => { child.disconnect(); done(); };
            send({ type: 'detach' });
          })),
          stop: () => {
            if (child.connected) child.disconnect();
            else child.kill('SIGTERM'); // it was detached; or it has ended, and this does nothing
            return awaited(ended);
          },
        });
      }
    });
  }));
}

/** What the supervisor of a directory wrote there; undefined if there is none (yet). */
export function readSupervisorRecord(dir: string): SupervisorRecord | undefined {
  try {
    return JSON.parse(readFileSync(path.join(dir, 'supervisor.json'), 'utf8')) as SupervisorRecord;
  } catch {
    return undefined;
  }
}

/** Whether a supervisor that still runs owns the directory. */
export function isSupervised(dir: string): boolean {
  const record = readSupervisorRecord(dir);
  if (record !== undefined) return mentions(record.supervisor, dir);
  // A supervisor makes the directory first and the record right after it.
  const made = statSync(dir, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return Date.now() - made < 5000;
}

/**
 * Clears a directory whose supervisor was itself killed: its processes first, then the files.
 *
 * @returns false if a living supervisor owns it.
 */
export function clearAbandoned(dir: string): boolean {
  if (isSupervised(dir)) return false;
  const record = readSupervisorRecord(dir);
  for (const pid of record?.processes ?? []) {
    // The number may long belong to somebody else; only a process that was told of this directory is ours.
    if (mentions(pid, dir)) killGroup(pid);
  }
  // Of several that find it abandoned at once, the rename lets one clear it.
  const aside = `${dir}.abandoned-${process.pid}`;
  try {
    renameSync(dir, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
  if (readSupervisorRecord(aside)?.supervisor !== record?.supervisor) {
    renameSync(aside, dir); // another cleared it, and somebody moved in, since we looked
    return false;
  }
  for (const cgroup of record?.cgroups ?? []) removeCgroup(cgroup);
  rmSync(aside, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  return true;
}

/** Clears, among our own directories in `folder` whose names begin with `prefix`, those that killed supervisors left. */
export function clearAllAbandoned(folder: string, prefix: string): void {
  for (const entry of readdirSync(folder)) {
    const dir = path.join(folder, entry);
    if (entry.startsWith(prefix) && statSync(dir, { throwIfNoEntry: false })?.uid === process.getuid?.()) clearAbandoned(dir);
  }
}

function mentions(pid: number, dir: string): boolean {
  try {
    const args = execFileSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return args.includes(dir);
  } catch {
    return false; // ps exits with 1 for a process that does not exist
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
}
