import { Problem } from '../problem.ts';
import { RequestFailure, type Answer } from './api-client.ts';
import type { ClusterClient } from './connect.ts';
import { listed } from './kubeconfig.ts';
import { describeUnauthorized } from './login.ts';

/** What the first answer of an API server tells. */
export interface FirstAnswer {
  /** `v1.37.1`; absent where this user may not read /version. */
  readonly gitVersion?: string;
  /** The API server's time, RFC 3339, UTC; this machine's where the answer carries no Date. */
  readonly date: string;
  readonly dateFrom: 'server' | 'thisMachine';
  /** How far this machine's clock is ahead, in seconds; 0 within the second that a Date header can tell. */
  readonly clockSkewSeconds: number;
  /** Why this login is not accepted, in a sentence with what to do; the server may still show something to anybody. */
  readonly refusal?: string;
  /** The answer of /version, so that nobody need ask again; absent where nobody could be asked in this login's name. */
  readonly answer?: Answer;
}

/** The path that everybody may read on a cluster with default settings. */
const VERSION_PATH = '/version';

/**
 * Asks for the version: the proof that there is an API server, and whether it lets us in.
 * @throws {Problem} it cannot be reached or is no API server; with what to do
 */
export async function firstAnswer(client: ClusterClient): Promise<FirstAnswer> {
  if (client.loginFailure !== undefined) return withoutLogin(client, client.loginFailure);
  const before = Date.now();
  const answer = await client.get(VERSION_PATH).catch((error: unknown) => {
    if (!(error instanceof RequestFailure)) throw error;
    if (error.refusesLogin) return error;
    throw new Problem(`${error.message}${otherContexts(client)}`, { cause: error });
  });
  // Refused before anything could be asked.
  if (answer instanceof RequestFailure) return withoutLogin(client, `${answer.message}${otherContexts(client)}`);
  const after = Date.now();
  const { server } = client.connection;
  const isRefused = answer.status === 401;
  if (!isRefused) assertApiServer(answer, server, otherContexts(client));
  const date = Date.parse(answer.headers.date ?? '');
  const gitVersion = gitVersionOf(answer);
  return {
    ...(gitVersion === undefined ? {} : { gitVersion }),
    date: rfc3339(Number.isNaN(date) ? after : date),
    dateFrom: Number.isNaN(date) ? 'thisMachine' : 'server',
    clockSkewSeconds: Number.isNaN(date) ? 0 : skewSeconds(date, before, after),
    // The server's clock decides what has expired.
    ...(isRefused ? { refusal: describeUnauthorized(client.login(), server, new Date(Number.isNaN(date) ? after : date)) } : {}),
    answer,
  };
}

/** There is no credential to ask with. A server that shows itself all the same is worth a report. */
async function withoutLogin(client: ClusterClient, refusal: string): Promise<FirstAnswer> {
  try {
    await client.handshake();
  } catch (error) {
    if (error instanceof RequestFailure) throw new Problem(refusal, { cause: error });
    throw error;
  }
  return { date: rfc3339(Date.now()), dateFrom: 'thisMachine', clockSkewSeconds: 0, refusal };
}

/**
 * Whether the first answer comes from an API server: it names a git version, or is a Kubernetes Status that lets us go
 * on, as 403 does, which only says that this path is locked.
 * @throws {Problem} anything else, with what came instead
 */
function assertApiServer(answer: Answer, server: string, hint = ''): void {
  if (answer.status === 200 && gitVersionOf(answer) !== undefined) return;
  if (isStatus(answer)) {
    if (answer.status === 429 || answer.status >= 500) {
      throw new Problem(`the API server ${server} is not ready (it answered ${answer.status} to ${VERSION_PATH}, three times); look at its health with kubectl get --raw /readyz?verbose, and try again`);
    }
    return;
  }
  if (answer.status === 429 || answer.status >= 500) {
    throw new Problem(`${server} answered ${answer.status} to ${VERSION_PATH}, three times, and not as an API server does; check the proxy or load balancer before it, and try again`);
  }
  const where = /client sent an http request to an https server/i.test(answer.body)
    ? 'it wants https; write https:// in the server of the kubeconfig'
    : `it answered ${VERSION_PATH} with ${shapeOf(answer)}; check the server's address and port, and any proxy or login page before it${hint}`;
  throw new Problem(`${server} is no Kubernetes API server: ${where}`);
}

function shapeOf(answer: Answer): string {
  const { status, headers, body } = answer;
  const location = headers.location;
  if (status >= 300 && status < 400) {
    const elsewhere = location !== undefined && URL.canParse(location) ? ` to ${new URL(location).host}` : '';
    return `a redirection${elsewhere} (${status})`;
  }
  if (/^\s*<(!doctype|html)/i.test(body)) return `an HTML page (${status})`;
  if (jsonOf(body) !== undefined) return `JSON of another kind (${status})`;
  return body.trim() === '' ? `nothing (${status})` : `something that is no JSON (${status})`;
}

function gitVersionOf(answer: Answer): string | undefined {
  const version = jsonOf(answer.body)?.gitVersion;
  return typeof version === 'string' && /^v\d/.test(version) ? version : undefined;
}

function isStatus(answer: Answer): boolean {
  const status = jsonOf(answer.body);
  return status?.kind === 'Status' && status.apiVersion === 'v1';
}

function jsonOf(body: string): Readonly<Record<string, unknown>> | undefined {
  if (!body.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(body) as Readonly<Record<string, unknown>>;
  } catch (error) {
    // What begins like an object and is none is not from an API server, which is all that is asked here.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function otherContexts(client: ClusterClient): string {
  return client.contexts.length < 2 ? '' : `; for another cluster give --context (${listed(client.contexts)})`;
}

/** The server's Date is cut to the second, so a difference within it is no difference. */
function skewSeconds(date: number, before: number, after: number): number {
  if (after < date) return Math.round((after - date) / 1000);
  if (before >= date + 1000) return Math.round((before - date - 1000) / 1000);
  return 0;
}

function rfc3339(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}
