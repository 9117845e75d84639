import { createHash, randomBytes } from 'node:crypto';
import { Duplex } from 'node:stream';
import type { Answer } from './api-client.ts';
import { BrokenExchange, codeOf, openRequest, plainHeaders, readBody, type Exchange, type Wire } from './transport.ts';

/** A connection that the server turned into a WebSocket, or its answer where it did not. */
export type Upgraded = { readonly status: 101; readonly headers: Answer['headers']; readonly messages: Duplex } | Answer;

/** What a WebSocket must not hold, in words for people. */
export class WebSocketFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'WebSocketFault';
  }
}

/** A handshake is far below; a kubelet sends pieces of 32 KiB. */
const LONGEST_MESSAGE = 1024 * 1024;
/** What a server appends to the key before it hashes it (RFC 6455, 1.3). */
const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const OPCODE = { continuation: 0, binary: 2, close: 8, ping: 9, pong: 10 } as const;
/** How long a farewell may take to leave. */
const FAREWELL_MILLISECONDS = 250;

/**
 * Asks the server to turn a request into a WebSocket (RFC 6455), over the connection and with the headers of every
 * request. It resolves with the stream of messages, or with the answer of a server that does something else.
 * @param protocol the subprotocol; a server that chooses another has not understood
 * @throws {BrokenExchange} there is no whole answer
 */
export function openWebSocket(wire: Wire, asked: Exchange, protocol: string): Promise<Upgraded> {
  const key = randomBytes(16).toString('base64');
  const headers = { ...asked.headers, Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': key, 'Sec-WebSocket-Protocol': protocol };
  return new Promise((resolve, reject) => {
    const request = openRequest(wire, { ...asked, headers });
    const timer = setTimeout(() => fail('timeout', 'ETIMEDOUT'), wire.timeoutMilliseconds);
    const interrupt = (): void => fail('interrupted', 'ABORT_ERR');
    const settle = (): void => {
      clearTimeout(timer);
      asked.signal.removeEventListener('abort', interrupt);
    };
    function fail(phase: BrokenExchange['phase'], code: string, cause?: unknown): void {
      settle();
      reject(new BrokenExchange(phase, code, 0, request.reusedSocket && phase === 'connection', cause));
      request.destroy();
    }
    request.on('error', (error: Error) => fail('connection', codeOf(error), error));
    request.on('upgrade', (answer, socket, head) => {
      settle();
      const accepted = createHash('sha1').update(key + MAGIC).digest('base64');
      if (answer.headers['sec-websocket-accept'] !== accepted || answer.headers['sec-websocket-protocol'] !== protocol) {
        socket.destroy();
        return reject(new BrokenExchange('decoding', 'ERR_NO_WEBSOCKET', 0, false));
      }
      resolve({ status: 101, headers: plainHeaders(answer), messages: messagesOver(socket, head) });
    });
    request.on('response', answer => {
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => (bytes += chunk.length));
      readBody(answer, asked.longestBody).then(
        body => {
          settle();
          resolve({ status: answer.statusCode ?? 0, headers: plainHeaders(answer), body, bytes });
        },
        (error: unknown) => fail('body', codeOf(error), error),
      );
    });
    if (asked.signal.aborted) return interrupt();
    asked.signal.addEventListener('abort', interrupt, { once: true });
    request.end();
  });
}

/**
 * The client's side of a WebSocket as a stream of whole binary messages, one Buffer each, both ways. It ends where the
 * server says farewell; destroying it says farewell and closes the socket.
 * @param head what came along with the server's answer
 */
