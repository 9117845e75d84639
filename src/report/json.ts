import type { AuditReport } from '../engine/report-model.ts';
import { escapeInJson } from './escape.ts';

/** The whole report, indented by two. */
export function renderJson(report: AuditReport): string {
  return `${escapeInJson(JSON.stringify(report, undefined, 2))}\n`;
}

/**
 * One JSON object a line: first the run, then each finding, last the summary, so that a reader notices a cut-off file.
 */
export function* renderJsonLines(report: AuditReport): Generator<string> {
  const { findings, summary, ...run } = report;
  yield line({ ...run, kind: 'AuditRun' });
  for (const finding of findings) yield line({ apiVersion: report.apiVersion, kind: 'Finding', ...finding });
  yield line({ apiVersion: report.apiVersion, kind: 'AuditSummary', ...summary });
}

function line(value: object): string {
  return `${escapeInJson(JSON.stringify(value))}\n`;
}
