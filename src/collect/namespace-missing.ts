import type { ApiClient } from '../cluster/api-client.ts';
import { RequestFailure } from '../cluster/api-client.ts';
import { isRecord } from './read-list.ts';

/**
 * Whether the API server says that there is no such namespace. Lists of a namespace that is not there are empty, and an
 * audit of nothing looks like a good one. Who may not look (403) learns nothing: then, as after any other answer, it may be there.
 */
export async function isNamespaceMissing(client: ApiClient, namespace: string): Promise<boolean> {
  try {
    const { status, body } = await client.get(`/api/v1/namespaces/${encodeURIComponent(namespace)}`, { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json' });
    return status === 404 && isNotFound(JSON.parse(body));
  } catch (error) {
    if (error instanceof RequestFailure || error instanceof SyntaxError) return false;
    throw error;
  }
}

/** The API server's own answer, and not that of something before it. */
function isNotFound(answer: unknown): boolean {
  if (!isRecord(answer) || answer['kind'] !== 'Status' || answer['reason'] !== 'NotFound') return false;
  return isRecord(answer['details']) && answer['details']['kind'] === 'namespaces';
}
