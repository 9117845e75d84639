import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import manifest from '../../package.json' with { type: 'json' };
import type { RawHandshake } from '../evidence/raw-handshake.ts';
import { Problem } from '../problem.ts';
import { RequestFailure, type Answer, type ApiClient, type ConnectionFlags, type GetOptions, type Headers, type RequestEvent, type StreamedAnswer } from './api-client.ts';
import { configuredConnection } from './configured-connection-of.ts';
import { openCredentials, withoutCredentials, type Credential, type Credentials } from './credentials.ts';
import { impersonationHeaders } from './impersonation.ts';
import { resolveTarget, type Target } from './kubeconfig.ts';
import type { Login } from './login.ts';
import { loadPlainHttp } from './plain-http.ts';
import { checkPort, nodeLines } from './node-lines.ts';
import { openExchange } from './stream-exchange.ts';
import { BrokenExchange, createAgent, exchange, type Exchange, type Wire } from './transport.ts';
import type { Upgraded } from './web-socket.ts';
import { trustedAuthorities, wireFactory } from './wires.ts';

export interface ConnectOptions {
  /** Called after every try of every request. */
  readonly onRequest?: (event: RequestEvent) => void;
  readonly env?: NodeJS.ProcessEnv;
  readonly userAgent?: string;
  /** Goes on where the credential cannot be had, to see what the server shows to anybody; {@link ClusterClient.loginFailure} then says why. */
  readonly canDoWithoutLogin?: boolean;
  /** Aborting it is as {@link ApiClient.close}. */
  readonly signal?: AbortSignal;
}

/** An API client, and what a message about a failed login may say. */
export interface ClusterClient extends ApiClient {
  readonly login: () => Login;
  /** Why there is no credential, as one sentence: its plugin failed, its file is not there. Nothing but the handshake is of use then. */
  readonly loginFailure?: string;
  /** The contexts of the kubeconfig, for a message that asks to choose one. */
  readonly contexts: readonly string[];
}

const MOST_TRIES = 3;
const LONGEST_RETRY_AFTER_SECONDS = 10;
/** A page of 500 of the largest pods is a twentieth of this. */
const LONGEST_BODY = 256 * 1024 * 1024;
/** A page that is read as it comes is not held; a server that never ends it is broken or hostile. */
const LONGEST_STREAM = 4 * 1024 * 1024 * 1024;
const LONGEST_STATUS = 4 * 1024 * 1024;
/** The metrics of a kubelet with hundreds of pods are a tenth of this. */
const LONGEST_BEYOND = 32 * 1024 * 1024;
const MOST_BEYOND = 16;
const LASTING = { timeoutMilliseconds: 10_000 };
const SELF_REVIEW = /^\/apis\/(authentication\.k8s\.io\/v\d[a-z0-9]*\/selfsubjectreviews|authorization\.k8s\.io\/v\d[a-z0-9]*\/selfsubject(access|rules)reviews)$/;

/**
 * Finds the cluster as kubectl would, gets the credential (an exec plugin may ask the person) and prepares a connection.
 * Nothing is sent yet.
 * @throws {Problem} whatever the person can correct: kubeconfig, files, plugins, proxy settings
 */
