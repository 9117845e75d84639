import { SEVERITIES, familyOf, type Argv, type Check, type EvidenceItem, type Finding, type Severity } from '../checks/define-check.ts';
import type { Gap } from '../evidence/gap.ts';
import type { Attempted } from '../evidence/need.ts';
import { formatRef, type ResourceRef } from '../evidence/resource-ref.ts';
import { evidenceOf, type Collected, type Snapshot } from '../evidence/snapshot.ts';
import type { Source } from '../evidence/source.ts';
import { formatSubject } from '../evidence/subject.ts';
import type { CheckResult, CheckStatus } from './evaluate.ts';
import { exceptionFor, hasExpired, type Exception } from './exceptions.ts';
import { fingerprintOf } from './fingerprint.ts';
import type {
  AuditReport,
  ReportCause,
  ReportCheck,
  ReportCluster,
  ReportEvidence,
  ReportFinding,
  ReportNotAssessed,
  ReportSource,
  ReportSummary,
} from './report-model.ts';
import { shellQuote } from './shell-quote.ts';

/** The first that occurs is the status of a group of checks. */
const ROLL_UP: readonly CheckStatus[] = ['failed', 'error', 'notAssessed', 'passed', 'notApplicable'];

/** One status for many checks. None at all counts as not applicable. */
export function rollUp(statuses: readonly CheckStatus[]): CheckStatus {
  return ROLL_UP.find(status => statuses.includes(status)) ?? 'notApplicable';
}

export interface Judged {
  readonly check: Check;
  readonly result: CheckResult;
}

/** A finding with what the engine knows about it. */
interface Placed {
  readonly check: Check;
  readonly finding: Finding;
  readonly reported: ReportFinding;
  readonly exception: Exception | undefined;
}

export interface ReportParts {
  readonly snapshot: Snapshot;
  readonly judgedAt: string;
  readonly judged: readonly Judged[];
  readonly exceptions: readonly Exception[];
  /** The sources that were asked for, with their titles. */
  readonly sources: readonly Source[];
  readonly cluster: ReportCluster;
  readonly caller: AuditReport['caller'];
  readonly toolVersion: string;
  readonly data: AuditReport['tool']['data'];
  readonly deadlines: AuditReport['deadlines'];
  readonly views: AuditReport['views'];
}

/** Turns results into the report: the one place where things are sorted, quoted, grouped and counted. */
export function buildReport(parts: ReportParts): AuditReport {
  const { snapshot, judged, judgedAt, exceptions } = parts;
  const quote = quoterFor(snapshot);
  const placed = judged.flatMap(each => place(each, parts, quote)).sort(byImportance);
  const open = placed.filter(({ reported }) => reported.state === 'open');
  const checks = judged.map(each => reportCheck(each, placed, quote));
  const sources = parts.sources.map(source => reportSource(source, snapshot)).sort((a, b) => compare(a.id, b.id));

  return {
    apiVersion: 'secaudit/v1',
    kind: 'AuditReport',
    tool: { name: 'kubectl-secaudit', version: parts.toolVersion, data: parts.data },
    cluster: parts.cluster,
    ...(parts.caller === undefined ? {} : { caller: parts.caller }),
    scope: snapshot.scope,
    collectedAt: snapshot.collectedAt,
    judgedAt,
    clockSkewSeconds: snapshot.clockSkewSeconds,
    ...(snapshot.collectedAtFrom === undefined ? {} : { collectedAtFrom: snapshot.collectedAtFrom }),
    ...(snapshot.loginRefused === undefined ? {} : { loginRefused: snapshot.loginRefused }),
    durationSeconds: snapshot.durationSeconds,
    summary: summarise(checks, open, placed.length - open.length, sources),
    deadlines: withExceptionDeadlines(parts.deadlines, exceptions, judgedAt),
    causes: causesOf(open),
    notAssessed: groupNotAssessed(checks),
    findings: placed.map(({ reported }) => reported),
    checks,
    exceptions: exceptions.map(exception => ({
      ...exception,
      expired: hasExpired(exception, judgedAt),
      matched: placed.filter(each => each.exception === exception).length,
    })),
    sources,
    views: parts.views,
  };
}

/** The value of an index for a report's view, or its gaps. */
export function viewOf<T>(attempted: Attempted<T>): T | { readonly gaps: readonly Gap[] } {
  return 'value' in attempted ? attempted.value : attempted;
}


function place({ check, result }: Judged, parts: ReportParts, quote: Quoter): Placed[] {
  if (!('findings' in result)) return [];
  return result.findings.map(finding => {
    const exception = exceptionFor(parts.exceptions, check.id, finding, parts.judgedAt);
    return { check, finding, exception, reported: reportFinding(check, finding, parts, quote, exception !== undefined) };
  });
}

