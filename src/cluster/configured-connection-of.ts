import type { ConfiguredConnection } from '../evidence/configured-connection.ts';
import { certificatesInPem } from '../evidence/pem.ts';
import type { Credentials } from './credentials.ts';
import type { Target } from './kubeconfig.ts';
import { bareHost } from './transport.ts';

/**
 * What the configuration says of certificates: the login's and the authorities'. Keys may stand in the same text as a
 * certificate; only certificates come out of it.
 *
 * @param authorities PEM, as configured
 */
export async function configuredConnection(target: Target, credentials: Credentials, authorities: string | undefined): Promise<ConfiguredConnection> {
  const { certificate } = await credentials.current();
  const { method, place } = credentials.login();
  const server = new URL(target.server);
  return {
    place,
    login: method,
    ...(certificate === undefined ? {} : { clientCertificate: certificatesInPem(certificate.certificate) }),
    ...(authorities === undefined ? {} : { authorities: certificatesInPem(authorities) }),
    address: addressOf(server),
    serverName: target.tls.serverName ?? bareHost(server),
    isVerified: target.server.startsWith('https:') && !target.tls.insecure,
  };
}

function addressOf(server: URL): string {
  return `${server.hostname}:${server.port === '' ? (server.protocol === 'https:' ? 443 : 80) : server.port}`;
}
