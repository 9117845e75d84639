import { calendars } from '../data/distro-calendars.ts';
import { parseKubernetesVersion } from '../data/kubernetes-version.ts';
import { daysBetween, type CalendarId, type SupportCalendar } from '../data/support-calendar.ts';
import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import { nodes } from '../evidence/sources/platform.ts';
import { serverVersion } from '../evidence/sources/versions.ts';
import type { Platform } from './platform.ts';
import { support, type Component } from './support.ts';

/** About one upstream release cycle; older tables may lack a whole minor. */
const FRESH_DAYS = 100;

/** What `kubectl secaudit versions` shows. */
export interface VersionsView {
  readonly platform: Platform;
  /** The API server first, then the kubelets, newest version first. */
  readonly components: readonly VersionRow[];
  readonly nodes: readonly NodeRow[];
  /** What could not be read at all. */
  readonly unread: readonly { readonly of: string; readonly gaps: readonly Gap[] }[];
  /** The tables that these verdicts stand on. */
  readonly data: readonly DataAge[];
}

/** All components of one kind and version. */
export interface VersionRow {
  readonly component: Component['kind'];
  readonly version: string;
  readonly count: number;
  /** The version whose API behaviour the API server imitates, where that is not its own. */
  readonly emulates?: string;
  readonly status: 'supported' | 'ended' | 'unknown';
  /** The calendar that applies; absent where that is not known. */
  readonly calendar?: string;
  readonly phase?: string;
  /** The last day of the support that everybody has, `YYYY-MM-DD`. */
  readonly supportEnds?: string;
  /** Negative after the end. */
  readonly daysLeft?: number;
  /** The end is known to be that day at the latest. */
  readonly isBound?: true;
  /** How many newer patches of the minor are known at least; never proof of being up to date. Upstream builds only. */
  readonly patchesBehind?: number;
  /** Why there is no verdict, or what limits it. */
  readonly notes: readonly string[];
}

export interface NodeRow {
  readonly name: string;
  readonly kubelet?: string;
  readonly osImage?: string;
  readonly kernel?: string;
  readonly runtime?: string;
}

/** How old one of the program's own tables is. */
export interface DataAge {
  readonly table: string;
  readonly freshThrough: string;
  readonly daysOld: number;
  /** Ends of support are set long ahead and still hold; newer minors and patches may be missing. */
  readonly isOld: boolean;
}

export const versionsView = defineIndex({
  id: 'versions-view',
  needs: { support, version: attempt(serverVersion), nodeList: attempt(nodes) },
  build({ support: { platform, replicas, components, undecided }, version, nodeList }, { now }): VersionsView {
    const groups = Map.groupBy(components, ({ kind, version: of }) => `${kind} ${of}`);
    const rows = [...groups.values()].flatMap(([first, ...more]) => {
      if (first === undefined) return [];
      return [first.kind === 'API server' ? withReplicas(rowOf(first, replicas.get(first.version) ?? 1), replicas) : rowOf(first, more.length + 1)];
    });
    const emulated = 'value' in version ? emulatedBy(version.value) : undefined;
    const judged = new Set(components.map(({ kind, version: of }) => `${kind} ${of}`));
    return {
      platform,
      components: rows.toSorted(byKindAndVersion).map(row => (row.component === 'API server' && emulated !== undefined ? { ...row, emulates: emulated } : row)),
      nodes: 'value' in nodeList ? nodeList.value.map(nodeRow).toSorted((a, b) => (a.name < b.name ? -1 : 1)) : [],
      unread: undecided.filter(({ of }) => !judged.has(of)).map(({ of, gaps }) => ({ of, gaps })),
      data: dataAges([...platform.calendars, ...components.flatMap(({ verdict }) => ('calendar' in verdict ? [verdict.calendar.id] : []))], now),
    };
  },
});

