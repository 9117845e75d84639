import { isUtf8 } from 'node:buffer';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { Malformed } from './list-reader.ts';
import type { FieldPlan, MessagePlan, Slot, ValuePlan } from './protobuf-plan.ts';
import { lookUpBytes, placeIn, rememberBytes, type Place, type Sharing } from './sharing.ts';

/** The library reads varints and knows when they are wrong; where a length leads is looked after here. */
interface Cursor {
  readonly reader: BinaryReader;
  readonly bytes: Buffer;
  readonly sharing: Sharing | undefined;
}

const VARINT = 0;
const LENGTH = 2;
const EMPTY = Buffer.alloc(0);

/**
 * Decodes one object from its bytes: what the projection of the same object in JSON gives. Undeclared fields are passed
 * over by their length.
 * @param sharing of the list that it belongs to: messages that came before are not decoded again
 * @throws {Malformed} where the bytes are no such message
 */
export function decodeObject(plan: MessagePlan, bytes: Buffer, sharing?: Sharing): Record<string, unknown> {
  try {
    return readMessage(plan, { reader: new BinaryReader(bytes), bytes, sharing }, bytes.length, sharing?.root);
  } catch (error) {
    // What the library throws at a number that runs over its end.
    if (error instanceof RangeError || (error instanceof Error && error.constructor === Error)) throw wrong(error);
    throw error;
  }
}

export function wrong(cause?: unknown): Malformed {
  return new Malformed('the answer is not protobuf as Kubernetes writes it', { cause });
}

function readMessage(plan: MessagePlan, cursor: Cursor, end: number, place?: Place): Record<string, unknown> {
  const values = new Array<unknown>(plan.slots.length);
  readFields(plan.fields, plan.slots, cursor, end, values, place);
  return built(plan.slots, values);
}

/** Begin and end of what counts of the message at hand; where it has more parts, it is decoded without looking it up. */
const parts = new Int32Array(128);

/** As {@link readMessage}, unless the same message stood at this place before; undeclared fields do not count. */
function readShared(plan: MessagePlan, cursor: Cursor, end: number, place: Place, sharing: Sharing): object {
  const { reader, bytes } = cursor;
  const start = reader.pos;
  const count = place.byBytes.known === undefined ? 0 : declaredParts(plan, reader, end);
  reader.pos = start;
  if (count === 0) return readMessage(plan, cursor, end, place);
  const seen = lookUpBytes(place, bytes, parts, count);
  if ('value' in seen) {
    reader.pos = end;
    return seen.value;
  }
  const value = sharing.share(place, readMessage(plan, cursor, end, place));
  rememberBytes(place, seen, value);
  return value;
}

/** Fills {@link parts} and says how many numbers they are; 0 where there are too many, or none. */
function declaredParts(plan: MessagePlan, reader: BinaryReader, end: number): number {
  let count = 0;
  while (reader.pos < end) {
    const begin = reader.pos;
    const tag = reader.uint32();
    skip(reader, tag, end);
    if (!plan.fields.has(tag >>> 3)) continue;
    if (count > 0 && parts[count - 1] === begin) {
      parts[count - 1] = reader.pos;
    } else {
      if (count === parts.length) return 0;
      parts[count] = begin;
      parts[count + 1] = reader.pos;
      count += 2;
    }
  }
  return count;
}

function readFields(fields: Map<number, FieldPlan>, slots: readonly Slot[], cursor: Cursor, end: number, values: unknown[], place: Place | undefined): void {
  const { reader } = cursor;
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = fields.get(tag >>> 3);
    if (field === undefined) skip(reader, tag, end);
    else if ('slot' in field) readSlot(field.slot, slots, tag & 7, cursor, end, values, place);
    else readFields(field.embedded, slots, cursor, endOf(reader, tag & 7, end), values, place);
  }
  if (reader.pos !== end) throw wrong();
}

/** Passes over a field. @throws {Malformed} for groups, which Kubernetes never writes, and for lengths past the end */
export function skip(reader: BinaryReader, tag: number, end: number): void {
  if (tag < 8) throw wrong();
  switch (tag & 7) {
    case LENGTH:
      reader.pos = endOf(reader, LENGTH, end);
      return;
    case VARINT:
      reader.int64();
      break;
    case 1:
      reader.pos += 8;
      break;
    case 5:
      reader.pos += 4;
      break;
    default:
      throw wrong();
  }
  if (reader.pos > end) throw wrong();
}

/** Where the value that begins here ends. */
function endOf(reader: BinaryReader, wireType: number, end: number): number {
  if (wireType !== LENGTH) throw wrong();
  const length = reader.uint32();
  const stop = reader.pos + length;
  if (stop > end) throw wrong();
  return stop;
}

