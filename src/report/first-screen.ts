import type { AuditReport, ReportCause, ReportNotAssessed } from '../engine/report-model.ts';
import { escapeForTerminal } from './escape.ts';
import { subjectLines } from './subject-lines.ts';
import { paint, paintWord, type Style } from './style.ts';
import { renderTable } from './text-table.ts';
import { formatPermission } from '../evidence/gap.ts';
import { bytes, counted, inDays, STATUS_WORDS } from './words.ts';

/** Seconds of skew above which it is said. */
const SAID_SKEW_SECONDS = 60;

/** Rows shown of each list; what is left out is counted, and `-o wide` shows it. */
const SHOWN = { deadlines: 3, causes: 6, notAssessed: 3 } as const;

/**
 * What `scan` prints first: which cluster, how it stands, what runs out, what is wrong, what could not be seen, and
 * what to type next, in about 40 lines.
 */
export function renderFirstScreen(report: AuditReport, style: Style): string {
  const sections = [
    header(report, style),
    standing(report, style),
    subjects(report, style),
    handshake(report, style),
    deadlines(report, style),
    causes(report, style),
    notAssessed(report, style),
    owasp(report, style),
    next(report, style, 'pki'),
  ];
  return `${sections.filter(section => section !== '').join('\n\n')}\n`;
}

/** Which cluster, as whom, when, in how long, with how many reads. */
export function header(report: AuditReport, style: Style): string {
  const { cluster, caller, summary, scope } = report;
  const name = cluster.context === undefined ? cluster.server : `${cluster.context} (${cluster.server})`;
  const what = [cluster.version, cluster.platform === undefined ? undefined : platformWords(cluster.platform)].filter(part => part !== undefined);
  const when = `${report.collectedAt.slice(0, 19).replace('T', ' ')} UTC`;
  const judged = report.judgedAt === report.collectedAt ? '' : `, judged as of ${report.judgedAt.slice(0, 10)}`;
  const who = report.loginRefused !== undefined ? 'nobody (the login is not accepted)' : caller === undefined ? 'unknown user' : caller.username;
  return [
    paint(style, 'bold', escapeForTerminal(name)) + escapeForTerminal(what.length === 0 ? '' : `  ${what.join(', ')}`),
    escapeForTerminal(
      `as ${who}${scope.namespace === undefined ? '' : `, namespace ${scope.namespace} only`}, ${when}${judged}, ` +
        `${counted(summary.requests, 'read')}, ${bytes(summary.bytes)}, ${report.durationSeconds.toFixed(1)} s`,
    ),
    ...clockWords(report).map(words => paint(style, 'yellow', words)),
  ].join('\n');
}

/** A clock that is wrong makes tokens and certificates look expired, or not yet valid, on one side. */
function clockWords({ clockSkewSeconds, collectedAtFrom }: AuditReport): string[] {
  if (collectedAtFrom !== undefined) return ["no answer told the time: this is the time of this machine's clock"];
  if (Math.abs(clockSkewSeconds) <= SAID_SKEW_SECONDS) return [];
  const side = clockSkewSeconds > 0 ? 'ahead of' : 'behind';
  return [`this machine's clock is ${span(Math.abs(clockSkewSeconds))} ${side} the API server's; ages and deadlines are judged by the API server's`];
}

function span(seconds: number): string {
  const [minutes, hours] = [Math.round(seconds / 60), Math.round(seconds / 3600)];
  if (hours >= 48) return counted(Math.round(seconds / 86_400), 'day');
  if (hours >= 2) return counted(hours, 'hour');
  return minutes >= 2 ? counted(minutes, 'minute') : counted(seconds, 'second');
}

/** One line for each subject that was looked at: how its checks stand, and what was seen. */
function subjects(report: AuditReport, style: Style): string {
  const lines = subjectLines(report);
  if (lines.length === 0) return '';
  return renderTable(
    lines,
    [
      { header: 'SUBJECT', value: ({ subject }) => subject },
      { header: 'CHECKS', value: ({ standing }) => standing, paint: (text, { status }) => paintWord(style, status, text) },
      { header: 'SEEN', value: ({ seen }) => seen, flexible: true },
    ],
    style,
  );
}

