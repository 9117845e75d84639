import { calendars } from '../data/distro-calendars.ts';
import { minorOf, parseKubernetesVersion } from '../data/kubernetes-version.ts';
import { supportOf, type CalendarId, type Support, type SupportCalendar } from '../data/support-calendar.ts';
import type { Gap } from '../evidence/gap.ts';
import type { Platform } from './platform.ts';

/** What is known of the support of one version in one cluster. */
export type SupportVerdict =
  | {
      readonly state: 'supported';
      readonly calendar: SupportCalendar;
      readonly support: Extract<Support, { status: 'supported' }>;
      /** Whose own dates may differ and are not known here. */
      readonly supplier?: string;
    }
  | {
      readonly state: 'ended';
      readonly calendar: SupportCalendar;
      readonly support: Extract<Support, { status: 'ended' }>;
      readonly supplier?: string;
    }
  | {
      readonly state: 'unknown';
      readonly gaps: readonly [Gap, ...Gap[]];
      /** The end of what everybody has, where that much is known. */
      readonly known?: { readonly calendar: SupportCalendar; readonly endOfLife: string };
    };

type Judged = { readonly calendar: SupportCalendar; readonly support: Support };

/**
 * Judges a version by the calendars that may apply to it. Where several may and they disagree there is no verdict:
 * an upstream date is no answer for a cluster that may be a provider's.
 *
 * @param now RFC 3339, UTC
 */
export function verdictOf(version: string, platform: Platform, now: string): SupportVerdict {
  const parsed = parseKubernetesVersion(version);
  if (parsed === undefined) {
    return unknown({ kind: 'notObservable', reason: 'malformed', detail: `${JSON.stringify(version)} is no version that a release of Kubernetes carries` });
  }
  const minor = minorOf(parsed);
  const judge = (id: CalendarId): Judged => ({ calendar: calendars[id], support: supportOf(calendars[id], version, now) });
  const ids = platform.supplierWithoutCalendar === undefined ? calendarsFor(platform, parsed.suffix) : undefined;
  if (ids === undefined) {
    const supplier = platform.supplierWithoutCalendar ?? `the supplier of ${JSON.stringify(parsed.suffix)} builds`;
    return verdictOfUnlisted(supplier, minor, (Object.keys(calendars) as CalendarId[]).map(judge));
  }
  const [only, ...others] = ids.map(judge);
  if (only === undefined) throw new Error('no calendar applies');
  return others.length === 0 ? verdictOfOne(only, minor) : verdictOfSeveral([only, ...others], platform.gaps, minor);
}

/**
 * The calendars for a build, by what follows the numbers of its version; undefined where its supplier has none here.
 * k3s and RKE2 follow upstream. A plain version on EKS or GKE is not the provider's build.
 */
function calendarsFor({ calendars: possible }: Platform, suffix: string): readonly [CalendarId, ...CalendarId[]] | undefined {
  const among = (...ids: CalendarId[]): CalendarId[] => possible.filter(id => ids.includes(id));
  if (suffix === '' || /^-(alpha|beta|rc)\.\d+$/.test(suffix)) {
    const [first, ...rest] = among('upstream', 'aks', 'openshift');
    return first === undefined ? ['upstream'] : [first, ...rest];
  }
  if (/^\+(k3s|rke2r)\d+/.test(suffix)) return ['upstream'];
  const own = suffix.startsWith('-eks-') ? 'eks' : suffix.startsWith('-gke.') ? 'gke' : suffix.startsWith('+') ? 'openshift' : undefined;
  if (own === undefined || !possible.includes(own)) return undefined;
  const [first, ...rest] = among('upstream', own);
  return first === undefined ? undefined : [first, ...rest];
}

function verdictOfOne({ calendar, support }: Judged, minor: string): SupportVerdict {
  switch (support.status) {
    case 'supported':
      return { state: 'supported', calendar, support };
    case 'ended':
      return { state: 'ended', calendar, support };
    case 'conditional': {
      const { phase, endOfLife } = support;
      const detail =
        `${calendar.title} support of ${minor} ended on ${endOfLife} except with ${phase.onlyWith ?? phase.name}, ` +
        `which lasts until ${phase.until} and cannot be seen from the cluster`;
      return { ...unknown({ kind: 'notObservable', reason: 'vendorCalendar', detail }), known: { calendar, endOfLife } };
    }
    case 'newerThanData':
      return unknown(newerThanData(calendar, minor, support.newestMinor));
    case 'unknownVersion':
      return unknown({ kind: 'notObservable', reason: 'notProven', detail: `${minor} is missing from the table of ${calendar.title} releases` });
  }
}

/** Only what is the same in all of them is certain; of the ends, the earliest that is still to come, the latest that is past. */
function verdictOfSeveral(judged: readonly [Judged, ...Judged[]], gaps: readonly Gap[], minor: string): SupportVerdict {
  const ended = judged.flatMap(({ calendar, support }) => (support.status === 'ended' ? [{ calendar, support }] : []));
  const supported = judged.flatMap(({ calendar, support }) => (support.status === 'supported' ? [{ calendar, support }] : []));
  const newer = judged.filter(({ support }) => support.status === 'newerThanData');
  const lastEnded = ended.toSorted((a, b) => a.support.daysSince - b.support.daysSince)[0];
  if (lastEnded !== undefined && ended.length === judged.length) return { state: 'ended', ...lastEnded };
  const firstToEnd = supported.toSorted((a, b) => a.support.daysLeft - b.support.daysLeft)[0];
  if (firstToEnd !== undefined && supported.length + newer.length === judged.length) return { state: 'supported', ...firstToEnd };
  if (newer.length === judged.length) return verdictOfOne(judged[0], minor);
  const titles = judged.map(({ calendar }) => calendar.title).join(', ');
  const because = `which support calendar applies to ${minor} is not known, and those that may do not agree (${titles})`;
  const [first, ...more] = gaps;
  if (first === undefined) return unknown({ kind: 'notObservable', reason: 'notProven', detail: because });
  return unknown({ ...first, detail: `${first.detail}, so ${because}` }, ...more);
}

/**
 * A build whose supplier's dates are not known. While upstream supports the minor it is supported; afterwards it has
 * certainly ended only once the longest term that any supplier in these tables gives has passed as well.
 */
function verdictOfUnlisted(supplier: string, minor: string, judged: readonly Judged[]): SupportVerdict {
  const upstream = judged.find(({ calendar }) => calendar.id === 'upstream');
  if (upstream === undefined) throw new Error('there is no upstream calendar');
  const { calendar, support } = upstream;
  if (support.status === 'supported') return { state: 'supported', calendar, support, supplier };
  if (support.status !== 'ended') return verdictOfOne(upstream, minor);
  if (judged.every(each => each.support.status === 'ended')) return { state: 'ended', calendar, support, supplier };
  const { endOfLife } = support;
  const detail = `${calendar.title} support of ${minor} ended on ${endOfLife}; how long ${supplier} keeps it is not in the data of this program`;
  return { ...unknown({ kind: 'notObservable', reason: 'vendorCalendar', detail }), known: { calendar, endOfLife } };
}

function newerThanData({ title, dataFreshThrough }: SupportCalendar, minor: string, newest: string): Gap {
  const detail = `${minor} is newer than the data of this program, where ${title} ends with ${newest} (as of ${dataFreshThrough})`;
  return { kind: 'notObservable', reason: 'newerThanData', detail };
}

function unknown(...gaps: readonly [Gap, ...Gap[]]): Extract<SupportVerdict, { state: 'unknown' }> {
  return { state: 'unknown', gaps };
}
