import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { departures, fail, recordedCases, seenFromUs, succeed } from './connection-cases.ts';

const cases = { ...succeed, ...fail };
const recorded = recordedCases();

it('every case is recorded, and nothing else', () => {
  expect(Object.keys(recorded).toSorted()).toEqual(Object.keys(cases).toSorted());
});

it.each(Object.entries(departures))('a known departure of client libraries is tested: %s', (row, where) => {
  const named = Object.values(cases).filter(({ departure }) => departure === row);
  if (where === 'recorded') return expect(named).not.toHaveLength(0);
  const [file, title] = where;
  return expect(readFileSync(path.join(import.meta.dirname, file), 'utf8')).toContain(`'${title}'`);
});

it.each(Object.entries(cases))('the server sees from us what it saw from kubectl 1.37.1: %s', async (name, scenario) => {
  const { requests, words } = await seenFromUs(scenario);
  expect(requests, words).toEqual(recorded[name]);
});