function messagesOver(socket: Duplex, head: Buffer): Duplex {
  let pending: Buffer = Buffer.alloc(0);
  const pieces: Buffer[] = [];
  let isWithinMessage = false;
  let hasSaidFarewell = false;
  let hasEnded = false;

  const messages = new Duplex({
    objectMode: true,
    read: () => void socket.resume(),
    write(message: Buffer, _encoding, done) {
      socket.write(frame(OPCODE.binary, message), error => done(error));
    },
    destroy(error, done) {
      sayFarewell();
      done(error);
    },
  });

  function sayFarewell(): void {
    if (hasSaidFarewell || socket.destroyed) return void socket.destroy();
    hasSaidFarewell = true;
    const timer = setTimeout(() => socket.destroy(), FAREWELL_MILLISECONDS);
    socket.once('close', () => clearTimeout(timer));
    socket.write(frame(OPCODE.close, Buffer.of(0x03, 0xe8)), () => socket.destroy());
  }

  /** Asked through a function, because receiving changes it and the compiler would remember its first answer. */
  function isOver(): boolean {
    return hasEnded || messages.destroyed;
  }

  function end(): void {
    if (hasEnded || messages.destroyed) return;
    hasEnded = true;
    messages.push(null);
  }

  function take(chunk: Buffer): void {
    if (messages.destroyed || hasEnded) return;
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    try {
      for (let next = frameIn(pending); next !== undefined; next = isOver() ? undefined : frameIn(pending)) {
        pending = pending.subarray(next.end);
        receive(next);
      }
    } catch (error) {
      messages.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  function receive({ opcode, isLast, content }: Frame): void {
    switch (opcode) {
      case OPCODE.ping:
        socket.write(frame(OPCODE.pong, content));
        return;
      case OPCODE.pong:
        return;
      case OPCODE.close:
        end();
        return;
      case OPCODE.binary:
      case OPCODE.continuation:
        if (isWithinMessage !== (opcode === OPCODE.continuation)) throw new WebSocketFault('a message begins within another');
        pieces.push(content);
        if (pieces.reduce((sum, { length }) => sum + length, 0) > LONGEST_MESSAGE) throw new WebSocketFault('a message is too long');
        isWithinMessage = !isLast;
        if (isLast && !messages.push(Buffer.concat(pieces.splice(0)))) socket.pause();
        return;
      default:
        throw new WebSocketFault('it sends what was not asked for');
    }
  }

  socket.on('error', (error: Error) => messages.destroy(error));
  socket.on('end', end);
  socket.on('close', () => {
    end();
    messages.end();
  });
  socket.on('data', take);
  if (head.length > 0) take(head);
  return messages;
}

interface Frame {
  readonly opcode: number;
  readonly isLast: boolean;
  readonly content: Buffer;
  /** Where the next one begins. */
  readonly end: number;
}

/** The first frame, RFC 6455, 5.2; undefined while it is not whole. @throws {WebSocketFault} */
function frameIn(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined;
  const [first = 0, second = 0] = bytes;
  // Extensions were not agreed on, and only clients mask.
  if ((first & 0x70) !== 0 || (second & 0x80) !== 0) throw new WebSocketFault('it does not speak as a WebSocket server');
  const short = second & 0x7f;
  const start = short === 127 ? 10 : short === 126 ? 4 : 2;
  if (bytes.length < start) return undefined;
  const length = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
  if (length > LONGEST_MESSAGE) throw new WebSocketFault('a message is too long');
  const end = start + length;
  if (bytes.length < end) return undefined;
  return { opcode: first & 0x0f, isLast: (first & 0x80) !== 0, content: bytes.subarray(start, end), end };
}

/** A whole frame as a client sends it: masked, with a fresh key each. */
function frame(opcode: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 126 ? Buffer.of(0x80 | length) : Buffer.alloc(length < 0x1_0000 ? 3 : 9, 0x80 | (length < 0x1_0000 ? 126 : 127));
  if (length >= 0x1_0000) size.writeBigUInt64BE(BigInt(length), 1);
  else if (length >= 126) size.writeUInt16BE(length, 1);
  const mask = randomBytes(4);
  const masked = Buffer.from(content);
  for (let at = 0; at < length; at += 1) masked[at] = (content[at] ?? 0) ^ (mask[at % 4] ?? 0);
  return Buffer.concat([Buffer.of(0x80 | opcode), size, mask, masked]);
}
