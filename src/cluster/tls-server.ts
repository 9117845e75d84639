import { Duplex } from 'node:stream';
import { isIP } from 'node:net';
import { connect as tlsConnect, createSecureContext, type SecureContext } from 'node:tls';
import type { RawTlsServer } from '../evidence/raw-tls-server.ts';
import { chainOf } from './handshake.ts';
import { readServerFlight, UnreadableFlight, type ServerFlight } from './server-flight.ts';
import { codeOf } from './transport.ts';

export interface TlsLook {
  /** Sent as SNI; absent for a client by address. */
  readonly serverName?: string;
  readonly signal: AbortSignal;
}

/** Alerts of a server that wants a certificate it was not shown (RFC 5246, 7.2.2; RFC 8446, 6.2). */
const WANTS_CERTIFICATE: ReadonlySet<number> = new Set([
  40, // handshake_failure
  41, // no_certificate
  42, // bad_certificate: Go, for TLS 1.2
  48, // unknown_ca
  49, // access_denied
  116, // certificate_required
]);

/** What a server of TLS 1.3 may take to refuse a client after the client has finished. */
const REFUSAL_MILLISECONDS = 1_000;

/**
 * Makes a handshake with a server as a client that has no certificate, and gives up before any request. TLS 1.2 comes
 * first: it shows in clear whose client certificates are taken, and a server that demands one says so before the
 * handshake ends. A second stream is opened for a server that speaks only TLS 1.3.
 *
 * Nothing is verified here; only the server's key is proven, where the handshake ends well.
 * @param open a fresh stream to the server each time; it is destroyed here
 * @throws {Error} no certificate was shown; {@link UnreadableFlight} where it is no TLS server, else with a code
 */
export async function lookAtTlsServer(open: () => Promise<Duplex>, look: TlsLook): Promise<RawTlsServer> {
  try {
    return await inTls12(await open(), look);
  } catch (error) {
    if (!(error instanceof UnreadableFlight) || !error.isTls) throw error;
    return inTls13(await open(), look);
  }
}

function inTls12(stream: Duplex, look: TlsLook): Promise<RawTlsServer> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    let flight: ServerFlight | undefined;
    let unreadable: UnreadableFlight | undefined;

    const tapped = tap(stream, chunk => {
      bytes = Buffer.concat([bytes, chunk]);
      if (flight !== undefined || unreadable !== undefined) return;
      try {
        flight = readServerFlight(bytes);
        // What comes from here on is another answer.
        if (flight !== undefined) bytes = Buffer.alloc(0);
      } catch (error) {
        unreadable = error instanceof UnreadableFlight ? error : new UnreadableFlight('its first messages cannot be read');
      }
    });
    const socket = handshakeOver(tapped, context('TLSv1.2'), look, error => {
      if (unreadable !== undefined) reject(unreadable);
      else if (flight === undefined || flight.certificates.length === 0) reject(error);
      else resolve(seen(flight, flight.clientAuthorities === undefined ? 'notAsked' : refusalIn(bytes)));
    });
    socket.on('secureConnect', () => {
      if (flight === undefined) reject(unreadable ?? new UnreadableFlight('its first messages cannot be read'));
      else resolve(seen(flight, flight.clientAuthorities === undefined ? 'notAsked' : 'requested'));
      socket.destroy();
    });
  });
}

/** A server that has asked for a certificate ended the handshake: whether for want of one. */
function refusalIn(answer: Buffer): RawTlsServer['clientCertificate'] {
  const [record, , , , , , alert] = answer;
  if (record === 21 && alert !== undefined && WANTS_CERTIFICATE.has(alert)) return 'required';
  return { unknown: 'the handshake broke off without a word about the client certificate that it had asked for' };
}

function seen(flight: ServerFlight, clientCertificate: RawTlsServer['clientCertificate']): RawTlsServer {
  return { chain: flight.certificates, clientCertificate, clientAuthorities: { names: flight.clientAuthorities ?? [] } };
}

