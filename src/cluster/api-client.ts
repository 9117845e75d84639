import type { ConfiguredConnection } from '../evidence/configured-connection.ts';
import type { RawHandshake } from '../evidence/raw-handshake.ts';
import type { RawTlsServer } from '../evidence/raw-tls-server.ts';
import type { Connection } from '../evidence/snapshot.ts';
import type { NodeFilesPod } from './node-files-pod.ts';

/** What the person gave on the command line to reach a cluster; every field as kubectl's flag of that name. */
export interface ConnectionFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly cluster?: string;
  readonly user?: string;
  readonly server?: string;
  readonly token?: string;
  readonly certificateAuthority?: string;
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  readonly insecureSkipTlsVerify?: boolean;
  readonly tlsServerName?: string;
  readonly as?: string;
  readonly asUid?: string;
  readonly asGroups?: readonly string[];
  readonly asUserExtra?: ReadonlyMap<string, readonly string[]>;
  readonly username?: string;
  readonly password?: string;
  readonly disableCompression?: boolean;
  /** Seconds one request may take, headers to last byte; absent means the client's default. */
  readonly requestTimeoutSeconds?: number;
}

/** Names in lower case. */
export type Headers = Readonly<Record<string, string | undefined>>;

/** One answer of the API server, body decoded from gzip and UTF-8. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** Bytes of the body on the wire. */
  readonly bytes: number;
}

/** An answer that is read while it arrives: for lists, which may be long. */
export interface StreamedAnswer {
  readonly status: number;
  readonly headers: Headers;
  /**
   * The body as it comes, decoded from gzip; iterate once, to the end, or {@link cancel}. Throws a RequestFailure where
   * it does not come whole, also when all that was missing is the end.
   */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Bytes of the body on the wire so far. */
  readonly bytes: () => number;
  /** Gives up what has not come yet. Harmless after the end. */
  readonly cancel: () => void;
}

/** One request as `-v` shows it: no headers, no bodies. */
export interface RequestEvent {
  /** `TLS` is a handshake without a request; its path is a host and a port. */
  readonly method: 'GET' | 'POST' | 'DELETE' | 'TLS';
  readonly path: string;
  /** HTTP status, or the error's code where there was no answer. */
  readonly outcome: number | string;
  readonly milliseconds: number;
  readonly bytes: number;
}

export interface GetOptions {
  readonly accept?: string;
  readonly freshConnection?: boolean;
  /**
   * Somebody behind the API server answers: a kubelet or a pod. Its 401 says nothing of this login, and its failures
   * are its own, so that neither is tried again; it has so much time, and its answer may not be long.
   */
  readonly beyond?: { readonly timeoutMilliseconds: number };
}

/** Where a kubelet listens. */
export interface KubeletAddress {
  /** An IP address. */
  readonly host: string;
  readonly port: number;
  /** Talk to it whatever certificate it shows, credential included. */
  readonly takeAsItIs: boolean;
}

/** A pod, as a way into the network of its node. */
export interface PodName {
  readonly namespace: string;
  readonly name: string;
}

/** Where something listens on a node. */
export interface NodeAddress {
  /** An IP address. */
  readonly host: string;
  readonly port: number;
}

export interface HandshakeOptions {
  /** All of it may take so long. */
  readonly timeoutMilliseconds: number;
  /** Asked for in the handshake; absent for a client by address. */
  readonly serverName?: string;
}

/** There was no server to make a handshake with. */
export type NoServer =
  /** The API server, or what stands before it, opened no tunnel; its answer. */
  | { readonly refused: Answer }
  /** Nothing listens there, or the tunnel ended before it; the system's or the runtime's own words, bounded, not for people. */
  | { readonly leadsNowhere: string };

/** What a stranger may ask a kubelet: its health, what takes the right to everything, the health of its read-only port. */
export type StrangersQuestion = 'health' | 'everything' | 'readOnlyHealth';

/**
 * A connection to one API server. There is no general request: reading and asking about oneself is all that can be
 * said through it, and making and deleting the pods of `--node-files`.
 */
