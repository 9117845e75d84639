import type { Answer, ApiClient, StreamedAnswer } from '../cluster/api-client.ts';
import { project } from '../evidence/fields.ts';
import { apiGroupOf } from '../evidence/resource-ref.ts';
import type { Read, Source } from '../evidence/source.ts';
import { gapOfStatus, malformed, Unread } from './gap-of.ts';
import { METADATA_ONLY } from './metadata-only.ts';
import { createJsonListReader } from './json-list-reader.ts';
import { Malformed, type ListHead, type ListReader } from './list-reader.ts';
import { planOf, type MessagePlan } from './protobuf-plan.ts';
import type { WireSchema } from './protobuf-schema.ts';
import { createSharing, type Sharing } from './sharing.ts';

type ListRead = Extract<Read, { how: 'list' }>;

export interface ReadListOptions {
  readonly namespace?: string;
  /** How built-in kinds stand in protobuf. Default: the fields that the program's own sources declare. */
  readonly schema?: WireSchema;
  /** What discovery answered of optional groups in this run, by path; filled as they are asked about. */
  readonly groups?: Map<string, Promise<Answer>>;
}

const PAGE_SIZE = 500;
/** A list that expires is begun again; a server where it expires this often is not going to finish it. */
const MAX_RESTARTS = 2;
/** No cluster has 50 million objects of a kind: a server that goes on for ever is broken or hostile. */
const MAX_PAGES = 100_000;
/** Pages without an item, one after the other, after which a server is not getting anywhere. */
const MAX_EMPTY_PAGES = 20;

const PROTOBUF = 'application/vnd.kubernetes.protobuf';
const JSON_TYPE = 'application/json';

/**
 * Reads one paged list, whole or not at all: half a list is worse than none for a check that reasons from absence. Built-in
 * kinds are read as protobuf where the server offers it, all else as JSON; both give the same items. Each item is
 * projected as soon as its last byte is here, and the next page is on its way meanwhile.
 * @throws {Unread} with the gap
 */
export async function readList(client: ApiClient, source: Source, read: ListRead, options: ReadListOptions = {}): Promise<unknown[]> {
  if (read.optional === true && !(await isServed(client, source, read, options.groups))) return [];
  if (read.onlyWithGroup !== undefined && !(await hasGroup(client, source, read.onlyWithGroup, options.groups))) return [];
  if (read.otherVersions === undefined) return readVersion(client, source, read, options);
  for (const apiVersion of [read.apiVersion, ...read.otherVersions]) {
    try {
      return await readVersion(client, source, { ...read, apiVersion }, options);
    } catch (error) {
      if (!(error instanceof Unread) || error.gap.reason !== 'notServed') throw error;
    }
  }
  return [];
}

async function readVersion(client: ApiClient, source: Source, read: ListRead, options: ReadListOptions): Promise<unknown[]> {
  const path = listPath(read, options.namespace);
  const schema = options.schema ?? (await import('./protobuf-fields.ts')).protobufFields;
  const plan = read.metadataOnly === true ? undefined : planOf(schema, read.apiVersion, read.kind, read.fields);
  for (let restarts = 0; ; restarts += 1) {
    const items = await readPages(client, source, read, path, plan);
    if (items !== 'expired') return items;
    if (restarts === MAX_RESTARTS) throw endless(source, `the list of ${source.title} expired ${restarts + 1} times while it was read`);
  }
}

