/** Tries at one place of the tree before it is judged whether sharing there pays. */
const PROBATION = 4096;
/** The same for bytes, which are held as well: a page or two. */
const BYTES_PROBATION = 1024;
/** Beyond it a value is looked up by its parts alone: a long text that differs would be kept twice for nothing. */
const LONGEST_KEY = 32 * 1024;
/** The most bytes that are held at one place to recognise values by. */
const MOST_BYTES = 8 * 1024 * 1024;

/** One place in the tree of a kind, such as `spec.containers[]`: only what stands at the same place is compared. */
export interface Place {
  readonly inner: Map<string, Place>;
  readonly byContent: Seen<string, object>;
  readonly byBytes: Seen<number, { readonly bytes: Buffer; readonly value: object }>;
  bytesHeld: number;
}

interface Seen<K, V> {
  /** Absent once it has shown that nearly nothing repeats here. */
  known: Map<K, V> | undefined;
  tries: number;
  hits: number;
}

/**
 * Makes equal parts of many objects one and the same, so that memory follows what differs and not how often it occurs:
 * a thousand pods of one template hold one list of containers, a thousand bindings one roleRef. What comes out is equal
 * to what went in, down to the order of names. Where nearly nothing repeats (metadata with its uid), it stops looking.
 * It lives as long as one list is read.
 */
export interface Sharing {
  readonly root: Place;
  /** The part that stands for this one and all that equal it. Its inside is changed, so nobody else may hold it, unless frozen. */
  readonly share: (place: Place, part: object) => object;
  /** Shares the parts of an item; the item itself, with its name, is the only one of its kind. */
  readonly shareParts: <T extends object>(item: T) => T;
}

/** The place below another: `[]` for the items of a list. */
export function placeIn(place: Place, step: string): Place {
  let inner = place.inner.get(step);
  if (inner === undefined) place.inner.set(step, (inner = newPlace()));
  return inner;
}

/** Nothing shared yet. */
export function createSharing(): Sharing {
  const root = newPlace();
  // Names and uids occur once, so that only what is inside of them is worth a look.
  root.inner.set('metadata', { ...newPlace(), byContent: unused(), byBytes: unused() });
  /** What stands for others, numbered: a container is known by its own values and by the numbers of what it holds. */
  const numbers = new Map<object, number>();

  function share(place: Place, part: object): object {
    if (numbers.has(part)) return part;
    const key = keyOf(place, part);
    const { known } = place.byContent;
    if (known === undefined || key === undefined || key.length > LONGEST_KEY) return part;
    const equal = known.get(key);
    countTry(place.byContent, equal !== undefined, PROBATION);
    if (equal !== undefined) return equal;
    known.set(key, part);
    numbers.set(part, numbers.size);
    return part;
  }

  /** Shares what a part holds, and says what it is then; undefined where it holds something that is the only one of its kind. */
  function keyOf(place: Place, part: object): string | undefined {
    // Nothing inside to look at, or not ours to change: it is known by its text.
    if (Object.isFrozen(part) || !Object.values(part).some(isContainer)) return place.byContent.known === undefined ? undefined : JSON.stringify(part);
    const isList = Array.isArray(part);
    let key = isList ? 'L' : 'O';
    let isKnown = true;
    for (const name of Object.keys(part)) {
      const value = (part as Readonly<Record<string, unknown>>)[name];
      if (!isList) key += `${name.length}:${name}`;
      if (!isContainer(value)) {
        key += scalarKey(value);
        continue;
      }
      const shared = share(placeIn(place, isList ? '[]' : name), value);
      if (shared !== value) Object.defineProperty(part, name, { value: shared, writable: true, enumerable: true, configurable: true });
      const number = numbers.get(shared);
      if (number === undefined) isKnown = false;
      else key += `#${number};`;
    }
    return isKnown && place.byContent.known !== undefined ? key : undefined;
  }

  return {
    root,
    share,
    shareParts: item => {
      keyOf(root, item);
      return item;
    },
  };
}

/** Every key tells where it ends, so that no two lists of values give the same text. */
function scalarKey(value: unknown): string {
  return typeof value === 'string' ? `"${value.length}:${value}` : `${String(value)},`;
}

/** Counts one try; where hits stay rare, the place stops looking. */
function countTry<K, V>(seen: Seen<K, V>, isHit: boolean, probation: number): void {
  seen.tries += 1;
  if (isHit) seen.hits += 1;
  else if (seen.tries >= probation && seen.hits * 10 < seen.tries) seen.known = undefined;
}

/** Bytes that were not seen before, and the place to remember them at; see {@link rememberBytes}. */
export interface NewBytes {
  readonly hash: number;
  readonly bytes: Buffer;
}

/**
 * What came of the same bytes before, so that they need not be decoded again; else a copy of them.
 * @param parts begin and end of each stretch of `bytes` that counts, `count` numbers in all
 */
export function lookUpBytes(place: Place, bytes: Buffer, parts: Int32Array, count: number): { readonly value: object } | NewBytes {
  const hash = hashOf(bytes, parts, count);
  const found = place.byBytes.known?.get(hash);
  if (found !== undefined && isSame(found.bytes, bytes, parts, count)) {
    countTry(place.byBytes, true, BYTES_PROBATION);
    // It would have been one by content.
    countTry(place.byContent, true, PROBATION);
    return found;
  }
  countTry(place.byBytes, false, BYTES_PROBATION);
  const copy = Buffer.allocUnsafe(lengthOf(parts, count));
  let at = 0;
  for (let part = 0; part < count; part += 2) at += bytes.copy(copy, at, parts[part], parts[part + 1]);
  return { hash, bytes: copy };
}

/** Remembers what came of bytes. They are held until the list has been read, and no longer. */
export function rememberBytes(place: Place, { hash, bytes }: NewBytes, value: object): void {
  if (place.byBytes.known === undefined || place.bytesHeld > MOST_BYTES) return;
  place.bytesHeld += bytes.length;
  place.byBytes.known.set(hash, { bytes, value });
}

function lengthOf(parts: Int32Array, count: number): number {
  let length = 0;
  for (let part = 0; part < count; part += 2) length += (parts[part + 1] ?? 0) - (parts[part] ?? 0);
  return length;
}

function hashOf(bytes: Buffer, parts: Int32Array, count: number): number {
  let hash = count;
  for (let part = 0; part < count; part += 2) {
    const stop = parts[part + 1] ?? 0;
    for (let at = parts[part] ?? 0; at < stop; at += 1) hash = (Math.imul(hash, 31) + (bytes[at] ?? 0)) | 0;
  }
  return hash;
}

/** A hash may be equal by accident or by intent; the bytes decide. */
function isSame(held: Buffer, bytes: Buffer, parts: Int32Array, count: number): boolean {
  let at = 0;
  for (let part = 0; part < count; part += 2) {
    const start = parts[part] ?? 0;
    const stop = parts[part + 1] ?? 0;
    if (at + stop - start > held.length || held.compare(bytes, start, stop, at, at + stop - start) !== 0) return false;
    at += stop - start;
  }
  return at === held.length;
}

function newPlace(): Place {
  return { inner: new Map(), byContent: { ...unused(), known: new Map() }, byBytes: { ...unused(), known: new Map() }, bytesHeld: 0 };
}

function unused(): Seen<never, never> {
  return { known: undefined, tries: 0, hits: 0 };
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
