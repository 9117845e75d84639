/** The attributes that certificates of a cluster use; any other keeps its dotted number. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.25': 'DC',
  '0.9.2342.19200300.100.1.1': 'UID',
};

/** BMPString: two bytes a character, the larger first. */
const BMP_STRING = 0x1e;

interface Element {
  readonly tag: number;
  readonly content: Uint8Array;
  /** Where the next element begins. */
  readonly end: number;
}

/**
 * Reads a DER name as one line, in the order of its parts: `O=system:masters, CN=kubernetes-admin`.
 * @throws {Error} the bytes are no name
 */
export function formatDistinguishedName(der: Uint8Array): string {
  const name = elementAt(der, 0, 0x30);
  if (name.end !== der.length) throw new Error('bytes behind the name');
  return childrenOf(name.content, 0x31)
    .map(set => childrenOf(set.content, 0x30).map(({ content }) => attributeOf(content)).join(' + '))
    .join(', ');
}

function attributeOf(content: Uint8Array): string {
  const type = elementAt(content, 0, 0x06);
  const value = elementAt(content, type.end);
  const id = objectId(type.content);
  return `${ATTRIBUTES[id] ?? id}=${textOf(value)}`;
}

function textOf({ tag, content }: Element): string {
  return new TextDecoder(tag === BMP_STRING ? 'utf-16be' : 'utf-8').decode(content);
}

function childrenOf(content: Uint8Array, tag: number): Element[] {
  const children: Element[] = [];
  for (let at = 0; at < content.length; ) {
    const child = elementAt(content, at, tag);
    children.push(child);
    at = child.end;
  }
  return children;
}

function elementAt(bytes: Uint8Array, at: number, wanted?: number): Element {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined || (wanted !== undefined && tag !== wanted)) throw new Error('no such element');
  const count = first < 0x80 ? 0 : first & 0x7f;
  if (first === 0x80 || count > 3) throw new Error('a length that no name has');
  let length = first < 0x80 ? first : 0;
  for (let i = 0; i < count; i += 1) length = length * 256 + (bytes[at + 2 + i] ?? 0);
  const start = at + 2 + count;
  if (start + length > bytes.length) throw new Error('the element is cut off');
  return { tag, content: bytes.subarray(start, start + length), end: start + length };
}

function objectId(content: Uint8Array): string {
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
