import { Document, Scalar, visit } from 'yaml';
import type { AuditReport } from '../engine/report-model.ts';
import { escapeInJson } from './escape.ts';

/**
 * The whole report as YAML 1.2. The library leaves invisible characters as they are; strings that hold one are put in
 * double quotes, where YAML knows the escapes of JSON.
 */
export function renderYaml(report: AuditReport): string {
  const document = new Document(report, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, scalar) {
      if (typeof scalar.value === 'string' && escapeInJson(scalar.value) !== scalar.value) scalar.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return escapeInJson(document.toString({ lineWidth: 0 }));
}
