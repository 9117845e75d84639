import type { Interfaces } from '@oclif/core';
import { Command } from '@oclif/core/command';
import { audit, judge, sourcesFor, type AuditQuestion, type JudgingOptions } from '../audit.ts';
import { FAMILIES, type Family } from '../checks/define-check.ts';
import type { AuditReport } from '../engine/report-model.ts';
import type { Selection } from '../engine/select-checks.ts';
import { escapeForTerminal } from '../report/escape.ts';
import type { Style } from '../report/style.ts';
import type { Snapshot } from '../evidence/snapshot.ts';
import { Problem } from '../problem.ts';
import { auditFlags, colorOf, connectionFlags, connectionOf, isAtLeast, namespaceOf, optInsOf, outputFlags } from './flags.ts';
import { followRun } from './follow-run.ts';
import { printReport } from './print-report.ts';

export const allFlags = { ...connectionFlags, ...auditFlags, ...outputFlags };

/** What one audit command shows; everything else is the same for all of them. */
export interface AuditCommand {
  /** Only this family, unless the person selects otherwise. */
  readonly family?: Family;
  readonly views: AuditQuestion['views'];
  readonly path?: AuditQuestion['path'];
  /** It has something to show of a cluster that lets nobody in. */
  readonly worksWithoutLogin?: true;
  readonly table: (report: AuditReport, style: Style) => string;
}

/** Parses flags, audits, prints and sets the exit code: the life of `scan`, `pki`, `rbac`, `secrets` and `versions`. */
export async function runAuditCommand(command: AuditCommand, flags: AuditCommandFlags): Promise<void> {
  const question = { selection: selectionOf(command, flags), views: command.views, ...(command.path === undefined ? {} : { path: command.path }) };
  // A wrong --check is said before a cluster is bothered.
  sourcesFor(question);
  const judging = await judgingOf(flags);
  const report = flags.snapshot === undefined ? await auditLive(question, judging, flags) : await auditSaved(flags.snapshot, question, judging, flags);
  // A family's tables would be empty; the whole audit has what the handshake shows.
  if (report.loginRefused !== undefined && command.family !== undefined && command.worksWithoutLogin !== true) throw new Problem(report.loginRefused);
  await printReport(report, command.table, {
    output: flags.output,
    headers: !flags['no-headers'],
    ...colorOf(flags.color),
    ...(flags['output-file'] === undefined ? {} : { file: flags['output-file'] }),
  });
  if (report.loginRefused !== undefined && flags.snapshot === undefined) {
    process.exitCode ??= 1;
    process.stderr.write(`error: ${escapeForTerminal(report.loginRefused)}\n`);
  }
  // Ctrl-C has set its own code already.
  process.exitCode ??= exitCodeOf(report, flags);
}

export type AuditCommandFlags = Interfaces.InferredFlags<typeof allFlags>;

async function auditLive(question: AuditQuestion, judging: JudgingOptions, flags: AuditCommandFlags): Promise<AuditReport> {
  const run = followRun(flags);
  if (flags['probe-anonymous'] && !flags.quiet) {
    process.stderr.write('--probe-anonymous: each kubelet gets a request without a credential on ports 10250 and 10255, which monitoring may take for an attack\n');
  }
  if (flags['probe-nodes'] && !flags.quiet) {
    process.stderr.write('--probe-nodes: each node gets handshakes at its own address and its kubelet a request without a credential, and each IP address in the status of an Ingress a handshake, which monitoring may take for an attack\n');
  }
  warnOfSecrets(flags);
  try {
    return await audit(connectionOf(flags), question, {
      ...judging,
      ...run.options,
      ...namespaceOf(flags),
      ...optInsOf(flags),
      ...(flags['cluster-id'] === undefined ? {} : { clusterId: flags['cluster-id'] }),
    });
  } finally {
    run.end();
  }
}

/** Said before anything is read: RBAC knows no smaller right, and an audit log shows the read. */
export function warnOfSecrets(flags: { readonly 'tls-secrets'?: boolean | undefined; readonly quiet?: boolean | undefined }): void {
  if (flags['tls-secrets'] === true && flags.quiet !== true) {
    process.stderr.write('--tls-secrets: Secrets of type kubernetes.io/tls are read, keys included; a key is compared with its certificate and dropped, and none is stored or printed\n');
  }
}

