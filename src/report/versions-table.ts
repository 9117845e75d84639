import type { AuditReport } from '../engine/report-model.ts';
import type { VersionRow, VersionsView } from '../indexes/versions-view.ts';
import { escapeForTerminal } from './escape.ts';
import { header, renderFindings } from './first-screen.ts';
import { paintWord, type Style } from './style.ts';
import { renderTable } from './text-table.ts';
import { inDays } from './words.ts';

/** Versions and how long they are supported. */
export function renderVersions(report: AuditReport, style: Style): string {
  const view = report.views.versions;
  const sections = [header(report, style)];
  if (view !== undefined && 'components' in view) sections.push(componentTable(view, style), unread(view), dataLine(view));
  sections.push(renderFindings(report, style));
  return `${sections.filter(section => section !== '').join('\n\n')}\n`;
}

const COLOUR: Readonly<Record<VersionRow['status'], string>> = { supported: 'passed', ended: 'failed', unknown: 'notAssessed' };

function componentTable({ components }: VersionsView, style: Style): string {
  return renderTable(
    components,
    [
      { header: 'COMPONENT', value: ({ component }) => component },
      { header: 'VERSION', value: ({ version }) => version },
      { header: 'COUNT', value: ({ count }) => String(count) },
      { header: 'SUPPORT', value: ({ status }) => (status === 'unknown' ? 'not known' : status), paint: (text, { status }) => paintWord(style, COLOUR[status], text) },
      { header: 'ENDS', value: ({ supportEnds, isBound }) => (supportEnds === undefined ? '' : `${isBound === true ? 'before ' : ''}${supportEnds}`) },
      { header: 'LEFT', value: ({ daysLeft }) => (daysLeft === undefined ? '' : inDays(daysLeft)) },
      { header: 'NOTES', value: notesOf, flexible: true },
    ],
    style,
  );
}

function notesOf({ calendar, phase, patchesBehind, emulates, notes }: VersionRow): string {
  return [
    ...(calendar === undefined ? [] : [`${calendar}${phase === undefined ? '' : ` ${phase}`}`]),
    ...(patchesBehind === undefined ? [] : [`at least ${patchesBehind} patches behind`]),
    ...(emulates === undefined ? [] : [`emulates ${emulates}`]),
    ...notes,
  ].join('; ');
}

function unread({ unread: missing }: VersionsView): string {
  return missing.map(({ of, gaps }) => escapeForTerminal(`not seen: ${of} (${gaps.map(({ detail }) => detail).join('; ')})`)).join('\n');
}

function dataLine({ data }: VersionsView): string {
  return data
    .map(({ table, freshThrough, isOld, daysOld }) =>
      `${table} calendar known up to ${freshThrough}${isOld ? `, ${daysOld} days ago: newer versions and patches may be missing` : ''}`,
    )
    .join('\n');
}
