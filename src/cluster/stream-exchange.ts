import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Headers } from './api-client.ts';
import { BrokenExchange, codeOf, openRequest, plainHeaders, type Exchange, type Phase, type Wire } from './transport.ts';

/** An answer whose headers are here and whose body is still on its way. */
export interface OpenAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The body, decoded from gzip; iterate once. Throws a BrokenExchange where it does not come whole. */
  readonly chunks: AsyncIterable<Buffer>;
  /** Bytes of the body on the wire so far. */
  readonly bytes: () => number;
  /** Gives up what has not come yet. Harmless after the end. */
  readonly cancel: () => void;
}

/** The size of what the inflater hands out at a time: small pieces cost a turn of the event loop each. */
const INFLATED_CHUNK = 64 * 1024;

/**
 * Sends one request and resolves with its headers. The time limit covers connecting, headers and the waits for the
 * body, but neither the wait for a free socket nor the time that the reader takes for itself.
 * @throws {BrokenExchange}
 */
export function openExchange(wire: Wire, asked: Exchange): Promise<OpenAnswer> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    let phase: Phase = 'connection';
    let broken: BrokenExchange | undefined;
    let body: Readable | undefined;
    let isWhole = false;
    const clock = stopwatch(wire.timeoutMilliseconds, () => fail('timeout', 'ETIMEDOUT'));
    const request = openRequest(wire, asked);

    const interrupt = (): void => fail('interrupted', 'ABORT_ERR');
    function settle(): void {
      clock.stop();
      asked.signal.removeEventListener('abort', interrupt);
    }
    function fail(failed: Phase, code: string, cause?: unknown): void {
      settle();
      // The first failure is the reason; what it tears down fails after it.
      broken ??= new BrokenExchange(failed, code, bytes, request.reusedSocket && failed === 'connection', cause);
      reject(broken);
      body?.destroy(broken);
      request.destroy();
    }
    request.on('socket', () => clock.start());
    request.on('error', (error: Error) => fail(phase, codeOf(error), error));
    if (asked.signal.aborted) return interrupt();
    asked.signal.addEventListener('abort', interrupt, { once: true });

    request.on('response', answer => {
      clock.stop();
      phase = 'body';
      const isGzip = answer.headers['content-encoding'] === 'gzip';
      const decoded: Readable = isGzip ? answer.pipe(createGunzip({ chunkSize: INFLATED_CHUNK })) : answer;
      body = decoded;
      answer.on('data', (chunk: Buffer) => (bytes += chunk.length));
      // Counting must not set the body flowing before somebody reads it.
      if (!isGzip) answer.pause();
      answer.on('error', (error: Error) => fail('body', codeOf(error), error));
      if (isGzip) decoded.on('error', (error: Error) => failDecoding(error));
      resolve({ status: answer.statusCode ?? 0, headers: plainHeaders(answer), chunks: { [Symbol.asyncIterator]: () => chunksOf(decoded) }, bytes: () => bytes, cancel });
    });
    request.end(asked.body);

    function failDecoding(error: unknown): void {
      const code = codeOf(error);
      fail(code === 'Z_BUF_ERROR' ? 'body' : 'decoding', code, error);
    }
    function cancel(): void {
      settle();
      // The connection serves somebody else by now.
      if (isWhole) return;
      body?.destroy();
      request.destroy();
    }

    async function* chunksOf(decoded: Readable): AsyncGenerator<Buffer> {
      let length = 0;
      const pieces = decoded[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
      try {
        for (;;) {
          clock.start();
          const piece = await pieces.next();
          clock.stop();
          if (piece.done === true) break;
          const { value } = piece;
          length += value.length;
          if (length > asked.longestBody) fail('length', 'ERR_TOO_LONG');
          if (broken !== undefined) throw broken;
          yield value;
        }
        isWhole = true;
      } catch (error) {
        if (broken === undefined) fail('body', codeOf(error), error);
        throw broken ?? error;
      } finally {
        settle();
        cancel();
      }
    }
  });
}

/** Counts down only while it runs. `milliseconds` of 0 or less never end. */
function stopwatch(milliseconds: number, onEnd: () => void): { start: () => void; stop: () => void } {
  let left = milliseconds;
  let since = 0;
  let timer: NodeJS.Timeout | undefined;
  return {
    start() {
      if (milliseconds <= 0 || timer !== undefined) return;
      since = performance.now();
      timer = setTimeout(onEnd, Math.max(left, 1));
    },
    stop() {
      if (timer === undefined) return;
      clearTimeout(timer);
      timer = undefined;
      left -= performance.now() - since;
    },
  };
}
