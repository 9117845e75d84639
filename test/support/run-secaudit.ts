import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** The program from source; `SECAUDIT_PROGRAM` names a built executable to be tested in its place. */
const source = join(import.meta.dirname, '../../bin/kubectl-secaudit.ts');

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** How long the reader sleeps before each read of stdout, in milliseconds. */
  readonly slowReader?: number;
  /** Called with the process once it runs, to send it a signal or close its pipe. */
  readonly whileRunning?: (child: ReturnType<typeof spawn>) => void;
}

/** Runs the program to its end as a person would start it, without the environment's own cluster. */
export function runSecaudit(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const built = process.env['SECAUDIT_PROGRAM'];
  const [command, ...first] = built === undefined ? [process.execPath, source] : [built];
  const child = spawn(command, [...first, ...args], {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  options.whileRunning?.(child);
  return new Promise((resolve, reject) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    if (options.slowReader === undefined) child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    else readSlowly(child.stdout, options.slowReader, out);
    child.on('error', reject);
    child.on('close', code => {
      resolve({ code, stdout: Buffer.concat(out).toString('utf8'), stderr: Buffer.concat(err).toString('utf8') });
    });
  });
}

function readSlowly(stream: NodeJS.ReadableStream, pause: number, into: Buffer[]): void {
  stream.on('data', (chunk: Buffer) => {
    into.push(chunk);
    stream.pause();
    setTimeout(() => stream.resume(), pause);
  });
}
