import type { SecureContext } from 'node:tls';
import type { Answer, KubeletAddress } from './api-client.ts';
import { RequestFailure } from './api-client.ts';
import { isUntrusted } from './connection-failure.ts';
import { BrokenExchange, createAgent, exchange, type Wire } from './transport.ts';

/** What a request to a kubelet itself takes. */
export interface KubeletRequest {
  readonly kubelet: KubeletAddress;
  readonly path: string;
  /** The caller's credential, sent only once the kubelet's certificate was found good, or need not be. */
  readonly authorization: string | undefined;
  /** Holds the caller's client certificate and the cluster's authority. */
  readonly context: SecureContext;
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
 * @returns `untrusted` where the certificate is not good; then no credential was sent
 * @throws {RequestFailure} where there is no whole answer
 */
export async function getFromKubelet(request: KubeletRequest): Promise<Answer | 'untrusted'> {
  const { kubelet, timeoutMilliseconds } = request;
  const host = kubelet.host.includes(':') ? `[${kubelet.host}]` : kubelet.host;
  const wire: Wire = {
    server: new URL(`https://${host}:${kubelet.port}`),
    tls: { context: request.context, rejectUnauthorized: !kubelet.takeAsItIs },
    timeoutMilliseconds,
  };
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
  } catch (error) {
    if (!(error instanceof BrokenExchange)) throw error;
    if (isUntrusted(error.code) || OTHER_FAULTS.has(error.code)) return 'untrusted';
    throw new RequestFailure(KINDS[error.phase], `GET ${request.path} of the kubelet at ${host}:${kubelet.port} failed (${error.code})`, error);
  } finally {
    agent.destroy();
  }
}

/** A certificate of the cluster's authority that is out of its time or names somebody else. */
const OTHER_FAULTS: ReadonlySet<string> = new Set(['ERR_TLS_CERT_ALTNAME_INVALID', 'CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'CERT_REVOKED', 'HOSTNAME_MISMATCH']);

const KINDS = {
  connection: 'unreachable',
  body: 'truncated',
  decoding: 'malformed',
  length: 'malformed',
  timeout: 'timeout',
  interrupted: 'interrupted',
} as const satisfies Record<BrokenExchange['phase'], RequestFailure['kind']>;
