import { isUtf8 } from 'node:buffer';
import { LONGEST_ENVELOPE, LONGEST_ITEM, type ListHead, type ListReader, Malformed } from './list-reader.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
/** Stands in the envelope for an item that was cut out. */
const PLACEHOLDER = 0x30;

/**
 * Reads a Kubernetes list as JSON while it arrives: each object in the top-level `items` is cut out by its bytes and
 * parsed alone; all the rest, a few hundred bytes, is kept as the envelope and parsed in the end, so that a list is good
 * exactly when the whole text is good JSON.
 * @param isWiped overwrite the bytes of each item once it was handed out
 */
export function createJsonListReader(onHead: (head: ListHead) => void, onItem: (item: unknown) => void, isWiped = false): ListReader {
  const envelope = growingBytes();
  let depth = 0;
  let isInString = false;
  let isEscaped = false;
  let isInItems = false;
  let itemsSeen = false;
  let isInItem = false;
  let items = 0;
  let parts: Uint8Array[] = [];
  let partsLength = 0;

  return { push, end };

  function push(chunk: Uint8Array): void {
    // Nothing changes nothing, and must not end what a backslash began.
    if (chunk.length === 0) return;
    // The state of the loop in variables of its own: this runs once a byte.
    let inString = isInString;
    let level = depth;
    let from = 0;
    let at = 0;
    if (isEscaped) {
      isEscaped = false;
      at = 1;
    }
    const next = placesIn(chunk);
    let begun = at;
    for (; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (inString) {
        if (byte === QUOTE) inString = false;
        else if (byte === BACKSLASH) at += 1;
        // A long string: what ends it, or escapes, is found without looking at each byte here.
        else if (at - begun > SHORT_STRING) at = Math.min(next.quote(at), next.backslash(at)) - 1;
      } else if (byte === QUOTE) {
        inString = true;
        begun = at;
      } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        level += 1;
        if (isInItem || level > 3) continue;
        if (isInItems && level === 3 && byte === OPEN_BRACE) {
          keep(chunk.subarray(from, at));
          from = at;
          isInItem = true;
        } else if (level === 2 && byte === OPEN_BRACKET) {
          keep(chunk.subarray(from, at));
          from = at;
          if (/[{,]\s*"items"\s*:\s*$/.test(envelope.tail())) beginItems();
        }
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        level -= 1;
        if (isInItem && level === 2) {
          finishItem(chunk.subarray(from, at + 1));
          from = at + 1;
        } else if (level === 1) {
          isInItems = false;
        }
      }
    }
    isEscaped = at > chunk.length;
    isInString = inString;
    depth = level;
    if (isInItem) addPart(chunk.subarray(from));
    else keep(chunk.subarray(from));
  }

  function keep(bytes: Uint8Array): void {
    if (envelope.length() + bytes.length > LONGEST_ENVELOPE) throw new Malformed('the answer holds too much besides its items');
    envelope.append(bytes);
  }

  function beginItems(): void {
    if (itemsSeen) throw new Malformed('the answer has items twice');
    itemsSeen = true;
    isInItems = true;
    // What stands before the items closes to an object of its own: kind and the token of the next page, ahead of time.
    onHead(headOf(parsed(Buffer.concat([envelope.bytes(), Buffer.from('[]}')]))));
  }

  function addPart(bytes: Uint8Array): void {
    partsLength += bytes.length;
    if (partsLength > LONGEST_ITEM) throw new Malformed(`an item is longer than ${LONGEST_ITEM / 1024 / 1024} MiB`);
    // A copy, since the caller may use its memory again.
    parts.push(Buffer.from(bytes));
  }

  function finishItem(last: Uint8Array): void {
    let item = Buffer.from(last.buffer, last.byteOffset, last.length);
    if (parts.length > 0) {
      addPart(last);
      item = Buffer.concat(parts, partsLength);
      if (isWiped) for (const part of [...parts, last]) part.fill(0);
      parts = [];
      partsLength = 0;
    }
    isInItem = false;
    items += 1;
    envelope.append(Buffer.of(PLACEHOLDER));
    try {
      onItem(parsed(item));
    } finally {
      if (isWiped) item.fill(0);
    }
  }

  function end(): ListHead {
    const whole = parsed(envelope.bytes());
    const list = isObject(whole) ? whole['items'] : undefined;
    // Go writes an empty list as null. An item that is no object was not cut out, so the numbers differ.
    const isWhole = list === undefined || list === null ? items === 0 : Array.isArray(list) && list.length === items;
    if (!isWhole) throw new Malformed(Array.isArray(list) ? 'an item is not an object' : 'the answer has no items');
    return headOf(whole);
  }
}

/** Names and most values are no longer: to look for their end elsewhere would take longer. */
const SHORT_STRING = 48;

/** Where in a chunk the next quote and the next backslash are, at a place or behind it; its length where there is none. */
function placesIn(chunk: Uint8Array): { readonly quote: (from: number) => number; readonly backslash: (from: number) => number } {
  const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
  const finder = (wanted: number): ((from: number) => number) => {
    let found = -1;
    return from => {
      if (found >= from) return found;
      const place = bytes.indexOf(wanted, from);
      return (found = place < 0 ? bytes.length : place);
    };
  };
  return { quote: finder(QUOTE), backslash: finder(BACKSLASH) };
}

function parsed(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw new Malformed('the answer is not UTF-8');
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) throw new Malformed('the answer is not JSON, so it does not come from a Kubernetes API server');
    throw error;
  }
}

function headOf(list: unknown): ListHead {
  if (!isObject(list)) return { kind: '', next: '' };
  const { kind, metadata } = list;
  const next = isObject(metadata) ? metadata['continue'] : undefined;
  return { kind: typeof kind === 'string' ? kind : '', next: typeof next === 'string' ? next : '' };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Bytes that grow at the end, without a copy of all of them at each step. */
function growingBytes(): { length: () => number; append: (more: Uint8Array) => void; bytes: () => Buffer; tail: () => string } {
  let room = Buffer.alloc(1024);
  let length = 0;
  return {
    length: () => length,
    append(more) {
      if (length + more.length > room.length) {
        const larger = Buffer.alloc(2 * (length + more.length));
        room.copy(larger, 0, 0, length);
        room = larger;
      }
      room.set(more, length);
      length += more.length;
    },
    bytes: () => room.subarray(0, length),
    tail: () => room.toString('latin1', Math.max(0, length - 64), length),
  };
}
