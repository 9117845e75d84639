import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deepFreeze, type Collected, type Snapshot } from '../../src/evidence/snapshot.ts';
import { parseSnapshotLines, snapshotLines } from '../../src/evidence/snapshot-file.ts';
import { Problem } from '../../src/problem.ts';

const cost = { requests: 1, bytes: 2, seconds: 0.5 };
const about = { projectionVersion: 3, readAt: '2026-11-21T12:00:01.000Z', cost };
const hostile = JSON.parse('{"__proto__":{"polluted":true},"constructor":1,"name":"ü $(id) \\u2028 \\u0000 {\\"end\\":1}"}') as unknown;

function snapshot(sources: Readonly<Record<string, Collected>>, more: Partial<Snapshot> = {}): Snapshot {
  return deepFreeze({
    tool: '1.2.3',
    connection: { server: 'https://127.0.0.1:6443', context: 'näme\n' },
    collectedAt: '2026-11-21T12:00:00Z',
    clockSkewSeconds: -2,
    durationSeconds: 1.25,
    scope: {},
    sources,
    ...more,
  });
}

const small = snapshot({
  roles: { ...about, value: [{ a: 1 }, 'two', null, [], hostile] },
  empty: { ...about, value: [] },
  version: { ...about, value: { gitVersion: 'v1.37.1' } },
  nothing: { ...about, value: null },
  secrets: { ...about, gap: { kind: 'gap', reason: 'forbidden', detail: 'no', source: 'secrets', permissions: [{ nonResourceURL: '/x', verb: 'get' }] } },
  last: { ...about, value: [{ name: 'z' }] },
});

const textOf = (of: Snapshot): string => [...snapshotLines(of)].map(line => `${line}\n`).join('');
const parse = (text: string): Snapshot => parseSnapshotLines(text.split('\n'));

/** Like the program does it: whole bytes in, whatever text they make. */
const cutAt = (text: string, bytes: number): string => new TextDecoder().decode(new TextEncoder().encode(text).subarray(0, bytes));

describe('a snapshot file', () => {
  it('comes back deeply equal and frozen', () => {
    const back = parse(textOf(small));
    expect(back).toStrictEqual(small);
    expect(Object.isFrozen(back.sources['roles'])).toBe(true);
  });

  it('comes back with every optional field of its header', () => {
    const full = snapshot({}, { clusterId: 'shop', scope: { namespace: 'shop' }, connection: { server: 'https://x', impersonating: 'ana', caKeyHash: 'ab' } });
    expect(parse(textOf(full))).toStrictEqual(full);
  });

  it('comes back deeply equal, whatever the evidence', () => {
    const value = fc.jsonValue().map(each => JSON.parse(JSON.stringify(each)) as unknown);
    fc.assert(fc.property(fc.dictionary(fc.string(), fc.oneof(value, fc.array(value))), values => {
      const entries = Object.entries(values).map(([id, evidence]) => [id, { ...about, value: evidence }] as const);
      const whole = snapshot(Object.fromEntries(entries));
      expect(parse(textOf(whole))).toStrictEqual(whole);
    }), { numRuns: 200 });
  });

  it('is one record a line', () => {
    const lines = [...snapshotLines(small)];
    expect(lines).toHaveLength(1 + 6 + (5 + 0 + 1 + 1 + 1 + 1) + 1);
    expect(lines.filter(line => line.includes('\n'))).toEqual([]);
  });

  it('refuses what JSON would turn into something else', () => {
    for (const odd of [Number.NaN, Infinity, -0, 1n, new Map([[1, 2]]), [undefined], () => 1]) {
      expect(() => textOf(snapshot({ odd: { ...about, value: { odd } } }))).toThrow(TypeError);
    }
    expect(() => textOf(snapshot({ odd: { ...about, value: undefined } }))).toThrow(TypeError);
  });
});

