import type { Agent as HttpAgent, ClientRequest, IncomingMessage, OutgoingHttpHeaders, RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { connect as tlsConnect, type checkServerIdentity, type SecureContext } from 'node:tls';
import { createGunzip } from 'node:zlib';
import type { Answer, Headers } from './api-client.ts';
import type { PlainHttp } from './plain-http.ts';
import { openTunnel, proxyAuthorization } from './proxy.ts';

/** More than the lists that run at once, so that a small question need not wait behind them. */
const MOST_SOCKETS = 8;

export interface Wire {
  readonly server: URL;
  readonly tls: {
    readonly context: SecureContext;
    readonly rejectUnauthorized: boolean;
    readonly serverName?: string;
    /** In place of Node's own, which asks whether the certificate names the server. */
    readonly checkServerIdentity?: typeof checkServerIdentity;
  };
  readonly proxy?: URL;
  readonly timeoutMilliseconds: number;
  /** Needed for an http:// server only; see plain-http.ts. */
  readonly plainHttp?: PlainHttp;
}

/** An agent for one server. The TLS settings are given outright, so that no environment variable turns verification off. */
export function createAgent(wire: Wire, keepAlive: boolean, maxSockets = MOST_SOCKETS): HttpAgent {
  const { server, proxy, tls, plainHttp } = wire;
  const tlsOptions = {
    secureContext: tls.context,
    rejectUnauthorized: tls.rejectUnauthorized,
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    ...(tls.checkServerIdentity === undefined ? {} : { checkServerIdentity: tls.checkServerIdentity }),
  };
  const tunnelled = { host: bareHost(server), ...(isIP(bareHost(server)) === 0 ? { servername: bareHost(server) } : {}), ...tlsOptions };
  // With a limit on its sockets even an agent without keep-alive asks the server to keep them open.
  const pool = keepAlive ? { keepAlive, maxSockets } : { keepAlive };
  const relay = relayOf(wire);
  if (relay?.protocol === 'https:') return new HttpsAgent({ ...pool, rejectUnauthorized: true });
  const agent = plainHttp === undefined ? new HttpsAgent({ ...pool, ...tlsOptions }) : new plainHttp.Agent(pool);
  if (proxy !== undefined && relay === undefined) {
    agent.createConnection = (_options, done) => {
      openTunnel(proxy, server, wire.timeoutMilliseconds).then(
        socket => done?.(null, plainHttp === undefined ? tlsConnect({ socket, ...tunnelled }) : socket),
        (error: unknown) => done?.(error instanceof Error ? error : new Error(String(error)), undefined as never),
      );
      return undefined;
    };
  }
  return agent;
}

/** The proxy that is asked for a plain http:// server in whole URLs, as HTTP has it, instead of for a tunnel. */
function relayOf({ proxy, plainHttp }: Wire): URL | undefined {
  return plainHttp !== undefined && proxy?.protocol.startsWith('http') === true ? proxy : undefined;
}

export interface Exchange {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** The path on the server, its prefix included. */
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: string;
  readonly agent: HttpAgent;
  /** The most a decoded body may have. */
  readonly longestBody: number;
  readonly signal: AbortSignal;
}

/** How far an exchange came before it failed. */
export type Phase = 'connection' | 'body' | 'decoding' | 'length' | 'timeout' | 'interrupted';

/** An exchange without a whole answer; for this folder only, it becomes a RequestFailure with words. */
export class BrokenExchange extends Error {
  readonly phase: Phase;
  /** The system's or OpenSSL's word for it: ECONNREFUSED, CERT_HAS_EXPIRED. */
  readonly code: string;
  readonly bytes: number;
  /** The server had closed an idle connection just before it was used again: nothing was processed. */
  readonly wasReused: boolean;

  constructor(phase: Phase, code: string, bytes: number, wasReused: boolean, cause?: unknown) {
    super(code, { cause });
    this.name = 'BrokenExchange';
    this.phase = phase;
    this.code = code;
    this.bytes = bytes;
    this.wasReused = wasReused;
  }
}

/**
 * Sends one request and reads the whole answer. The time limit covers connecting, headers and body, but not the wait
 * for a free socket.
 * @throws {BrokenExchange}
 */
export function exchange(wire: Wire, asked: Exchange): Promise<Answer> {
  const { timeoutMilliseconds } = wire;
  return new Promise((resolve, reject) => {
    let bytes = 0;
    let phase: Phase = 'connection';
    let timer: NodeJS.Timeout | undefined;
    const request = openRequest(wire, asked);

    const interrupt = (): void => fail('interrupted', 'ABORT_ERR');
    const settle = (): void => {
      clearTimeout(timer);
      asked.signal.removeEventListener('abort', interrupt);
    };
    function fail(failed: Phase, code: string, cause?: unknown): void {
      settle();
      reject(new BrokenExchange(failed, code, bytes, request.reusedSocket && failed === 'connection', cause));
      request.destroy();
    }
    request.on('socket', () => {
      if (timeoutMilliseconds > 0) timer ??= setTimeout(() => fail('timeout', 'ETIMEDOUT'), timeoutMilliseconds);
    });
    request.on('error', (error: Error) => fail(phase, codeOf(error), error));
    if (asked.signal.aborted) return interrupt();
    asked.signal.addEventListener('abort', interrupt, { once: true });
    request.on('response', answer => {
      phase = 'body';
      answer.on('data', (chunk: Buffer) => (bytes += chunk.length));
      answer.on('error', (error: Error) => fail('body', codeOf(error), error));
      readBody(answer, asked.longestBody).then(
        body => {
          settle();
          resolve({ status: answer.statusCode ?? 0, headers: plainHeaders(answer), body, bytes });
        },
        (error: unknown) => {
          const code = codeOf(error);
          fail(code === 'Z_BUF_ERROR' ? 'body' : code === 'ERR_TOO_LONG' ? 'length' : 'decoding', code, error);
        },
      );
    });
    request.end(asked.body);
  });
}

/** A request on its way; its body is not sent yet. */
export function openRequest(wire: Wire, asked: Exchange): ClientRequest {
  const relay = relayOf(wire);
  if (relay === undefined) return (wire.plainHttp?.request ?? httpsRequest)(requestOptions(wire.server, asked));
  const login = proxyAuthorization(relay);
  const options = requestOptions(relay, asked);
  return (relay.protocol === 'https:' ? httpsRequest : (wire.plainHttp?.request ?? httpsRequest))({
    ...options,
    path: `${wire.server.origin}${asked.path}`,
    headers: { ...asked.headers, Host: wire.server.host, ...(login === undefined ? {} : { 'Proxy-Authorization': login }) },
  });
}

function requestOptions(server: URL, asked: Exchange): RequestOptions {
  return {
    protocol: server.protocol,
    hostname: bareHost(server),
    port: server.port === '' ? (server.protocol === 'https:' ? 443 : 80) : Number(server.port),
    method: asked.method,
    path: asked.path,
    headers: asked.headers,
    agent: asked.agent,
  };
}

/** The whole body, decoded. */
export function readBody(answer: IncomingMessage, longest: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const isGzip = answer.headers['content-encoding'] === 'gzip';
    const source = isGzip ? answer.pipe(createGunzip()) : answer;
    const chunks: Buffer[] = [];
    let length = 0;
    // An answer that breaks off never ends its pipe, so the inflater is not left waiting for more.
    if (isGzip) answer.on('error', () => source.destroy());
    source.on('error', reject);
    source.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > longest) reject(Object.assign(new Error('the body is too long'), { code: 'ERR_TOO_LONG' }));
      else chunks.push(chunk);
    });
    source.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
  });
}

/** The headers of an answer, each once. */
export function plainHeaders(answer: IncomingMessage): Headers {
  return Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]));
}

/** The code of an error, of its first part where it is one error for several addresses. */
export function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return error instanceof Error ? error.name : 'unknown';
}

/** The host of a URL without the brackets of IPv6. */
export function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}
