import { connect as connectSocket, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { RawTlsServer } from '../evidence/raw-tls-server.ts';
import { RequestFailure, type Answer, type HandshakeOptions, type NodeAddress, type NoServer, type StrangersQuestion } from './api-client.ts';
import { portForwardStream, TunnelEnd } from './port-forward.ts';
import { UnreadableFlight } from './server-flight.ts';
import { lookAtTlsServer } from './tls-server.ts';
import { BrokenExchange, codeOf, createAgent, exchange, type Wire } from './transport.ts';
import { WebSocketFault, type Upgraded } from './web-socket.ts';

/**
 * A handshake with whatever listens at a port of a pod, through the API server. Nothing but the handshake is sent.
 * @param open asks the API server for a tunnel, each time anew
 * @param lifetime of the client; what is open ends with it
 * @throws {RequestFailure}
 */
export async function handshakeThroughTunnel(open: () => Promise<Upgraded>, options: HandshakeOptions, lifetime: AbortSignal): Promise<RawTlsServer | NoServer> {
  const openStream = async (): Promise<Duplex> => {
    const upgraded = await open();
    if (!('messages' in upgraded)) throw new NoTunnel(upgraded);
    return portForwardStream(upgraded.messages);
  };
  try {
    return await look(openStream, options, lifetime);
  } catch (error) {
    if (error instanceof NoTunnel) return { refused: error.answer };
    if (error instanceof TunnelEnd) return { leadsNowhere: error.message };
    throw error;
  }
}

/**
 * A handshake with whatever listens at a port of a node, past the API server and past any proxy.
 * @throws {RequestFailure}
 */
export async function handshakeWithNode({ host, port }: NodeAddress, options: HandshakeOptions, lifetime: AbortSignal): Promise<RawTlsServer | NoServer> {
  const openStream = (): Promise<Duplex> => new Promise((resolve, reject) => {
    const socket = connectSocket({ host, port, timeout: options.timeoutMilliseconds });
    const interrupt = (): void => void socket.destroy(Object.assign(new Error('interrupted'), { code: 'ABORT_ERR' }));
    lifetime.addEventListener('abort', interrupt, { once: true });
    socket.on('timeout', () => socket.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
    socket.on('error', reject);
    socket.on('close', () => lifetime.removeEventListener('abort', interrupt));
    socket.on('connect', () => resolve(socket));
    if (lifetime.aborted) interrupt();
  });
  try {
    return await look(openStream, options, lifetime);
  } catch (error) {
    if (isRefused(error)) return { leadsNowhere: 'connection refused' };
    throw error;
  }
}

/** What a stranger may ask a kubelet; the answers of the first and the last are one word, and that of the second is dropped unread. */
const QUESTIONS: Readonly<Record<StrangersQuestion, { readonly scheme: 'https:' | 'http:'; readonly path: string }>> = {
  health: { scheme: 'https:', path: '/healthz' },
  everything: { scheme: 'https:', path: '/debug/pprof/cmdline' },
  readOnlyHealth: { scheme: 'http:', path: '/healthz' },
};

/**
 * GETs one of three paths of a kubelet at the node's own address, without a credential or a client certificate and past
 * any proxy.
 * @throws {RequestFailure}
 */
export async function askAsStranger({ host, port }: NodeAddress, question: StrangersQuestion, asked: { readonly userAgent: string; readonly timeoutMilliseconds: number; readonly longestBody: number; readonly signal: AbortSignal }): Promise<Answer | 'closed'> {
  const { scheme, path } = QUESTIONS[question];
  const { createSecureContext } = await import('node:tls');
  const wire: Wire = {
    server: new URL(`${scheme}//${isIP(host) === 6 ? `[${host}]` : host}:${port}`),
    tls: { context: createSecureContext({ ca: [] }), rejectUnauthorized: false },
    timeoutMilliseconds: asked.timeoutMilliseconds,
    ...(scheme === 'http:' ? { plainHttp: await import('node:http') } : {}),
  };
  const agent = createAgent(wire, false);
  try {
    return await exchange(wire, { method: 'GET', path, headers: { 'User-Agent': asked.userAgent, Accept: '*/*' }, agent, longestBody: asked.longestBody, signal: asked.signal });
  } catch (error) {
    if (!(error instanceof BrokenExchange)) throw error;
    if (error.code === 'ECONNREFUSED') return 'closed';
    throw failure(error.code, error);
  } finally {
    agent.destroy();
  }
}

function isRefused(error: unknown): boolean {
  return error instanceof RequestFailure && codeOf(error.cause) === 'ECONNREFUSED';
}

/** The API server did not open a tunnel. */
class NoTunnel extends Error {
  readonly answer: Answer;

  constructor(answer: Answer) {
    super('no tunnel');
    this.answer = answer;
  }
}

async function look(open: () => Promise<Duplex>, { serverName, timeoutMilliseconds }: HandshakeOptions, lifetime: AbortSignal): Promise<RawTlsServer> {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  const timer = setTimeout(end, timeoutMilliseconds);
  lifetime.addEventListener('abort', end, { once: true });
  if (lifetime.aborted) end();
  try {
    return await lookAtTlsServer(open, { signal: ending.signal, ...(serverName === undefined ? {} : { serverName }) });
  } catch (error) {
    if (error instanceof NoTunnel || error instanceof TunnelEnd || error instanceof RequestFailure) throw error;
    if (lifetime.aborted) throw failure('ABORT_ERR', error);
    if (ending.signal.aborted) throw failure('ETIMEDOUT', error);
    if (error instanceof UnreadableFlight) throw new RequestFailure('malformed', `whoever listens there shows no certificate: ${error.message}`, error);
    if (error instanceof WebSocketFault) throw new RequestFailure('malformed', `the tunnel cannot be read: ${error.message}`, error);
    throw failure(codeOf(error), error);
  } finally {
    clearTimeout(timer);
    lifetime.removeEventListener('abort', end);
  }
}

function failure(code: string, cause: unknown): RequestFailure {
  switch (code) {
    case 'ABORT_ERR':
      return new RequestFailure('interrupted', 'interrupted before it had answered', cause);
    case 'ETIMEDOUT':
      return new RequestFailure('timeout', 'it did not answer in time', cause);
    default:
      return new RequestFailure('unreachable', `the connection failed (${code})`, cause);
  }
}
