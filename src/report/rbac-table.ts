import type { AuditReport } from '../engine/report-model.ts';
import { formatRef } from '../evidence/resource-ref.ts';
import { formatSubject } from '../evidence/subject.ts';
import type { AbsentRow, ExposedRow, GrantRow, RbacRows, RbacView, SubjectRow, TeamRow } from '../indexes/rbac-view.ts';
import type { Mapped } from '../indexes/rbac-mapped.ts';
import { escapeForTerminal } from './escape.ts';
import { header, renderFindings } from './first-screen.ts';
import { paint, paintWord, type Style } from './style.ts';
import { renderTable, wrap } from './text-table.ts';
import { counted } from './words.ts';

/** Rows shown of each table; `-o json` has the rest. */
const SHOWN = 15;
/** Ways shown; each takes several lines. */
const PATHS = 5;

/** Who may do what: strongest subjects first, then the grants that deserve a look. */
export function renderRbac(report: AuditReport, style: Style): string {
  const view = report.views.rbac;
  const sections = [header(report, style)];
  if (view !== undefined && 'subjects' in view) sections.push(...viewSections(view, style));
  sections.push(renderFindings(report, style));
  return `${sections.filter(section => section !== '').join('\n\n')}\n`;
}

function viewSections(view: RbacView, style: Style): string[] {
  return [
    subjectTable(view, style),
    grantTable('Everything (cluster-admin, or equal to it by content)', view.clusterAdmins, style),
    grantTable('Wildcards for the whole cluster', view.broad, style),
    grantTable('Open to everybody, everybody logged in, or every service account', view.public, style),
    pathTable(view, style),
    exposedTable(view, style),
    grantTable('Held by default service accounts', view.defaultAccounts, style),
    absentTable(view, style),
    grantTable('Bound to a role that does not exist', view.dangling, style),
    grantTable('Users bound by name instead of a group', view.directUsers, style),
    mappedTable(view, style),
    view.authorizers.flatMap(note => fold(`note: ${note}`, 0, style)).join('\n'),
    unread(view, style),
  ];
}

function subjectTable({ subjects, teams, expected, grants }: RbacView, style: Style): string {
  const users = subjects.rows.filter(({ expected: isExpected }) => !isExpected);
  const folded = `${counted(expected.subjects, 'subject')} and ${counted(expected.grants, 'grant')} of ${grants} are the platform's own and are not shown here`;
  if (users.length === 0 && teams.rows.length === 0) return `Every subject holds only what the platform itself grants.\n${folded}`;
  const rows = users.slice(0, SHOWN);
  const table = renderTable(
    [...rows, ...teams.rows],
    [
      { header: 'SUBJECT', value: (row: SubjectRow | TeamRow) => ('subject' in row ? formatSubject(row.subject) : teamWords(row)), flexible: true },
      { header: 'CAN', value: ({ can }) => can ?? 'nothing: its bindings have no effect', flexible: true },
      { header: 'WHERE', value: whereOf },
      { header: 'BINDINGS', value: row => String('subject' in row ? row.boundBy : row.bindings) },
    ],
    style,
  );
  return `${table}${left(subjects.total - expected.subjects - rows.length)}\n${folded}`;
}

/** `1500 groups with ClusterRole/admin` */
function teamWords({ subjects, kind, role }: TeamRow): string {
  const words: Readonly<Record<string, string>> = { User: 'users', Group: 'groups', ServiceAccount: 'service accounts' };
  return `${subjects.total} ${words[kind ?? ''] ?? 'subjects'} with ${formatRef(role)}`;
}

function whereOf({ namespaces }: SubjectRow | TeamRow): string {
  if (typeof namespaces === 'number') return counted(namespaces, 'namespace');
  if (namespaces === undefined) return 'cluster';
  const [first, ...others] = namespaces.rows;
  return others.length === 0 ? (first ?? '') : counted(namespaces.total, 'namespace');
}

function grantTable(title: string, grants: RbacRows<GrantRow>, style: Style): string {
  const own = grants.rows.filter(({ platform }) => platform === undefined);
  if (own.length === 0) return '';
  const rows = own.slice(0, SHOWN);
  const table = renderTable(
    rows,
    [
      { header: 'SUBJECT', value: ({ subject }: GrantRow) => formatSubject(subject), flexible: true },
      { header: 'BINDING', value: ({ binding }) => formatRef(binding), flexible: true },
      { header: 'ROLE', value: ({ role }) => role.name },
    ],
    style,
    2,
  );
  return `${paint(style, 'bold', title)}\n${table}${left(own.length - rows.length)}`;
}