async function readPages(
  client: ApiClient,
  source: Source,
  read: ListRead,
  path: string,
  plan: MessagePlan | undefined,
): Promise<unknown[] | 'expired'> {
  const items: unknown[] = [];
  const sharing = createSharing();
  const accept = read.metadataOnly === true ? METADATA_ONLY : plan === undefined ? JSON_TYPE : `${PROTOBUF},${JSON_TYPE}`;
  const asked = new Map<string, Promise<StreamedAnswer>>();
  const ask = (token: string): Promise<StreamedAnswer> => {
    const answer = asked.get(token) ?? client.getStream(pagePath(path, read, token), { accept });
    asked.set(token, answer);
    // Whoever waits for it hears of a failure; until then nobody does.
    answer.catch(() => undefined);
    return answer;
  };
  const keep = (item: Record<string, unknown>): void => {
    // What a Secret holds is one object already where it occurs twice.
    items.push(read.wiped === true ? checked(source, read, item) : sharing.shareParts(checked(source, read, item)));
  };
  try {
    let token = '';
    let empty = 0;
    for (let page = 0; page < MAX_PAGES && empty < MAX_EMPTY_PAGES; page += 1) {
      const answer = await ask(token);
      if (answer.status === 410) return 'expired';
      if (answer.status !== 200) throw new Unread(gapOfStatus(source, { ...answer, bytes: answer.bytes(), body: await textOf(answer) }, path));
      const before = items.length;
      const { next } = await readPage(source, read, answer, { plan, sharing, keep }, head => {
        // At most one page ahead: it is asked for while this one is read.
        if (head.next !== '' && head.next !== token) void ask(head.next);
      });
      asked.delete(token);
      if (next === '') return items;
      if (next === token) break;
      token = next;
      empty = items.length === before ? empty + 1 : 0;
    }
    throw endless(source, `the API server never came to an end with the list of ${source.title}`);
  } finally {
    // What was asked ahead and is not wanted any more.
    for (const answer of asked.values()) answer.then(({ cancel }) => cancel(), () => undefined);
  }
}

/** What becomes of the items of a list. */
interface Destination {
  readonly plan: MessagePlan | undefined;
  readonly sharing: Sharing;
  readonly keep: (item: Record<string, unknown>) => void;
}

async function readPage(
  source: Source,
  read: ListRead,
  answer: StreamedAnswer,
  into: Destination,
  onHead: (head: ListHead) => void,
): Promise<ListHead> {
  let early: ListHead | undefined;
  const headed = (head: ListHead): void => {
    // Of custom resources the items come first, since their lists are written in the order of the alphabet; the end tells then.
    if (head.kind !== '' || read.metadataOnly === true) assertKind(source, read, head);
    early = head;
    onHead(head);
  };
  try {
    const reader = await readerOf(source, read, answer, into, headed);
    for await (const chunk of answer.chunks) reader.push(chunk);
    const head = reader.end();
    assertKind(source, read, head);
    if (early !== undefined && early.next !== head.next && early.next !== '') throw new Malformed('the answer names two next pages');
    return head;
  } catch (error) {
    if (error instanceof Malformed) throw malformed(source, error.message);
    throw error;
  } finally {
    answer.cancel();
  }
}

/** What the answer says it is decides: a server that has no protobuf answers JSON. */
async function readerOf(
  source: Source,
  read: ListRead,
  { headers }: StreamedAnswer,
  { plan, sharing, keep }: Destination,
  onHead: (head: ListHead) => void,
): Promise<ListReader> {
  const type = (headers['content-type'] ?? '').replace(/;.*$/s, '').trim().toLowerCase();
  if (type === PROTOBUF && plan !== undefined) {
    const [{ createProtobufListReader }, { decodeObject }] = await Promise.all([import('./protobuf-list-reader.ts'), import('./protobuf-decode.ts')]);
    return createProtobufListReader(onHead, bytes => {
      try {
        keep(decodeObject(plan, bytes, sharing));
      } finally {
        if (read.wiped === true) bytes.fill(0);
      }
    });
  }
  if (type !== JSON_TYPE) {
    throw malformed(source, type === 'text/html'
      ? 'the answer is a web page, so it does not come from a Kubernetes API server'
      : 'the answer is neither JSON nor protobuf, so it does not come from a Kubernetes API server');
  }
  return createJsonListReader(onHead, item => keep(project(read.fields, item)), read.wiped);
}

function assertKind(source: Source, read: ListRead, { kind }: ListHead): void {
  if (read.metadataOnly === true) {
    if (kind !== 'PartialObjectMetadataList') throw malformed(source, 'the API server answered with more than metadata, which was dropped unread');
  } else if (kind !== `${read.kind}List`) throw malformed(source, `the answer is not a ${read.kind}List`);
}

