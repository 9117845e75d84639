import { describe, expect, it } from 'vitest';
import { calendars } from '../../src/data/distro-calendars.ts';
import { daysBetween, supportOf, type SupportCalendar } from '../../src/data/support-calendar.ts';

const calendar: SupportCalendar = {
  id: 'upstream',
  title: 'test',
  dataFreshThrough: '2026-01-01',
  source: 'test',
  rows: [
    { minor: '1.12', phases: [{ name: 'first', until: '2026-10-31' }, { name: 'second', until: '2026-12-31', paid: true }] },
    { minor: '1.11', phases: [{ name: 'first', until: '2026-06-30' }, { name: 'more', until: '2026-09-30', onlyWith: 'a plan' }] },
    { minor: '1.9', phases: [{ name: 'first', until: '2026-01-31' }] },
  ],
};

describe('supportOf', () => {
  const cases = [
    ['1.12', '2026-10-30', { status: 'supported', phase: { name: 'first' }, phaseDaysLeft: 1, endOfLife: '2026-12-31', daysLeft: 62 }],
    ['1.12', '2026-10-31', { status: 'supported', phase: { name: 'first' }, phaseDaysLeft: 0 }],
    ['1.12', '2026-10-31T23:59:59Z', { status: 'supported', phase: { name: 'first' }, phaseDaysLeft: 0 }],
    ['1.12', '2026-11-01T00:00:00Z', { status: 'supported', phase: { name: 'second' }, phaseDaysLeft: 60, daysLeft: 60 }],
    ['1.12', '2026-12-31T23:59:59Z', { status: 'supported', daysLeft: 0 }],
    ['1.12', '2027-01-01T00:00:00Z', { status: 'ended', endOfLife: '2026-12-31', isBound: false, daysSince: 1 }],
    ['1.11', '2026-06-30', { status: 'supported', endOfLife: '2026-06-30', daysLeft: 0, further: { onlyWith: 'a plan' } }],
    ['1.11', '2026-07-01', { status: 'conditional', endOfLife: '2026-06-30', phase: { name: 'more' }, daysLeft: 91 }],
    ['1.11', '2026-09-30', { status: 'conditional', daysLeft: 0 }],
    ['1.11', '2026-10-01', { status: 'ended', endOfLife: '2026-09-30', daysSince: 1 }],
    // Older than the table: no later than the oldest of it.
    ['1.8', '2026-02-01', { status: 'ended', endOfLife: '2026-01-31', isBound: true, daysSince: 1 }],
    ['1.8', '2026-01-31', { status: 'unknownVersion' }],
    // A minor that the table leaves out.
    ['1.10', '2030-01-01', { status: 'unknownVersion' }],
    ['1.13', '2030-01-01', { status: 'newerThanData', newestMinor: '1.12' }],
    ['1.100', '2030-01-01', { status: 'newerThanData' }],
    ['2.0', '2030-01-01', { status: 'newerThanData' }],
  ] as const;
  it.each(cases)('of %s on %s', (minor, on, expected) => {
    expect(supportOf(calendar, `v${minor}.3`, on)).toMatchObject(expected);
  });

  it('of what is no version is unknown, on any day', () => {
    for (const text of ['', 'v0.0.0-master', 'kwok-v0.4.0']) expect(supportOf(calendar, text, '2020-01-01')).toEqual({ status: 'unknownVersion' });
  });
});

describe('daysBetween', () => {
  it('counts days of the calendar, whatever the time of day', () => {
    expect(daysBetween('2026-11-21T23:59:59Z', '2026-11-22')).toBe(1);
    expect(daysBetween('2026-11-22', '2026-11-21T00:00:01Z')).toBe(-1);
    expect(daysBetween('2028-02-28', '2028-03-01')).toBe(2);
  });
});

describe.each(Object.values(calendars))('the table of $title', ({ rows, dataFreshThrough }) => {
  it('leaves out no minor', () => {
    const minors = rows.map(({ minor }) => Number(/^1\.(\d+)$/.exec(minor)?.[1]));
    const [newest = 0] = minors;
    expect(minors).toEqual(minors.map((_, at) => newest - at));
  });
  it('holds days that exist, phases in order of time, and what only some have last', () => {
    for (const { phases } of rows) {
      const days = phases.map(({ until }) => until);
      expect(days.map(day => new Date(day).toISOString().slice(0, 10))).toEqual(days);
      expect([...days].sort()).toEqual(days);
      const conditions = phases.map(({ onlyWith }) => Number(onlyWith !== undefined));
      expect([...conditions].sort()).toEqual(conditions);
    }
  });
  it('lets newer minors end later', () => {
    const ends = rows.map(({ phases }) => phases.filter(({ onlyWith }) => onlyWith === undefined).at(-1)?.until);
    expect(ends.toSorted().reverse()).toEqual(ends);
  });
  it('has a date', () => {
    expect(dataFreshThrough).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  });
});
