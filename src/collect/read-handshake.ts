import type { ApiClient } from '../cluster/api-client.ts';
import type { Read, Source } from '../evidence/source.ts';
import { malformed, Unread } from './gap-of.ts';

/** What the server shows to anybody. @throws {Unread} with the gap, {RequestFailure} no handshake succeeds */
export async function readHandshake(client: ApiClient, source: Source, read: Extract<Read, { how: 'handshake' }>): Promise<unknown> {
  if (client.connection.server.startsWith('http:')) {
    throw new Unread({ kind: 'notObservable', reason: 'notServed', source: source.id, detail: 'the connection is plain HTTP, which has no handshake' });
  }
  const raw = await client.handshake();
  try {
    return read.parse(raw);
  } catch (error) {
    if (error instanceof Error) throw malformed(source, 'the server shows a certificate that cannot be read');
    throw error;
  }
}
