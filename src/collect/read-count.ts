import type { ApiClient } from '../cluster/api-client.ts';
import type { Read, Source } from '../evidence/source.ts';
import { gapOfStatus, malformed, Unread } from './gap-of.ts';
import { METADATA_ONLY } from './metadata-only.ts';
import { isRecord, listPath, parseJson } from './read-list.ts';

/** How many objects there are; `exact` is false where the server only says that there are more. */
export interface Count {
  readonly count: number;
  readonly exact: boolean;
}

/**
 * Counts objects with one request that returns the metadata of one of them and the number of the rest. No value leaves
 * the API server.
 * @throws {Unread} with the gap
 */
export async function readCount(
  client: ApiClient,
  source: Source,
  read: Extract<Read, { how: 'count' }>,
  namespace?: string,
): Promise<Count> {
  const path = listPath(read, namespace);
  const answer = await client.get(`${path}?limit=1`, { accept: METADATA_ONLY });
  if (answer.status !== 200) throw new Unread(gapOfStatus(source, answer, path));
  const list = parseJson(source, answer.body);
  if (!isRecord(list) || list['kind'] !== 'PartialObjectMetadataList') {
    throw malformed(source, 'the API server answered with more than metadata, which was dropped unread');
  }
  const items = list['items'] ?? [];
  if (!Array.isArray(items)) throw malformed(source, 'the answer has no items');
  const metadata = isRecord(list['metadata']) ? list['metadata'] : {};
  const remaining = metadata['remainingItemCount'];
  const more = typeof metadata['continue'] === 'string' && metadata['continue'] !== '';
  return { count: items.length + (typeof remaining === 'number' ? remaining : 0), exact: !more || typeof remaining === 'number' };
}
