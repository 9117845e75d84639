import { expect, it } from 'vitest';
import { fail, recordedCases, seenFromUs, succeed } from './connection-cases.ts';

const cases = { ...succeed, ...fail };
const recorded = recordedCases();

it('every case is recorded, and nothing else', () => {
  expect(Object.keys(recorded).toSorted()).toEqual(Object.keys(cases).toSorted());
});

it.each(Object.entries(cases))('the server sees from us what it saw from kubectl 1.37.1: %s', async (name, scenario) => {
  const { requests, words } = await seenFromUs(scenario);
  expect(requests, words).toEqual(recorded[name]);
});
