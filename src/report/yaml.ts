import { stringify } from 'yaml';
import type { AuditReport } from '../engine/report-model.ts';

/** The whole report as YAML 1.2. Strings with anything unusual are double-quoted and escaped by the library. */
export function renderYaml(report: AuditReport): string {
  return stringify(report, { lineWidth: 0, aliasDuplicateObjects: false });
}
