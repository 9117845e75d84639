import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createJsonListReader } from '../../src/collect/json-list-reader.ts';
import { Malformed, type ListHead } from '../../src/collect/list-reader.ts';
import { cutAt } from './list-data.ts';

function read(chunks: Iterable<Uint8Array>): { heads: ListHead[]; items: unknown[]; end: ListHead } {
  const heads: ListHead[] = [];
  const items: unknown[] = [];
  const reader = createJsonListReader(head => heads.push(head), item => items.push(item));
  for (const chunk of chunks) reader.push(chunk);
  return { heads, items, end: reader.end() };
}

const readText = (text: string): ReturnType<typeof read> => read([Buffer.from(text)]);
const hostile = ['"', '\\', '\\"', '{', '}', '[', ']', '"items":[', ',"items": [{', '\u2028', 'é😀', '__proto__', '\\u0022', '', ' ', '],"items":['];

describe('a list in JSON', () => {
  const string = fc.oneof(fc.constantFrom(...hostile), fc.string({ unit: 'binary' }), fc.array(fc.constantFrom(...hostile)).map(parts => parts.join('')),
    // Long ones are looked through in another way.
    fc.tuple(fc.constantFrom(...hostile), fc.nat(200), fc.constantFrom(...hostile)).map(([before, length, after]) => `${before}${'x'.repeat(length)}${after}${'{'.repeat(length)}`));
  const value = fc.letrec<{ value: unknown }>(tie => ({
    value: fc.oneof({ depthSize: 'small' }, string, fc.boolean(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(null),
      fc.array(tie('value'), { maxLength: 4 }), fc.dictionary(string, tie('value'), { maxKeys: 4 })),
  })).value;
  const item = fc.dictionary(string, value, { maxKeys: 5 });
  const list = fc.record({ kind: string, metadata: fc.record({ continue: string, other: value }), items: fc.array(item, { maxLength: 5 }) });

  it('is what JSON.parse makes of it, wherever the bytes are cut', () => {
    fc.assert(fc.property(list, fc.boolean(), fc.boolean(), fc.array(fc.nat(4000), { maxLength: 12 }), (made, isSpread, isLast, places) => {
      const { kind, metadata, items } = made;
      const text = JSON.stringify(isLast ? { kind, items, metadata } : { kind, metadata, items }, undefined, isSpread ? 2 : 0);
      const expected = JSON.parse(text) as typeof made;
      const { heads, items: found, end } = read(cutAt(Buffer.from(text), places));
      expect(found).toStrictEqual(expected.items);
      expect(end).toEqual({ kind: expected.kind, next: expected.metadata.continue });
      expect(heads).toEqual([isLast ? { kind: expected.kind, next: '' } : end]);
    }), { numRuns: 500 });
  });

  it('is the same with an empty piece after every single byte', () => {
    const bytes = Buffer.from(JSON.stringify({ kind: '"', metadata: { continue: '\\"' }, items: [{ a: '\\' }] }));
    expect(read([...bytes].flatMap(byte => [Uint8Array.of(byte), new Uint8Array()]))).toEqual(read([bytes]));
  });

  it('is the same cut at every single byte', () => {
    const text = JSON.stringify({ kind: 'PodList', metadata: { continue: 'a"\\' }, items: [{ a: hostile, b: `${'x'.repeat(90)}\\${'"'.repeat(3)}${'y'.repeat(90)}` }, {}, { 'é"\\': [{ items: [{}] }] }] });
    const bytes = Buffer.from(text);
    for (let at = 0; at <= bytes.length; at += 1) expect(read(cutAt(bytes, [at]))).toEqual(readText(text));
    expect(read([...bytes].map(byte => Uint8Array.of(byte)))).toEqual(readText(text));
  });

  it('does not take long for a long string of quotes and backslashes', () => {
    const text = JSON.stringify({ kind: 'A', items: [{ a: '\\'.repeat(500_000), b: '"'.repeat(500_000), c: `${'x'.repeat(60)}\\`.repeat(20_000) }] });
    const begun = performance.now();
    expect(readText(text).items).toHaveLength(1);
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  it('knows the next page before the first item', () => {
    const reader = createJsonListReader(head => expect(head).toEqual({ kind: 'PodList', next: 'more' }), () => undefined);
    reader.push(Buffer.from('{"kind":"PodList","metadata":{"continue":"more"},"items":[{"a":'));
    expect.assertions(1);
  });

  it.each([['{"kind":"A","items":null}'], ['{"kind":"A"}'], ['{"kind":"A","items":[]}'], [' { "kind" : "A" , "items" : [ ] } \n']])('may be empty: %s', text => {
    expect(readText(text)).toMatchObject({ items: [], end: { kind: 'A', next: '' } });
  });

  it.each([
    ['no JSON', 'hello'], ['HTML', '<html>{"items":[{}]}</html>'], ['nothing', ''], ['cut off', '{"kind":"A","items":[{"a":1}'],
    ['cut in an item', '{"kind":"A","items":[{"a":"'], ['two values', '{"items":[]}{}'], ['a comma too many', '{"items":[{},]}'],
    ['a comma too few', '{"items":[{}{}]}'], ['items twice', '{"items":[{}],"items":[{}]}'], ['a string item', '{"items":["a",{}]}'],
    ['a number item', '{"items":[{},0]}'], ['a list item', '{"items":[[{}]]}'], ['items that are an object', '{"items":{"a":{}}}'],
    ['a bad item', '{"items":[{"a":}]}'], ['a wrong bracket', '{"items":[{"a":[1}]}'], ['another bracket at the end', '{"items":[{}]]'],
    ['an escaped name of items', '{"\\u0069tems":[{"a":1}]}'], ['a control character', '{"items":[{"a":"\u0001"}]}'], ['closing first', ']}'],
  ])('is refused: %s', (_, text) => {
    expect(() => readText(text)).toThrow(Malformed);
  });

  it('is refused where it is no UTF-8, in an item or around it', () => {
    for (const place of ['{"kind":"A?","items":[]}', '{"kind":"A","items":[{"a":"?"}]}']) {
      const bytes = Buffer.from(place);
      bytes[bytes.indexOf('?')] = 0xff;
      expect(() => read([bytes])).toThrow('the answer is not UTF-8');
    }
  });

  it('may hold a long item, up to a bound, and little around them', () => {
    const long = (size: number): Iterable<Uint8Array> => (function* () {
      yield Buffer.from('{"kind":"A","items":[{"a":"');
      for (let sent = 0; sent < size; sent += 1 << 20) yield Buffer.alloc(1 << 20, 'x');
      yield Buffer.from('"}]}');
    })();
    expect((read(long(20 << 20)).items[0] as { a: string }).a).toHaveLength(20 << 20);
    expect(() => read(long(65 << 20))).toThrow(/longer than 64 MiB/);
    expect(() => readText(`{"kind":"A","metadata":{"a":"${'x'.repeat(1 << 20)}"},"items":[]}`)).toThrow(/too much besides/);
  });
});
