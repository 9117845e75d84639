import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Check, EvidenceItem, Finding } from '../../src/checks/define-check.ts';
import { createEvaluator, type CheckResult } from '../../src/engine/evaluate.ts';
import { sourcesOf, type Needs } from '../../src/evidence/need.ts';
import { formatRef, type ResourceRef } from '../../src/evidence/resource-ref.ts';
import type { Snapshot } from '../../src/evidence/snapshot.ts';
import { refOf, type Source } from '../../src/evidence/source.ts';
import { formatSubject } from '../../src/evidence/subject.ts';
import { allSources, forbidden, withSource } from './cluster.ts';

/** A snapshot, and a line for each finding it must give; the order of the lines does not matter. */
type Case = readonly [snapshot: Snapshot, ...lines: string[]];

/**
 * The cases of one check. A line is `severity Kind/namespace/name`, then ` Subject` where the finding has one, then
 * ` (discriminator)` where it has one, and last ` platform` or ` add-on` where a user is not to blame:
 *
 *     'critical ClusterRoleBinding/ops User/ana'
 *     'info ClusterRoleBinding/cluster-admin Group/system:masters platform'
 *
 * A target that could not be judged is the line `unknown WHAT`.
 */
export interface CheckCases {
  readonly fails: Readonly<Record<string, Case>>;
  /** Lines here are findings of severity info. */
  readonly passes: Readonly<Record<string, Snapshot | Case>>;
  readonly notApplicable?: Readonly<Record<string, Snapshot>>;
  /** Cases that only have gaps; the engine's own (a need is forbidden, every source in turn) are tested anyway. */
  readonly notAssessed?: Readonly<Record<string, Snapshot | Case>>;
  /**
   * Sources whose absence alone may leave a verdict, since another answers the same question. Forbidden all together
   * they must not.
   */
  readonly dispensable?: readonly Source[];
  /**
   * By the name of a case: sources that it does not take to answer, since nothing in it refers to them. Forbidden, the
   * result must be the same.
   */
  readonly answerableWithout?: Readonly<Record<string, readonly Source[]>>;
}

/**
 * A table test for a check. Beside what a case says, each must give the same findings whatever the order of the lists,
 * no finding twice, evidence whose path really leads to its value, and never a pass when a source is forbidden. The
 * snapshots are frozen, so a check that edits its evidence throws.
 */