/** Of several versions the oldest is judged; the others are said. */
function withReplicas(row: VersionRow, replicas: ReadonlyMap<string, number>): VersionRow {
  const others = [...replicas].filter(([version]) => version !== row.version).map(([version, count]) => `${version}${count === 1 ? '' : ` (${count})`}`);
  return others.length === 0 ? row : { ...row, notes: [...row.notes, `other replicas: ${others.join(', ')}`] };
}

function rowOf({ kind, version, verdict }: Component, count: number): VersionRow {
  const base = { component: kind, version, count };
  if (verdict.state === 'unknown') {
    const known = verdict.known === undefined ? {} : { calendar: verdict.known.calendar.title, supportEnds: verdict.known.endOfLife };
    return { ...base, ...known, status: 'unknown', notes: verdict.gaps.map(gap => gap.detail) };
  }
  const { calendar, support: of, supplier } = verdict;
  const notes = supplier === undefined ? [] : [`the dates of ${supplier} are not in the data of this program`];
  const behind = calendar.id === 'upstream' && supplier === undefined ? patchesBehind(version, of.row?.latestPatch) : {};
  const common = { ...base, ...behind, calendar: calendar.title, supportEnds: of.endOfLife };
  if (of.status === 'ended') {
    return { ...common, status: 'ended', daysLeft: -of.daysSince, ...(of.isBound ? { isBound: true as const } : {}), notes };
  }
  const { further } = of;
  if (further?.onlyWith !== undefined) notes.push(`with ${further.onlyWith}: until ${further.until}`);
  return { ...common, status: 'supported', phase: of.phase.name, daysLeft: of.daysLeft, notes };
}

/** Nothing for a build that is newer than the newest patch we know. */
function patchesBehind(version: string, latest: string | undefined): { readonly patchesBehind?: number } {
  const ours = parseKubernetesVersion(version)?.patch;
  const known = latest === undefined ? undefined : parseKubernetesVersion(latest)?.patch;
  return ours === undefined || known === undefined || known <= ours ? {} : { patchesBehind: known - ours };
}

function emulatedBy({ major, minor, emulationMajor, emulationMinor }: NonNullable<(typeof serverVersion)['evidence']>): string | undefined {
  if (emulationMajor === undefined || emulationMinor === undefined) return undefined;
  return emulationMajor === major && emulationMinor === minor ? undefined : `${emulationMajor}.${emulationMinor}`;
}

function nodeRow({ metadata, status }: NonNullable<(typeof nodes)['evidence']>[number]): NodeRow {
  const { kubeletVersion, osImage, kernelVersion, containerRuntimeVersion } = status?.nodeInfo ?? {};
  return {
    name: metadata.name,
    ...(kubeletVersion === undefined ? {} : { kubelet: kubeletVersion }),
    ...(osImage === undefined ? {} : { osImage }),
    ...(kernelVersion === undefined ? {} : { kernel: kernelVersion }),
    ...(containerRuntimeVersion === undefined ? {} : { runtime: containerRuntimeVersion }),
  };
}

function dataAges(ids: readonly CalendarId[], now: string): DataAge[] {
  return [...new Set(ids)].map(id => ageOf(calendars[id], now));
}

function ageOf({ title, dataFreshThrough }: SupportCalendar, now: string): DataAge {
  const daysOld = daysBetween(dataFreshThrough, now);
  return { table: title, freshThrough: dataFreshThrough, daysOld, isOld: daysOld > FRESH_DAYS };
}

function byKindAndVersion(a: VersionRow, b: VersionRow): number {
  if (a.component !== b.component) return a.component === 'API server' ? -1 : 1;
  return compareVersions(b.version, a.version);
}

/** By the numbers; what is no version, or has the same numbers, by its text. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [parseKubernetesVersion(a), parseKubernetesVersion(b)];
  if (left === undefined || right === undefined) return Number(left !== undefined) - Number(right !== undefined) || (a < b ? -1 : 1);
  return left.major - right.major || left.minor - right.minor || (left.patch ?? 0) - (right.patch ?? 0) || (a < b ? -1 : 1);
}
