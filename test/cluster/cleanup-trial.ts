import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { processesMentioning } from './process-list.ts';

/** A program of its own that starts a cluster, so that it can be killed, and all that comes of it. */
export interface CleanupTrial {
  /** Everything that the program makes lies here. */
  readonly folder: string;
  /** Runs the program anew: it starts a cluster, says "up", and then does what is given. */
  readonly start: (andThen: string) => void;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** What the program printed. */
  readonly output: () => string;
  readonly isUp: () => boolean;
  readonly isGone: () => boolean;
  /** What lives of the clusters under the folder, without the program that starts them. */
  readonly processes: () => string[];
  /** @throws {Error} with what lives and what was printed, where it is not so in time */
  readonly until: (what: string, isSo: () => boolean, seconds?: number) => Promise<void>;
  readonly remove: () => void;
}

/** What makes the program go on until it is killed. */
export const FOREVER = 'setInterval(() => undefined, 1 << 30);';

/** @param startsCluster the lines that start one */
export function cleanupTrial(startsCluster: string, { name, patience, pause }: { readonly name: string; readonly patience: number; readonly pause: number }): CleanupTrial {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), name)));
  let started: ChildProcess | undefined;
  let output = '';
  const processes = (): string[] => processesMentioning(folder).filter(line => !line.includes('input-type'));
  return {
    folder,
    processes,
    start(andThen) {
      output = '';
      const program = `${startsCluster}\nprocess.stdout.write('up\\n');\n${andThen}`;
      const { NODE_OPTIONS: _, ...env } = process.env;
      started = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
        env: { ...env, TMPDIR: folder }, stdio: ['ignore', 'pipe', 'pipe'],
      });
      for (const stream of [started.stdout, started.stderr]) stream?.setEncoding('utf8').on('data', (chunk: string) => { output += chunk; });
    },
    kill: signal => void started?.kill(signal),
    output: () => output,
    isUp: () => output.includes('up\n'),
    isGone: () => started?.exitCode !== null || started.signalCode !== null,
    async until(what, isSo, seconds = patience) {
      const deadline = Date.now() + seconds * 1000;
      while (!isSo()) {
        if (Date.now() > deadline) throw new Error(`After ${seconds} s still not so: ${what}. Alive:\n${processes().join('\n')}\nOutput:\n${output}`);
        await sleep(pause);
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
