import type { Answer } from '../cluster/api-client.ts';
import { RequestFailure } from '../cluster/api-client.ts';
import type { Gap } from '../evidence/gap.ts';
import type { Source } from '../evidence/source.ts';

/** Thrown by a reader where an answer cannot become evidence; caught in one place, where it becomes the source's gap. */
export class Unread extends Error {
  readonly gap: Gap;

  constructor(gap: Gap) {
    super(gap.detail);
    this.name = 'Unread';
    this.gap = gap;
  }
}

/** The gap that an HTTP status stands for. `where` names what was asked, such as a path. */
export function gapOfStatus(source: Source, answer: Answer, where: string): Gap {
  const said = statusMessage(answer.body);
  const because = said === undefined ? '' : ` (${said})`;
  const base = { source: source.id } as const;
  switch (answer.status) {
    case 401:
      return { ...base, kind: 'gap', reason: 'unauthorized', detail: `the API server no longer accepts this credential for ${where}` };
    case 403:
      return {
        ...base,
        kind: 'gap',
        reason: 'forbidden',
        detail: `this user may not read ${source.title}`,
        permissions: source.permissions,
      };
    case 404:
    case 405:
    case 406:
      return { ...base, kind: 'notObservable', reason: 'notServed', detail: `this API server does not serve ${where}${because}` };
    case 410:
      return { ...base, kind: 'gap', reason: 'truncated', detail: `the list of ${source.title} expired again and again while it was read` };
    case 429:
      return { ...base, kind: 'gap', reason: 'tooManyRequests', detail: `the API server was too busy to answer ${where}${because}` };
    default:
      return { ...base, kind: 'gap', reason: 'serverError', detail: `the API server answered ${answer.status} to ${where}${because}` };
  }
}

/** The gap that a failed request or an unusable body stands for. Anything else is a fault of this program and is thrown on. */
export function gapOfError(source: Source, error: unknown): Gap {
  if (error instanceof Unread) return error.gap;
  if (error instanceof RequestFailure) {
    return { kind: 'gap', reason: error.kind, source: source.id, detail: error.message };
  }
  throw error;
}

export function malformed(source: Source, what: string): Unread {
  return new Unread({ kind: 'gap', reason: 'malformed', source: source.id, detail: `${source.title}: ${what}` });
}

/** The message of a Kubernetes Status object: the server's own words, bounded, one line. */
export function statusMessage(body: string): string | undefined {
  if (!body.startsWith('{')) return undefined;
  try {
    const status: unknown = JSON.parse(body);
    if (typeof status !== 'object' || status === null || !('message' in status)) return undefined;
    const { message } = status;
    return typeof message === 'string' ? message.replaceAll(/\s+/g, ' ').slice(0, 200) : undefined;
  } catch (error) {
    // A body that only looks like JSON has no message to show; the status speaks for itself.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
