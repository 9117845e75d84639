/** Tries at one place of the tree before it is judged whether sharing there pays. */
const PROBATION = 4096;
/** Beyond it a value is looked up by its parts alone: a long text that differs would be kept twice for nothing. */
const LONGEST_KEY = 32 * 1024;

interface Place {
  known: Map<string, unknown> | undefined;
  tries: number;
  hits: number;
  readonly inner: Map<string, Place>;
}

/**
 * Makes equal parts of many objects one and the same, so that memory follows what differs and not how often it occurs:
 * a thousand pods of one template hold one list of containers, a thousand bindings one roleRef. What comes out is equal
 * to what went in, down to the order of names; only parts that occur at the same place are shared. Where nearly nothing
 * repeats (metadata with its uid), it stops looking.
 *
 * The objects are changed in place, so nobody else may hold them, unless frozen.
 */
export function createSharing(): <T>(object: T) => T {
  const root = newPlace();
  return object => {
    if (isContainer(object)) shareParts(root, object);
    return object;
  };
}

function shareParts(place: Place, container: object): void {
  const isList = Array.isArray(container);
  const isFrozen = Object.isFrozen(container);
  for (const [name, part] of Object.entries(container) as [string, unknown][]) {
    if (!isContainer(part)) continue;
    const step = isList ? '[]' : name;
    let inner = place.inner.get(step);
    if (inner === undefined) place.inner.set(step, (inner = newPlace()));
    const shared = shareOne(inner, part);
    if (shared !== part && !isFrozen) Object.defineProperty(container, name, { value: shared, writable: true, enumerable: true, configurable: true });
  }
}

function shareOne(place: Place, value: object): object {
  const key = place.known === undefined ? undefined : JSON.stringify(value);
  if (key === undefined || place.known === undefined || key.length > LONGEST_KEY) {
    shareParts(place, value);
    return value;
  }
  const known = place.known.get(key) as object | undefined;
  place.tries += 1;
  if (known !== undefined) {
    place.hits += 1;
    return known;
  }
  shareParts(place, value);
  if (place.tries >= PROBATION && place.hits * 10 < place.tries) place.known = undefined;
  else place.known.set(key, value);
  return value;
}

function newPlace(): Place {
  return { known: new Map(), tries: 0, hits: 0, inner: new Map() };
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