export function describeCheck(check: Check, cases: CheckCases): void {
  describe(check.id, () => {
    for (const [name, [snapshot, ...lines]] of Object.entries(cases.fails)) {
      describeCase('failed', name, snapshot, lines);
    }
    for (const [name, entry] of Object.entries(cases.passes)) describeCase('passed', name, ...unpack(entry));
    for (const [name, snapshot] of Object.entries(cases.notApplicable ?? {})) {
      describeCase('notApplicable', name, snapshot, []);
    }
    for (const [name, entry] of Object.entries(cases.notAssessed ?? {})) {
      describeCase('notAssessed', name, ...unpack(entry));
    }
  });

  function describeCase(status: CheckResult['status'], name: string, snapshot: Snapshot, lines: readonly string[]): void {
    describe(`${status}: ${name}`, () => {
      it('gives these findings', () => {
        const result = judge(snapshot);
        // The status alone would hide why.
        if (result.status === 'error') throw result.error;
        expect({ status: result.status, lines: linesOf(result) }).toEqual({ status, lines: [...lines].sort() });
      });
      it('gives the same in whatever order the lists come', () => {
        expect(inOrder(judge(reversed(snapshot)))).toEqual(inOrder(judge(snapshot)));
      });
      it('reports nothing twice', () => {
        const identities = findingsOf(judge(snapshot)).map(identityOf);
        expect(identities.filter((identity, at) => identities.indexOf(identity) !== at)).toEqual([]);
      });
      it('cites evidence that is there', () => {
        expect(findingsOf(judge(snapshot)).flatMap(finding => uncitable(finding, snapshot))).toEqual([]);
      });
      it('says nothing worse than the check declares', () => {
        const order = ['critical', 'high', 'medium', 'low', 'info'];
        const worse = findingsOf(judge(snapshot)).filter(finding =>
          order.indexOf(finding.severity ?? check.severity) < order.indexOf(check.severity));
        expect(worse.map(finding => lineOf(check, finding))).toEqual([]);
      });
      for (const group of forbiddenGroups(name, snapshot)) {
        const titles = group.map(source => source.title).join(' and ');
        it(`is no pass when ${titles} cannot be read`, () => {
          const blind = group.reduce((before, source) => withSource(before, source, { gap: forbidden(source) }), snapshot);
          const result = judge(blind);
          if (result.status === 'error') throw result.error;
          expect(['failed', 'notAssessed']).toContain(result.status);
        });
      }
      for (const source of (cases.answerableWithout?.[name] ?? []).filter(each => isRead(snapshot, each))) {
        it(`has the same answer when ${source.title} cannot be read`, () => {
          expect(inOrder(judge(withSource(snapshot, source, { gap: forbidden(source) })))).toEqual(inOrder(judge(snapshot)));
        });
      }
    });
  }

  /** The sources to forbid together: each by itself, and the dispensable ones at once. */
  function forbiddenGroups(name: string, snapshot: Snapshot): Source[][] {
    const readable = [...sourcesOf(check.needs)].filter(source =>
      !isRarelyOfMatter(source, snapshot, check) && isRead(snapshot, source) && cases.answerableWithout?.[name]?.includes(source) !== true);
    const dispensable = readable.filter(source => cases.dispensable?.includes(source) === true);
    const needed = readable.filter(source => !dispensable.includes(source)).map(source => [source]);
    return dispensable.length === 0 ? needed : [...needed, dispensable];
  }

  function judge(snapshot: Snapshot): CheckResult {
    return createEvaluator(snapshot).judge(check);
  }

  function linesOf(result: CheckResult): string[] {
    const unknown = 'unknown' in result ? result.unknown.map(each => `unknown ${each.of}`) : [];
    return [...findingsOf(result).map(finding => lineOf(check, finding)), ...unknown].sort();
  }

  function inOrder(result: CheckResult): unknown {
    const findings = [...findingsOf(result)].sort((a, b) => (identityOf(a) < identityOf(b) ? -1 : 1));
    return { status: result.status, findings, lines: linesOf(result) };
  }
}

/** One finding as a line of a {@link CheckCases} table. */
export function lineOf(check: Check, finding: Finding): string {
  return [
    finding.severity ?? check.severity,
    formatRef(finding.resource),
    ...(finding.subject === undefined ? [] : [formatSubject(finding.subject)]),
    ...(finding.discriminator === undefined ? [] : [`(${finding.discriminator})`]),
    ...(finding.origin === undefined ? [] : [finding.origin]),
  ].join(' ');
}

function unpack(entry: Snapshot | Case): [Snapshot, string[]] {
  if (!isCase(entry)) return [entry, []];
  const [snapshot, ...lines] = entry;
  return [snapshot, lines];
}

function isCase(entry: Snapshot | Case): entry is Case {
  return Array.isArray(entry);
}

function findingsOf(result: CheckResult): readonly Finding[] {
  return 'findings' in result ? result.findings : [];
}

function isRead(snapshot: Snapshot, source: Source): boolean {
  const collected = snapshot.sources[source.id];
  return collected !== undefined && 'value' in collected;
}

/** Tokens that lie in Secrets concern whoever reads Secrets and nobody else: the test of rbac-escalation-path says when. */
function isRarelyOfMatter(source: Source, { sources }: Snapshot, check: Check): boolean {
  const { nodefiles: files } = sources;
  const hasFiles = files !== undefined && 'value' in files && Array.isArray(files.value) && files.value.length > 0;
  // Flags say what files of nodes are used for: without such files a check that wants them for nothing else is none the wiser.
  return source.id === 'tokensecrets' || (source.id === 'controlplanepods' && !hasFiles && !isReachedWithout(OF_NODE_FILES, check.needs, source));
}

const OF_NODE_FILES: ReadonlySet<string> = new Set(['node-file-uses', 'sightings-of-node-files']);