export async function connect(flags: ConnectionFlags, options: ConnectOptions = {}): Promise<ClusterClient> {
  const env = options.env ?? process.env;
  const target = await resolveTarget(flags, env);
  const lifetime = new AbortController();
  const { signal } = lifetime;
  const { credentials, loginFailure } = await credentialsOf(target, { env, flags, signal: options.signal ?? signal }, options.canDoWithoutLogin === true);
  const trust = await trustedAuthorities(target);
  const wires = wireFactory(target, trust.ca, await loadPlainHttp(new URL(target.server)), flags, env);
  let line = openLine(await credentials.current());
  const lines = [line];

  const close = (): void => {
    lifetime.abort();
    options.signal?.removeEventListener('abort', close);
    for (const { agent, beyond, tunnels } of lines) for (const each of [agent, beyond, tunnels]) each.destroy();
  };
  if (options.signal?.aborted === true) close();
  options.signal?.addEventListener('abort', close, { once: true });

  function openLine(credential: Credential): Line {
    const wire = wires(credential);
    return { wire, agent: createAgent(wire, true), beyond: createAgent(wire, true, MOST_BEYOND), tunnels: createAgent(wire, false), certificate: credential.certificate?.certificate };
  }

  /** A renewed client certificate needs new connections; requests under way keep the old ones. */
  function lineFor(credential: Credential): Line {
    if (credential.certificate?.certificate !== line.certificate) {
      line = openLine(credential);
      lines.push(line);
    }
    return line;
  }

  const constantHeaders = {
    'User-Agent': options.userAgent ?? `kubectl-secaudit/${manifest.version}`,
    ...(target.disableCompression ? {} : { 'Accept-Encoding': 'gzip' }),
    ...impersonationHeaders(target.impersonation),
  };
  const prefix = new URL(target.server).pathname.replace(/\/$/, '');

  function exchangeOf(request: Request, credential: Credential, agent: Exchange['agent'], longestBody: number): Exchange {
    return {
      method: request.method,
      path: prefix + request.path,
      headers: {
        ...constantHeaders,
        Accept: request.accept ?? 'application/json',
        ...(credential.authorization === undefined ? {} : { Authorization: credential.authorization }),
        ...(request.body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(request.body)) }),
      },
      ...(request.body === undefined ? {} : { body: request.body }),
      agent,
      longestBody,
      signal: request.lasting === undefined ? signal : new AbortController().signal,
    };
  }

  function reporter(request: Pick<RequestEvent, 'method' | 'path'>): (outcome: number | string, bytes: number) => void {
    const started = performance.now();
    return (outcome, bytes) =>
      options.onRequest?.({ method: request.method, path: request.path, outcome, bytes, milliseconds: Math.round(performance.now() - started) });
  }

  async function oneTry(request: Request, credential: Credential): Promise<Answer> {
    const { wire, ...agents } = lineFor(credential);
    const agent = request.beyond === undefined ? agents.agent : agents.beyond;
    const own = request.freshConnection ? createAgent(wire, false) : agent;
    const report = reporter(request);
    const timed = { ...wire, ...(request.beyond ?? request.lasting) };
    try {
      const answer = await exchange(timed, exchangeOf(request, credential, own, request.beyond === undefined ? LONGEST_BODY : LONGEST_BEYOND));
      report(answer.status, answer.bytes);
      return answer;
    } catch (error) {
      if (error instanceof BrokenExchange) report(error.code, error.bytes);
      throw error;
    } finally {
      if (own !== agent) own.destroy();
    }
  }

  /** Only a success is long: anything else is read whole, so that it may be tried again. */
  async function oneStreamedTry(request: Request, credential: Credential): Promise<StreamedAnswer> {
    const { wire, agent } = lineFor(credential);
    const report = reporter(request);
    try {
      const { chunks, ...answer } = await openExchange(wire, exchangeOf(request, credential, agent, LONGEST_STREAM));
      if (answer.status === 200) return { ...answer, chunks: reported(chunks, answer.bytes, request, report) };
      const body = await collected(chunks);
      report(answer.status, answer.bytes());
      return { ...answer, chunks: Readable.from(body, { objectMode: true }) as AsyncIterable<Buffer> };
    } catch (error) {
      if (error instanceof BrokenExchange) report(error.code, error.bytes);
      throw error;
    }
  }

  async function* reported(
    chunks: AsyncIterable<Buffer>,
    bytes: () => number,
    request: Request,
    report: ReturnType<typeof reporter>,
  ): AsyncGenerator<Buffer> {
    let outcome: number | string = 200;
    try {
      yield* chunks;
    } catch (error) {
      if (error instanceof BrokenExchange) outcome = error.code;
      throw await failureOf(error, request);
    } finally {
      report(outcome, bytes());
    }
  }

  async function send<T extends { readonly status: number; readonly headers: Headers }>(
    request: Request,
    attempt: (request: Request, credential: Credential) => Promise<T>,
  ): Promise<T> {
    let credential = await credentials.current();
    let hasRenewed = false;
    let hasReconnected = false;
    for (let tries = 1; ; ) {
      try {
        const answer = await attempt(request, credential);
        if (answer.status === 401 && !hasRenewed && !isFromBeyond(request, answer)) {
          hasRenewed = true;
          const renewed = await credentials.renew(credential);
          if (renewed === undefined) return answer;
          credential = renewed;
        } else if (request.method === 'GET' && isPassing(answer.status) && (request.beyond === undefined || answer.status === 429) && tries < MOST_TRIES) {
          await sleep(pauseBefore(tries, answer.headers['retry-after']), undefined, { signal });
          tries += 1;
        } else {
          return answer;
        }
      } catch (error) {
        if (error instanceof BrokenExchange && error.wasReused && !hasReconnected) hasReconnected = true;
        else throw await failureOf(error, request);
      }
    }
  }

  async function failureOf(error: unknown, request: Request): Promise<unknown> {
    const asked = `${request.method} ${request.path}`;
    if (error instanceof Error && error.name === 'AbortError') return new RequestFailure('interrupted', `${asked} to ${target.server} was interrupted`);
    if (!(error instanceof BrokenExchange)) return error;
    const { describeConnectionFailure } = await import('./connection-failure.ts');
    return describeConnectionFailure(error, {
      target,
      login: credentials.login(),
      request: asked,
      timeoutSeconds: (request.beyond ?? request.lasting ?? line.wire).timeoutMilliseconds / 1000,
      ...(line.wire.proxy === undefined ? {} : { proxy: line.wire.proxy.host }),
      peek: async () => (await import('./server-certificate.ts')).peekServerCertificate(line.wire),
    });
  }

  async function oneTunnel(request: Request, credential: Credential): Promise<Upgraded> {
    const [{ openWebSocket }, { PORT_FORWARD_PROTOCOL }] = await Promise.all([import('./web-socket.ts'), import('./port-forward.ts')]);
    const { wire, tunnels } = lineFor(credential);
    const report = reporter(request);
    try {
      const upgraded = await openWebSocket({ ...wire, ...request.beyond }, exchangeOf(request, credential, tunnels, LONGEST_STATUS), PORT_FORWARD_PROTOCOL);
      report(upgraded.status, 'bytes' in upgraded ? upgraded.bytes : 0);
      return upgraded;
    } catch (error) {
      if (error instanceof BrokenExchange) report(error.code, error.bytes);
      throw error;
    }
  }

  let seen: Promise<RawHandshake> | undefined;
  async function lookAtHandshake(): Promise<RawHandshake> {
    const { handshakeOf } = await import('./handshake-of.ts');
    const { 'User-Agent': userAgent } = constantHeaders;
    return handshakeOf(wires({}), { server: target.server, path: `${prefix}/version`, userAgent, longestBody: LONGEST_BODY, signal, report: reporter({ method: 'GET', path: '/version' }) });
  }

  return {
    connection: {
      server: target.server,
      ...(target.context === undefined ? {} : { context: target.context }),
      ...(trust.keyHash === undefined ? {} : { caKeyHash: trust.keyHash }),
      ...(target.impersonation === undefined ? {} : { impersonating: target.impersonation.user }),
    },
    namespace: target.namespace,
    contexts: target.contexts,
    login: credentials.login,
    ...(loginFailure === undefined ? {} : { loginFailure }),
    get: (path, { accept, freshConnection = false, beyond } = {}) => {
      if (!path.startsWith('/')) return Promise.reject(new Error(`a path begins with a slash: ${path}`));
      return send({ method: 'GET', path, freshConnection, ...(accept === undefined ? {} : { accept }), ...(beyond === undefined ? {} : { beyond }) }, oneTry);
    },
    getStream: (path, { accept } = {}) => {
      if (!path.startsWith('/')) return Promise.reject(new Error(`a path begins with a slash: ${path}`));
      return send({ method: 'GET', path, freshConnection: false, ...(accept === undefined ? {} : { accept }) }, oneStreamedTry);
    },
    ...nodeLines({
      credentials, signal, reporter,
      contextOf: (credential, version) => wires(credential, version).tls.context,
      hasAuthority: trust.configured !== undefined,
      userAgent: constantHeaders['User-Agent'],
      longestBody: LONGEST_BEYOND,
    }),
    handshakeThroughPod: async ({ namespace, name }, port, options) => {
      checkPort(port);
      const { handshakeThroughTunnel } = await import('./node-handshake.ts');
      const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/portforward?ports=${port}`;
      return handshakeThroughTunnel(() => send({ method: 'GET', path, freshConnection: false, accept: '*/*', beyond: options }, oneTunnel), options, signal);
    },
    selfReview: (path, body) => {
      if (!SELF_REVIEW.test(path)) return Promise.reject(new Error(`only questions about the caller itself may be posted, not ${path}`));
      return send({ method: 'POST', path, freshConnection: false, body: JSON.stringify(body) }, oneTry);
    },
    createNodeFilesPod: async (pod, { dryRun }) => {
      const { nodeFilesManifest, podsPath } = await import('./node-files-pod.ts');
      return send({ method: 'POST', path: `${podsPath(pod.namespace)}${dryRun ? '?dryRun=All' : ''}`, freshConnection: true, body: JSON.stringify(nodeFilesManifest(pod)), lasting: LASTING }, oneTry);
    },
    deleteNodeFilesPod: async ({ namespace, name, uid }) => {
      const { NODE_FILES_NAME, podsPath } = await import('./node-files-pod.ts');
      if (!NODE_FILES_NAME.test(name)) throw new Error(`only pods of --node-files may be deleted, not ${name}`);
      const body = JSON.stringify({ apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, ...(uid === undefined ? {} : { preconditions: { uid } }) });
      return send({ method: 'DELETE', path: podsPath(namespace, name), freshConnection: true, body, lasting: LASTING }, oneTry);
    },
    configured: () => configuredConnection(target, credentials, trust.configured),
    handshake: () => (seen ??= lookAtHandshake()),
    close,
  };
}

async function credentialsOf(target: Target, options: Parameters<typeof openCredentials>[1], canDoWithout: boolean): Promise<{ readonly credentials: Credentials; readonly loginFailure?: string }> {
  try {
    return { credentials: await openCredentials(target, options) };
  } catch (error) {
    if (!canDoWithout || !(error instanceof Problem) || options.signal.aborted) throw error;
    return { credentials: withoutCredentials(target.origin), loginFailure: error.message };
  }
}

/** The connections that present one client certificate. */
interface Line {
  readonly wire: Wire;
  readonly agent: ReturnType<typeof createAgent>;
  /** For kubelets and pods, apart from the rest: those that hang must not hold up a list. */
  readonly beyond: ReturnType<typeof createAgent>;
  /** For what is turned into a tunnel, and never used again. */
  readonly tunnels: ReturnType<typeof createAgent>;
  readonly certificate: string | undefined;
}

interface Request {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly freshConnection: boolean;
  readonly accept?: string;
  readonly body?: string;
  readonly beyond?: GetOptions['beyond'];
  /** Does not end with the connection, which closes when the run is interrupted; so it has a limit of its own. */
  readonly lasting?: { readonly timeoutMilliseconds: number };
}

/** The API server's own 401 is a Status; a kubelet's is a bare word. */
function isFromBeyond(request: Request, answer: { readonly headers: Headers }): boolean {
  return request.beyond !== undefined && answer.headers['content-type']?.startsWith('application/json') !== true;
}

/** The body of an answer that is no success; what is longer than any Status is left unread. */
async function collected(chunks: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const body: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    body.push(chunk);
    length += chunk.length;
    if (length > LONGEST_STATUS) break;
  }
  return body;
}

function isPassing(status: number): boolean {
  return status === 429 || status === 500 || status === 502 || status === 503 || status === 504;
}

/** Milliseconds to wait: what the server says, bounded, else a growing pause; with jitter, so that lists do not return together. */
function pauseBefore(tries: number, retryAfter: string | undefined): number {
  const jitter = 0.75 + Math.random() * 0.5;
  if (retryAfter === undefined) return 250 * 2 ** (tries - 1) * jitter;
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000;
  return Math.min(Math.max(Number.isFinite(seconds) ? seconds : 1, 0), LONGEST_RETRY_AFTER_SECONDS) * 1000 + 100 * Math.random();
}
