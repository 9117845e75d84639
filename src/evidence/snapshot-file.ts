import { createHash } from 'node:crypto';
import { Problem } from '../problem.ts';
import type { Gap } from './gap.ts';
import { deepFreeze, type Collected, type Cost, type Snapshot } from './snapshot.ts';

/*
 * A snapshot as lines of JSON, so that it can be written and read without ever being one string: a header; for each
 * source a line about it and then its records, one a line (`item` of a list, the one `value`, or the `gap`); and a
 * trailer with counts and a checksum. A line that is cut is never JSON, and the header names every source, so wherever
 * a file ends it is known what is missing.
 */

/** Raised when a program that knows only this version could not read the file rightly. */
const FORMAT_VERSION = 1;
const FORMAT = 'secaudit-snapshot';

interface Header extends Omit<Snapshot, 'sources'> {
  readonly format: typeof FORMAT;
  readonly formatVersion: number;
  readonly sources: readonly { readonly id: string; readonly projectionVersion: number }[];
}

/** The line before the records of a source. `count` is there for a list alone. */
interface SourceLine {
  readonly id: string;
  readonly projectionVersion: number;
  readonly readAt: string;
  readonly cost: Cost;
  readonly count?: number;
}

type RecordLine = { readonly item: unknown } | { readonly value: unknown } | { readonly gap: Gap };

interface Trailer {
  readonly sources: number;
  readonly records: number;
  /** Over every line before, each with its line feed. */
  readonly sha256: string;
}

/**
 * The lines of a snapshot file, without line feeds.
 *
 * @throws if the snapshot holds something that JSON cannot carry, which would come back as something else
 */
export function* snapshotLines(snapshot: Snapshot): Generator<string, void> {
  const { sources, ...rest } = snapshot;
  const entries = Object.entries(sources);
  const hash = createHash('sha256');
  let records = 0;

  const line = (value: unknown): string => {
    const text = JSON.stringify(value, refuseLossy);
    hash.update(text).update('\n');
    return text;
  };
  const declared = entries.map(([id, { projectionVersion }]) => ({ id, projectionVersion }));
  const header: Header = { format: FORMAT, formatVersion: FORMAT_VERSION, ...rest, sources: declared };
  yield line(header);
  for (const [id, collected] of entries) {
    const { projectionVersion, readAt, cost } = collected;
    const list = 'value' in collected && Array.isArray(collected.value) ? (collected.value as readonly unknown[]) : undefined;
    const about: SourceLine = { id, projectionVersion, readAt, cost, ...(list === undefined ? {} : { count: list.length }) };
    yield line({ source: about });
    for (const record of recordsOf(collected, list)) {
      yield line(record);
      records += 1;
    }
  }
  const trailer: Trailer = { sources: entries.length, records, sha256: hash.digest('hex') };
  yield JSON.stringify({ end: trailer });
}

function* recordsOf(collected: Collected, list: readonly unknown[] | undefined): Generator<RecordLine, void> {
  if ('gap' in collected) yield { gap: collected.gap };
  else if (collected.value === undefined) throw new TypeError('a snapshot cannot hold a source that was read and has no value');
  else if (list === undefined) yield { value: collected.value };
  else for (const item of list) yield { item };
}

function refuseLossy(this: unknown, key: string, value: unknown): unknown {
  const isLossy =
    (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) ||
    typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol' ||
    (value === undefined && Array.isArray(this)) ||
    value instanceof Map || value instanceof Set;
  if (isLossy) throw new TypeError(`a snapshot cannot hold the value at ${JSON.stringify(key)}: JSON has no form for it`);
  return value;
}

/**
 * Reads the lines of a snapshot file. Where it was cut off, every source that did not come whole has a gap of reason
 * `truncated`; it is never a shorter list. The checksum is in the trailer, so what came whole before a cut is unproven.
 *
 * @param lines without line feeds; an empty last one is ignored
 * @throws {Problem} if this is no snapshot, one of a newer format, or one that was changed after it was written
 */
export function parseSnapshotLines(lines: Iterable<string>): Snapshot {
  const hash = createHash('sha256');
  const reader = sourceReader();
  let header: Header | undefined;
  let end: Trailer | undefined;
  let isCut = false;

  for (const line of lines) {
    if (line === '') continue;
    if (isCut || end !== undefined) throw damaged();
    const parsed = parseLine(line);
    if (header === undefined) {
      header = headerIn(parsed);
    } else if (parsed === undefined) {
      // Only the last line may be broken: that is a cut.
      isCut = true;
      continue;
    } else if (Object.hasOwn(parsed, 'end')) {
      end = trailerIn(parsed.end, hash.copy().digest('hex'));
    } else {
      reader.take(parsed);
    }
    hash.update(line).update('\n');
  }
  if (header === undefined) throw notASnapshot();
  const read = reader.finish();
  if (end !== undefined && (end.sources !== read.size || end.records !== reader.records() || read.size !== header.sources.length)) throw damaged();
  return snapshotOf(header, read);
}