/** TLS 1.3 hides whose certificates are taken; and a server refuses only after the client has finished. */
function inTls13(stream: Duplex, look: TlsLook): Promise<RawTlsServer> {
  return new Promise((resolve, reject) => {
    let chain: readonly Uint8Array[] | undefined;
    const settle = (clientCertificate: RawTlsServer['clientCertificate']): void => {
      if (chain === undefined) return;
      resolve({ chain, clientCertificate, clientAuthorities: { unknown: 'it speaks only TLS 1.3, which hides them' } });
      socket.destroy();
    };
    const socket = handshakeOver(stream, context('TLSv1.3'), look, error => {
      if (chain === undefined || chain.length === 0) reject(error);
      else settle(isRefusal(codeOf(error)) ? 'required' : { unknown: 'the connection broke off after the handshake' });
    });
    socket.on('secureConnect', () => {
      chain = chainOf(socket);
      const timer = setTimeout(() => settle({ unknown: 'it speaks only TLS 1.3, and neither took nor refused a client without a certificate' }), REFUSAL_MILLISECONDS);
      socket.on('close', () => clearTimeout(timer));
    });
    // A ticket to resume with is made once the client was taken as it is; whether it was asked is hidden.
    socket.on('session', () => settle({ unknown: 'it speaks only TLS 1.3 and takes clients without a certificate; whether it asks for one is hidden' }));
  });
}

function isRefusal(code: string): boolean {
  return /ALERT_(BAD_CERTIFICATE|CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|UNKNOWN_CA|ACCESS_DENIED)/.test(code);
}

function context(version: 'TLSv1.2' | 'TLSv1.3'): SecureContext {
  // No authority of its own, so that only what the server sent is in the chain; and weak servers are to be seen, not trusted.
  return createSecureContext({ ca: [], minVersion: version, maxVersion: version, ...(version === 'TLSv1.2' ? { ciphers: 'DEFAULT:@SECLEVEL=0' } : {}) });
}

/** A TLS client over a stream that ends with it. `onEnd` comes once at most with a meaning: what comes later is about a closed socket. */
function handshakeOver(stream: Duplex, secureContext: SecureContext, { serverName, signal }: TlsLook, onEnd: (error: Error) => void): ReturnType<typeof tlsConnect> {
  const socket = tlsConnect({
    socket: stream,
    ...(serverName !== undefined && isIP(serverName) === 0 ? { servername: serverName } : {}),
    secureContext,
    rejectUnauthorized: false,
  });
  const end = (error: Error): void => {
    onEnd(error);
    socket.destroy();
    stream.destroy();
  };
  const interrupt = (): void => end(Object.assign(new Error('interrupted'), { code: 'ABORT_ERR' }));
  // The stream's own reason is better than that TLS was cut off.
  stream.on('error', end);
  socket.on('error', end);
  socket.on('close', () => {
    signal.removeEventListener('abort', interrupt);
    end(Object.assign(new Error('closed'), { code: 'ECONNRESET' }));
  });
  if (signal.aborted) interrupt();
  else signal.addEventListener('abort', interrupt, { once: true });
  return socket;
}

/** The same stream, with a look at what comes in. */
function tap(stream: Duplex, onBytes: (chunk: Buffer) => void): Duplex {
  const tapped = new Duplex({
    read: () => void stream.resume(),
    write: (chunk: Buffer, encoding, done) => void stream.write(chunk, encoding, error => done(error)),
    destroy(error, done) {
      stream.destroy();
      done(error);
    },
  });
  stream.on('data', (chunk: Buffer) => {
    onBytes(chunk);
    if (!tapped.push(chunk)) stream.pause();
  });
  stream.on('end', () => tapped.push(null));
  stream.on('error', (error: Error) => tapped.destroy(error));
  stream.on('close', () => tapped.destroy());
  return tapped;
}