describe('a snapshot file that is cut off', () => {
  const text = textOf(small);
  const size = new TextEncoder().encode(text).length;
  const headerSize = new TextEncoder().encode(text.slice(0, text.indexOf('\n'))).length;

  it('in its first line is no snapshot', () => {
    for (let at = 0; at < headerSize; at += 1) expect(() => parse(cutAt(text, at))).toThrow(Problem);
  });

  it('anywhere else has whole sources and gaps, and nothing between', () => {
    const truncated = new Set<number>();
    for (let at = headerSize; at < size - 1; at += 1) {
      const read = parse(cutAt(text, at));
      expect(Object.keys(read.sources)).toEqual(Object.keys(small.sources));
      const gaps = Object.entries(read.sources).filter(([id, collected]) => {
        if ('gap' in collected && collected.gap.reason === 'truncated') return true;
        expect(collected).toStrictEqual(small.sources[id]);
        return false;
      });
      for (const [id, collected] of gaps) expect(collected).toMatchObject({ projectionVersion: 3, gap: { kind: 'gap', source: id } });
      truncated.add(gaps.length);
    }
    // Every state between "nothing but the header" and "only the trailer is missing" was seen.
    expect([...truncated].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('by its last line feed alone is whole', () => {
    expect(parse(cutAt(text, size - 1))).toStrictEqual(small);
  });
});

describe('a file that is not what was written', () => {
  const lines = [...snapshotLines(small)];
  const read = (changed: readonly string[]): Snapshot => parseSnapshotLines(changed);
  const replaced = (at: number, line: string): string[] => lines.map((each, index) => (index === at ? line : each));

  it.each([
    ['empty', []], ['blank lines', ['', '']], ['text', ['hello', 'world']], ['a report', ['{"apiVersion":"secaudit/v1"}']],
    ['a JSON list', ['[]']], ['null', ['null']], ['another format', ['{"format":"other","formatVersion":1}']],
    ['no version', ['{"format":"secaudit-snapshot"}']],
  ])('is no snapshot: %s', (_, changed) => {
    expect(() => read(changed)).toThrow(/is not a snapshot/);
  });

  it('is refused with the versions where the format is another', () => {
    expect(() => read(replaced(0, (lines[0] ?? '').replace('"formatVersion":1', '"formatVersion":2')))).toThrow(/has format 2 and this program reads format 1/);
  });

  const everyLine = lines.map((_, at) => at);
  it.each(everyLine.slice(1, -1))('is refused when line %i is missing, twice there, or no JSON', at => {
    expect(() => read(lines.filter((_, index) => index !== at))).toThrow(Problem);
    expect(() => read(lines.flatMap((line, index) => (index === at ? [line, line] : [line])))).toThrow(Problem);
    expect(() => read(replaced(at, '{"item":'))).toThrow(Problem);
    expect(() => read(replaced(at, '{}'))).toThrow(Problem);
    expect(() => read(replaced(at, 'null'))).toThrow(Problem);
  });

  it('is refused when one value was edited', () => {
    const edited = lines.map(line => line.replace('v1.37.1', 'v1.37.2'));
    expect(edited).not.toEqual(lines);
    expect(() => read(edited)).toThrow(/changed or damaged/);
  });

  it('is refused when something follows the trailer', () => {
    expect(() => read([...lines, lines[1] ?? ''])).toThrow(Problem);
    expect(() => read([...lines, ...lines])).toThrow(Problem);
    expect(() => read([...lines, '{'])).toThrow(Problem);
  });

  it.each(['tool', 'connection', 'collectedAt', 'clockSkewSeconds', 'durationSeconds', 'scope', 'sources'])('is refused without %s in its header', name => {
    const header = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    const { [name]: _, ...rest } = header;
    expect(() => read([JSON.stringify(rest)])).toThrow(Problem);
  });

  it('pollutes no prototype', () => {
    const odd = snapshot(Object.fromEntries([['__proto__', { ...about, value: [hostile] }]]));
    expect(parse(textOf(odd))).toStrictEqual(odd);
    expect(Object.keys(parse(textOf(odd)).sources)).toEqual(['__proto__']);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});
