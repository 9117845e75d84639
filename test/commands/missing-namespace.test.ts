import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditReport } from '../../src/engine/report-model.ts';
import { plain, status } from '../support/api-answers.ts';
import { readRecordedApi, type ApiData } from '../support/api-data.ts';
import { startFakeApiServer, type FaultRule } from '../support/api-server.ts';
import { runSecaudit, type Finished } from '../support/run-secaudit.ts';

let data: ApiData;
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'secaudit-namespace-'));
  data = await readRecordedApi(join(import.meta.dirname, '../../fixtures/demo/api'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function run(args: readonly string[], more: { readonly faults?: readonly FaultRule[]; readonly isForbidden?: boolean } = {}): Promise<Finished> {
  const server = await startFakeApiServer({
    data,
    ...(more.faults === undefined ? {} : { faults: more.faults }),
    isForbidden: ({ resource, verb }) => more.isForbidden === true && resource === 'namespaces' && verb === 'get',
  });
  const file = join(directory, 'kubeconfig');
  await writeFile(file, server.kubeconfig());
  const finished = await runSecaudit([...args, '--kubeconfig', file]);
  await server.close();
  return finished;
}

const here = '/api/v1/namespaces/no-such-place';

describe('-n with a namespace that is not there', () => {
  it.each([['scan'], ['rbac'], ['permissions'], ['snapshot', 'x'], ['rbac', 'who-can', 'get', 'pods']])('%s is an error of one sentence', async (...command) => {
    const { code, stdout, stderr } = await run([...command.map(word => (word === 'x' ? join(directory, word) : word)), '-n', 'no-such-place']);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^error: there is no namespace no-such-place on https:[^\n]*; check --namespace[^\n]*\n$/);
  });

  it('is not looked for with -A', async () => {
    expect((await run(['scan', '-A', '-n', 'no-such-place'])).code).toBe(0);
  });
});

describe('no proof that it is not there', () => {
  it.each<readonly [string, Parameters<typeof run>[1]]>([
    ['this user may not look', { isForbidden: true }],
    ['a 404 that is not about a namespace', { faults: [{ path: here, fault: { reply: plain(404, '404 page not found') } }] }],
    ['a 404 about something else', { faults: [{ path: here, fault: { reply: status(404, 'the server could not find the requested resource', { details: {} }) } }] }],
    ['a 500', { faults: [{ path: here, fault: { status: 500 } }] }],
    ['no answer', { faults: [{ path: here, fault: { cut: 'beforeHeaders' } }] }],
  ])('%s: the audit goes on', async (_name, more) => {
    const { code, stdout } = await run(['scan', '-n', 'no-such-place', '-o', 'json'], more);
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as AuditReport).scope).toEqual({ namespace: 'no-such-place' });
  });
});

it('one that is there is audited', async () => {
  expect((await run(['scan', '-n', 'shop'])).code).toBe(0);
});