function snapshotOf(header: Header, read: ReadonlyMap<string, Collected>): Snapshot {
  const { format: _, formatVersion: _version, sources: declared, ...rest } = header;
  const names = new Set(declared.map(({ id }) => id));
  if ([...read.keys()].some(id => !names.has(id))) throw damaged();
  // fromEntries, since an id such as __proto__ must become a property like any other.
  const sources = Object.fromEntries(declared.map(({ id, projectionVersion }) => [id, read.get(id) ?? cutOff(id, projectionVersion, rest.collectedAt)]));
  return deepFreeze({ ...rest, sources });
}

/** Takes lines after the header one by one; only sources whose records have all come are in the result. */
function sourceReader(): { take: (line: Fields) => void; records: () => number; finish: () => ReadonlyMap<string, Collected> } {
  const complete = new Map<string, Collected>();
  let current: { readonly about: SourceLine; readonly items: unknown[] } | undefined;
  let count = 0;

  return {
    take(line) {
      if (Object.hasOwn(line, 'source')) {
        begin(sourceLineIn(line.source));
        return;
      }
      if (current === undefined) throw damaged();
      const { about, items } = current;
      count += 1;
      if (about.count !== undefined && Object.hasOwn(line, 'item')) {
        items.push(line.item);
        if (items.length === about.count) close({ value: items });
      } else if (about.count === undefined && Object.hasOwn(line, 'value')) {
        close({ value: line.value });
      } else if (about.count === undefined && isFields(line.gap)) {
        close({ gap: line.gap as unknown as Gap });
      } else {
        throw damaged();
      }
    },
    records: () => count,
    finish: () => complete,
  };

  function begin(about: SourceLine): void {
    if (current !== undefined || complete.has(about.id)) throw damaged();
    current = { about, items: [] };
    if (about.count === 0) close({ value: [] });
  }

  function close(result: { readonly value: unknown } | { readonly gap: Gap }): void {
    if (current === undefined) throw damaged();
    const { id, projectionVersion, readAt, cost } = current.about;
    complete.set(id, { projectionVersion, readAt, cost, ...result });
    current = undefined;
  }
}

function cutOff(id: string, projectionVersion: number, readAt: string): Collected {
  const gap: Gap = { kind: 'gap', reason: 'truncated', source: id, detail: `the snapshot file is cut off before the end of ${id}` };
  return { projectionVersion, readAt, cost: { requests: 0, bytes: 0, seconds: 0 }, gap };
}

interface Fields {
  readonly [name: string]: unknown;
}

/** Undefined where the line is no JSON object: a cut, or another kind of file. */
function parseLine(line: string): Fields | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    return isFields(parsed) ? parsed : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function headerIn(parsed: Fields | undefined): Header {
  if (parsed === undefined || parsed.format !== FORMAT || typeof parsed.formatVersion !== 'number') throw notASnapshot();
  if (parsed.formatVersion !== FORMAT_VERSION) {
    throw new Problem(
      `The snapshot has format ${parsed.formatVersion} and this program reads format ${FORMAT_VERSION}; ` +
        'use the version of kubectl secaudit that wrote it, or take a new snapshot.',
    );
  }
  const { tool, connection, collectedAt, clockSkewSeconds, durationSeconds, scope, clusterId, sources } = parsed;
  const isHeader =
    typeof tool === 'string' && isFields(connection) && typeof connection.server === 'string' &&
    typeof collectedAt === 'string' && !Number.isNaN(Date.parse(collectedAt)) &&
    typeof clockSkewSeconds === 'number' && typeof durationSeconds === 'number' &&
    isFields(scope) && (scope.namespace === undefined || typeof scope.namespace === 'string') &&
    (clusterId === undefined || typeof clusterId === 'string') &&
    Array.isArray(sources) &&
    sources.every(source => isFields(source) && typeof source.id === 'string' && typeof source.projectionVersion === 'number');
  if (!isHeader) throw damaged();
  return parsed as unknown as Header;
}

function sourceLineIn(about: unknown): SourceLine {
  const isSourceLine =
    isFields(about) && typeof about.id === 'string' && typeof about.projectionVersion === 'number' && typeof about.readAt === 'string' &&
    isFields(about.cost) && (about.count === undefined || (Number.isSafeInteger(about.count) && Number(about.count) >= 0));
  if (!isSourceLine) throw damaged();
  return about as unknown as SourceLine;
}

function trailerIn(end: unknown, sha256: string): Trailer {
  if (!isFields(end) || end.sha256 !== sha256 || typeof end.sources !== 'number' || typeof end.records !== 'number') throw damaged();
  return { sources: end.sources, records: end.records, sha256 };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function notASnapshot(): Problem {
  return new Problem('The file is not a snapshot of kubectl secaudit, or it is cut off in its first line; name a file that "kubectl secaudit snapshot" wrote.');
}

function damaged(): Problem {
  return new Problem('The snapshot was changed or damaged after it was written; take it again, or fetch the file again.');
}