/**
 * Whether the API server serves the version of the group that a source reads. Asked of discovery, which every login may
 * read, since the list itself is forbidden to many who have no such API either. Who may not ask goes on to the list.
 * @throws {Unread} the group is served in other versions only, so that there may be objects that nobody here can read
 */
async function isServed(client: ApiClient, source: Source, { apiVersion }: ListRead, groups = new Map<string, Promise<Answer>>()): Promise<boolean> {
  const path = `/apis/${apiGroupOf(apiVersion)}`;
  const asked = groups.get(path) ?? client.get(path, { accept: JSON_TYPE });
  groups.set(path, asked);
  const answer = await asked;
  if (answer.status === 404) return false;
  if (answer.status === 403) return true;
  if (answer.status !== 200) throw new Unread(gapOfStatus(source, answer, path));
  const group = parseJson(source, answer.body);
  const versions: unknown = isRecord(group) && group['kind'] === 'APIGroup' ? group['versions'] : undefined;
  if (!Array.isArray(versions)) throw malformed(source, `the answer to ${path} is not an APIGroup`);
  if (versions.some((each: unknown) => isRecord(each) && each['groupVersion'] === apiVersion)) return true;
  throw new Unread({ kind: 'notObservable', reason: 'notServed', source: source.id, detail: `this API server does not serve ${apiVersion}, only other versions of that group` });
}

/** Whether an API group is served in any version. Who may not ask discovery goes on to the list. @throws {Unread} nobody can tell */
async function hasGroup(client: ApiClient, source: Source, group: string, groups = new Map<string, Promise<Answer>>()): Promise<boolean> {
  const path = `/apis/${group}`;
  const asked = groups.get(path) ?? client.get(path, { accept: JSON_TYPE });
  groups.set(path, asked);
  const answer = await asked;
  if (answer.status !== 200 && answer.status !== 403 && answer.status !== 404) throw new Unread(gapOfStatus(source, answer, path));
  return answer.status !== 404;
}

function endless(source: Source, detail: string): Unread {
  return new Unread({ kind: 'gap', reason: 'truncated', source: source.id, detail });
}

async function textOf(answer: StreamedAnswer): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of answer.chunks) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

function checked(source: Source, read: ListRead, item: Record<string, unknown>): Record<string, unknown> {
  const metadata = item['metadata'];
  if (!isRecord(metadata) || typeof metadata['name'] !== 'string' || metadata['name'] === '') {
    throw malformed(source, 'an item has no name');
  }
  if (read.namespaced && typeof metadata['namespace'] !== 'string') throw malformed(source, 'an item has no namespace');
  return item;
}

/** The path of a whole list: the source's own namespace wins, then the run's, else all namespaces. */
export function listPath(
  read: { readonly apiVersion: string; readonly resource: string; readonly namespaced: boolean; readonly namespace?: string },
  namespace?: string,
): string {
  const root = apiGroupOf(read.apiVersion) === '' ? `/api/${read.apiVersion}` : `/apis/${read.apiVersion}`;
  const within = read.namespaced ? (read.namespace ?? namespace) : undefined;
  return within === undefined ? `${root}/${read.resource}` : `${root}/namespaces/${encodeURIComponent(within)}/${read.resource}`;
}

function pagePath(path: string, read: ListRead, token: string): string {
  const query = new URLSearchParams({ limit: String(read.pageSize ?? PAGE_SIZE) });
  if (read.labelSelector !== undefined) query.set('labelSelector', read.labelSelector);
  if (read.fieldSelector !== undefined) query.set('fieldSelector', read.fieldSelector);
  if (token !== '') query.set('continue', token);
  return `${path}?${query.toString()}`;
}

/** @throws {Unread} where the text is not JSON */
export function parseJson(source: Source, body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    if (error instanceof SyntaxError) throw malformed(source, 'the answer is not JSON, so it does not come from a Kubernetes API server');
    throw error;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
