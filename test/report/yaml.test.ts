import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import type { AuditReport } from '../../src/engine/report-model.ts';
import { renderYaml } from '../../src/report/yaml.ts';

it('shows what cannot be seen, as a value, as a key and in text of several lines, and says the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('\u202e', '\u200b', '\u009b', '\ufeff', 'plain'), (text, hidden) => {
      const report = { name: hidden, [`k${hidden}`]: [`${text}${hidden}`], lines: `a\n${hidden}\nb` } as unknown as AuditReport;
      const yaml = renderYaml(report);
      expect(yaml).not.toMatch(/[\u007f-\u009f\u200b-\u200f\u2028-\u202e\ufeff]/);
      expect(parse(yaml)).toEqual(report);
    }),
  );
});
