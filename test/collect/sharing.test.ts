import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createSharing } from '../../src/collect/sharing.ts';

it('changes nothing that can be seen', () => {
  const part = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom({ a: 1, b: 2 }, { b: 2, a: 1 }, [], {}, [[]], ['1'], [1]));
  fc.assert(fc.property(fc.array(fc.dictionary(fc.constantFrom('a', 'b', '__proto__', 'é'), part), { maxLength: 20 }), objects => {
    const { shareParts } = createSharing();
    const text = JSON.stringify(objects);
    expect(JSON.stringify(objects.map(object => shareParts(object)))).toBe(text);
  }));
});

it('makes equal parts at the same place one, and equal parts of unequal ones', () => {
  const { shareParts } = createSharing();
  const make = (node: string): { spec: { node: string; containers: { image: string }[] }; other: object } =>
    shareParts({ spec: { node, containers: [{ image: 'i' }, { image: 'i' }] }, other: {} });
  const [one, same, different] = [make('a'), make('a'), make('b')] as const;
  expect(same).not.toBe(one);
  expect(same.spec).toBe(one.spec);
  expect(different.spec).not.toBe(one.spec);
  expect(different.spec.containers).toBe(one.spec.containers);
  expect(one.spec.containers[1]).toBe(one.spec.containers[0]);
  expect(different.other).toBe(one.other);
});

it('tells apart what is written differently', () => {
  const { shareParts } = createSharing();
  expect(shareParts({ a: { x: 1, y: 2 } }).a).not.toBe(shareParts({ a: { y: 2, x: 1 } }).a);
  expect(shareParts({ a: ['1'] }).a).not.toBe(shareParts({ a: [1] as unknown[] }).a);
});

it('leaves frozen objects as they are', () => {
  const { shareParts } = createSharing();
  const constant = Object.freeze({ inner: { a: 1 } });
  shareParts({ list: { inner: { a: 1 } } });
  expect(shareParts({ list: constant, more: 1 }).list).toEqual(constant);
});
