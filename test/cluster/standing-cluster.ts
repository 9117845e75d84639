import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { clearAbandoned, isSupervised, readSupervisorRecord } from './supervised.ts';

/** What is told about the one cluster a person has standing; kept in its directory, so it goes when the cluster goes. */
export interface StandingCluster {
  readonly url: string;
  readonly kubeconfig: { readonly admin: string; readonly superAdmin: string };
  readonly kubectl: string;
  /** The flags it was started with. */
  readonly flags: readonly string[];
}

/** Its directory is always the same, so that an exported KUBECONFIG holds from one start to the next. */
export const standingClusterDir = path.join(process.env['XDG_STATE_HOME'] || path.join(homedir(), '.local', 'state'), 'secaudit', 'cluster');

const stateFile = path.join(standingClusterDir, 'standing-cluster.json');

/** `starting` and `none` say what they say; one whose supervisor was killed is `none`, and the next start clears it. */
export function standingCluster(): StandingCluster | 'starting' | 'none' {
  if (!isSupervised(standingClusterDir)) return 'none';
  if (!existsSync(stateFile)) return 'starting';
  return JSON.parse(readFileSync(stateFile, 'utf8')) as StandingCluster;
}

/** Writes down what was started in `standingClusterDir`. */
export function recordStandingCluster(cluster: StandingCluster): void {
  writeFileSync(stateFile, JSON.stringify(cluster));
}

/**
 * Ends the standing cluster and removes its directory.
 *
 * @returns `ended`; `cleared` if only the remains of a killed one were there; `none` if nothing was.
 * @throws if it is still there after half a minute.
 */
export async function endStandingCluster(): Promise<'ended' | 'cleared' | 'none'> {
  if (!existsSync(standingClusterDir)) return 'none';
  if (clearAbandoned(standingClusterDir)) return 'cleared';
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    if (!existsSync(standingClusterDir) || clearAbandoned(standingClusterDir)) return 'ended';
    askToEnd(readSupervisorRecord(standingClusterDir)?.supervisor);
    await sleep(50);
  }
  throw new Error(`The cluster in ${standingClusterDir} did not end in 30 s; kill its supervisor.ts and run this again.`);
}

function askToEnd(supervisor: number | undefined): void {
  try {
    if (supervisor !== undefined) process.kill(supervisor, 'SIGTERM');
  } catch {
    // It has just ended.
  }
}
