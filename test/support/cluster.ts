import { readdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { project } from '../../src/evidence/fields.ts';
import type { Gap } from '../../src/evidence/gap.ts';
import { deepFreeze, type Collected, type Snapshot } from '../../src/evidence/snapshot.ts';
import type { Read, Source } from '../../src/evidence/source.ts';

/** An API object as `kubectl get -o yaml` prints it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** What a test's cluster is beyond its objects. */
export interface ClusterOptions {
  /** When it was read, RFC 3339, UTC. Default 2026-11-21T12:00:00Z. */
  readonly collectedAt?: string;
  /** As with `-n`: cluster evidence is out of scope and only this namespace's objects are read. */
  readonly namespace?: string;
  /** Values of sources by id, as evidence (already parsed); replaces what the objects would give. */
  readonly sources?: Readonly<Record<string, unknown>>;
  /** Sources that could not be read, by id. */
  readonly gaps?: Readonly<Record<string, Gap>>;
}

/** Every source that a file in src/evidence/sources exports. */
export const allSources: readonly Source[] = await importSources();

/**
 * A frozen snapshot of a cluster that holds exactly these objects, projected as the sources declare. Lists of which
 * there is no object are read and empty; sources that are no lists are missing unless `options.sources` has them.
 *
 * @throws if no source reads an object, which would otherwise be left out in silence
 */
export function snapshotWith(options: ClusterOptions, ...objects: readonly Manifest[]): Snapshot {
  const { collectedAt = '2026-11-21T12:00:00Z', namespace, sources: given = {}, gaps = {} } = options;
  for (const id of [...Object.keys(given), ...Object.keys(gaps)]) {
    if (!allSources.some(source => source.id === id)) throw new Error(`no source has the id ${id}`);
  }
  const wire = JSON.parse(JSON.stringify(objects)) as readonly Manifest[];
  for (const object of wire) checkManifest(object);
  const sources: Record<string, Collected> = {};
  for (const source of allSources) {
    const result = resultOf(source);
    if (result !== undefined) sources[source.id] = collected(source, collectedAt, result);
  }
  return deepFreeze({
    tool: 'test',
    connection: { server: 'https://127.0.0.1:6443', context: 'test' },
    collectedAt,
    clockSkewSeconds: 0,
    durationSeconds: 1,
    scope: namespace === undefined ? {} : { namespace },
    sources,
  });

  function resultOf(source: Source): { value: unknown } | { gap: Gap } | undefined {
    const gap = gaps[source.id];
    if (gap !== undefined) return { gap };
    if (Object.hasOwn(given, source.id)) return { value: JSON.parse(JSON.stringify(given[source.id])) };
    if (source.read.how !== 'list') return undefined;
    if (namespace !== undefined && source.skippedWithNamespace) {
      const detail = `${source.title} belong to the whole cluster, and only namespace ${namespace} was asked for`;
      return { gap: { kind: 'outOfScope', reason: 'namespaceOnly', detail } };
    }
    const { read } = source;
    const items = wire.filter(object => isListed(read, object, namespace));
    return { value: items.map(object => project(read.fields, object)) };
  }
}

/** {@link snapshotWith} for the whole cluster, read without gaps. */
export function snapshotOf(...objects: readonly Manifest[]): Snapshot {
  return snapshotWith({}, ...objects);
}

/**
 * A snapshot of the Kubernetes manifests in a text of YAML documents. A document
 * `{apiVersion: secaudit.test/v1, kind: Source, id, value}` gives the value of a source that is no list.
 */
export function snapshotFromYaml(text: string, options: ClusterOptions = {}): Snapshot {
  const sources: Record<string, unknown> = { ...options.sources };
  const objects: Manifest[] = [];
  for (const document of parseAllDocuments(text)) {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    const object: unknown = document.toJS();
    if (object === null) continue; // a document of comments only
    if (isSourceDocument(object)) sources[object.id] = object.value;
    else objects.push(object as Manifest);
  }
  return snapshotWith({ ...options, sources }, ...objects);
}

/** The same snapshot with one source replaced, frozen. */
export function withSource(
  snapshot: Snapshot,
  source: Source,
  result: { readonly value: unknown } | { readonly gap: Gap },
): Snapshot {
  const sources = { ...snapshot.sources, [source.id]: collected(source, snapshot.collectedAt, result) };
  return deepFreeze({ ...snapshot, sources });
}

/** The gap that a collector records when the API server answers 403. */
export function forbidden(source: Source): Gap {
  return {
    kind: 'gap',
    reason: 'forbidden',
    detail: `${source.title} could not be read: forbidden`,
    source: source.id,
    permissions: source.permissions,
  };
}

function collected(source: Source, readAt: string, result: { readonly value: unknown } | { readonly gap: Gap }): Collected {
  return { projectionVersion: source.projectionVersion, readAt, cost: { requests: 1, bytes: 0, seconds: 0 }, ...result };
}

function isSourceDocument(object: unknown): object is { readonly id: string; readonly value: unknown } {
  const { apiVersion, kind } = object as Manifest;
  return apiVersion === 'secaudit.test/v1' && kind === 'Source';
}

function checkManifest(object: Manifest): void {
  const readers = allSources.flatMap(({ read }) => (read.how === 'list' && isOfKind(read, object) ? [read] : []));
  const [first] = readers;
  const label = `${object.kind} ${object.metadata.name}`;
  if (first === undefined) throw new Error(`no source lists ${object.apiVersion} ${object.kind}; leave ${label} out`);
  if (first.namespaced !== (object.metadata.namespace !== undefined)) {
    throw new Error(first.namespaced ? `${label} needs a namespace` : `${label} is cluster-scoped and has a namespace`);
  }
}

type ListRead = Extract<Read, { how: 'list' }>;

function isOfKind(read: ListRead, object: Manifest): boolean {
  return read.apiVersion === object.apiVersion && read.kind === object.kind;
}

function isListed(read: ListRead, object: Manifest, namespace: string | undefined): boolean {
  if (!isOfKind(read, object)) return false;
  const wanted = read.namespace ?? (read.namespaced ? namespace : undefined);
  if (wanted !== undefined && object.metadata.namespace !== wanted) return false;
  if (!hasFields(read.fieldSelector ?? '', object)) return false;
  return read.labelSelector === undefined || hasLabels(read.labelSelector, object.metadata.labels ?? {});
}

/** The two forms of field selector that sources use: `key=value` and `key!=value`, joined by commas. */
function hasFields(selector: string, object: Manifest): boolean {
  return selector.split(',').every(part => {
    const [, key, sign, value] = /^([^=!]+)(!?=)(.*)$/.exec(part) ?? [];
    return key === undefined || (selected(object, key) === value) === (sign === '=');
  });
}

/** What the server compares with; `source` of an Event is its component (kubernetes pkg/registry/core/event/strategy.go). */
function selected(object: Manifest, key: string): unknown {
  const path = key === 'source' ? ['source', 'component'] : key.split('.');
  return path.reduce<unknown>((value, name) => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined), object);
}

/** The two forms of selector that sources use: `key` and `key=value`, joined by commas. */
function hasLabels(selector: string, labels: Readonly<Record<string, string>>): boolean {
  return selector.split(',').every(part => {
    const [key = '', value] = part.split('=');
    return value === undefined ? Object.hasOwn(labels, key) : labels[key] === value;
  });
}

async function importSources(): Promise<Source[]> {
  const folder = path.join(import.meta.dirname, '../../src/evidence/sources');
  const found = new Map<string, Source>();
  for (const file of readdirSync(folder).filter(name => name.endsWith('.ts')).sort()) {
    const module = (await import(pathToFileURL(path.join(folder, file)).href)) as Record<string, unknown>;
    for (const source of Object.values(module).filter(isSource)) {
      const before = found.get(source.id);
      if (before !== undefined && before !== source) throw new Error(`two sources have the id ${source.id}`);
      found.set(source.id, source);
    }
  }
  return [...found.values()];
}

function isSource(value: unknown): value is Source {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'source';
}
