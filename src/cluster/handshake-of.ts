import type { RawHandshake } from '../evidence/raw-handshake.ts';
import { RequestFailure, type Answer } from './api-client.ts';
import { observeHandshake } from './handshake.ts';
import { BrokenExchange, createAgent, exchange, type Wire } from './transport.ts';

/** What goes along with the one request that is sent. */
export interface AnonymousRequest {
  /** For messages. */
  readonly server: string;
  /** Of the version, the server's prefix included. */
  readonly path: string;
  readonly userAgent: string;
  readonly longestBody: number;
  readonly signal: AbortSignal;
  /** Called when the request has ended, with its status or the error's code. */
  readonly report: (outcome: number | string, bytes: number) => void;
}

/**
 * What the server shows to anybody, over connections of its own on which no client certificate is shown.
 * @param wire without a credential
 * @throws {RequestFailure} no handshake succeeds
 */
export async function handshakeOf(wire: Wire, asked: AnonymousRequest): Promise<RawHandshake> {
  try {
    return await observeHandshake(wire, () => anonymousVersion(wire, asked), asked.signal);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw new RequestFailure(asked.signal.aborted ? 'interrupted' : 'unreachable', `no handshake with ${asked.server} succeeds (${code})`, error);
  }
}

async function anonymousVersion(wire: Wire, { path, userAgent, longestBody, signal, report }: AnonymousRequest): Promise<Answer> {
  const agent = createAgent(wire, false);
  try {
    const answer = await exchange(wire, { method: 'GET', path, headers: { 'User-Agent': userAgent, Accept: 'application/json' }, agent, longestBody, signal });
    report(answer.status, answer.bytes);
    return answer;
  } catch (error) {
    if (error instanceof BrokenExchange) report(error.code, error.bytes);
    throw error;
  } finally {
    agent.destroy();
  }
}
