import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { declaredWireFields, renderWireSchema } from '../../bin/protobuf-fields.ts';
import { EVERYTHING, sourcesFor } from '../../src/audit.ts';
import { Malformed, type ListHead } from '../../src/collect/list-reader.ts';
import { decodeObject } from '../../src/collect/protobuf-decode.ts';
import { protobufFields } from '../../src/collect/protobuf-fields.ts';
import { createProtobufListReader } from '../../src/collect/protobuf-list-reader.ts';
import { planOf } from '../../src/collect/protobuf-plan.ts';
import { createSharing } from '../../src/collect/sharing.ts';
import type { WireSchema } from '../../src/collect/protobuf-schema.ts';
import { cutAt, field, message, protobufList, varint } from './list-data.ts';

const root = join(import.meta.dirname, '../..');
const schema = JSON.parse(readFileSync(join(root, 'fixtures/protobuf/schema.json'), 'utf8')) as WireSchema;
const sources = sourcesFor(EVERYTHING);

const whole = (value: unknown): unknown => value;
const plan = planOf(schema, 'v1', 'Pod', { metadata: { name: true, labels: true, creationTimestamp: true }, spec: { volumes: whole, containers: [{ name: true, image: true, ports: whole }], hostNetwork: true, nodeName: true } });
if (plan === undefined) throw new Error('pods are built in');

function read(chunks: Iterable<Uint8Array>): { heads: ListHead[]; items: unknown[]; end: ListHead } {
  const heads: ListHead[] = [];
  const items: unknown[] = [];
  const reader = createProtobufListReader(head => heads.push(head), bytes => items.push(decodeObject(plan as NonNullable<typeof plan>, bytes)));
  for (const chunk of chunks) reader.push(chunk);
  return { heads, items, end: reader.end() };
}

const label = (key: string, value: string): Buffer => field(11, message(field(1, key), field(2, value)));
const pod = message(
  field(1, message(field(1, 'a'), label('__proto__', 'é😀'), label('b', ''), field(8, message(field(1, 1_767_323_045), field(2, 0))), field(17, 'never looked at'))),
  field(2, message(
    field(1, message(field(1, 'v'), field(2, message(field(1, message(field(1, '/'), field(2, ''))))))),
    field(2, message(field(1, 'c'), field(2, ''), field(6, message(field(1, ''), field(2, 0), field(3, 80))))),
    field(11, 0), field(10, ''), field(9999, 'from a later release'),
  )),
);
const podEvidence = {
  metadata: { name: 'a', labels: JSON.parse('{"__proto__":"é😀","b":""}') as object, creationTimestamp: '2026-01-02T03:04:05Z' },
  spec: { volumes: [{ name: 'v', hostPath: { path: '/', type: '' } }], containers: [{ name: 'c', ports: [{ containerPort: 80 }] }] },
};

