import { minorOf, parseKubernetesVersion } from './kubernetes-version.ts';

export type CalendarId = 'upstream' | 'eks' | 'gke' | 'aks' | 'openshift';

/** A stretch of support. Every date is a day, `YYYY-MM-DD`, and the last one of its stretch. */
export interface SupportPhase {
  readonly name: string;
  readonly until: string;
  /** Who has this phase, where not everybody has and the cluster itself does not say so. */
  readonly onlyWith?: string;
  /** Runs by itself and costs extra. */
  readonly paid?: true;
  /** Where no date was published: the rule that gives the latest day it can last. */
  readonly atMost?: string;
}

/** One Kubernetes minor in one calendar. */
export interface CalendarRow {
  readonly minor: string;
  /** The vendor's own name for it, where that differs: `OpenShift 4.18`. */
  readonly product?: string;
  /** In order of time; the phases that everybody has come first. */
  readonly phases: readonly [SupportPhase, ...SupportPhase[]];
  readonly latestPatch?: string;
}

/** When a supplier's support of each minor ends. */
export interface SupportCalendar {
  readonly id: CalendarId;
  readonly title: string;
  /** The day the facts are known to be complete up to. */
  readonly dataFreshThrough: string;
  /** Where the facts come from, for people. */
  readonly source: string;
  /** Newest first, no minor left out between the first and the last. */
  readonly rows: readonly [CalendarRow, ...CalendarRow[]];
}

/** What a calendar says about one version on one day. Days left are whole days; the last day of support counts 0. */
export type Support =
  | {
      readonly status: 'supported';
      readonly row: CalendarRow;
      /** The phase of that day. */
      readonly phase: SupportPhase;
      readonly phaseDaysLeft: number;
      /** The last day of the last phase that everybody has. */
      readonly endOfLife: string;
      readonly daysLeft: number;
      /** The phases that only some have after that. */
      readonly further?: SupportPhase;
    }
  /** Over for most; the phase that only some have still runs. */
  | { readonly status: 'conditional'; readonly row: CalendarRow; readonly phase: SupportPhase; readonly endOfLife: string; readonly daysLeft: number }
  /** Over for everybody; `isBound` where that day is only the latest it can have been. */
  | { readonly status: 'ended'; readonly row?: CalendarRow; readonly endOfLife: string; readonly isBound: boolean; readonly daysSince: number }
  | { readonly status: 'newerThanData'; readonly newestMinor: string }
  | { readonly status: 'unknownVersion' };

/**
 * @param version as the component reports it
 * @param on the day or instant to judge by, RFC 3339, UTC
 */
export function supportOf(calendar: SupportCalendar, version: string, on: string): Support {
  const parsed = parseKubernetesVersion(version);
  if (parsed === undefined) return { status: 'unknownVersion' };
  const minor = minorOf(parsed);
  const row = calendar.rows.find(each => each.minor === minor);
  if (row === undefined) return outsideOf(calendar, parsed, on);

  const certain = row.phases.filter(phase => phase.onlyWith === undefined);
  const endOfLife = (certain.at(-1) ?? row.phases[0]).until;
  const current = certain.find(phase => daysBetween(on, phase.until) >= 0);
  const further = row.phases.find(phase => phase.onlyWith !== undefined && daysBetween(on, phase.until) >= 0);
  if (current !== undefined) {
    return {
      status: 'supported',
      row,
      phase: current,
      phaseDaysLeft: daysBetween(on, current.until),
      endOfLife,
      daysLeft: daysBetween(on, endOfLife),
      ...(further === undefined ? {} : { further }),
    };
  }
  if (further !== undefined) {
    return { status: 'conditional', row, phase: further, endOfLife, daysLeft: daysBetween(on, further.until) };
  }
  const last = lastPhase(row);
  return { status: 'ended', row, endOfLife: last.until, isBound: last.atMost !== undefined, daysSince: daysBetween(last.until, on) };
}

/** Suppliers let go of minors in order, so one older than the whole table ended before the oldest of it. */
function outsideOf(calendar: SupportCalendar, version: { readonly major: number; readonly minor: number }, on: string): Support {
  const [newest] = calendar.rows;
  const oldest = calendar.rows.at(-1) ?? newest;
  if (compareMinors(version, newest.minor) > 0) return { status: 'newerThanData', newestMinor: newest.minor };
  const bound = lastPhase(oldest).until;
  if (compareMinors(version, oldest.minor) < 0 && daysBetween(bound, on) > 0) {
    return { status: 'ended', endOfLife: bound, isBound: true, daysSince: daysBetween(bound, on) };
  }
  return { status: 'unknownVersion' };
}

function compareMinors(version: { readonly major: number; readonly minor: number }, row: string): number {
  const [major = 0, minor = 0] = row.split('.').map(Number);
  return version.major - major || version.minor - minor;
}

function lastPhase(row: CalendarRow): SupportPhase {
  return row.phases.at(-1) ?? row.phases[0];
}

/** Whole days from one day to another, by the calendar and in UTC; negative where `to` is earlier. */
export function daysBetween(from: string, to: string): number {
  return Math.round((dayOf(to) - dayOf(from)) / 86_400_000);
}

function dayOf(instant: string): number {
  return Math.floor(Date.parse(instant) / 86_400_000) * 86_400_000;
}
