import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRecordedApi } from '../support/api-data.ts';
import { startFakeApiServer, type FakeApiServer, type FakeApiServerOptions } from '../support/api-server.ts';
import { runSecaudit } from '../support/run-secaudit.ts';

const TOKEN = 'marker-token-5e1f';
const api = join(import.meta.dirname, '../../fixtures/demo/api');
let directory: string;
let server: FakeApiServer;
let other: FakeApiServer;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'secaudit-bad-'));
  server = await start({});
  other = await start({});
});
afterAll(async () => {
  await Promise.all([server.close(), other.close()]);
  await rm(directory, { recursive: true, force: true });
});

async function start(options: Partial<FakeApiServerOptions>): Promise<FakeApiServer> {
  return startFakeApiServer({ data: await readRecordedApi(api), ...options });
}

async function file(text: string): Promise<string> {
  const path = join(directory, `kubeconfig-${Math.random().toString(36).slice(2)}`);
  await writeFile(path, text);
  return path;
}

/** Everything that can be wrong between the shell and the API server; each is one sentence that says what to do. */
const CASES: readonly (readonly [name: string, args: () => Promise<readonly string[]>, words: RegExp])[] = [
  ['no kubeconfig at all', () => Promise.resolve([]), /kubeconfig/],
  ['a context that does not exist', async () => ['--kubeconfig', await file(server.kubeconfig()), '--context', 'prod'], /prod.*fake/],
  ['a server that is not there', async () => ['--kubeconfig', await file(server.kubeconfig({ cluster: { server: 'https://127.0.0.1:1' } }))], /127\.0\.0\.1:1.*(refused|reach|connect|answer)/],
  ['a name that does not resolve', async () => ['--kubeconfig', await file(server.kubeconfig({ cluster: { server: 'https://nowhere.invalid:6443' } }))], /nowhere\.invalid/],
  ['a wrong CA', async () => ['--kubeconfig', await file(server.kubeconfig({ cluster: { server: server.url, 'certificate-authority-data': Buffer.from(other.authority.certificate).toString('base64') } }))], /certificate/],
  ['a file that is no kubeconfig', async () => ['--kubeconfig', await file('}{ not yaml')], /YAML|kubeconfig/],
];

describe('a connection that cannot be', () => {
  it.each(CASES)('%s: one sentence, exit code 1, no stack, no secret', async (_, args, words) => {
    const { code, stdout, stderr } = await runSecaudit(['scan', ...(await args())]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(words);
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
    expect(stderr).not.toContain(TOKEN);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
  it('says so when the server is no API server', async () => {
    const html = await start({ faults: [{ path: '/*', fault: { reply: { status: 200, contentType: 'text/html', body: '<!doctype html><title>Login</title>' } } }] });
    const { code, stderr } = await runSecaudit(['scan', '--kubeconfig', await file(html.kubeconfig())]);
    await html.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .*no Kubernetes API server.*HTML.*\n$/);
  });
});
