/** One element of DER: what it is, what it holds, and where it lies in the bytes that it was read from. */
export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly start: number;
  /** Where the next element begins. */
  readonly end: number;
}

export const TAG = {
  boolean: 0x01, integer: 0x02, bitString: 0x03, octetString: 0x04, objectId: 0x06, sequence: 0x30, set: 0x31,
} as const;

/** BMPString: two bytes a character, the larger first. */
const BMP_STRING = 0x1e;

/**
 * Reads the element that begins at a place, never beyond the end of the bytes.
 * @param wanted the tag that it must have
 * @throws {Error} it is another, or cut off, or of a length that no certificate has
 */
export function elementAt(bytes: Uint8Array, at: number, wanted?: number): DerElement {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined || (wanted !== undefined && tag !== wanted)) throw new Error('no such element');
  const count = first < 0x80 ? 0 : first & 0x7f;
  // 0x80 alone stands for an indefinite length, which BER has and DER does not.
  if (first === 0x80 || count > 3) throw new Error('a length that DER does not have');
  let length = first < 0x80 ? first : 0;
  for (let i = 0; i < count; i += 1) length = length * 256 + (bytes[at + 2 + i] ?? 0);
  const start = at + 2 + count;
  if (start + length > bytes.length) throw new Error('the element is cut off');
  return { tag, content: bytes.subarray(start, start + length), start: at, end: start + length };
}

/** The elements that fill the bytes, one after the other. @throws {Error} as elementAt */
export function childrenOf(content: Uint8Array, tag?: number): DerElement[] {
  const children: DerElement[] = [];
  for (let at = 0; at < content.length; ) {
    const child = elementAt(content, at, tag);
    children.push(child);
    at = child.end;
  }
  return children;
}

/** The dotted form of an object identifier's content. */
export function objectId(content: Uint8Array): string {
  const parts: number[] = [];
  let part = 0;
  for (const byte of content) {
    part = part * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    parts.push(part);
    part = 0;
  }
  const [first = 0, ...rest] = parts;
  const top = Math.min(Math.floor(first / 40), 2);
  return [top, first - top * 40, ...rest].join('.');
}

/** The text of any of the string types that names use. */
export function textOf({ tag, content }: DerElement): string {
  return (tag === BMP_STRING ? UTF16 : UTF8).decode(content);
}

const UTF8 = new TextDecoder('utf-8');
const UTF16 = new TextDecoder('utf-16be');
