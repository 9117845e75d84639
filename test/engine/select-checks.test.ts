import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/checks/registry.ts';
import { findCheck, selectChecks } from '../../src/engine/select-checks.ts';

const ids = (selection: Parameters<typeof selectChecks>[1]): string[] => selectChecks(CHECKS, selection).map(({ id }) => id);

describe('selectChecks', () => {
  it('takes all when nothing is asked', () => {
    expect(ids({})).toEqual(CHECKS.map(({ id }) => id));
  });
  it('takes a severity and the worse ones', () => {
    expect(ids({ severity: 'critical' })).toEqual(CHECKS.filter(({ severity }) => severity === 'critical').map(({ id }) => id));
    expect(ids({ severity: 'high' }).length).toBeGreaterThan(ids({ severity: 'critical' }).length);
    expect(ids({ severity: 'info' })).toEqual(ids({}));
  });
  it('takes a family, a framework, and both together', () => {
    expect(ids({ families: ['secrets'] }).every(id => id.startsWith('secrets-'))).toBe(true);
    const cis = ids({ frameworks: ['cis'] });
    expect(cis).toEqual(CHECKS.filter(({ controls }) => controls.some(({ framework }) => framework === 'cis')).map(({ id }) => id));
    expect(ids({ families: ['versions'], frameworks: ['cis'] })).toEqual([]);
  });
  it.each([
    ['a check', { checks: ['rbac-nothing-like-it-at-all'] }, 'there is no check rbac-nothing-like-it-at-all'],
    ['a family', { families: ['rbca'] }, '--family knows no rbca'],
    ['a framework', { frameworks: ['cis-9'] }, '--framework knows no cis-9'],
  ])('refuses %s that does not exist', (_, selection, words) => {
    expect(() => ids(selection)).toThrow(words);
  });
  it('finds a check by a former id', () => {
    const [check] = CHECKS;
    expect(findCheck([{ ...check!, aliases: ['rbac-old-name'] }], 'rbac-old-name').id).toBe(check!.id);
  });
});
