import type { AuditReport, ReportEvidence, ReportFinding } from '../engine/report-model.ts';
import { escapeForTerminal } from './escape.ts';
import { causeTable, header, notAssessedTable } from './first-screen.ts';
import { paint, paintWord, type Style } from './style.ts';
import { renderTable, wrap } from './text-table.ts';
import { bytes, counted, STATUS_WORDS } from './words.ts';

/** Everything: each finding with its evidence and commands, each check, each source. */
export function renderWide(report: AuditReport, style: Style): string {
  const serious = report.findings.filter(({ severity }) => severity !== 'info');
  const infos = report.findings.length - serious.length;
  const sections = [
    header(report, style),
    ...serious.map((finding, index) => findingBlock(finding, style, index === serious.findIndex(({ check }) => check === finding.check))),
    infos === 0 ? '' : `${counted(infos, 'finding')} of severity info: what the platform itself has, which -o json lists`,
    report.causes.length === 0 ? '' : causeTable(report.causes, style),
    report.notAssessed.length === 0 ? '' : notAssessedTable(report, report.notAssessed, style),
    checkTable(report, style),
    sourceTable(report, style),
  ];
  return `${sections.filter(section => section !== '').join('\n\n')}\n`;
}

/** @param isFirst whether it is the first of its check, which alone says what to change: it is the same for all */
function findingBlock(finding: ReportFinding, style: Style, isFirst: boolean): string {
  const state = finding.state === 'excepted' ? '  (excepted)' : '';
  return [
    `${paintWord(style, finding.severity, finding.severity.toUpperCase())}  ${paint(style, 'bold', escapeForTerminal(finding.message))}${state}`,
    field('check', finding.check, style),
    ...finding.evidence.flatMap(item => evidenceLines(item, style)),
    ...(isFirst ? [field('change', finding.remediation.change, style), field('may break', finding.remediation.mayBreak, style)] : []),
    ...(finding.remediation.commands ?? []).map(command => commandField('fix', command)),
    field('fingerprint', finding.fingerprint, style),
  ].join('\n');
}

function evidenceLines(item: ReportEvidence, style: Style): string[] {
  const value = typeof item.value === 'string' ? item.value : JSON.stringify(item.value);
  const grade = item.grade === 'exact' ? '' : ` (${item.grade})`;
  return [
    field('evidence', `${item.path} = ${value}${grade}`, style),
    item.reproduce === undefined ? field('worked out', item.derivation ?? '', style) : commandField('see it', item.reproduce),
  ];
}

const LABEL = 12;

/** A labelled text, wrapped with a hanging indent where the terminal is narrow. */
function field(name: string, value: string, style: Style): string {
  const indent = ' '.repeat(LABEL + 2);
  return `  ${name.padEnd(LABEL)}${wrap(escapeForTerminal(value), style.width - indent.length).join(`\n${indent}`)}`;
}

/** A command is one line, however long: it is there to be copied. */
function commandField(name: string, command: string): string {
  return `  ${name.padEnd(LABEL)}${escapeForTerminal(command)}`;
}

function checkTable(report: AuditReport, style: Style): string {
  return renderTable(
    report.checks,
    [
      { header: 'CHECK', value: ({ id }) => id },
      { header: 'STATUS', value: ({ status }) => STATUS_WORDS[status], paint: (text, { status }) => paintWord(style, status, text) },
      { header: 'JUDGED', value: ({ targets }) => String(targets) },
      { header: 'UNKNOWN', value: ({ unknown }) => String(unknown.length) },
      { header: 'OPEN', value: ({ open }) => String(open) },
      { header: 'EXCEPTED', value: ({ excepted }) => String(excepted) },
      { header: 'TITLE', value: ({ title, error }) => error ?? title, flexible: true },
    ],
    style,
  );
}

function sourceTable(report: AuditReport, style: Style): string {
  return renderTable(
    report.sources,
    [
      { header: 'SOURCE', value: ({ id }) => id },
      { header: 'READ', value: ({ status, gap }) => (status === 'read' ? 'yes' : (gap?.reason ?? 'no')) },
      { header: 'ITEMS', value: ({ count }) => (count === undefined ? '' : String(count)) },
      { header: 'REQUESTS', value: ({ requests }) => String(requests) },
      { header: 'SIZE', value: source => bytes(source.bytes) },
      { header: 'SECONDS', value: ({ seconds }) => seconds.toFixed(3) },
      { header: 'WHY NOT', value: ({ gap }) => gap?.detail ?? '', flexible: true },
    ],
    style,
  );
}
