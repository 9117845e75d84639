import { connect as connectSocket, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as tlsConnect, createSecureContext, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import type { RawHandshake } from '../evidence/raw-handshake.ts';
import type { Answer } from './api-client.ts';
import { openTunnel } from './proxy.ts';
import { clientHello, readServerFlight, UnreadableFlight, type ServerFlight } from './server-flight.ts';
import { bareHost, type Wire } from './transport.ts';

/** The name by which an API server calls itself; it shows another certificate to who asks for it. */
const LOOPBACK_NAME = 'apiserver-loopback-client';

/** How the cluster's own clients ask: by address, which sends no name, and by the names of its Service. */
const CLUSTER_NAMES = ['', 'kubernetes', 'kubernetes.default.svc'];

const HANDSHAKE_MILLISECONDS = 5_000;

/**
 * Looks at what the server shows to anybody: handshakes that are given up before a request, and one request
 * without a credential. No credential and no client certificate is sent. They go the way of all requests: the same
 * proxy, the same TLS server name. What is shown is not verified here; only the server's key is proven.
 *
 * @param anonymousVersion GETs /version without a credential
 * @throws {Error} no handshake succeeds; with the system's or OpenSSL's code
 */
export async function observeHandshake(wire: Wire, anonymousVersion: () => Promise<Answer>, signal: AbortSignal): Promise<RawHandshake> {
  const name = wire.tls.serverName ?? bareHost(wire.server);
  const flight = outcomeOf(serverFlight(wire, name, signal));
  const own = isIP(name) === 0 ? name : '';
  const others = CLUSTER_NAMES.filter(each => each !== own);
  const [serving, loopback, clear, version, ...named] = await Promise.all([
    outcomeOf(shownChain(wire, name, signal)),
    outcomeOf(shownChain(wire, LOOPBACK_NAME, signal)),
    flight,
    outcomeOf(anonymousVersion()),
    ...others.map(other => outcomeOf(shownChain(wire, other, signal))),
  ]);
  return {
    serving: servingChain(serving, clear),
    loopback: 'value' in loopback ? { chain: loopback.value } : { unknown: wordsOf(loopback.error) },
    byName: named.map((outcome, index) => ({
      serverName: others[index] ?? '',
      ...('value' in outcome ? { chain: outcome.value } : { unknown: wordsOf(outcome.error) }),
    })),
    clientAuthorities: 'value' in clear ? { names: clear.value.clientAuthorities ?? [] } : { unknown: wordsOf(clear.error) },
    anonymousVersion: 'value' in version ? { status: version.value.status, body: version.value.body } : { unknown: wordsOf(version.error) },
  };
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

async function outcomeOf<T>(promise: Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await promise };
  } catch (error) {
    return { error };
  }
}

/** A server that hangs up on whoever has no client certificate has shown its own before, in TLS 1.2. */
function servingChain(serving: Outcome<readonly Uint8Array[]>, clear: Outcome<ServerFlight>): readonly Uint8Array[] {
  if ('value' in serving) return serving.value;
  if ('value' in clear && clear.value.certificates.length > 0) return clear.value.certificates;
  throw serving.error;
}

function wordsOf(error: unknown): string {
  if (error instanceof UnreadableFlight) return error.message;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'no answer';
  return `the connection failed (${code})`;
}

async function shownChain(wire: Wire, name: string, signal: AbortSignal): Promise<readonly Uint8Array[]> {
  const stream = await openStream(wire, signal);
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({
      socket: stream,
      ...(name !== '' && isIP(name) === 0 ? { servername: name } : {}),
      // Without any authority of its own, so that only what the server sent is in the chain.
      secureContext: createSecureContext({ ca: [] }),
      rejectUnauthorized: false,
    });
    endWith(socket, signal, reject);
    socket.on('secureConnect', () => {
      resolve(chainOf(socket));
      socket.destroy();
    });
  });
}

/** The certificates that were sent, each followed by its issuer. */
export function chainOf(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = [];
  const seen = new Set<string>();
  // Node's types know neither the empty object of a server without a certificate nor an end of the chain.
  let next: Partial<DetailedPeerCertificate> | undefined = socket.getPeerCertificate(true);
  // A certificate that signed itself is its own issuer.
  while (next?.raw !== undefined && next.fingerprint256 !== undefined && !seen.has(next.fingerprint256)) {
    seen.add(next.fingerprint256);
    chain.push(next.raw);
    next = next.issuerCertificate;
  }
  return chain;
}

async function serverFlight(wire: Wire, name: string, signal: AbortSignal): Promise<ServerFlight> {
  const stream = await openStream(wire, signal);
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    endWith(stream, signal, reject);
    stream.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      try {
        const flight = readServerFlight(bytes);
        if (flight === undefined) return;
        resolve(flight);
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
      }
      stream.destroy();
    });
    stream.write(clientHello(name));
  });
}

/** A bare connection to the server, through the proxy where there is one. */
async function openStream(wire: Wire, signal: AbortSignal): Promise<Duplex> {
  const { server, proxy } = wire;
  if (proxy !== undefined) return openTunnel(proxy, server, HANDSHAKE_MILLISECONDS);
  return new Promise((resolve, reject) => {
    const socket = connectSocket({ host: bareHost(server), port: server.port === '' ? 443 : Number(server.port) });
    endWith(socket, signal, reject);
    socket.on('connect', () => resolve(socket));
  });
}

/** Rejects when a stream fails, ends, takes too long or is interrupted; whichever comes after a result means nothing. */
function endWith(stream: Duplex, signal: AbortSignal, reject: (error: Error) => void): void {
  const fail = (code: string): void => {
    reject(Object.assign(new Error(code), { code }));
    stream.destroy();
  };
  const interrupt = (): void => fail('ABORT_ERR');
  const timer = setTimeout(() => fail('ETIMEDOUT'), HANDSHAKE_MILLISECONDS);
  stream.on('error', reject);
  stream.on('close', () => {
    clearTimeout(timer);
    signal.removeEventListener('abort', interrupt);
    reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' }));
  });
  if (signal.aborted) interrupt();
  else signal.addEventListener('abort', interrupt, { once: true });
}
