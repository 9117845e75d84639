import { connect as tlsConnect } from 'node:tls';
import { bareHost, BrokenExchange, codeOf, type Wire } from './transport.ts';

/** A server whose certificate was found good. */
export interface VerifiedServer {
  /** SHA-256 of its certificate, as Node writes it. */
  readonly fingerprint: string;
  readonly version: 'TLSv1.2' | 'TLSv1.3';
}

/**
 * A handshake and nothing more, with a server to which a client certificate is to be shown if its own is good: within one
 * handshake Node judges the server's certificate only after the client's may have left (with TLS 1.2 it always has).
 * @param wire without a client certificate and without a proxy
 * @throws {BrokenExchange} its certificate is not good, or there is no handshake
 */
export function verifiedServer({ server, tls, timeoutMilliseconds }: Wire, signal: AbortSignal): Promise<VerifiedServer> {
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({ host: bareHost(server), port: Number(server.port), secureContext: tls.context, rejectUnauthorized: true });
    const fail = (phase: BrokenExchange['phase'], code: string, cause?: unknown): void => {
      reject(new BrokenExchange(phase, code, 0, false, cause));
      socket.destroy();
    };
    const interrupt = (): void => fail('interrupted', 'ABORT_ERR');
    const timer = setTimeout(() => fail('timeout', 'ETIMEDOUT'), timeoutMilliseconds);
    socket.on('error', error => fail('connection', codeOf(error), error));
    socket.on('close', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', interrupt);
      fail('connection', 'ECONNRESET');
    });
    socket.on('secureConnect', () => {
      resolve({ fingerprint: socket.getPeerCertificate().fingerprint256, version: socket.getProtocol() === 'TLSv1.3' ? 'TLSv1.3' : 'TLSv1.2' });
      // The handshake is brought to its end, so that the server has no fault to log.
      socket.destroySoon();
    });
    if (signal.aborted) interrupt();
    else signal.addEventListener('abort', interrupt, { once: true });
  });
}