/** The worst ways to more rights, one after the other as sentences: a path in a cell of a table is hard to follow. */
function pathTable({ paths }: RbacView, style: Style): string {
  if (paths.rows.length === 0) return '';
  const lines = paths.rows.slice(0, PATHS).flatMap(({ subject, severity, can, steps, exposure, cut }) => [
    ...fold(`${formatSubject(subject)} can ${can}`, 2, style).map((line, at) => (at === 0 ? `  ${paintWord(style, severity, severity)}  ${line.trimStart()}` : line)),
    // One step alone says it again.
    ...(steps.length === 1 && steps[0]?.endsWith(can) === true ? [] : steps.flatMap(step => fold(step, 6, style))),
    ...(exposure === undefined ? [] : fold(exposure, 6, style)),
    ...(cut === undefined ? [] : fold(`without ${formatRef(cut.binding)} ${cut.loses} of ${counted(cut.of, 'subject')} lose the way`, 6, style)),
  ]);
  const more = paths.total - Math.min(PATHS, paths.rows.length);
  return `${paint(style, 'bold', 'Ways to more rights')}\n${lines.join('\n')}${more > 0 ? `\n  and ${more} more; rbac path SUBJECT shows the way of one, -o json lists them` : ''}`;
}

function fold(text: string, indent: number, { width }: Style): string[] {
  return wrap(escapeForTerminal(text), Math.min(100, width) - indent).map(line => ' '.repeat(indent) + line);
}

/** Whose rights somebody outside comes to first. */
function exposedTable({ exposed }: RbacView, style: Style): string {
  if (exposed.rows.length === 0) return '';
  const rows = exposed.rows.slice(0, SHOWN);
  const table = renderTable(
    rows,
    [
      { header: 'SERVICE ACCOUNT', value: ({ subject }: ExposedRow) => `${subject.namespace ?? ''}/${subject.name}`, flexible: true },
      { header: 'CAN', value: ({ can }) => can, flexible: true },
      { header: 'WHERE', value: ({ namespace }) => namespace ?? 'cluster', flexible: true },
      { header: 'POD', value: ({ pod, pods }) => `${pod.name}${pods > 1 ? ` and ${pods - 1} more` : ''}`, flexible: true },
      { header: 'THROUGH', value: throughOf, flexible: true },
    ],
    style,
    2,
  );
  return `${paint(style, 'bold', 'Service accounts whose pods are reachable from outside')}\n${table}${left(exposed.total - rows.length)}`;
}

function throughOf({ through, degree }: ExposedRow): string {
  if (degree === 'possible') return 'network of its node, possibly';
  const [first] = through;
  return first === undefined || first.kind === 'Pod' ? 'port of its node' : formatRef(first);
}

function absentTable({ absent }: RbacView, style: Style): string {
  if (absent.rows.length === 0) return '';
  const rows = absent.rows.slice(0, SHOWN);
  const table = renderTable(
    rows,
    [
      { header: 'SERVICE ACCOUNT', value: ({ subject }: AbsentRow) => `${subject.namespace ?? ''}/${subject.name}`, flexible: true },
      { header: 'BINDING', value: ({ binding }) => formatRef(binding), flexible: true },
      { header: 'CAN', value: ({ can }) => can ?? 'nothing', flexible: true },
      { header: 'MAY CREATE IT', value: ({ claimants }) => (claimants.total === 0 ? 'nobody new' : `${claimants.rows[0] ?? ''}${claimants.total > 1 ? ` and ${claimants.total - 1} more` : ''}`), flexible: true },
    ],
    style,
    2,
  );
  return `${paint(style, 'bold', 'Bound to a service account that does not exist')}\n${table}${left(absent.rows.length - rows.length)}`;
}

function mappedTable({ mapped }: RbacView, style: Style): string {
  if (mapped.rows.length === 0) return '';
  const rows = mapped.rows.slice(0, SHOWN);
  const table = renderTable(
    rows,
    [
      { header: 'IDENTITY', value: ({ identity }: Mapped) => identity, flexible: true },
      { header: 'SUBJECT', value: ({ subject }) => formatSubject(subject), flexible: true },
      { header: 'GROUPS', value: ({ groups }) => groups.join(', '), flexible: true },
      { header: 'BY', value: ({ from }) => from },
    ],
    style,
    2,
  );
  return `${paint(style, 'bold', 'Let in by the cloud')}\n${table}${left(mapped.total - rows.length)}`;
}

function unread({ unread: missing }: RbacView, style: Style): string {
  return missing.rows.flatMap(({ of, gaps }) => fold(`not seen: ${of} (${gaps.map(({ detail }) => detail).join('; ')})`, 0, style)).join('\n');
}

function left(count: number): string {
  return count > 0 ? `\n  and ${count} more; -o json lists them` : '';
}
