import { X509Certificate } from 'node:crypto';
import { rootCertificates, createSecureContext, getCACertificates, type SecureContext, type SecureVersion } from 'node:tls';
import { Problem } from '../problem.ts';
import type { ConnectionFlags } from './api-client.ts';
import { caKeyHash } from './ca-key-hash.ts';
import { readPem, type Credential } from './credentials.ts';
import type { Target } from './kubeconfig.ts';
import { proxyFor } from './proxy.ts';
import type { Wire } from './transport.ts';

const DEFAULT_TIMEOUT_SECONDS = 30;
/** Node's clocks end here, at 24 days, and take anything longer for no time at all. */
const LONGEST_TIMEOUT_MILLISECONDS = 2 ** 31 - 1;

/**
 * What the server's certificate is verified with: nothing, the configured authorities with a hash of their keys, or those of
 * the system.
 * @throws {Problem} a file that cannot be read or is no PEM certificate
 */
export async function trustedAuthorities(target: Target): Promise<{ readonly ca?: string[]; readonly keyHash?: string; readonly configured?: string }> {
  if (!target.server.startsWith('https:') || target.tls.insecure) return {};
  const configured = await readPem(target.tls.ca, 'certificate-authority', `cluster ${JSON.stringify(target.cluster ?? target.server)}`);
  if (configured !== undefined) return { ca: [configured], configured, keyHash: caKeyHash(checkedAuthorities(configured, target)) };
  // kubectl trusts what the operating system trusts; the list that Node brings is for machines without one.
  const system = getCACertificates('system');
  return { ca: [...(system.length > 0 ? system : rootCertificates), ...getCACertificates('extra')] };
}

/** OpenSSL passes over an authority that it cannot read, and the person would be told that the server is not to be trusted. */
function checkedAuthorities(pem: string, target: Target): X509Certificate[] {
  const { ca } = target.tls;
  const where = ca !== undefined && 'file' in ca ? ca.file : target.origin;
  const wrong = (cause?: unknown): Problem => new Problem(`the certificate authority for ${target.server} in ${where} is no PEM certificate; get a new kubeconfig`, { cause });
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  if (blocks === null) throw wrong();
  try {
    return blocks.map(block => new X509Certificate(block));
  } catch (error) {
    throw wrong(error);
  }
}

/**
 * How to reach the server with one credential or another.
 * @throws {Problem} certificates that OpenSSL does not take, a proxy setting that is none
 */
export function wireFactory(
  target: Target,
  ca: string[] | undefined,
  modules: Pick<Wire, 'plainHttp'>,
  flags: ConnectionFlags,
  env: NodeJS.ProcessEnv,
): (credential: Credential, minVersion?: SecureVersion) => Wire {
  const server = new URL(target.server);
  const proxy = proxyFor(server, target.proxyUrl, env);
  const timeoutMilliseconds = Math.min(Math.round((flags.requestTimeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS) * 1000), LONGEST_TIMEOUT_MILLISECONDS);
  const { serverName, insecure } = target.tls;
  return (credential, minVersion) => ({
    server,
    tls: { context: secureContext(target, ca, credential, minVersion), rejectUnauthorized: !insecure, ...(serverName === undefined ? {} : { serverName }) },
    ...(proxy === undefined ? {} : { proxy }),
    ...modules,
    timeoutMilliseconds,
  });
}

function secureContext(target: Target, ca: string[] | undefined, credential: Credential, minVersion: SecureVersion = 'TLSv1.2'): SecureContext {
  const { certificate } = credential;
  try {
    return createSecureContext({
      minVersion,
      ...(ca === undefined ? {} : { ca }),
      ...(certificate === undefined ? {} : { cert: certificate.certificate, key: certificate.key }),
    });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new Problem(`the certificates configured for ${target.server} in ${target.origin} cannot be used (${code}); get a new kubeconfig`);
  }
}
