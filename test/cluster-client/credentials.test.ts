import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { connect } from '../../src/cluster/connect.ts';
import { Problem } from '../../src/problem.ts';
import { createCertificate } from '../support/certificates.ts';
import { testBench } from './connection.ts';
import { bareEnvironment } from './temporary-files.ts';

const { files, start, open } = testBench();

async function problemOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(() => undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Problem);
  return (error as Problem).message;
}

/** A token in the form of a JWT, unsigned: only its `exp` is ever read. */
function jwt(expires: Date): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ exp: Math.floor(expires.getTime() / 1000) })}.x`;
}

const later = new Date(Date.now() + 3_600_000);
const earlier = new Date(Date.now() - 3_600_000);

describe('fixed credentials', () => {
  it('are a token, a password or a certificate; --token goes before the user\'s', async () => {
    const server = await start({ tokens: { one: { name: 'token-one', groups: [] }, two: { name: 'token-two', groups: [] } }, passwords: { ana: 'pass' } });
    const certificate = server.certificateUser({ commonName: 'cert-ana', organizations: ['sre'] });
    const clients = [
      await open(server, { user: { token: 'one' } }),
      await open(server, { user: { token: 'one' } }, { token: 'two' }),
      await open(server, { user: { username: 'ana', password: 'pass' } }),
      await open(server, { user: certificate }),
      await open(server, { user: {} }),
    ];
    for (const client of clients) await client.get('/readyz');
    expect(server.requests.map(({ user }) => user)).toEqual(['token-one', 'token-two', 'ana', 'cert-ana', 'system:anonymous']);
    expect(clients.map(client => client.login().method)).toEqual(['token', 'token', 'password', 'certificate', 'anonymous']);
    expect(clients[1]?.login().place).toBe('--token');
    expect(clients[3]?.login()).toMatchObject({ subject: 'O=sre, CN=cert-ana', issuer: 'CN=kubernetes' });
  });

  it('of a certificate can stand in files', async () => {
    const server = await start();
    const pair = createCertificate({ commonName: 'filed', use: 'client' }, server.authority);
    const clientCertificate = files.write('ana.crt', pair.certificate);
    const clientKey = files.write('ana.key', pair.key, 0o600);
    const client = await open(server, { user: {} }, { clientCertificate, clientKey });
    await client.get('/readyz');
    expect(server.requests[0]?.user).toBe('filed');
    expect(client.login().place).toContain(clientCertificate);
  });

  it('that cannot be used are said before anything is sent, with the user and the file, without the secret', async () => {
    const server = await start();
    const [a, b] = [createCertificate({ commonName: 'a', use: 'client' }, server.authority), createCertificate({ commonName: 'b', use: 'client' }, server.authority)];
    const encoded = (text: string): string => Buffer.from(text).toString('base64');
    const cases: readonly [object, RegExp][] = [
      [{ 'client-certificate-data': encoded(a.certificate), 'client-key-data': encoded(b.key) }, /its key belongs to another certificate/],
      [{ 'client-certificate-data': encoded('no PEM'), 'client-key-data': encoded(a.key) }, /it is no PEM certificate/],
      [{ 'client-certificate-data': encoded(a.certificate), 'client-key-data': encoded('no PEM') }, /its key is no unencrypted PEM/],
      [{ 'client-certificate': 'gone.crt', 'client-key': 'gone.key' }, /cannot read the client-certificate .*gone\.crt .*no such file/],
      [{ tokenFile: 'gone.token' }, /cannot read the tokenFile .*gone\.token .*no such file/],
      [{ token: 'two\nlines' }, /holds a space, a line break/],
    ];
    for (const [user, expected] of cases) {
      const message = await problemOf(open(server, { user }));
      expect(message).toMatch(expected);
      expect(message).toContain('user "tester"');
    }
    expect(await problemOf(open(server, { cluster: { 'certificate-authority': 'gone-ca.crt' } }))).toMatch(/cannot read the certificate-authority .*gone-ca\.crt/);
    expect(await problemOf(open(server, { cluster: { 'certificate-authority-data': encoded('-----BEGIN CERTIFICATE-----\nxx\n-----END CERTIFICATE-----\n') } }))).toMatch(/is no PEM certificate/);
    expect(await problemOf(open(server, { cluster: { 'certificate-authority-data': encoded('no PEM') } }))).toMatch(/is no PEM certificate/);
    expect(server.connections()).toBe(0);
  });
});

describe('a token file', () => {
  it('is read again when the server does not accept the token any longer', async () => {
    const tokens: Record<string, { name: string; groups: string[] }> = { first: { name: 'first', groups: [] } };
    const server = await start({ tokens });
    const tokenFile = files.write('rotating-token', 'first\n');
    const client = await open(server, { user: { tokenFile } });
    expect((await client.get('/readyz')).status).toBe(200);
    writeFileSync(tokenFile, 'second\n');
    delete tokens.first;
    tokens.second = { name: 'second', groups: [] };
    expect((await client.get('/readyz')).status).toBe(200);
    expect(server.requests.map(({ user }) => user)).toEqual(['first', '', 'second']);
  });

  it('that holds the same token still is a 401 after one request', async () => {
    const server = await start({ tokens: {} });
    const client = await open(server, { user: { tokenFile: files.write('dead-token', 'dead') } });
    expect((await client.get('/readyz')).status).toBe(401);
    expect(server.requests).toHaveLength(1);
  });

  it('goes before a token, which is used while there is no file', async () => {
    const server = await start({ tokens: { old: { name: 'old', groups: [] }, fresh: { name: 'fresh', groups: [] } } });
    const tokenFile = files.path('later-token');
    await (await open(server, { user: { token: 'old', tokenFile } })).get('/readyz');
    files.write('later-token', 'fresh');
    await (await open(server, { user: { token: 'old', tokenFile } })).get('/readyz');
    expect(server.requests.map(({ user }) => user)).toEqual(['old', 'fresh']);
  });

  it('that is empty is said', async () => {
    const server = await start();
    expect(await problemOf(open(server, { user: { tokenFile: files.write('empty-token', '\n') } }))).toMatch(/empty-token .*is empty/);
  });
});

describe('an exec plugin', () => {
  /** A plugin that counts its runs, writes down what it was told, and answers what the file `answer` holds. */
  function plugin(name: string, answer: object | string, more = ''): { readonly runs: () => number; readonly told: () => { env: string; args: string; extra: string } } {
    files.write(`${name}/answer`, typeof answer === 'string' ? answer : JSON.stringify(answer));
    files.write(`${name}/runs`, '');
    files.write(`${name}/login`, `#!/bin/sh
