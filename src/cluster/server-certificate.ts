import type { X509Certificate } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { connect as tlsConnect, createSecureContext } from 'node:tls';
import { openTunnel } from './proxy.ts';
import { bareHost, type Wire } from './transport.ts';

const HANDSHAKE_MILLISECONDS = 5_000;

/**
 * The certificate that the server shows, trusted or not, or undefined where no handshake succeeds. Nothing is sent:
 * no request, no credential, no client certificate. For saying why a handshake was refused, never for trusting one.
 */
export async function peekServerCertificate(wire: Wire): Promise<X509Certificate | undefined> {
  const { server, proxy } = wire;
  try {
    const tunnel = proxy === undefined ? undefined : await openTunnel(proxy, server, HANDSHAKE_MILLISECONDS);
    return await shownCertificate(wire, tunnel);
  } catch (error) {
    // Whatever went wrong was said already by the request that brought us here.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function shownCertificate({ server, tls }: Wire, tunnel: Duplex | undefined): Promise<X509Certificate | undefined> {
  return new Promise((resolve, reject) => {
    const name = tls.serverName ?? bareHost(server);
    const socket = tlsConnect({
      ...(tunnel === undefined ? { host: bareHost(server), port: server.port === '' ? 443 : Number(server.port) } : { socket: tunnel }),
      ...(/^[\d.]+$|:/.test(name) ? {} : { servername: name }),
      secureContext: createSecureContext(),
      rejectUnauthorized: false,
    });
    socket.setTimeout(HANDSHAKE_MILLISECONDS, () => socket.destroy(new Error('the handshake took too long')));
    socket.on('error', reject);
    socket.on('secureConnect', () => {
      resolve(socket.getPeerX509Certificate());
      socket.destroy();
    });
  });
}