export interface ApiClient {
  readonly connection: Connection;
  /** The namespace of the context, `default` where none is set. */
  readonly namespace: string;
  /**
   * GETs a path and resolves for every HTTP status.
   * @throws {RequestFailure} where there is no whole answer: timeout, reset, refused, wrong certificate
   */
  readonly get: (path: string, options?: GetOptions) => Promise<Answer>;
  /**
   * As `get`, and resolves when the headers are there. The time limit counts the waits for the server, not the time
   * that the reader takes between two chunks.
   * @throws {RequestFailure} as `get`; the chunks do so too
   */
  readonly getStream: (path: string, options?: { readonly accept?: string }) => Promise<StreamedAnswer>;
  /**
   * GETs a path of a kubelet at its own address, with the caller's credential and never in another's name.
   * @returns `untrusted` where its certificate is not the cluster authority's for that address; no credential was sent
   * @throws {RequestFailure} as `get`
   */
  readonly getFromKubelet: (kubelet: KubeletAddress, path: string, options: { readonly timeoutMilliseconds: number; readonly accept?: string }) => Promise<Answer | 'untrusted'>;
  /**
   * A TLS handshake with what listens at a port of a pod, through the API server (`pods/portforward`). Nothing else is
   * sent through the tunnel: no request, no credential, no client certificate.
   * @throws {RequestFailure} as `get`, or no handshake succeeds
   */
  readonly handshakeThroughPod: (pod: PodName, port: number, options: HandshakeOptions) => Promise<RawTlsServer | NoServer>;
  /**
   * The same at a node's own address, past the API server and past any proxy.
   * @throws {RequestFailure} no handshake succeeds
   */
  readonly handshakeWithNode: (node: NodeAddress, options: HandshakeOptions) => Promise<RawTlsServer | NoServer>;
  /**
   * GETs one of a few paths of a kubelet at the node's own address, without any credential.
   * @throws {RequestFailure} as `get`
   */
  readonly askAsStranger: (node: NodeAddress, question: StrangersQuestion, options: { readonly timeoutMilliseconds: number }) => Promise<Answer | 'closed'>;
  /** POSTs a review of the caller itself; any other path is refused before a byte is sent. */
  readonly selfReview: (path: string, body: object) => Promise<Answer>;
  /**
   * Creates a pod that reads certificates of a node, or only asks whether the server would. Goes on when the run is
   * interrupted, since a pod of which nobody knows whether it is there cannot be deleted for sure.
   * @throws {RequestFailure} as `get`; the pod may be there all the same
   */
  readonly createNodeFilesPod: (pod: NodeFilesPod, options: { readonly dryRun: boolean }) => Promise<Answer>;
  /**
   * Deletes such a pod at once; any other name is refused before a byte is sent. Works when the run was interrupted, too.
   * @throws {RequestFailure} as `get`
   */
  readonly deleteNodeFilesPod: (pod: { readonly namespace: string; readonly name: string; readonly uid?: string }) => Promise<Answer>;
  /**
   * What the server shows to anybody, looked at once. No credential is sent.
   * @throws {RequestFailure} no handshake succeeds
   */
  readonly handshake: () => Promise<RawHandshake>;
  /** What the kubeconfig and the flags configure, without anything secret. */
  readonly configured: () => Promise<ConfiguredConnection>;
  /** Ends all sockets; requests under way fail. */
  readonly close: () => void;
}

/** No whole answer. `kind` says which gap it makes; the message is a sentence for people, without a secret in it. */
export class RequestFailure extends Error {
  readonly kind: 'timeout' | 'unreachable' | 'truncated' | 'malformed' | 'interrupted';
  /** The server ended the handshake because of the client certificate; to whoever shows none it may show itself. */
  readonly refusesLogin: boolean;

  constructor(kind: RequestFailure['kind'], message: string, cause?: unknown, refusesLogin = false) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'RequestFailure';
    this.kind = kind;
    this.refusesLogin = refusesLogin;
  }
}