/** What can be seen without a login, where that is all there is. */
function handshake(report: AuditReport, style: Style): string {
  const view = report.views.handshake;
  if (report.loginRefused === undefined || view === undefined || !('certificates' in view)) return '';
  const table = renderTable(
    view.certificates,
    [
      { header: 'SHOWN TO ANYBODY', value: ({ role }) => SHOWN_WORDS[role] },
      { header: 'SUBJECT', value: ({ subject }) => subject, flexible: true },
      { header: 'ISSUER', value: ({ issuer }) => issuer, flexible: true },
      { header: 'NAMES', value: ({ names }) => names.map(name => name.replace(/^(DNS|IP):/, '')).join(', '), flexible: true },
      { header: 'KEY', value: ({ keyType }) => keyType },
      { header: 'NOT AFTER', value: ({ notAfter }) => notAfter },
    ],
    style,
  );
  const { clientAuthorities } = view;
  if (clientAuthorities === undefined || clientAuthorities.length === 0) return table;
  return `${table}\n${escapeForTerminal(`client certificates are taken from: ${clientAuthorities.join('; ')}`)}`;
}

const SHOWN_WORDS = {
  serving: 'API server',
  servingAuthority: 'its authority',
  loopback: 'API server, to itself',
  loopbackAuthority: 'the authority of that',
} as const;

function platformWords(platform: NonNullable<AuditReport['cluster']['platform']>): string {
  if (platform.distribution === 'unknown') return 'distribution not recognised';
  return platform.grade === 'exact' ? platform.distribution : `${platform.distribution} (inferred)`;
}

function standing(report: AuditReport, style: Style): string {
  const { summary } = report;
  const { checks, findings } = summary;
  const checkWords = (['failed', 'error', 'notAssessed', 'passed', 'notApplicable'] as const)
    .filter(status => checks[status] > 0 || status === 'failed' || status === 'notAssessed')
    .map(status => paintWord(style, checks[status] > 0 ? status : '', `${checks[status]} ${STATUS_WORDS[status]}`));
  const findingWords = (['critical', 'high', 'medium', 'low', 'info'] as const)
    .filter(severity => findings[severity] > 0)
    .map(severity => paintWord(style, severity, `${findings[severity]} ${severity}`));
  const excepted = summary.excepted === 0 ? [] : [`${summary.excepted} excepted`];
  const stale = staleExceptions(report).map(words => paint(style, 'yellow', words));
  return [
    `Checks    ${checkWords.join('   ')}`,
    `Findings  ${[...findingWords, ...excepted, ...stale].join('   ') || 'none'}`,
  ].join('\n');
}

/** Exceptions that do nothing (any more); of a check that was not assessed none is known to. */
function staleExceptions({ exceptions, checks }: AuditReport): string[] {
  const assessed = new Set(checks.filter(({ status }) => status !== 'notAssessed' && status !== 'error').map(({ id }) => id));
  const expired = exceptions.filter(each => each.expired).length;
  const unmatched = exceptions.filter(each => !each.expired && each.matched === 0 && assessed.has(each.check)).length;
  return [
    ...(expired === 0 ? [] : [`${counted(expired, 'exception')} run out`]),
    ...(unmatched === 0 ? [] : [`${counted(unmatched, 'exception')} without a finding`]),
  ];
}

function deadlines(report: AuditReport, style: Style): string {
  if (report.deadlines.length === 0) return '';
  const rows = report.deadlines.slice(0, SHOWN.deadlines);
  const table = renderTable(
    rows,
    [
      { header: 'DEADLINE', value: ({ daysLeft }) => inDays(daysLeft), paint: (text, { daysLeft }) => (daysLeft < 30 ? paint(style, 'red', text) : text) },
      { header: 'DATE', value: ({ at }) => at.slice(0, 10) },
      { header: 'WHAT', value: ({ what, count }) => (count > 1 ? `${what} (${count})` : what), flexible: true },
    ],
    style,
  );
  return table + more(report.deadlines.length - rows.length, 'deadline');
}

function causes(report: AuditReport, style: Style): string {
  if (report.causes.length === 0) return '';
  const rows = report.causes.slice(0, SHOWN.causes);
  return causeTable(rows, style) + more(report.causes.length - rows.length, 'cause');
}

/** Findings by cause, worst first. */
export function causeTable(rows: readonly ReportCause[], style: Style): string {
  return renderTable(
    rows,
    [
      { header: 'SEVERITY', value: ({ severity }) => severity, paint: (text, { severity }) => paintWord(style, severity, text) },
      { header: 'COUNT', value: ({ count }) => String(count) },
      { header: 'CAUSE', value: ({ cause, title }) => `${cause}: ${title}`, flexible: true },
      { header: 'OWNER', value: ({ owner }) => owner },
    ],
    style,
  );
}

