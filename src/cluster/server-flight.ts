import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';

/** What a TLS 1.2 server sends in clear before any key is agreed on. */
export interface ServerFlight {
  /** DER, the server's own certificate first. */
  readonly certificates: readonly Buffer[];
  /** The names (DER) of the authorities whose client certificates it takes; absent where it asks for no certificate. */
  readonly clientAuthorities?: readonly Buffer[];
}

/** The server's answer is not what a TLS 1.2 server sends. The message says what it is, without quoting it. */
export class UnreadableFlight extends Error {
  /** It speaks TLS, and may do so in another version. */
  readonly isTls: boolean;

  constructor(message: string, isTls = false) {
    super(message);
    this.name = 'UnreadableFlight';
    this.isTls = isTls;
  }
}

/** A chain of ten certificates and a thousand authorities are far below. */
const LONGEST_FLIGHT = 256 * 1024;

const RECORD = { alert: 21, handshake: 22 } as const;
const MESSAGE = { serverHello: 2, certificate: 11, certificateRequest: 13, serverHelloDone: 14 } as const;

/** ECDHE with AES-GCM or ChaCha20, then plain RSA: what API servers of the last ten years take. */
const CIPHERS = [0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d];
const GROUPS = [0x001d, 0x0017, 0x0018, 0x0019];
const SIGNATURES = [0x0403, 0x0503, 0x0603, 0x0807, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601];

/**
 * The first message of a client that speaks TLS 1.2 at most, as a record. Its keys are never used: who sends it only
 * wants to read what the server answers in clear.
 * @param serverName sent as SNI unless it is an address
 */
export function clientHello(serverName?: string): Buffer {
  const extensions = [
    ...(serverName === undefined || isIP(serverName) !== 0 ? [] : [extension(0, vector(2, Buffer.concat([Buffer.of(0), vector(2, Buffer.from(serverName))])))]),
    extension(10, vector(2, words(GROUPS))),
    extension(11, vector(1, Buffer.of(0))),
    extension(13, vector(2, words(SIGNATURES))),
    extension(0xff01, Buffer.of(0)),
  ];
  const body = Buffer.concat([
    Buffer.of(3, 3),
    randomBytes(32),
    vector(1, Buffer.alloc(0)),
    vector(2, words(CIPHERS)),
    vector(1, Buffer.of(0)),
    vector(2, Buffer.concat(extensions)),
  ]);
  return Buffer.concat([Buffer.of(RECORD.handshake, 3, 1), vector(2, Buffer.concat([Buffer.of(1), vector(3, body)]))]);
}

/**
 * Reads what a server sent so far.
 * @returns undefined while the flight is not whole
 * @throws {UnreadableFlight}
 */
export function readServerFlight(bytes: Buffer): ServerFlight | undefined {
  if (bytes.length > LONGEST_FLIGHT) throw new UnreadableFlight('its first messages are longer than any handshake');
  const messages = handshakeMessages(bytes);
  let flight: ServerFlight = { certificates: [] };
  for (let at = 0; at + 4 <= messages.length; ) {
    const end = at + 4 + messages.readUIntBE(at + 1, 3);
    if (end > LONGEST_FLIGHT) throw new UnreadableFlight('one of its messages is longer than any handshake');
    if (end > messages.length) return undefined;
    const type = messages[at];
    const body = new Reader(messages.subarray(at + 4, end));
    if (type === MESSAGE.serverHello && body.number(2) !== 0x0303) throw new UnreadableFlight('it does not speak TLS 1.2', true);
    if (type === MESSAGE.certificate) flight = { ...flight, certificates: body.vector(3).all(3) };
    if (type === MESSAGE.certificateRequest) {
      body.vector(1); // kinds of certificate
      body.vector(2); // signature algorithms
      flight = { ...flight, clientAuthorities: body.vector(2).all(2) };
    }
    if (type === MESSAGE.serverHelloDone) return flight;
    at = end;
  }
  return undefined;
}

/** The contents of all whole handshake records, one after the other: a message may begin in one and end in another. */
function handshakeMessages(bytes: Buffer): Buffer {
  const contents: Buffer[] = [];
  for (let at = 0; at + 5 <= bytes.length; ) {
    const type = bytes[at];
    if ((type !== RECORD.handshake && type !== RECORD.alert) || bytes[at + 1] !== 3) throw new UnreadableFlight('it does not speak TLS');
    const end = at + 5 + bytes.readUInt16BE(at + 3);
    if (end > bytes.length) break;
    if (type === RECORD.alert) throw new UnreadableFlight(`it refuses a handshake of TLS 1.2 (alert ${bytes[at + 6] ?? 0})`, true);
    contents.push(bytes.subarray(at + 5, end));
    at = end;
  }
  return Buffer.concat(contents);
}

/** Reads numbers and vectors one after the other, never beyond the end. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  number(size: number): number {
    if (this.#at + size > this.#bytes.length) throw new UnreadableFlight('one of its messages is cut off');
    this.#at += size;
    return this.#bytes.readUIntBE(this.#at - size, size);
  }

  bytes(sizeOfLength: number): Buffer {
    const length = this.number(sizeOfLength);
    const start = this.#at;
    if (start + length > this.#bytes.length) throw new UnreadableFlight('one of its messages is cut off');
    this.#at += length;
    return this.#bytes.subarray(start, start + length);
  }

  vector(sizeOfLength: number): Reader {
    return new Reader(this.bytes(sizeOfLength));
  }

  /** Every item to the end, each with its length before it. */
  all(sizeOfLength: number): Buffer[] {
    const items: Buffer[] = [];
    while (this.#at < this.#bytes.length) items.push(this.bytes(sizeOfLength));
    return items;
  }
}

function extension(type: number, content: Buffer): Buffer {
  return Buffer.concat([words([type]), vector(2, content)]);
}

/** Bytes with their length before them. */
function vector(sizeOfLength: number, content: Buffer): Buffer {
  const length = Buffer.alloc(sizeOfLength);
  length.writeUIntBE(content.length, 0, sizeOfLength);
  return Buffer.concat([length, content]);
}

function words(numbers: readonly number[]): Buffer {
  return Buffer.concat(numbers.map(number => Buffer.of(number >> 8, number & 0xff)));
}
