import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSeries, parsePrometheusText } from '../../src/evidence/prometheus-text.ts';

const all = (): boolean => true;

describe('parsePrometheusText', () => {
  it('reads labels, values and exponents, and leaves what is not wanted', () => {
    const text = [
      '# HELP wanted_total Something.',
      '# TYPE wanted_total counter',
      'wanted_total{resource="secrets",prefix="k8s:enc:aescbc:v1:"} 3',
      'wanted_total{resource="",prefix=""} 1.79527696745e+09',
      'wanted_total_more{resource="x"} 1',
      'other_bucket{le="+Inf"} 5',
      'plain 0',
      '',
    ].join('\n');
    expect(parsePrometheusText(text, name => ['wanted_total', 'plain', 'absent'].includes(name))).toEqual({
      wanted_total: [
        { labels: { resource: 'secrets', prefix: 'k8s:enc:aescbc:v1:' }, value: 3 },
        { labels: { resource: '', prefix: '' }, value: 1_795_276_967.45 },
      ],
      plain: [{ labels: {}, value: 0 }],
    });
  });

  it('takes apart label values with quotes, backslashes, line breaks, commas and braces', () => {
    expect(parsePrometheusText('m{a="say \\"hi\\", {x}",b="C:\\\\n",c="two\\nlines"} 1\n', all)).toEqual({
      m: [{ labels: { a: 'say "hi", {x}', b: 'C:\\n', c: 'two\nlines' }, value: 1 }],
    });
  });

  it('reads a timestamp as what it is, and a comma before the brace', () => {
    expect(parsePrometheusText('m{a="b",} 7 1795276967450\n', all)).toEqual({ m: [{ labels: { a: 'b' }, value: 7 }] });
  });

  it('makes a label named __proto__ an ordinary one', () => {
    const [series] = parsePrometheusText('m{__proto__="x"} 1\n', all)['m'] ?? [];
    expect(Object.getOwnPropertyNames(series?.labels)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(series?.labels)).toBe(Object.prototype);
  });

  it.each([
    ['cut off in the last line', 'm{a="b"} 1\nm{a="c'],
    ['empty', ''],
    ['a web page', '<html><body>login</body></html>\n'],
    ['a Status object', '{"kind":"Status","code":403}\n'],
    ['labels without an end', 'm{a="b" 1\n'],
    ['labels without quotes', 'm{a=b} 1\n'],
    ['no value', 'm{a="b"}\n'],
    ['a value that is no number', 'm{a="b"} many\n'],
    ['not a number', 'm NaN\n'],
    ['infinity', 'm +Inf\n'],
  ])('refuses what is %s', (_, text) => {
    expect(() => parsePrometheusText(text, all)).toThrow(Error);
  });

  it('reads back what formatSeries writes', () => {
    const label = fc.stringMatching(/^[a-z_]{1,8}$/).filter(name => name !== '__proto__');
    fc.assert(
      fc.property(fc.dictionary(label, fc.string({ unit: 'binary' }), { noNullPrototype: true }), fc.nat(), (labels, value) => {
        expect(parsePrometheusText(`${formatSeries('m', labels)} ${value}\n`, all)['m']).toEqual([{ labels, value }]);
      }),
      { numRuns: 40 },
    );
  });
});
