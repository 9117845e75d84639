/** One element of DER: what it is, and where it and what it holds lie in the bytes that it was read from. No byte is copied. */
export interface DerElement {
  readonly tag: number;
  readonly bytes: Uint8Array;
  /** Where the element begins, with its tag. */
  readonly start: number;
  /** Where what it holds begins. */
  readonly from: number;
  /** Where the next element begins. */
  readonly end: number;
}

export const TAG = {
  boolean: 0x01, integer: 0x02, bitString: 0x03, octetString: 0x04, null: 0x05, objectId: 0x06, utf8String: 0x0c, printableString: 0x13, ia5String: 0x16,
  utcTime: 0x17, generalizedTime: 0x18, bmpString: 0x1e, sequence: 0x30, set: 0x31,
} as const;

/**
 * Reads the element that begins at a place, never beyond the end of the bytes.
 * @param wanted the tag that it must have
 * @param limit where the bytes end, if sooner
 * @throws {Error} it is another, or cut off, or of a length that no certificate has
 */
export function elementAt(bytes: Uint8Array, at: number, wanted?: number, limit = bytes.length): DerElement {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined || at + 2 > limit || (wanted !== undefined && tag !== wanted)) throw new Error('no such element');
  const count = first < 0x80 ? 0 : first & 0x7f;
  // 0x80 alone stands for an indefinite length, which BER has and DER does not.
  if (first === 0x80 || count > 3) throw new Error('a length that DER does not have');
  let length = first < 0x80 ? first : 0;
  for (let i = 0; i < count; i += 1) length = length * 256 + (bytes[at + 2 + i] ?? 0);
  const from = at + 2 + count;
  if (from + length > limit) throw new Error('the element is cut off');
  return { tag, bytes, start: at, from, end: from + length };
}

/** The first element inside of another. @throws {Error} as elementAt */
export function firstIn({ bytes, from, end }: DerElement, wanted?: number): DerElement {
  return elementAt(bytes, from, wanted, end);
}

/** The elements that fill another, one after the other. @throws {Error} as elementAt */
export function childrenOf({ bytes, from, end }: DerElement, tag?: number): DerElement[] {
  const children: DerElement[] = [];
  for (let at = from; at < end; ) {
    const child = elementAt(bytes, at, tag, end);
    children.push(child);
    at = child.end;
  }
  return children;
}

/** What an element holds: a view of the same bytes. */
export function contentOf({ bytes, from, end }: DerElement): Uint8Array {
  return bytes.subarray(from, end);
}

/** The element with its tag and length: a view of the same bytes. */
export function wholeOf({ bytes, start, end }: DerElement): Uint8Array {
  return bytes.subarray(start, end);
}

/** Certificates name the same few things again and again. */
const recentIds = new Array<{ readonly content: Uint8Array; readonly dotted: string } | undefined>(256);

/** The dotted form of an object identifier. */
export function objectId(id: DerElement): string {
  const { bytes, from, end } = id;
  let hash = end - from;
  for (let at = from; at < end; at += 1) hash = (Math.imul(hash, 31) + (bytes[at] ?? 0)) | 0;
  const place = (hash ^ (hash >>> 13)) & 255;
  const recent = recentIds[place];
  if (recent !== undefined && holds(id, recent.content)) return recent.dotted;
  const dotted = dottedOf(id);
  // A copy, since it outlives the bytes; no real one is longer.
  if (end - from <= 32) recentIds[place] = { content: Uint8Array.from(contentOf(id)), dotted };
  return dotted;
}

function dottedOf({ bytes, from, end }: DerElement): string {
  const parts: number[] = [];
  let part = 0;
  for (let at = from; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    part = part * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    parts.push(part);
    part = 0;
  }
  const [first = 0, ...rest] = parts;
  const top = Math.min(Math.floor(first / 40), 2);
  return [top, first - top * 40, ...rest].join('.');
}

/** Whether an element holds exactly these bytes. */
export function holds({ bytes, from, end }: DerElement, content: Uint8Array): boolean {
  if (content.length !== end - from) return false;
  for (let at = 0; at < content.length; at += 1) if (content[at] !== bytes[from + at]) return false;
  return true;
}

/** The text of any of the string types that names use. */
export function textOf(text: DerElement): string {
  // Two bytes a character, the larger first.
  if (text.tag === TAG.bmpString) return UTF16.decode(contentOf(text));
  return isAscii(text) ? asciiOf(text) : UTF8.decode(contentOf(text));
}

function isAscii({ bytes, from, end }: DerElement): boolean {
  let seen = 0;
  for (let at = from; at < end; at += 1) seen |= bytes[at] ?? 0;
  return seen < 0x80;
}

function asciiOf({ bytes, from, end }: DerElement): string {
  return bufferOf(bytes).toString('latin1', from, end);
}

/** The same bytes with the methods of a Buffer. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** What an element holds, in hexadecimal, lower case. */
export function hexOf({ bytes, from, end }: DerElement): string {
  return bufferOf(bytes).toString('hex', from, end);
}

const UTF8 = new TextDecoder('utf-8');
const UTF16 = new TextDecoder('utf-16be');
