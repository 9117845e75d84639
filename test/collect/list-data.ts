/** A small encoder, written from the protobuf specification alone, for tests of what no API server would send. */
export function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, BigInt(value));
  for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
  return [...bytes, Number(left)];
}

export function field(number: number, value: string | Uint8Array | number): Buffer {
  if (typeof value === 'number') return Buffer.from([...varint(number << 3), ...varint(value)]);
  const bytes = Buffer.from(value as string);
  return Buffer.concat([Buffer.from([...varint((number << 3) | 2), ...varint(bytes.length)]), bytes]);
}

export function message(...fields: readonly Buffer[]): Buffer {
  return Buffer.concat(fields);
}

/** A list as an API server frames it. */
export function protobufList(kind: string, items: readonly Buffer[], next = ''): Buffer {
  const type = message(field(1, 'v1'), field(2, kind));
  const list = message(field(1, message(field(1, ''), field(2, '1000'), field(3, next))), ...items.map(item => field(2, item)));
  return Buffer.concat([Buffer.from('k8s\0'), field(1, type), field(2, list), field(3, ''), field(4, '')]);
}

/** Cuts bytes at the given places. */
export function* cutAt(bytes: Uint8Array, places: readonly number[]): Generator<Uint8Array> {
  let from = 0;
  for (const place of [...places].sort((a, b) => a - b)) {
    const to = Math.min(place, bytes.length);
    yield bytes.subarray(from, to);
    from = to;
  }
  yield bytes.subarray(from);
}
