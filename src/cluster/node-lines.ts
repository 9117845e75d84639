import { isIP } from 'node:net';
import type { SecureContext, SecureVersion } from 'node:tls';
import { RequestFailure, type ApiClient, type NodeAddress, type RequestEvent } from './api-client.ts';
import type { Credential, Credentials } from './credentials.ts';

/** What a client has for talking to nodes themselves. */
export interface NodeLineParts {
  readonly credentials: Credentials;
  /** Holds the credential's client certificate and the cluster's authority; speaks that version of TLS or a newer one. */
  readonly contextOf: (credential: Credential, version?: SecureVersion) => SecureContext;
  /** Whether the cluster's own authority is known, so that nobody else can vouch for a kubelet. */
  readonly hasAuthority: boolean;
  readonly userAgent: string;
  readonly longestBody: number;
  readonly signal: AbortSignal;
  /** Called when a request begins; what it returns, when it ends. */
  readonly reporter: (request: Pick<RequestEvent, 'method' | 'path'>) => (outcome: number | string, bytes: number) => void;
}

/** What goes to nodes at their own addresses, past the API server and past any proxy. */
export function nodeLines(parts: NodeLineParts): Pick<ApiClient, 'getFromKubelet' | 'handshakeWithNode' | 'askAsStranger'> {
  const { credentials, contextOf, hasAuthority, userAgent, longestBody, signal, reporter } = parts;

  async function reported<T>(request: Parameters<typeof reporter>[0], outcomeOf: (result: T) => readonly [outcome: number | string, bytes: number], ask: () => Promise<T>): Promise<T> {
    const report = reporter(request);
    try {
      const result = await ask();
      report(...outcomeOf(result));
      return result;
    } catch (error) {
      if (error instanceof RequestFailure) report(error.kind, 0);
      throw error;
    }
  }

  return {
    getFromKubelet: async (kubelet, path, { timeoutMilliseconds, accept = 'application/json' }) => {
      checkAddress(kubelet);
      // Without an authority of the cluster's own, any that the system trusts could vouch for a stranger.
      if (!hasAuthority && !kubelet.takeAsItIs) return 'untrusted';
      const [{ getFromKubelet }, credential] = await Promise.all([import('./kubelet-line.ts'), credentials.current()]);
      // Kubelets take no passwords.
      const authorization = credential.authorization?.startsWith('Bearer ') === true ? credential.authorization : undefined;
      return reported(
        { method: 'GET', path: `${kubelet.host}:${kubelet.port}${path}` },
        answer => (answer === 'untrusted' ? [answer, 0] : [answer.status, answer.bytes]),
        () => getFromKubelet({
          kubelet, path, authorization, userAgent, accept, timeoutMilliseconds, longestBody, signal,
          contextOf: version => contextOf(credential, version),
          ...(credential.certificate === undefined ? {} : { strangersContext: contextOf({}) }),
        }),
      );
    },
    handshakeWithNode: async (node, options) => {
      checkAddress(node);
      const { handshakeWithNode } = await import('./node-handshake.ts');
      return reported({ method: 'TLS', path: `${node.host}:${node.port}` }, result => ['chain' in result ? 'shown' : 'refused', 0], () => handshakeWithNode(node, options, signal));
    },
    askAsStranger: async (node, question, { timeoutMilliseconds }) => {
      checkAddress(node);
      const { askAsStranger } = await import('./node-handshake.ts');
      return reported(
        { method: 'GET', path: `${node.host}:${node.port} (${question}, as a stranger)` },
        answer => (answer === 'closed' ? [answer, 0] : [answer.status, answer.bytes]),
        () => askAsStranger(node, question, { userAgent, timeoutMilliseconds, longestBody, signal }),
      );
    },
  };
}

/** A node writes its own status, and nobody checks it: a name would lead wherever the node likes. */
function checkAddress({ host, port }: NodeAddress): void {
  if (isIP(host) === 0) throw new RequestFailure('unreachable', 'the address that the node names is no IP address, so nothing was sent to it');
  checkPort(port);
}

/** @throws {Error} for what is no port */
export function checkPort(port: number): void {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new Error(`a port is a number from 1 to 65535: ${port}`);
}
