import { BinaryReader } from '@bufbuild/protobuf/wire';
import { LONGEST_ENVELOPE, LONGEST_ITEM, Malformed, type ListHead, type ListReader } from './list-reader.ts';
import { skip, wrong } from './protobuf-decode.ts';

/** Every answer begins so; then comes a runtime.Unknown, whose field 2 holds the list. */
const MAGIC = Buffer.from('k8s\0');
const LENGTH = 2;
/** A tag and a length take no more. */
const LONGEST_PREFIX = 10;

/**
 * Reads a Kubernetes list as protobuf while it arrives, and hands out the bytes of each item. They are only good until
 * the call returns.
 */
export function createProtobufListReader(onHead: (head: ListHead) => void, onItem: (bytes: Buffer) => void): ListReader {
  let parts: Buffer[] = [];
  let held = 0;
  let wanted = MAGIC.length;
  let hasMagic = false;
  let kind = '';
  let next = '';
  let envelope = 0;
  let isHeadKnown = false;
  /** Bytes of the list that are still to come; undefined outside of it. */
  let left: number | undefined;
  let hasList = false;

  return { push, end };

  function push(chunk: Uint8Array): void {
    parts.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
    held += chunk.length;
    if (held < wanted) {
      // A copy, since the caller may use its memory again.
      parts[parts.length - 1] = Buffer.from(chunk);
      return;
    }
    const bytes = parts.length === 1 ? (parts[0] ?? MAGIC) : Buffer.concat(parts, held);
    let at = 0;
    wanted = 1;
    while (at < bytes.length) {
      const taken = hasMagic ? field(bytes, at) : magic(bytes);
      if (taken === 0) break;
      at += taken;
    }
    const rest = bytes.length - at;
    parts = rest === 0 ? [] : [Buffer.from(bytes.subarray(at))];
    held = rest;
  }

  function magic(bytes: Buffer): number {
    if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw wrong();
    hasMagic = true;
    return MAGIC.length;
  }

  /** Takes one field and says how many bytes it took; 0, and how many are wanted, where it is not all here yet. */
  function field(bytes: Buffer, at: number): number {
    if (left === 0) left = undefined;
    const prefix = prefixOf(bytes, at);
    if (prefix === undefined) {
      if (bytes.length - at >= LONGEST_PREFIX) throw wrong();
      wanted = bytes.length - at + 1;
      return 0;
    }
    const { number, size, length } = prefix;
    const isInList = left !== undefined;
    if (left !== undefined && size + length > left) throw wrong();
    if (!isInList && number === 2) {
      if (hasList) throw wrong();
      hasList = true;
      left = length;
      return size;
    }
    const isItem = isInList && number === 2;
    if (isItem && length > LONGEST_ITEM) throw new Malformed(`an item is longer than ${LONGEST_ITEM / 1024 / 1024} MiB`);
    if (!isItem && (envelope + size + length > LONGEST_ENVELOPE)) throw new Malformed('the answer holds too much besides its items');
    if (bytes.length - at < size + length) {
      wanted = size + length;
      return 0;
    }
    const value = bytes.subarray(at + size, at + size + length);
    if (isItem) {
      if (!isHeadKnown) head();
      onItem(value);
    } else {
      envelope += size + length;
      if (!isInList && number === 1) kind = stringIn(value, 2);
      if (isInList && number === 1) next = stringIn(value, 3);
    }
    if (left !== undefined) left -= size + length;
    return size + length;
  }

  function head(): void {
    isHeadKnown = true;
    onHead({ kind, next });
  }

  function end(): ListHead {
    if (held > 0 || !hasMagic || !hasList || (left ?? 0) > 0) throw new Malformed('the answer ends before the list does');
    return { kind, next };
  }
}

/** Tag and length of the field that begins at a place; undefined where they are not all here. Every field has a length. */
function prefixOf(bytes: Buffer, at: number): { readonly number: number; readonly size: number; readonly length: number } | undefined {
  let ends = 0;
  for (let place = at; place < bytes.length && place < at + LONGEST_PREFIX && ends < 2; place += 1) if ((bytes[place] ?? 0) < 0x80) ends += 1;
  if (ends < 2) return undefined;
  const reader = new BinaryReader(bytes.subarray(at, at + LONGEST_PREFIX));
  const tag = uint32(reader);
  if ((tag & 7) !== LENGTH || tag < 8) throw wrong();
  const length = uint32(reader);
  return { number: tag >>> 3, size: reader.pos, length };
}

function uint32(reader: BinaryReader): number {
  try {
    return reader.uint32();
  } catch (error) {
    throw wrong(error);
  }
}

/** A string field of a small message; empty where it has none. */
function stringIn(message: Buffer, number: number): string {
  try {
    const reader = new BinaryReader(message);
    let found = '';
    while (reader.pos < message.length) {
      const tag = reader.uint32();
      if (tag === ((number << 3) | LENGTH)) found = reader.string(true);
      else skip(reader, tag, message.length);
    }
    return found;
  } catch (error) {
    if (error instanceof Malformed) throw error;
    throw wrong(error);
  }
}
