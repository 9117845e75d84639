import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { controlPlaneBinaries } from '../cluster/binaries.ts';
import { fail, recordedCases, recordingFile, seenFromKubectl, seenFromUs, succeed, toldToPlugin, whatPluginsWereTold } from './connection-cases.ts';

/**
 * The recording is what the real kubectl does today. `SECAUDIT_RECORD=1` writes it anew:
 *
 *     SECAUDIT_RECORD=1 npx vitest run --config vitest.cluster.config.ts test/cluster-client/against-kubectl.cluster.test.ts
 */
const isRecording = process.env['SECAUDIT_RECORD'] === '1';
const recorded = isRecording ? {} : recordedCases();
const fresh: Record<string, readonly string[]> = {};
let kubectl = '';

beforeAll(async () => {
  ({ kubectl } = await controlPlaneBinaries());
});

afterAll(() => {
  if (!isRecording) return;
  mkdirSync(dirname(recordingFile), { recursive: true });
  writeFileSync(recordingFile, `${JSON.stringify(fresh, undefined, 2)}\n`);
});

describe('the recording is what kubectl does', () => {
  it.each(Object.entries({ ...succeed, ...fail }))('%s', async (name, scenario) => {
    const { requests, words } = await seenFromKubectl(kubectl, scenario);
    fresh[name] = requests;
    expect(requests.filter(line => !line.startsWith('proxy ')), words).toHaveLength(1);
    if (name in succeed) expect(requests, words).not.toEqual(['failed']);
    else expect(requests, words).toEqual(['failed']);
    if (!isRecording) expect(requests, words).toEqual(recorded[name]);
  });
});

it('an exec plugin is told by us what kubectl tells it', async () => {
  await seenFromKubectl(kubectl, toldToPlugin);
  await seenFromUs(toldToPlugin);
  const told = whatPluginsWereTold();
  expect(told).toHaveLength(2);
  expect(told[1]).toEqual(told[0]);
});
