import type { X509Certificate } from 'node:crypto';
import { RequestFailure } from './api-client.ts';
import type { Target } from './kubeconfig.ts';
import { describeLoginEnd } from './login.ts';
import type { Login } from './login.ts';
import { ProxyRefusal } from './proxy.ts';
import type { BrokenExchange } from './transport.ts';

/** What a message about a broken exchange needs to know; nothing in it is secret. */
export interface Circumstances {
  readonly target: Pick<Target, 'server' | 'context' | 'tls' | 'origin'>;
  readonly login: Login;
  /** Method and path. */
  readonly request: string;
  readonly timeoutSeconds: number;
  /** Host and port of the proxy in between. */
  readonly proxy?: string;
  /** Shows the server's certificate, for saying when it expired. */
  readonly peek: () => Promise<X509Certificate | undefined>;
}

/** Turns an exchange that broke into one sentence: what happened, where, and what to do. */
export async function describeConnectionFailure(broken: BrokenExchange, about: Circumstances): Promise<RequestFailure> {
  const { target, request } = about;
  const server = target.context === undefined ? target.server : `${target.server} (context ${JSON.stringify(target.context)})`;
  switch (broken.phase) {
    case 'interrupted':
      return new RequestFailure('interrupted', `${request} to ${server} was interrupted`);
    case 'timeout':
      return new RequestFailure(
        'timeout',
        `${server} did not finish its answer to ${request} within ${about.timeoutSeconds} s; check the network and any VPN, or raise --request-timeout`,
      );
    case 'body':
      return new RequestFailure('truncated', `the answer of ${server} to ${request} broke off after ${broken.bytes} bytes (${broken.code}); try again`, broken.cause);
    case 'decoding':
      return new RequestFailure('malformed', `the answer of ${server} to ${request} cannot be decoded (${broken.code}); check for a proxy that alters it, or give --disable-compression`, broken.cause);
    case 'length':
      return new RequestFailure('malformed', `the answer of ${server} to ${request} is too long to be read whole`);
    case 'connection':
      return new RequestFailure('unreachable', await noConnection(broken, about, server), broken.cause, broken.code.includes('ALERT'));
  }
}

async function noConnection(broken: BrokenExchange, about: Circumstances, server: string): Promise<string> {
  const { code, cause } = broken;
  const { target, login } = about;
  const host = new URL(target.server).hostname;
  const through = about.proxy === undefined ? '' : ` through the proxy ${about.proxy}`;
  if (cause instanceof ProxyRefusal) {
    return `the proxy ${about.proxy ?? ''} refuses the way to ${server} (it answered ${cause.status}); check the proxy's settings, or exclude ${host} with NO_PROXY`;
  }
  if (isUntrusted(code)) {
    const ca = target.tls.ca === undefined
      ? "no authority of this machine's own list signed it; give the cluster's with --certificate-authority"
      : `the authority in ${'file' in target.tls.ca ? target.tls.ca.file : target.origin} did not sign it; get a new kubeconfig, or check that this is your cluster`;
    return `the certificate of ${server} cannot be trusted (${code}): ${ca}`;
  }
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the name ${about.proxy ?? host} of ${server} cannot be resolved (${code}); check the server in the kubeconfig, DNS and any VPN`;
    case 'ECONNREFUSED':
      return `${server} refuses connections${through} (${code}); check that the API server runs and that the port is right`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return `${server} cannot be reached${through} (${code}); check the network and any VPN`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `the certificate of ${server} is not for ${target.tls.serverName ?? host}: it names ${namesOf(cause)}; use one of these in the kubeconfig's server, or give --tls-server-name`;
    case 'CERT_HAS_EXPIRED':
      return `the certificate of ${server} expired${await when(about, 'validTo', broken)}; renew it on the control plane (kubeadm certs renew apiserver), then restart the API server`;
    case 'CERT_NOT_YET_VALID':
      return `the certificate of ${server} is not valid before${await when(about, 'validFrom', broken) || ' some later time'}; check the clock of this machine (${new Date().toISOString()}) and of the server`;
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
    case 'EPROTO':
      return `${server} does not speak TLS (${code}); check the port, or write http:// if it is a local proxy`;
    default:
      return refusedHandshake(code, login, server, through);
  }
}

/** What is left is a server that hangs up, which is also how some refuse a client certificate. */
function refusedHandshake(code: string, login: Login, server: string, through: string): string {
  const end = describeLoginEnd(login, new Date());
  if (end !== undefined) return `${server} ended the connection (${code}), and ${end}`;
  if (code.includes('ALERT')) {
    return `${server} refuses the client certificate of ${login.place} (${code}); get a new kubeconfig, or check that the context belongs to this cluster`;
  }
  return `${server} closed the connection${through} without an answer (${code}); check that it is the API server, and try again`;
}

export function isUntrusted(code: string): boolean {
  return [
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'CERT_SIGNATURE_FAILURE',
    'CERT_UNTRUSTED',
    'CERT_REJECTED',
    'INVALID_CA',
    'INVALID_PURPOSE',
    'PATH_LENGTH_EXCEEDED',
    'CERT_CHAIN_TOO_LONG',
  ].includes(code);
}

/** The subject alternative names in a name mismatch, at most ten. */
function namesOf(error: unknown): string {
  const certificate = error instanceof Error && 'cert' in error ? error.cert : undefined;
  const names = typeof certificate === 'object' && certificate !== null && 'subjectaltname' in certificate ? certificate.subjectaltname : undefined;
  if (typeof names !== 'string') return 'no host';
  const all = names.split(', ').map(name => name.replace(/^(DNS|IP Address):/, ''));
  return all.length <= 10 ? all.join(', ') : `${all.slice(0, 10).join(', ')} and ${all.length - 10} more`;
}

async function when(about: Circumstances, end: 'validTo' | 'validFrom', broken: BrokenExchange): Promise<string> {
  const certificate = await about.peek();
  if (certificate === undefined) return '';
  const at = new Date(certificate[end]);
  // Where the leaf itself is within its time, it is an authority above it that is not.
  const isLeaf = broken.code === 'CERT_HAS_EXPIRED' ? at.getTime() < Date.now() : at.getTime() > Date.now();
  if (!isLeaf) return ' (it is the authority that signed it)';
  return `${end === 'validTo' ? ' on' : ''} ${at.toISOString().replace('.000Z', 'Z')}`;
}