function readSlot(at: number, slots: readonly Slot[], wireType: number, cursor: Cursor, end: number, values: unknown[], around: Place | undefined): void {
  const slot = slots[at];
  if (slot === undefined) throw new Error('a plan names a slot that it has not');
  const { shape, value } = slot;
  // What a function is going to look at and drop is not held.
  const place = around === undefined || value.type !== 'message' || slot.leaf !== undefined ? undefined : placeIn(around, slot.name);
  if (shape === 'one') {
    // A value that comes twice is for merging, which no API server asks for.
    if (values[at] !== undefined) throw wrong();
    values[at] = readValue(value, wireType, cursor, end, place);
    return;
  }
  if (shape === 'map') {
    const map = (values[at] ??= {}) as Record<string, unknown>;
    readEntry(map, value, cursor, endOf(cursor.reader, wireType, end));
    return;
  }
  const list = (values[at] ??= []) as unknown[];
  if (wireType === LENGTH && (value.type === 'int' || value.type === 'bool')) {
    const stop = endOf(cursor.reader, wireType, end);
    while (cursor.reader.pos < stop) list.push(readValue(value, VARINT, cursor, stop));
  } else {
    list.push(readValue(value, wireType, cursor, end, place === undefined ? undefined : placeIn(place, '[]')));
  }
}

function readEntry(map: Record<string, unknown>, plan: ValuePlan, cursor: Cursor, end: number): void {
  const { reader } = cursor;
  let key = '';
  let value: unknown;
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) key = readString(cursor, tag & 7, end);
    else if (tag >>> 3 === 2) value = readValue(plan, tag & 7, cursor, end);
    else skip(reader, tag, end);
  }
  if (reader.pos !== end) throw wrong();
  value ??= plan.type === 'bytes' || plan.type === 'rawBytes' ? '' : zeroOf(plan);
  // As JSON.parse does: `__proto__` is a name like any other.
  if (key === '__proto__') Object.defineProperty(map, key, { value, writable: true, enumerable: true, configurable: true });
  else map[key] = value;
}

function readValue(plan: ValuePlan, wireType: number, cursor: Cursor, end: number, place?: Place): unknown {
  const { reader, bytes, sharing } = cursor;
  switch (plan.type) {
    case 'string':
      return readString(cursor, wireType, end);
    case 'int':
      return readInt(cursor, wireType, end);
    case 'bool':
      return readInt(cursor, wireType, end) !== 0;
    case 'message': {
      const stop = endOf(reader, wireType, end);
      return place === undefined || sharing === undefined ? readMessage(plan.message, cursor, stop) : readShared(plan.message, cursor, stop, place, sharing);
    }
    case 'bytes': {
      const stop = endOf(reader, wireType, end);
      const start = reader.pos;
      reader.pos = stop;
      return bytes.toString('base64', start, stop);
    }
    case 'rawBytes': {
      const stop = endOf(reader, wireType, end);
      const start = reader.pos;
      reader.pos = stop;
      return bytes.subarray(start, stop);
    }
    case 'time':
    case 'microTime':
      return readTime(plan.type, cursor, endOf(reader, wireType, end));
    case 'quantity':
      return readParts(cursor, endOf(reader, wireType, end)).strings[1] ?? '0';
    case 'intOrString': {
      const { ints, strings } = readParts(cursor, endOf(reader, wireType, end));
      return ints[1] === 1 ? (strings[3] ?? '') : (ints[2] ?? 0);
    }
    case 'rawJson':
      return parsedJson(readParts(cursor, endOf(reader, wireType, end)).strings[1] ?? 'null');
    case 'listMessage':
      return readParts(cursor, endOf(reader, wireType, end)).all;
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw wrong(error);
  }
}

/** A small message without a plan: its numbers and strings by field number, and all strings in their order. */
function readParts(cursor: Cursor, end: number): { readonly ints: number[]; readonly strings: string[]; readonly all: string[] } {
  const { reader } = cursor;
  const parts = { ints: [] as number[], strings: [] as string[], all: [] as string[] };
  while (reader.pos < end) {
    const tag = reader.uint32();
    const number = tag >>> 3;
    if (number > 0 && number < 4 && (tag & 7) === VARINT) {
      parts.ints[number] = readInt(cursor, VARINT, end);
    } else if (number > 0 && number < 4 && (tag & 7) === LENGTH) {
      const text = readString(cursor, LENGTH, end);
      parts.strings[number] = text;
      parts.all.push(text);
    } else {
      skip(reader, tag, end);
    }
  }
  if (reader.pos !== end) throw wrong();
  return parts;
}