function reportFinding(check: Check, finding: Finding, parts: ReportParts, quote: Quoter, excepted: boolean): ReportFinding {
  return {
    fingerprint: fingerprintOf(parts.cluster.id, check.id, finding),
    check: check.id,
    severity: finding.severity ?? check.severity,
    title: check.title,
    message: finding.message,
    resource: finding.resource,
    ...(finding.subject === undefined ? {} : { subject: finding.subject }),
    owner: ownerOf(finding.resource),
    cause: finding.cause,
    evidence: finding.evidence.map(item => reportEvidence(item, quote)),
    remediation: {
      ...check.remediation,
      ...(finding.fix === undefined ? {} : { commands: finding.fix.map(quote) }),
    },
    controls: check.controls,
    docs: docsOf(check),
    origin: finding.origin ?? 'user',
    state: excepted ? 'excepted' : 'open',
  };
}

function reportEvidence(item: EvidenceItem, quote: Quoter): ReportEvidence {
  return {
    ...(item.resource === undefined ? {} : { resource: item.resource }),
    path: item.path,
    value: item.value,
    grade: item.grade,
    ...('reproduce' in item ? { reproduce: quote(item.reproduce) } : { derivation: item.derivation }),
  };
}

type Quoter = (argv: Argv) => string;

/** kubectl commands name the context that was audited: at three in the morning the current one may be another cluster. */
function quoterFor(snapshot: Snapshot): Quoter {
  const { context } = snapshot.connection;
  return argv => shellQuote(argv[0] === 'kubectl' && context !== undefined ? ['kubectl', '--context', context, ...argv.slice(1)] : argv);
}

function ownerOf(resource: ResourceRef): string {
  return resource.namespace === undefined ? 'cluster' : `namespace/${resource.namespace}`;
}

function docsOf(check: Check): string {
  return `docs/checks/${check.id}.md`;
}

function reportCheck({ check, result }: Judged, placed: readonly Placed[], quote: Quoter): ReportCheck {
  const own = placed.filter(each => each.check === check).map(({ reported }) => reported);
  const serious = own.filter(({ severity }) => severity !== 'info');
  return {
    id: check.id,
    family: familyOf(check),
    title: check.title,
    severity: check.severity,
    status: result.status,
    targets: 'targets' in result ? result.targets : 0,
    open: serious.filter(({ state }) => state === 'open').length,
    excepted: serious.filter(({ state }) => state === 'excepted').length,
    info: own.length - serious.length,
    gaps: 'gaps' in result ? result.gaps : [],
    unknown:
      'unknown' in result
        ? result.unknown.map(each => ({ ...each, evidence: each.evidence.map(item => reportEvidence(item, quote)) }))
        : [],
    ...(result.status === 'error' ? { error: `${check.id} failed inside this program: ${result.error.message}` } : {}),
    controls: check.controls,
    docs: docsOf(check),
  };
}

function reportSource(source: Source, snapshot: Snapshot): ReportSource {
  const collected: Collected | undefined = snapshot.sources[source.id];
  const evidence = evidenceOf(snapshot, source);
  const cost = collected?.cost ?? { requests: 0, bytes: 0, seconds: 0 };
  return {
    id: source.id,
    title: source.title,
    status: 'gap' in evidence ? 'gap' : 'read',
    ...('value' in evidence && Array.isArray(evidence.value) ? { count: evidence.value.length } : {}),
    ...('gap' in evidence ? { gap: evidence.gap } : {}),
    ...(collected === undefined ? {} : { readAt: collected.readAt }),
    ...cost,
  };
}

function summarise(
  checks: readonly ReportCheck[],
  open: readonly Placed[],
  excepted: number,
  sources: readonly ReportSource[],
): ReportSummary {
  const count = (status: CheckStatus): number => checks.filter(check => check.status === status).length;
  const bySeverity = (severity: Severity): number => open.filter(({ reported }) => reported.severity === severity).length;
  return {
    checks: {
      failed: count('failed'),
      passed: count('passed'),
      notAssessed: count('notAssessed'),
      notApplicable: count('notApplicable'),
      error: count('error'),
    },
    findings: {
      critical: bySeverity('critical'),
      high: bySeverity('high'),
      medium: bySeverity('medium'),
      low: bySeverity('low'),
      info: bySeverity('info'),
    },
    excepted,
    gaps: sources.filter(({ gap }) => gap?.kind === 'gap').length,
    requests: sources.reduce((sum, { requests }) => sum + requests, 0),
    bytes: sources.reduce((sum, { bytes }) => sum + bytes, 0),
    owasp: owaspOf(checks),
  };
}