describe('a list in protobuf', () => {
  const list = protobufList('PodList', [pod, Buffer.alloc(0), pod], 'more');

  it('is what JSON would show of it', () => {
    const { heads, items, end } = read([list]);
    expect(items).toStrictEqual([podEvidence, { metadata: { name: undefined }, spec: {} }, podEvidence].map(item => JSON.parse(JSON.stringify(item)) as unknown).map((item, at) => (at === 1 ? item : podEvidence)));
    expect(Object.keys((items[0] as typeof podEvidence).metadata.labels)).toEqual(['__proto__', 'b']);
    expect(heads).toEqual([{ kind: 'PodList', next: 'more' }]);
    expect(end).toEqual(heads[0]);
  });

  it('is the same wherever it is cut', () => {
    const expected = read([list]);
    for (let at = 0; at <= list.length; at += 1) expect(read(cutAt(list, [at]))).toStrictEqual(expected);
    expect(read([...list].map(byte => Uint8Array.of(byte)))).toStrictEqual(expected);
  });

  it('may be empty', () => {
    expect(read([protobufList('PodList', [])])).toEqual({ heads: [], items: [], end: { kind: 'PodList', next: '' } });
  });

  it('is refused when it breaks off, wherever', () => {
    // The last two fields of the envelope are empty; what stands before them is the list.
    for (let at = 0; at < list.length - 4; at += 1) expect(() => read([list.subarray(0, at)])).toThrow(Malformed);
  });

  it('reads any bytes to an end, in bounds, or says that they are wrong', () => {
    const change = fc.tuple(fc.nat(list.length - 1), fc.nat(255));
    fc.assert(fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), fc.nat(list.length), (changes, cut) => {
      const bytes = Buffer.from(list);
      for (const [at, byte] of changes) bytes[at] = byte;
      expectEnd(() => read(cutAt(bytes, [cut])));
    }), { numRuns: 3000 });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      expectEnd(() => read([Buffer.from('k8s\0'), bytes]));
      expectEnd(() => decodeObject(plan, Buffer.from(bytes)));
    }), { numRuns: 3000 });
  });

  it.each<[string, Buffer]>([
    ['a length past the end', message(field(1, 'x')).fill(0x7f, 1, 2)],
    ['an inner length past its outer one', field(1, Buffer.from([0x0a, 5, 0x61]))],
    ['a group', Buffer.from([0x0b, 0x0c])],
    ['field number 0', Buffer.from([0x02, 0])],
    ['a varint without an end', Buffer.from([0x78, ...new Array<number>(12).fill(0xff)])],
    ['a length of 4 GiB', Buffer.from([0x0a, ...varint(0xffffffff)])],
    ['text where a message stands', field(1, 'text')],
    ['a number where text stands', field(1, field(1, 7))],
    ['a name that comes twice', field(1, message(field(1, 'a'), field(1, 'b')))],
    ['a time beyond the calendar', field(1, field(8, message(field(1, 1e15), field(2, 0))))],
  ])('is refused with an item of %s', (_, item) => {
    expect(() => read([protobufList('PodList', [item])])).toThrow(/not protobuf as Kubernetes writes it/);
  });

  it('is refused where text is no UTF-8, and takes the sign for it where it was sent', () => {
    const named = (bytes: Uint8Array): Buffer => protobufList('PodList', [field(1, field(1, bytes))]);
    expect(() => read([named(Buffer.from([0x61, 0xff]))])).toThrow('the answer is not UTF-8');
    expect(read([named(Buffer.from('a\uFFFD'))]).items).toMatchObject([{ metadata: { name: 'a\uFFFD' } }]);
  });

  it('may hold a long item, up to a bound', () => {
    const long = (size: number): Buffer => field(1, field(1, Buffer.alloc(size, 'x')));
    expect((read(cutAt(protobufList('PodList', [long(20 << 20)]), [5000, 70000, 1 << 20])).items[0] as typeof podEvidence).metadata.name).toHaveLength(20 << 20);
    expect(() => read([Buffer.from('k8s\0'), field(1, ''), Buffer.from([0x12, ...varint(70 << 20), 0x12, ...varint(65 << 20)])])).toThrow(/longer than 64 MiB/);
  });
});

