import type { AuditReport } from '../engine/report-model.ts';
import { formatRef } from '../evidence/resource-ref.ts';
import { formatSubject } from '../evidence/subject.ts';
import type { WhoCanQuestion, WhoCanView } from '../indexes/rbac-who-can.ts';
import type { Way, WhoCanRow } from '../indexes/rbac-who-can-rows.ts';
import { header } from './first-screen.ts';
import { folded, notSeen } from './not-seen.ts';
import { paint, type Style } from './style.ts';
import { renderTable } from './text-table.ts';
import { counted } from './words.ts';

/** Rows of the table; `-o wide` has more. */
const SHOWN = 30;

/** Who can: the subjects that people made, and how many the platform has of its own. */
export function renderWhoCan(report: AuditReport, style: Style): string {
  return render(report, style, false);
}

/** Who can, with every subject of the view and the rule that lets it. */
export function renderWhoCanWide(report: AuditReport, style: Style): string {
  return render(report, style, true);
}

function render(report: AuditReport, style: Style, isWide: boolean): string {
  const view = report.views.whoCan;
  const sections = [header(report, style)];
  if (view !== undefined && 'answers' in view) sections.push(...viewSections(view, style, isWide));
  return `${sections.filter(section => section !== '').join('\n\n')}\n`;
}

function viewSections(view: WhoCanView, style: Style, isWide: boolean): string[] {
  const { answers, question } = view;
  const wanted = isWide ? answers.rows : answers.rows.filter(row => !row.expected || row.through.total === 0);
  const rows = isWide ? wanted : wanted.slice(0, SHOWN);
  const left = wanted.length - rows.length + (answers.total - answers.rows.length);
  const hidden = isWide ? 0 : answers.rows.length - wanted.length;
  return [
    folded(questionWords(question), style).map(line => paint(style, 'bold', line)).join('\n'),
    question.notes.flatMap(note => folded(note, style)).join('\n'),
    table(rows, style, isWide),
    [
      ...(left > 0 ? [`and ${left} more; -o ${isWide ? 'json' : 'wide'} lists them`] : []),
      ...(hidden > 0 ? [`${counted(hidden, 'more subject is', 'more subjects are')} the platform's own; -o wide lists them`] : []),
    ].join('\n'),
    covered(rows, style),
    notSeen(view.unseen, style),
  ];
}

function table(rows: readonly WhoCanRow[], style: Style, isWide: boolean): string {
  const named = rows.some(({ names }) => names !== undefined);
  return renderTable(
    rows,
    [
      { header: 'SUBJECT', value: (row: WhoCanRow) => formatSubject(row.subject), flexible: true },
      { header: 'WHERE', value: whereOf, flexible: true },
      ...(named ? [{ header: 'ONLY', value: ({ names }: WhoCanRow) => (names === undefined ? '' : names.rows.join(', ') + more(names)), flexible: true as const }] : []),
      { header: 'BINDING', value: row => throughOf(row, isWide, ({ binding }) => formatRef(binding)), flexible: true },
      { header: 'RULE', value: row => (row.through.total === 0 ? '' : ruleOf(row, isWide)), flexible: true },
    ],
    style,
  );
}

/** Whom the groups among the rows stand for. */
function covered(rows: readonly WhoCanRow[], style: Style): string {
  const words = new Map(rows.flatMap(({ subject, covers }) => (covers === undefined ? [] : [[formatSubject(subject), covers] as const])));
  return [...words].flatMap(([subject, covers]) => folded(`${subject}: ${covers}`, style)).join('\n');
}

function whereOf({ namespaces }: WhoCanRow): string {
  if (namespaces === undefined) return 'everywhere';
  const [first = ''] = namespaces.rows;
  return namespaces.total === 1 ? first : counted(namespaces.total, 'namespace');
}

function throughOf({ through }: WhoCanRow, isWide: boolean, words: (way: Way) => string): string {
  if (through.total === 0) return 'none is needed';
  const ways = isWide ? through.rows : through.rows.slice(0, 1);
  const left = through.total - ways.length;
  return `${ways.map(words).join(', ')}${left > 0 ? ` and ${left} more` : ''}`;
}

/** `cluster-admin[0]`: the first rule of the role that lets it. */
function ruleOf({ through }: WhoCanRow, isWide: boolean): string {
  return (isWide ? through.rows : through.rows.slice(0, 1)).map(({ role, ruleIndex }) => `${role.name}[${ruleIndex}]`).join(', ');
}

function more({ total, rows }: { readonly total: number; readonly rows: readonly unknown[] }): string {
  return total > rows.length ? ` and ${total - rows.length} more` : '';
}

/** `Who can get secrets/db in namespace shop`. */
function questionWords(question: WhoCanQuestion): string {
  if ('nonResourceURL' in question) return `Who can ${question.verb} the path ${question.nonResourceURL}`;
  const { verb, resource, apiGroup, subresource, name, namespace } = question;
  const group = apiGroup === '' ? '' : `.${apiGroup}`;
  const what = `${resource}${group}${subresource === undefined ? '' : `/${subresource}`}${name === undefined ? '' : ` ${name}`}`;
  return `Who can ${verb} ${what}${namespace === undefined ? '' : ` in namespace ${namespace}`}`;
}