/** Causes and what was not assessed, under a family's own tables. */
export function renderFindings(report: AuditReport, style: Style): string {
  const { checks } = report.summary;
  const standingLine = (['failed', 'error', 'notAssessed', 'passed', 'notApplicable'] as const)
    .filter(status => checks[status] > 0)
    .map(status => paintWord(style, status, `${checks[status]} ${STATUS_WORDS[status]}`))
    .join('   ');
  return [`Checks  ${standingLine}`, causes(report, style), notAssessed(report, style), next(report, style, 'pki -o json')].filter(section => section !== '').join('\n\n');
}

function notAssessed(report: AuditReport, style: Style): string {
  if (report.notAssessed.length === 0) return '';
  const rows = report.notAssessed.slice(0, SHOWN.notAssessed);
  return notAssessedTable(report, rows, style) + more(report.notAssessed.length - rows.length, 'reason');
}

/** What was not assessed, and what would close it. */
export function notAssessedTable(report: AuditReport, rows: readonly ReportNotAssessed[], style: Style): string {
  const judged = new Set(report.checks.filter(({ status }) => status !== 'notAssessed').map(({ id }) => id));
  return renderTable(
    rows,
    [
      { header: 'NOT ASSESSED', value: ({ checks }) => extentWords(checks.length, checks.filter(id => judged.has(id)).length) },
      { header: 'BECAUSE', value: ({ detail }) => detail, flexible: true },
      { header: 'CLOSED BY', value: ({ closes }) => closerWords(closes), flexible: true },
    ],
    style,
  );
}

/** A check that failed may still have targets that could not be judged: it is not assessed in part. */
function extentWords(all: number, inPart: number): string {
  if (inPart === 0) return counted(all, 'check');
  return inPart === all ? `${counted(all, 'check')} in part` : `${counted(all - inPart, 'check')}, ${inPart} in part`;
}

function closerWords(closes: ReportNotAssessed['closes']): string {
  switch (closes.by) {
    case 'permission': {
      const [first, ...others] = closes.permissions;
      if (first === undefined) return 'a permission';
      return `${formatPermission(first)}${others.length === 0 ? '' : ` and ${others.length} more`}`;
    }
    case 'flag':
      return closes.flag;
    case 'login':
      return 'a login that is accepted';
    case 'anotherTry':
      return 'another try';
    case 'newerProgram':
      return 'a newer secaudit';
    case 'newSnapshot':
      return 'a new snapshot';
    case 'nobody':
      return 'nobody from here';
  }
}

function owasp(report: AuditReport, style: Style): string {
  return (['owasp-2022', 'owasp-2025'] as const)
    .map(framework => {
      const rows = report.summary.owasp.filter(each => each.framework === framework);
      if (rows.length === 0) return '';
      const byStatus = (['failed', 'error', 'notAssessed', 'passed'] as const).flatMap(status => {
        const ids = rows.filter(row => row.status === status).map(({ id }) => id);
        return ids.length === 0 ? [] : [`${paintWord(style, status, STATUS_WORDS[status])} ${ids.join(' ')}`];
      });
      return `OWASP ${framework.slice(-4)}  ${byStatus.join('   ')}`;
    })
    .filter(line => line !== '')
    .join('\n');
}

/** @param withoutLogin what has more to show than this where nobody can log in */
function next(report: AuditReport, style: Style, withoutLogin: string): string {
  return `${paint(style, 'bold', 'Next')}  ${nextCommands(report, withoutLogin).map(command => `kubectl secaudit ${command}`).join('\n      ')}`;
}

function nextCommands({ causes: [worst], loginRefused, notAssessed: unassessed }: AuditReport, withoutLogin: string): readonly string[] {
  if (worst !== undefined) return [`--check ${worst.check} -o wide`, `explain ${worst.check}`];
  if (loginRefused !== undefined) return [withoutLogin];
  return [unassessed.length > 0 ? 'permissions' : '-o json'];
}

function more(count: number, what: string): string {
  return count > 0 ? `\nand ${counted(count, `more ${what}`, `more ${what}s`)}; -o wide shows all` : '';
}
