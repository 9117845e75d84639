import { checkServerIdentity, type PeerCertificate, type SecureContext } from 'node:tls';
import type { Answer, KubeletAddress } from './api-client.ts';
import { RequestFailure } from './api-client.ts';
import { isUntrusted } from './connection-failure.ts';
import { BrokenExchange, createAgent, exchange, type Wire } from './transport.ts';
import { verifiedServer, type VerifiedServer } from './verified-server.ts';

/** What a request to a kubelet itself takes. */
export interface KubeletRequest {
  readonly kubelet: KubeletAddress;
  readonly path: string;
  /** The caller's credential, sent only once the kubelet's certificate was found good, or need not be. */
  readonly authorization: string | undefined;
  /** Holds the caller's client certificate and the cluster's authority; speaks that version of TLS or a newer one. */
  readonly contextOf: (version: VerifiedServer['version']) => SecureContext;
  /** Holds the cluster's authority alone. Absent where the caller has no client certificate. */
  readonly strangersContext?: SecureContext;
  readonly userAgent: string;
  readonly accept: string;
  readonly timeoutMilliseconds: number;
  readonly longestBody: number;
  readonly signal: AbortSignal;
}

/**
 * GETs a path of a kubelet at the node's own address, past the API server and past any proxy. The certificate must be
 * the cluster authority's and name the address, unless the kubelet is to be taken as it is.
 *
 * A client certificate goes only to one that was verified in a handshake of its own before.
 *
 * @returns `untrusted` where the certificate is not good; then no credential was sent
 * @throws {RequestFailure} where there is no whole answer
 */
export async function getFromKubelet(request: KubeletRequest): Promise<Answer | 'untrusted'> {
  const { kubelet, timeoutMilliseconds } = request;
  const host = kubelet.host.includes(':') ? `[${kubelet.host}]` : kubelet.host;
  const server = new URL(`https://${host}:${kubelet.port}`);
  const started = performance.now();
  try {
    const verified = request.strangersContext === undefined || kubelet.takeAsItIs
      ? undefined
      : await verifiedServer({ server, tls: { context: request.strangersContext, rejectUnauthorized: true }, timeoutMilliseconds }, request.signal);
    return await asked(request, {
      server,
      tls: {
        // What has spoken TLS 1.3 does so again: with 1.2 the client certificate leaves before the server's can be compared.
        context: request.contextOf(verified?.version ?? 'TLSv1.2'),
        rejectUnauthorized: !kubelet.takeAsItIs,
        ...(verified === undefined ? {} : { checkServerIdentity: identityOf(verified) }),
      },
      timeoutMilliseconds: Math.max(1, Math.round(timeoutMilliseconds - (performance.now() - started))),
    });
  } catch (error) {
    if (!(error instanceof BrokenExchange)) throw error;
    if (isUntrusted(error.code) || OTHER_FAULTS.has(error.code)) return 'untrusted';
    throw new RequestFailure(KINDS[error.phase], `GET ${request.path} of the kubelet at ${host}:${kubelet.port} failed (${error.code})`, error);
  }
}

async function asked(request: KubeletRequest, wire: Wire): Promise<Answer> {
  const agent = createAgent(wire, false);
  try {
    return await exchange(wire, {
      method: 'GET',
      path: request.path,
      headers: {
        'User-Agent': request.userAgent,
        Accept: request.accept,
        'Accept-Encoding': 'gzip',
        ...(request.authorization === undefined ? {} : { Authorization: request.authorization }),
      },
      agent,
      longestBody: request.longestBody,
      signal: request.signal,
    });
  } finally {
    agent.destroy();
  }
}

/** The very server that was verified, and no other that the same authority has a certificate for. */
function identityOf({ fingerprint }: VerifiedServer): NonNullable<Wire['tls']['checkServerIdentity']> {
  return (host: string, shown: PeerCertificate) =>
    checkServerIdentity(host, shown) ?? (shown.fingerprint256 === fingerprint ? undefined : Object.assign(new Error('another certificate than before'), { code: CHANGED }));
}

const CHANGED = 'ERR_SECAUDIT_CERTIFICATE_CHANGED';

/** A certificate of the cluster's authority that is out of its time or names somebody else. */
const OTHER_FAULTS: ReadonlySet<string> = new Set(['ERR_TLS_CERT_ALTNAME_INVALID', 'CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'CERT_REVOKED', 'HOSTNAME_MISMATCH', CHANGED]);

const KINDS = {
  connection: 'unreachable',
  body: 'truncated',
  decoding: 'malformed',
  length: 'malformed',
  timeout: 'timeout',
  interrupted: 'interrupted',
} as const satisfies Record<BrokenExchange['phase'], RequestFailure['kind']>;
