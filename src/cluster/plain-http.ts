import type { Agent, request } from 'node:http';

/** The part of node:http that is used. */
export interface PlainHttp {
  readonly Agent: typeof Agent;
  readonly request: typeof request;
}

/**
 * Loads node:http for a server that is reached over plain HTTP. It is never imported outright: an ES module's import of
 * it also loads Node's WebSocket and fetch, which takes longer than all else that a scan loads to open a connection.
 */
export async function loadPlainHttp(server: URL): Promise<{ readonly plainHttp?: PlainHttp }> {
  return server.protocol === 'https:' ? {} : { plainHttp: await import('node:http') };
}