/** Objects of one list are often as old as each other. */
const recentTimes = new Array<{ readonly at: number; readonly text: string } | undefined>(256);

/** Null for the zero time, which JSON shows as null. */
function readTime(type: 'time' | 'microTime', cursor: Cursor, end: number): string | null {
  if (cursor.reader.pos === end) return null;
  const { ints } = readParts(cursor, end);
  if (type === 'time') {
    const recent = recentTimes[(ints[1] ?? 0) & 255];
    if (recent !== undefined && recent.at === (ints[1] ?? 0)) return recent.text;
  }
  const date = new Date((ints[1] ?? 0) * 1000);
  if (Number.isNaN(date.getTime())) throw wrong();
  const seconds = date.toISOString().replace(/\.\d+Z$/, '');
  // Years that RFC 3339 cannot write.
  if (seconds.length !== 19) throw wrong();
  if (type === 'time') {
    const text = `${seconds}Z`;
    recentTimes[(ints[1] ?? 0) & 255] = { at: ints[1] ?? 0, text };
    return text;
  }
  return `${seconds}.${String(Math.floor((ints[2] ?? 0) / 1000)).padStart(6, '0')}Z`;
}

function readInt({ reader, bytes }: Cursor, wireType: number, end: number): number {
  if (wireType !== VARINT || reader.pos >= end) throw wrong();
  // Beyond 2^53 both encodings round alike.
  const value = (bytes[reader.pos] ?? 0) < 0x80 ? reader.uint32() : Number(reader.int64());
  if (reader.pos > end) throw wrong();
  return value;
}

/** Short strings come again and again (namespaces, kinds, verbs): each is made once and shared while it is in here. */
const recent = new Array<string | undefined>(4096);
const LONGEST_SHARED = 48;

function readString(cursor: Cursor, wireType: number, end: number): string {
  const { reader, bytes } = cursor;
  const stop = endOf(reader, wireType, end);
  const start = reader.pos;
  reader.pos = stop;
  const length = stop - start;
  if (length === 0) return '';
  if (length > LONGEST_SHARED) return decoded(bytes, start, stop);
  let hash = length;
  let seen = 0;
  for (let at = start; at < stop; at += 1) {
    const byte = bytes[at] ?? 0;
    seen |= byte;
    hash = (Math.imul(hash, 31) + byte) | 0;
  }
  if (seen > 0x7f) return decoded(bytes, start, stop);
  const place = (hash ^ (hash >>> 15)) & 4095;
  const known = recent[place];
  if (known?.length === length && isSame(known, bytes, start)) return known;
  return (recent[place] = bytes.toString('latin1', start, stop));
}

function isSame(text: string, bytes: Buffer, start: number): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) !== bytes[start + at]) return false;
  return true;
}

function decoded(bytes: Buffer, start: number, stop: number): string {
  const text = bytes.toString('utf8', start, stop);
  if (text.includes('\uFFFD') && !isUtf8(bytes.subarray(start, stop))) throw new Malformed('the answer is not UTF-8');
  return text;
}

function built(slots: readonly Slot[], values: readonly unknown[]): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (let at = 0; at < slots.length; at += 1) {
    const slot = slots[at];
    if (slot === undefined) continue;
    let value = values[at];
    if (value === undefined) {
      if (slot.shape === 'one' && !slot.isPointer && !slot.omitsZero) value = zeroOf(slot.value);
    } else if (slot.omitsZero && slot.shape === 'one' && !slot.isPointer && (value === '' || value === 0 || value === false || value === null)) {
      value = undefined;
    }
    if (value === undefined || value === null) {
      if (value === null ? slot.isWhole : slot.showsNull) object[slot.name] = null;
      continue;
    }
    if (slot.leaf !== undefined) {
      value = slot.leaf(value as never);
      if (value === undefined) continue;
    }
    object[slot.name] = value;
  }
  return object;
}

/** What JSON shows of a value that is not a pointer and was not sent. Null for a list of bytes and a time. */
function zeroOf(plan: ValuePlan): unknown {
  switch (plan.type) {
    case 'string':
      return '';
    case 'int':
    case 'intOrString':
      return 0;
    case 'bool':
      return false;
    case 'quantity':
      return '0';
    case 'message':
      return decodeObject(plan.message, EMPTY);
    case 'bytes':
    case 'rawBytes':
    case 'rawJson':
    case 'listMessage':
    case 'time':
    case 'microTime':
      return null;
  }
}