/** Whether needs come down to a source by another way than these indexes. */
function isReachedWithout(indexes: ReadonlySet<string>, needs: Needs, source: Source): boolean {
  return Object.values(needs).some(declared => {
    const need = declared.type === 'attempt' ? declared.of : declared;
    return need.type === 'source' ? need.id === source.id : !indexes.has(need.id) && isReachedWithout(indexes, need.needs, source);
  });
}

/** What makes two findings of one check the same to a ticket system. */
function identityOf({ resource, subject, discriminator }: Finding): string {
  return JSON.stringify([resource, subject ?? null, discriminator ?? null]);
}

/** Turns round the list of every source; lists inside an object stay, since the order of arguments has a meaning. */
function reversed(snapshot: Snapshot): Snapshot {
  const sources = Object.entries(snapshot.sources).map(([id, collected]) => {
    const turned = 'value' in collected && Array.isArray(collected.value)
      ? { ...collected, value: Object.freeze(collected.value.toReversed()) }
      : collected;
    return [id, turned] as const;
  });
  return { ...snapshot, sources: Object.fromEntries(sources) };
}

/** What is wrong with the evidence of a finding: an object or a path that is not there, or another value at it. */
export function uncitable(finding: Finding, snapshot: Snapshot): string[] {
  return finding.evidence.flatMap(item => {
    const cited = item.resource ?? finding.resource;
    const readers = allSources.filter(source => isReaderOf(source, cited, snapshot) && snapshot.sources[source.id] !== undefined);
    // Not an API object, or one that no list holds: nothing here to compare with.
    if (readers.length === 0) return [];
    const objects = readers.flatMap(source => itemsOf(snapshot, source, cited));
    if (objects.length === 0) return [`${formatRef(cited)} is not in the snapshot`];
    if (!isExact(item) || isSeenBesideApi(item) || objects.some(object => isDeepStrictEqual(at(object, item.path) ?? null, plain(item.value)))) return [];
    return [`${formatRef(cited)} ${item.path} is not ${JSON.stringify(item.value)}`];
  });
}

/** Values that were worked out have a path for people, not for a reader. */
function isExact(item: EvidenceItem): boolean {
  return item.grade === 'exact' || 'reproduce' in item;
}

/** What a node itself shows is about the Node object, and stands nowhere in it. */
function isSeenBesideApi(item: EvidenceItem): boolean {
  return 'reproduce' in item ? item.reproduce[0] !== 'kubectl' : item.path.startsWith('ports[');
}

function isReaderOf(source: Source, cited: ResourceRef, snapshot: Snapshot): boolean {
  const { read } = source;
  if (read.how !== 'list' || read.apiVersion !== cited.apiVersion || read.kind !== cited.kind) return false;
  // A list of some, or of one platform, is no proof that another object is not there: it may be read by its name.
  return (read.fieldSelector === undefined && read.onlyWithGroup === undefined) || itemsOf(snapshot, source, cited).length > 0;
}

function itemsOf(snapshot: Snapshot, source: Source, cited: ResourceRef): unknown[] {
  const collected = snapshot.sources[source.id];
  if (collected === undefined || !('value' in collected) || source.read.how !== 'list') return [];
  const { read } = source;
  const items = collected.value as readonly { readonly metadata: { readonly name: string; readonly namespace?: string } }[];
  return items.filter(item => formatRef(refOf({ read }, item)) === formatRef(cited));
}

/** A value without undefined fields, as evidence holds it; an absent one is null. */
function plain(value: unknown): unknown {
  return value === undefined ? null : JSON.parse(JSON.stringify(value));
}

/**
 * The value at a path such as `subjects[0]` or `metadata.annotations["a.b/c"]`; undefined where it leads nowhere.
 *
 * @throws if the path is not written like that
 */
export function at(object: unknown, path: string): unknown {
  const step = /^(?:\.?([A-Za-z_][\w-]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\])/;
  let value = object;
  for (let rest = path; rest !== '';) {
    const match = step.exec(rest);
    if (match === null) throw new Error(`the evidence path ${path} cannot be followed from ${rest}`);
    const [taken, field, position, quoted] = match;
    const key = field ?? position ?? (JSON.parse(quoted ?? '""') as string);
    value = typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
    rest = rest.slice(taken.length);
  }
  return value;
}
