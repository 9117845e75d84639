import type { RawHandshake } from '../evidence/raw-handshake.ts';
import type { Connection } from '../evidence/snapshot.ts';

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

/** One answer of the API server, body decoded from gzip and UTF-8. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
  /** Bytes of the body on the wire. */
  readonly bytes: number;
}

/** One request as `-v` shows it: no headers, no bodies. */
export interface RequestEvent {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** HTTP status, or the error's code where there was no answer. */
  readonly outcome: number | string;
  readonly milliseconds: number;
  readonly bytes: number;
}

/**
 * A connection to one API server. There is no general request: reading and asking about oneself is all that can be
 * said through it.
 */
export interface ApiClient {
  readonly connection: Connection;
  /** The namespace of the context, `default` where none is set. */
  readonly namespace: string;
  /**
   * GETs a path and resolves for every HTTP status.
   * @throws {RequestFailure} where there is no whole answer: timeout, reset, refused, wrong certificate
   */
  readonly get: (path: string, options?: { readonly accept?: string; readonly freshConnection?: boolean }) => Promise<Answer>;
  /** POSTs a review of the caller itself; any other path is refused before a byte is sent. */
  readonly selfReview: (path: string, body: object) => Promise<Answer>;
  /**
   * What the server shows to anybody, looked at once. No credential is sent.
   * @throws {RequestFailure} no handshake succeeds
   */
  readonly handshake: () => Promise<RawHandshake>;
  /** Ends all sockets; requests under way fail. */
  readonly close: () => void;
}

/** No whole answer. `kind` says which gap it makes; the message is a sentence for people, without a secret in it. */
export class RequestFailure extends Error {
  readonly kind: 'timeout' | 'unreachable' | 'truncated' | 'malformed' | 'interrupted';

  constructor(kind: RequestFailure['kind'], message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'RequestFailure';
    this.kind = kind;
  }
}