function owaspOf(checks: readonly ReportCheck[]): ReportSummary['owasp'] {
  const statuses = new Map<string, CheckStatus[]>();
  for (const check of checks) {
    for (const { framework, id } of check.controls) {
      if (framework !== 'owasp-2022' && framework !== 'owasp-2025') continue;
      const key = `${framework} ${id}`;
      statuses.set(key, [...(statuses.get(key) ?? []), check.status]);
    }
  }
  return [...statuses.entries()]
    .sort(([a], [b]) => compare(a, b))
    .map(([key, all]) => {
      const [framework, id = ''] = key.split(' ');
      return { framework: framework === 'owasp-2022' ? 'owasp-2022' : 'owasp-2025', id, status: rollUp(all) };
    });
}

function causesOf(open: readonly Placed[]): ReportCause[] {
  const groups = new Map<string, Placed[]>();
  for (const each of open) {
    if (each.reported.severity === 'info') continue;
    const key = JSON.stringify([each.check.id, each.finding.cause, each.reported.severity]);
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  return [...groups.values()]
    .flatMap(([first, ...more]) => (first === undefined ? [] : [{ first, all: [first, ...more] }]))
    .map(({ first, all }) => ({
      check: first.check.id,
      severity: first.reported.severity,
      title: first.check.title,
      cause: first.finding.cause,
      count: all.length,
      owner: new Set(all.map(({ reported }) => reported.owner)).size === 1 ? first.reported.owner : 'several namespaces',
      fingerprints: all.map(({ reported }) => reported.fingerprint),
    }))
    .sort(
      (a, b) =>
        SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
        b.count - a.count ||
        compare(a.check, b.check) ||
        compare(a.cause, b.cause),
    );
}

/** Gaps of checks, grouped by what would close them; unknown targets of failed checks too, since they stay unknown. */
function groupNotAssessed(checks: readonly ReportCheck[]): ReportNotAssessed[] {
  const groups = new Map<string, { gap: Gap; checks: Set<string> }>();
  for (const check of checks) {
    for (const gap of [...check.gaps, ...check.unknown.flatMap(({ gaps }) => gaps)]) {
      const key = JSON.stringify([gap.kind, gap.reason, gap.detail]);
      const group = groups.get(key) ?? { gap, checks: new Set<string>() };
      group.checks.add(check.id);
      groups.set(key, group);
    }
  }
  return [...groups.values()]
    .map(({ gap, checks: ids }) => ({
      kind: gap.kind,
      reason: gap.reason,
      detail: gap.detail,
      closes: closerOf(gap),
      checks: [...ids].sort(),
    }))
    .sort((a, b) => b.checks.length - a.checks.length || compare(a.detail, b.detail));
}

function closerOf(gap: Gap): ReportNotAssessed['closes'] {
  if (gap.flag !== undefined) return { by: 'flag', flag: gap.flag };
  if (gap.permissions !== undefined && gap.permissions.length > 0) return { by: 'permission', permissions: gap.permissions };
  if (gap.kind === 'outOfScope') return { by: 'flag', flag: '--all-namespaces' };
  if (gap.reason === 'newerThanData') return { by: 'newerProgram' };
  if (gap.kind === 'snapshotTooOld') return { by: 'newSnapshot' };
  if (gap.reason === 'unauthorized') return { by: 'login' };
  if (gap.kind === 'gap') return { by: 'anotherTry' };
  return { by: 'nobody' };
}

function withExceptionDeadlines(
  deadlines: AuditReport['deadlines'],
  exceptions: readonly Exception[],
  judgedAt: string,
): AuditReport['deadlines'] {
  const days = (at: string): number => Math.floor((Date.parse(at) - Date.parse(judgedAt)) / 86_400_000);
  const own = exceptions.map(({ check, resource, expires }) => {
    const at = `${expires}T23:59:59Z`;
    return { what: `exception for ${check} on ${resource} runs out`, at, daysLeft: days(at), count: 1 };
  });
  return [...deadlines, ...own].sort((a, b) => compare(a.at, b.at) || compare(a.what, b.what));
}

function byImportance(a: Placed, b: Placed): number {
  return (
    SEVERITIES.indexOf(a.reported.severity) - SEVERITIES.indexOf(b.reported.severity) ||
    compare(a.check.id, b.check.id) ||
    compare(formatRef(a.reported.resource), formatRef(b.reported.resource)) ||
    compare(subjectKey(a), subjectKey(b)) ||
    compare(a.reported.fingerprint, b.reported.fingerprint)
  );
}

function subjectKey({ reported }: Placed): string {
  return reported.subject === undefined ? '' : formatSubject(reported.subject);
}

/** By code units: the same order on every machine, whatever its locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