async function auditSaved(file: string, question: AuditQuestion, judging: JudgingOptions, flags: AuditCommandFlags): Promise<AuditReport> {
  if (flags.namespace !== undefined) throw new Problem('--snapshot holds what was read then; take a snapshot with -n to have one of a namespace', { exitCode: 2 });
  if (flags.kubelet !== undefined || flags['probe-anonymous']) throw new Problem('--snapshot reads a file and asks no kubelet; give --kubelet and --probe-anonymous when the snapshot is taken', { exitCode: 2 });
  if (flags['node-files']) throw new Problem('--snapshot reads a file and no node; give --node-files when the snapshot is taken', { exitCode: 2 });
  if (flags.tunnel || flags['probe-nodes']) throw new Problem('--snapshot reads a file and asks no node; give --tunnel and --probe-nodes when the snapshot is taken', { exitCode: 2 });
  if (flags['tls-secrets']) throw new Problem('--snapshot reads a file and no Secret; give --tls-secrets when the snapshot is taken', { exitCode: 2 });
  return judge(await openSnapshot(file, judging.at, flags), question, judging);
}

/**
 * A saved snapshot, with a word about its age on stderr.
 * @throws {Problem} where a flag of a live run stands beside it, or the file is none
 */
export async function openSnapshot(file: string, at: string | undefined, flags: Omit<AuditCommandFlags, keyof typeof auditFlags> & { readonly 'cluster-id'?: string | undefined }): Promise<Snapshot> {
  const live = Object.keys(connectionFlags).find(name => flags[name as keyof typeof connectionFlags] !== undefined && flags[name as keyof typeof connectionFlags] !== false);
  if (live !== undefined) throw new Problem(`--snapshot reads a file and no cluster, so --${live} has no meaning beside it`, { exitCode: 2 });
  const { readSnapshot } = await import('./snapshot-on-disk.ts');
  const saved = await readSnapshot(file);
  const snapshot = flags['cluster-id'] === undefined ? saved : { ...saved, clusterId: flags['cluster-id'] };
  if (!flags.quiet) {
    const days = Math.floor((Date.now() - Date.parse(snapshot.collectedAt)) / 86_400_000);
    const age = days < 1 ? 'less than a day old' : `${days} days old`;
    process.stderr.write(`the snapshot is ${age} and is judged as of ${at ?? snapshot.collectedAt}\n`);
  }
  return snapshot;
}

function selectionOf(command: AuditCommand, flags: AuditCommandFlags): Selection {
  const families = flags.family ?? (command.family === undefined || flags.check !== undefined ? undefined : [command.family]);
  return {
    ...(flags.check === undefined ? {} : { checks: flags.check }),
    ...(families === undefined ? {} : { families }),
    ...(flags.severity === undefined ? {} : { severity: flags.severity }),
    ...(flags.framework === undefined ? {} : { frameworks: flags.framework }),
  };
}

async function judgingOf(flags: AuditCommandFlags): Promise<JudgingOptions> {
  return {
    ...(flags.exceptions === undefined ? {} : { exceptions: await (await import('./read-exceptions.ts')).readExceptions(flags.exceptions) }),
    ...(flags.at === undefined ? {} : { at: instantOf(flags.at) }),
    ...(flags.facts === undefined ? {} : { facts: await (await import('./read-facts.ts')).readFacts(flags.facts) }),
  };
}

/** @throws {Problem} where the text is no time */
function instantOf(text: string): string {
  if (text === 'now') return new Date().toISOString();
  const instant = Date.parse(text);
  if (!/^\d{4}-\d{2}-\d{2}(T|$)/.test(text) || Number.isNaN(instant)) {
    throw new Problem(`--at takes now, a day such as 2027-01-31 or a time such as 2027-01-31T08:00:00Z, not ${text}`, { exitCode: 2 });
  }
  return new Date(instant).toISOString();
}

/** 3 for findings at or above --fail-on, 4 for gaps with --fail-on-incomplete; 3 wins. */
function exitCodeOf(report: AuditReport, flags: AuditCommandFlags): number {
  const threshold = flags['fail-on'];
  const tooBad =
    threshold !== undefined && report.findings.some(({ state, severity }) => state === 'open' && isAtLeast(severity, threshold));
  if (tooBad) return 3;
  // A source may be read in part, as where one replica of three did not answer: that is a gap of checks alone.
  const isIncomplete = report.summary.gaps > 0 || report.summary.checks.error > 0 || report.notAssessed.some(({ kind }) => kind === 'gap');
  return flags['fail-on-incomplete'] && isIncomplete ? 4 : 0;
}

/** The base of every command: words and flags are static, `run` is short. */
export abstract class BaseCommand extends Command {
  static override readonly strict: boolean = true;
  static readonly families = FAMILIES;
}
