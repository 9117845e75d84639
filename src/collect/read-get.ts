import type { Answer, ApiClient } from '../cluster/api-client.ts';
import { listPath } from './read-list.ts';
import type { Read, Source } from '../evidence/source.ts';
import { gapOfStatus, malformed, Unread } from './gap-of.ts';

type GetRead = Extract<Read, { how: 'get' }>;
type ReviewRead = Extract<Read, { how: 'selfReview' }>;

/** @throws {Unread} with the gap */
export async function readGet(client: ApiClient, source: Source, read: GetRead, freshConnection = false): Promise<unknown> {
  const options = read.accept === undefined ? { freshConnection } : { freshConnection, accept: read.accept };
  return evidenceOfAnswer(source, read, await client.get(read.path, options));
}

/** Asks a question about the caller itself. @throws {Unread} with the gap */
export async function readSelfReview(client: ApiClient, source: Source, read: ReviewRead): Promise<unknown> {
  const path = listPath({ ...read, namespaced: false });
  const answer = await client.selfReview(path, { apiVersion: read.apiVersion, kind: read.kind, ...(read.spec === undefined ? {} : { spec: read.spec }) });
  return evidenceOfAnswer(source, { ...read, path, alsoOk: [201] }, answer);
}

/** The evidence in one answer. @throws {Unread} with the gap */
function evidenceOfAnswer(
  source: Source,
  read: Pick<GetRead, 'path' | 'alsoOk' | 'parse'>,
  answer: Answer,
): unknown {
  if (answer.status !== 200 && read.alsoOk?.includes(answer.status) !== true) {
    throw new Unread(gapOfStatus(source, answer, read.path));
  }
  try {
    return read.parse(answer.body);
  } catch (error) {
    // A parser's own words may quote the body, and a body is not ours to print.
    if (error instanceof Error) throw malformed(source, `${read.path} did not answer what it promises`);
    throw error;
  }
}
