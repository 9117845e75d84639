import type { Interfaces } from '@oclif/core';
import { judge, takeSnapshot, type AuditQuestion } from '../../audit.ts';
import type { AuditReport } from '../../engine/report-model.ts';
import type { Snapshot } from '../../evidence/snapshot.ts';
import { clusterRoleBindings } from '../../evidence/sources/rbac.ts';
import { Problem } from '../../problem.ts';
import type { Style } from '../../report/style.ts';
import { openSnapshot } from '../audit-command.ts';
import { auditFlags, colorOf, connectionFlags, connectionOf, outputFlags } from '../flags.ts';
import { followRun } from '../follow-run.ts';
import { printReport } from '../print-report.ts';

/** The flags of a question about rights: it judges nothing, so there is nothing to select or to fail on. */
export const questionFlags = {
  ...connectionFlags,
  'all-namespaces': auditFlags['all-namespaces'],
  'cluster-id': auditFlags['cluster-id'],
  snapshot: auditFlags.snapshot,
  timeout: auditFlags.timeout,
  ...outputFlags,
};

export type QuestionFlags = Interfaces.InferredFlags<typeof questionFlags> & { readonly namespace?: string | undefined };

/** What a question shows. */
export interface Question {
  /** What it takes to read, before it is known what was meant. */
  readonly toRead: NonNullable<AuditQuestion['asked']>;
  /** What was meant, in the words of this cluster. @throws {Problem} where it has none */
  readonly toAsk: (snapshot: Snapshot) => NonNullable<AuditQuestion['asked']>;
  readonly table: (report: AuditReport, style: Style) => string;
  readonly wide: (report: AuditReport, style: Style) => string;
}

/** Reads, asks and prints: the life of `rbac who-can` and `rbac access`. */
export async function runQuestion(question: Question, flags: QuestionFlags): Promise<void> {
  const nothing = { selection: { checks: [] }, views: [] };
  const snapshot = flags.snapshot === undefined
    ? await readLive({ ...nothing, asked: question.toRead }, flags)
    : await openSnapshot(flags.snapshot, undefined, flags);
  // Nothing was read, and an answer from nothing would read like one.
  if (snapshot.loginRefused !== undefined) throw new Problem(snapshot.loginRefused);
  const report = judge(snapshot, { ...nothing, asked: question.toAsk(snapshot) });
  await printReport(report, question.table, {
    output: flags.output,
    headers: !flags['no-headers'],
    wide: question.wide,
    ...colorOf(flags.color),
    ...(flags['output-file'] === undefined ? {} : { file: flags['output-file'] }),
  });
}

async function readLive(question: AuditQuestion, flags: QuestionFlags): Promise<Snapshot> {
  const run = followRun(flags);
  try {
    return await takeSnapshot(connectionOf(flags), question, {
      ...run.options,
      // What is bound in the whole cluster holds in a namespace too.
      ...(flags.namespace === undefined ? {} : { namespace: flags.namespace, alsoWithNamespace: [clusterRoleBindings] }),
      ...(flags['cluster-id'] === undefined ? {} : { clusterId: flags['cluster-id'] }),
    });
  } finally {
    run.end();
  }
}