here=$(dirname "$0")
echo run >> "$here/runs"
printf '%s' "$KUBERNETES_EXEC_INFO" > "$here/env"
printf '%s|' "$@" > "$here/args"
printf '%s' "$EXTRA" > "$here/extra"
${more}
cat "$here/answer"
`, 0o755);
    const read = (file: string): string => readFileSync(files.path(`${name}/${file}`), 'utf8');
    return {
      runs: () => count(files.path(`${name}/runs`)),
      told: () => ({ env: read('env'), args: read('args'), extra: read('extra') }),
    };
  }
  const credential = (status: object, version = 'v1'): object => ({ apiVersion: `client.authentication.k8s.io/${version}`, kind: 'ExecCredential', status });
  const exec = (command: string, more: object = {}): object => ({ exec: { command, apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never', ...more } });

  it('gives a token, is run once, and is told what kubectl tells it', async () => {
    const server = await start();
    const login = plugin('plain', credential({ token: 'good-token' }));
    // The kubeconfig stands in the directory of files, so that the command is relative to it.
    const client = await open(server, { user: exec('./plain/login', { args: ['get', '--for', 'a b'], env: [{ name: 'EXTRA', value: 'more' }] }) });
    for (let i = 0; i < 3; i += 1) expect((await client.get('/readyz')).status).toBe(200);
    expect(login.runs()).toBe(1);
    expect(login.told()).toEqual({
      env: '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}}',
      args: 'get|--for|a b|',
      extra: 'more',
    });
    expect(client.login().method).toBe('exec');
  });

  it('is told about the cluster only where it asks', async () => {
    const server = await start();
    const login = plugin('cluster', credential({ token: 'good-token' }, 'v1beta1'));
    const ca = Buffer.from(server.authority.certificate).toString('base64');
    await open(server, {
      user: exec('./cluster/login', { apiVersion: 'client.authentication.k8s.io/v1beta1', provideClusterInfo: true }),
      cluster: { 'certificate-authority-data': ca, 'tls-server-name': 'localhost', extensions: [{ name: 'other', extension: 1 }, { name: 'client.authentication.k8s.io/exec', extension: { audience: 'x' } }] },
    });
    expect(JSON.parse(login.told().env)).toEqual({
      apiVersion: 'client.authentication.k8s.io/v1beta1',
      kind: 'ExecCredential',
      spec: { interactive: false, cluster: { server: server.url, 'certificate-authority-data': ca, 'tls-server-name': 'localhost', config: { audience: 'x' } } },
    });
  });

  it('gives a client certificate', async () => {
    const server = await start();
    const { certificate, key } = createCertificate({ commonName: 'exec-ana', use: 'client' }, server.authority);
    plugin('certificate', credential({ clientCertificateData: certificate, clientKeyData: key }));
    const client = await open(server, { user: exec('./certificate/login') });
    await client.get('/readyz');
    expect(server.requests[0]?.user).toBe('exec-ana');
  });

  it('is run once more after a 401, and its new credential used, for many requests at once', async () => {
    const tokens: Record<string, { name: string; groups: string[] }> = { first: { name: 'first', groups: [] } };
    const server = await start({ tokens });
    const login = plugin('renewing', credential({ token: 'first' }));
    const client = await open(server, { user: exec('./renewing/login') });
    await client.get('/readyz');
    delete tokens.first;
    tokens.second = { name: 'second', groups: [] };
    files.write('renewing/answer', JSON.stringify(credential({ token: 'second' })));
    const answers = await Promise.all(Array.from({ length: 6 }, () => client.get('/readyz')));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(login.runs()).toBe(2);
  });

  it('with a renewed certificate makes a new connection', async () => {
    const server = await start();
    const pair = (commonName: string, notAfter: Date): object => {
      const { certificate, key } = createCertificate({ commonName, use: 'client', notAfter, notBefore: new Date(Date.now() - 7_200_000) }, server.authority);
      return credential({ clientCertificateData: certificate, clientKeyData: key });
    };
    plugin('rotating', pair('old', earlier));
    const client = await open(server, { user: exec('./rotating/login') });
    files.write('rotating/answer', JSON.stringify(pair('new', later)));
    expect((await client.get('/readyz')).status).toBe(200);
    expect(server.requests.map(({ user }) => user)).toEqual(['', 'new']);
  });

  it('whose answer stays unaccepted leaves the 401, after two runs', async () => {
    const server = await start({ tokens: {} });
    const login = plugin('refused', credential({ token: 'dead' }));
    const client = await open(server, { user: exec('./refused/login') });
    expect((await client.get('/readyz')).status).toBe(401);
    expect(login.runs()).toBe(2);
  });

  it('that fails on renewal leaves the 401 and says why', async () => {
    const server = await start({ tokens: {} });
    plugin('breaking', credential({ token: 'dead' }), 'test "$(wc -l < "$here/runs")" -gt 1 && exit 7');
    const client = await open(server, { user: exec('./breaking/login') });
    expect((await client.get('/readyz')).status).toBe(401);
    expect(client.login().renewal).toMatch(/ended with exit code 7/);
  });

  it('is not run where a token, a password or a certificate stands beside it', async () => {
    const server = await start({ passwords: { ana: 'pass' } });
    const login = plugin('unused', credential({ token: 'x' }));
    const others: readonly object[] = [{ token: 'good-token' }, { username: 'ana', password: 'pass' }, server.certificateUser({ commonName: 'ana' })];
    for (const other of others) expect((await (await open(server, { user: { ...exec('./unused/login'), ...other } })).get('/readyz')).status).toBe(200);
    expect((await (await open(server, { user: exec('./unused/login') }, { token: 'good-token' })).get('/readyz')).status).toBe(200);
    expect(login.runs()).toBe(0);
    expect(server.requests.every(({ user }) => user === 'ana')).toBe(true);
  });

  it('that is not there is said with its install hint, and one that must ask without a terminal too', async () => {
    const server = await start();
    expect(await problemOf(open(server, { user: exec('no-such-login-plugin', { installHint: 'get it from example.org' }) }))).toMatch(/"no-such-login-plugin" of user "tester" .* was not found; get it from example\.org/);
    expect(await problemOf(open(server, { user: exec('no-such-login-plugin', { apiVersion: 'client.authentication.k8s.io/v1alpha1' }) }))).toMatch(/v1alpha1, which kubectl no longer does/);
  });

  it('that answers badly is refused without a word of what it said', async () => {
    const server = await start();
    const { certificate } = createCertificate({ commonName: 'x', use: 'client' }, server.authority);
    const cases: readonly [string, object | string, RegExp][] = [
      ['empty', '', /answered nothing/],
      ['text', 'hunter2', /is no JSON/],
      ['list', '["hunter2"]', /no ExecCredential/],
      ['kind', { kind: 'Token', token: 'hunter2' }, /no ExecCredential/],
      ['version', credential({ token: 'hunter2' }, 'v1beta1'), /another version than client\.authentication\.k8s\.io\/v1/],
      ['status', { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', token: 'hunter2' }, /no status/],
      ['nothing', credential({ hunter2: 'hunter2' }), /neither a token nor a certificate/],
      ['half', credential({ clientCertificateData: certificate }), /a certificate without its key/],
      ['bad-pem', credential({ clientCertificateData: 'hunter2', clientKeyData: 'hunter2' }), /no PEM certificate/],
      ['number', credential({ token: 2 }), /status\.token that is no text/],
      ['time', credential({ token: 'hunter2', expirationTimestamp: 'hunter2' }), /no time/],
      ['newline', credential({ token: 'hunter2\n' }), /line break/],
    ];
    for (const [name, answer, expected] of cases) {
      plugin(`bad-${name}`, answer);
      const message = await problemOf(open(server, { user: exec(`./bad-${name}/login`) }));
      expect(message).toMatch(expected);
      expect(message).not.toContain('hunter2');
    }
  });

  it('that fails is said with its exit code', async () => {
    const server = await start();
    plugin('failing', '', 'exit 3');
    expect(await problemOf(open(server, { user: exec('./failing/login') }))).toMatch(/ended with exit code 3; its own message is above/);
  });

  it('whose credential has expired by its own word is run again before the next request', async () => {
    const server = await start();
    const login = plugin('expiring', credential({ token: 'good-token', expirationTimestamp: earlier.toISOString() }));
    const client = await open(server, { user: exec('./expiring/login') });
    await client.get('/readyz');
    await client.get('/readyz');
    // Not for every request, though: what is expired when it comes is the plugin's fault.
    expect(login.runs()).toBe(1);
  });
});

describe('an auth-provider', () => {
  const provider = (name: string, config: object = {}): object => ({ 'auth-provider': { name, config: { 'idp-issuer-url': 'https://127.0.0.1:1', 'client-id': 'kubectl', ...config } } });

  it('oidc gives its id-token while it lasts', async () => {
    const token = jwt(later);
    const server = await start({ tokens: { [token]: { name: 'oidc-ana', groups: [] } } });
    const client = await open(server, { user: provider('oidc', { 'id-token': token, 'refresh-token': 'x' }) });
    await client.get('/readyz');
    expect(server.requests[0]?.user).toBe('oidc-ana');
  });

  it('oidc with an expired one, and any other, is said with what to use instead', async () => {
    const server = await start();
    expect(await problemOf(open(server, { user: provider('oidc', { 'id-token': jwt(earlier) }) }))).toMatch(/expired on \d{4}-.*no refresh-token; log in again/);
    expect(await problemOf(open(server, { user: provider('oidc', { 'id-token': 'hunter2' }) }))).not.toContain('hunter2');
    expect(await problemOf(open(server, { user: provider('gcp', { 'access-token': 'hunter2' }) }))).toMatch(/"gcp", which was removed from kubectl; .*exec plugin/);
  });
});

describe('an oidc id-token that has expired', () => {
  /** Stands for kubectl: writes down what it is asked, and renews as it is told to. */
  function fakeKubectl(kubeconfig: string, renewed: string): { command: string; asked: () => string } {
    const log = files.path('kubectl-log');
    const command = files.write('bin/fake-kubectl', `#!/bin/sh\necho "$@" >> '${log}'\nprintf '%s' '${renewed}' > '${kubeconfig}'\nexit 1\n`, 0o755);
    return { command, asked: () => readFileSync(log, 'utf8') };
  }

  const user = (token: string): object => ({ 'auth-provider': { name: 'oidc', config: { 'idp-issuer-url': 'https://127.0.0.1:1', 'client-id': 'kubectl', 'id-token': token, 'refresh-token': 'hunter2' } } });

  it('is renewed by kubectl, which is asked for a version of the same server, and whatever it ends with', async () => {
    const token = jwt(later);
    const server = await start({ tokens: { [token]: { name: 'oidc-ana', groups: [] } } });
    const file = files.write('oidc-config', server.kubeconfig({ user: user(jwt(earlier)) }));
    const { command, asked } = fakeKubectl(file, server.kubeconfig({ user: user(token) }));
    const client = await connect({ kubeconfig: file, context: 'fake' }, { env: bareEnvironment({ KUBECTL_PATH: command }) });
    await client.get('/readyz');
    client.close();
    expect(server.requests.map(({ user: who }) => who)).toEqual(['oidc-ana']);
    expect(asked()).toBe(`--kubeconfig=${file} --context=fake --request-timeout=30s get --raw /version\n`);
  });

  it('that kubectl does not renew either, or where it is not there, is said without the token', async () => {
    const server = await start();
    const file = files.write('oidc-dead', server.kubeconfig({ user: user(jwt(earlier)) }));
    const { command } = fakeKubectl(file, server.kubeconfig({ user: user(jwt(earlier)) }));
    const opened = (path: string): Promise<string> => problemOf(connect({ kubeconfig: file }, { env: bareEnvironment({ KUBECTL_PATH: path }) }));
    expect(await opened(command)).toMatch(/expired on \d{4}-.*kubectl could not renew it/);
    expect(await opened('/nonexistent/kubectl')).toMatch(/kubectl, which could renew it, cannot be started \(ENOENT\)/);
    expect(await opened(command)).not.toContain('hunter2');
  });
});

function count(file: string): number {
  return readFileSync(file, 'utf8').split('\n').length - 1;
}