describe('messages that came before', () => {
  const all = planOf(schema, 'v1', 'Pod', { metadata: { name: true }, spec: { nodeName: true, containers: [{ name: true, image: true, env: (env: readonly { readonly name: string }[]) => env.map(({ name }) => name), volumeMounts: [{ mountPath: true }], securityContext: { privileged: true } }] } });
  if (all === undefined) throw new Error('pods are built in');
  interface Container { readonly name: string }
  type Evidence = { readonly spec: { readonly containers: readonly Container[] } };
  const container = (name: string, mount: string, probe = ''): Buffer =>
    message(field(1, name), field(2, 'i'), field(7, message(field(1, 'A'), field(2, 'secret'))), field(9, message(field(1, mount), field(3, '/data'))), field(10, probe), field(15, message(field(2, 0))));
  const podOf = (node: string, ...containers: readonly Buffer[]): Buffer => message(field(1, field(1, `p-${node}`)), field(2, message(...containers.map(one => field(2, one)), field(10, node))));

  function bothWays(items: readonly Buffer[]): Evidence[] {
    const sharing = createSharing();
    const shared = items.map(item => sharing.shareParts(decodeObject(all as NonNullable<typeof all>, item, sharing)));
    expect(shared).toStrictEqual(items.map(item => decodeObject(all as NonNullable<typeof all>, item)));
    return shared as unknown as Evidence[];
  }

  it('are one object, whatever stands in fields that are not declared', () => {
    const [one, two] = bothWays([podOf('a', container('c', 'data')), podOf('b', container('c', 'data', 'probe'))]);
    expect(two?.spec.containers[0]).toBe(one?.spec.containers[0]);
    expect(two?.spec.containers).toBe(one?.spec.containers);
    expect(two?.spec).not.toBe(one?.spec);
  });

  it('are one object when what differs in their bytes is dropped', () => {
    const [one, two] = bothWays([podOf('a', container('c', 'kube-api-access-x1')), podOf('b', container('c', 'kube-api-access-y2'))]);
    expect(two?.spec.containers).toBe(one?.spec.containers);
  });

  it('are told apart where their hashes are equal', () => {
    const [one, two] = bothWays([podOf('a', container('Aa', 'm')), podOf('a', container('BB', 'm')), podOf('a', container('Aa', 'm'))]);
    expect([one, two].map(item => item?.spec.containers[0]?.name)).toEqual(['Aa', 'BB']);
  });

  it('are told apart by where a value begins and ends', () => {
    bothWays([podOf('a', container('c', ''), container('', 'c')), podOf('a', container('', 'c'), container('c', '')), podOf('', container('a', ''))]);
  });

  it('give what decoding each gives, for any of them', () => {
    const name = fc.constantFrom('', 'a', 'Aa', 'BB', 'é', 'a long name '.repeat(6));
    const any = fc.tuple(name, name, name).map(([own, mount, probe]) => container(own, mount, probe));
    fc.assert(fc.property(fc.array(fc.tuple(name, fc.array(any, { maxLength: 3 })).map(([node, containers]) => podOf(node, ...containers)), { maxLength: 20 }), items => {
      bothWays(items);
    }));
  });
});

describe('what is not in the schema', () => {
  it.each<[string, Parameters<typeof planOf>[3]]>([
    ['a field', { spec: { nothing: true } }], ['a shape', { spec: [{ nodeName: true }] as never }], ['a message kept whole', { spec: true }],
  ])('leaves the list to JSON: %s', (_, fields) => {
    expect(planOf(schema, 'v1', 'Pod', fields)).toBeUndefined();
  });

  it('leaves custom kinds to JSON', () => {
    expect(planOf(schema, 'example.org/v1', 'Pod', { metadata: { name: true } })).toBeUndefined();
    expect(planOf(schema, '__proto__', 'x', {})).toBeUndefined();
  });
});

describe('the table of fields', () => {
  it('is made from the sources (npm run reference)', () => {
    expect(readFileSync(join(root, 'src/collect/protobuf-fields.json'), 'utf8')).toBe(renderWireSchema(declaredWireFields(schema, sources)));
  });

  it('lets every list of a built-in kind be read as protobuf', () => {
    const built = [...sources].flatMap(({ id, read: how }) => (how.how === 'list' && schema.kinds[`${how.apiVersion}/${how.kind}`] !== undefined ? [{ id, how }] : []));
    expect(built.length).toBeGreaterThan(5);
    expect(built.filter(({ how }) => planOf(protobufFields, how.apiVersion, how.kind, how.fields) === undefined).map(({ id }) => id)).toEqual([]);
  });
});

function expectEnd(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(Malformed);
  }
}
