import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import type { ConnectionFlags, RequestEvent } from '../../src/cluster/api-client.ts';
import { connect } from '../../src/cluster/connect.ts';
import { firstAnswer } from '../../src/cluster/first-answer.ts';
import { createCertificate } from '../support/certificates.ts';
import type { FakeApiServerOptions } from '../support/api-server.ts';
import { testBench } from './connection.ts';
import { bareEnvironment } from './temporary-files.ts';

const { files, start } = testBench();

/** Stands in every secret place there is: whatever says it, says too much. */
const MARKER = 'hunter2-MARKER-7f3a';
const key = createCertificate({ commonName: 'other', use: 'client' }).key;
const KEY_TEXT = key.split('\n')[1] ?? '';

/** All that a person, a log or a report could get to see of one failure. */
function everythingSaid(error: unknown, events: readonly RequestEvent[], more: unknown): string {
  const parts: string[] = [JSON.stringify(events), inspect(more, { depth: 8 })];
  for (let at: unknown = error; at !== undefined && parts.length < 10; at = at instanceof Error ? at.cause : undefined) {
    parts.push(at instanceof Error ? `${at.message}\n${at.stack ?? ''}` : inspect(at));
    if (at instanceof Error) parts.push(inspect(at, { depth: 8 }));
  }
  return parts.join('\n');
}

function isSecretIn(text: string): boolean {
  const encoded = [MARKER, Buffer.from(MARKER).toString('base64').replace(/=+$/, ''), Buffer.from(`${MARKER}:${MARKER}`).toString('base64'), encodeURIComponent(MARKER), KEY_TEXT];
  return encoded.some(secret => text.includes(secret));
}

const credentials: Readonly<Record<string, (serverUrl: string) => { readonly user: object; readonly flags?: ConnectionFlags }>> = {
  'a token': () => ({ user: { token: MARKER } }),
  'a token by flag': () => ({ user: {}, flags: { token: MARKER } }),
  'a token that is two lines': () => ({ user: { token: `${MARKER}\n${MARKER}` } }),
  'a token file': () => ({ user: { tokenFile: files.write('token', MARKER) } }),
  'a password': () => ({ user: { username: 'ana', password: MARKER } }),
  'a password in the URL': url => ({ user: {}, flags: { server: url.replace('://', `://ana:${MARKER}@`) } }),
  'a broken URL with a password': () => ({ user: {}, flags: { server: `https://ana:${MARKER}@no host` } }),
  'a key that is none': () => ({ user: { 'client-certificate-data': base64('x'), 'client-key-data': base64(MARKER) } }),
  'a key of another certificate': () => ({ user: { 'client-certificate-data': base64(createCertificate({ commonName: 'ana', use: 'client' }).certificate), 'client-key-data': base64(key) } }),
  'a data field that is no base64': () => ({ user: { 'client-key-data': `${MARKER}!` } }),
  'a plugin that prints its token and no JSON': () => ({ user: plugin(`echo ${MARKER}`) }),
  'a plugin that fails after printing': () => ({ user: plugin(`echo ${MARKER}; exit 4`) }),
  'a plugin with a secret argument that is missing': () => ({ user: { exec: { command: 'no-such-plugin', args: [MARKER], env: [{ name: 'SECRET', value: MARKER }], apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never' } } }),
  'a plugin with a token': () => ({ user: plugin(`echo '${JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token: MARKER } })}'`) }),
  'an auth-provider': () => ({ user: { 'auth-provider': { name: 'oidc', config: { 'id-token': MARKER, 'refresh-token': MARKER, 'client-secret': MARKER } } } }),
  'a kubeconfig that is no YAML': () => ({ user: {}, flags: { kubeconfig: files.write('broken', `users:\n- name: x\n  user: {token: "${MARKER}}\n`) } }),
  'a proxy with a password': () => ({ user: { token: MARKER } }),
};

const servers: Readonly<Record<string, Partial<FakeApiServerOptions>>> = {
  'refuses the login': { tokens: {}, anonymous: false },
  'forbids everything': { tokens: { [MARKER]: { name: 'ana', groups: [] } }, passwords: { ana: MARKER }, isForbidden: () => true },
  'breaks off': { tokens: { [MARKER]: { name: 'ana', groups: [] } }, faults: [{ path: '*', fault: { cut: 'midBody' } }] },
  'hangs up': { faults: [{ path: '*', fault: { cut: 'beforeHeaders' } }] },
  'is slow': { faults: [{ path: '*', fault: { slow: 'headers', milliseconds: 5000 } }] },
  'is another cluster': { certificate: { names: ['elsewhere'] } },
  'expired': { certificate: { notBefore: new Date(0), notAfter: new Date(1) } },
};

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

let plugins = 0;
function plugin(script: string): object {
  plugins += 1;
  const command = files.write(`plugin-${plugins}`, `#!/bin/sh\n${script}\n`, 0o755);
  return { exec: { command, apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never' } };
}

describe('no secret is said', () => {
  let failures = 0;
  let events = 0;
  describe.each(Object.keys(servers))('where the server %s', serverName => {
    it.each(Object.keys(credentials))('with %s', async credentialName => {
      const server = await start(servers[serverName]);
      const { user, flags = {} } = credentials[credentialName]?.(server.url) ?? { user: {} };
      const cluster = credentialName === 'a proxy with a password'
        ? { 'certificate-authority-data': base64(server.authority.certificate), 'proxy-url': `http://ana:${MARKER}@127.0.0.1:1` }
        : { 'certificate-authority-data': base64(server.authority.certificate) };
      const kubeconfig = files.write('config', server.kubeconfig({ user, cluster }));
      const seen: RequestEvent[] = [];
      const said: unknown[] = [];
      let error: unknown;
      try {
        const client = await connect({ kubeconfig, requestTimeoutSeconds: 0.2, ...flags }, { env: bareEnvironment(), onRequest: event => seen.push(event) });
        const first = await firstAnswer(client).catch((thrown: unknown) => (error = thrown));
        const read = await client.get('/api/v1/secrets?limit=5').catch((thrown: unknown) => (error = thrown));
        said.push(client, client.connection, client.login(), client.contexts, first, read);
        client.close();
      } catch (thrown) {
        error = thrown;
      }
      if (error !== undefined) failures += 1;
      events += seen.length;
      expect(isSecretIn(everythingSaid(error, seen, said))).toBe(false);
      expect(isSecretIn(JSON.stringify(server.requests))).toBe(false);
    });
  });

  afterAll(() => {
    // The cases must fail in earnest, or they show nothing.
    expect(failures).toBeGreaterThan(80);
    expect(events).toBeGreaterThan(80);
  });
});

it('the watcher notices each form of a secret', () => {
  for (const text of [`x ${MARKER}`, base64(MARKER), `Basic ${base64(`${MARKER}:${MARKER}`)}`, key]) expect(isSecretIn(everythingSaid(new Error('a', { cause: new Error(text) }), [], {}))).toBe(true);
  expect(isSecretIn(everythingSaid(new Error('a'), [], { nested: { deep: [MARKER] } }))).toBe(true);
});
