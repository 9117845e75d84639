import type { Answer, ApiClient } from '../cluster/api-client.ts';
import { project } from '../evidence/fields.ts';
import { apiGroupOf } from '../evidence/resource-ref.ts';
import type { Read, Source } from '../evidence/source.ts';
import { gapOfStatus, malformed, Unread } from './gap-of.ts';

type ListRead = Extract<Read, { how: 'list' }>;

const PAGE_SIZE = 500;
/** A list that expires is begun again; a server where it expires this often is not going to finish it. */
const MAX_RESTARTS = 2;
/** No cluster has 50 million objects of a kind: a server that goes on for ever is broken or hostile. */
const MAX_PAGES = 100_000;

/**
 * Reads one paged list, whole or not at all: half a list is worse than none for a check that reasons from absence.
 * @throws {Unread} with the gap
 */
export async function readList(client: ApiClient, source: Source, read: ListRead, namespace?: string): Promise<unknown[]> {
  const path = listPath(read, namespace);
  for (let restarts = 0; ; restarts += 1) {
    const items = await readPages(client, source, read, path);
    if (items !== 'expired') return items;
    if (restarts === MAX_RESTARTS) {
      throw new Unread({
        kind: 'gap',
        reason: 'truncated',
        source: source.id,
        detail: `the list of ${source.title} expired ${restarts + 1} times while it was read`,
      });
    }
  }
}

async function readPages(client: ApiClient, source: Source, read: ListRead, path: string): Promise<unknown[] | 'expired'> {
  const items: unknown[] = [];
  let token = '';
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await client.get(pagePath(path, read, token));
    if (answer.status === 410) return 'expired';
    if (answer.status !== 200) throw new Unread(gapOfStatus(source, answer, path));
    const { objects, next } = parsePage(source, read, answer);
    for (const object of objects) items.push(projectItem(source, read, object));
    if (next === '') return items;
    if (next === token) break;
    token = next;
  }
  throw new Unread({
    kind: 'gap',
    reason: 'truncated',
    source: source.id,
    detail: `the API server never came to an end with the list of ${source.title}`,
  });
}

function parsePage(source: Source, read: ListRead, answer: Answer): { objects: readonly unknown[]; next: string } {
  const list = parseJson(source, answer.body);
  if (!isRecord(list) || list['kind'] !== `${read.kind}List`) {
    throw malformed(source, `the answer is not a ${read.kind}List`);
  }
  // Go writes an empty list as null.
  const objects = list['items'] ?? [];
  if (!Array.isArray(objects)) throw malformed(source, 'the answer has no items');
  const metadata = list['metadata'];
  const next = isRecord(metadata) ? metadata['continue'] : undefined;
  return { objects, next: typeof next === 'string' ? next : '' };
}

function projectItem(source: Source, read: ListRead, object: unknown): Record<string, unknown> {
  const item = project(read.fields, object);
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
  const query = new URLSearchParams({ limit: String(PAGE_SIZE) });
  if (read.labelSelector !== undefined) query.set('labelSelector', read.labelSelector);
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
