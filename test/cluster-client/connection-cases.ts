import { readFileSync } from 'node:fs';
import path, { delimiter } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { ConnectionFlags } from '../../src/cluster/api-client.ts';
import { connect } from '../../src/cluster/connect.ts';
import { Problem } from '../../src/problem.ts';
import { runProgram } from '../cluster/run-program.ts';
import { startFakeApiServer, type FakeApiServer } from '../support/api-server.ts';
import { createCertificate } from '../support/certificates.ts';
import { openProxy } from '../support/proxy.ts';
import { temporaryDirectory } from './temporary-files.ts';

/**
 * Configurations that are given to kubectl and to us: the server has to see the same request from both. What it sees
 * from kubectl is recorded (`connection-cases.json`), so that kubectl need not be there. Importing this starts
 * servers and a proxy before the tests of a file and ends them after.
 */
const files = temporaryDirectory();
const tokens: Record<string, { name: string; groups: string[] }> = Object.fromEntries(['t1', 't2', 't3', 'from-file'].map(token => [token, { name: `user-of-${token}`, groups: [] }]));
let one: FakeApiServer;
let two: FakeApiServer;
let three: FakeApiServer;
let proxy: Awaited<ReturnType<typeof openProxy>>;

beforeAll(async () => {
  const options = {
    data: { lists: new Map(), texts: new Map([['/readyz', 'ok']]) },
    tokens,
    passwords: { ana: 'pass' },
  };
  one = await startFakeApiServer(options);
  two = await startFakeApiServer({ ...options, prefix: '/k8s/clusters/two', certificate: { names: ['two.example.org'] } });
  three = await startFakeApiServer({ ...options, plainHttp: true });
  proxy = await openProxy({ resolve: host => (host.endsWith('.example.org') ? '127.0.0.1' : host) });
  const login = (name: string, token: string, version = 'v1'): string => files.write(name, `#!/bin/sh
echo '{"apiVersion":"client.authentication.k8s.io/${version}","kind":"ExecCredential","status":{"token":"${token}"}}'
`, 0o755);
  login('bin/login', 't3');
  login('bin/login-beta', 't2', 'v1beta1');
  files.write('bin/info', `#!/bin/sh
printf '%s' "$KUBERNETES_EXEC_INFO" >> "$(dirname "$0")/../info"; echo >> "$(dirname "$0")/../info"
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t1"}}'
`, 0o755);
  files.write('token', 'from-file\n');
});

afterAll(async () => {
  await one.close();
  await two.close();
  await three.close();
  proxy.close();
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const ca = (server: FakeApiServer): object => ({ server: server.url, 'certificate-authority-data': base64(server.authority.certificate) });

interface Config {
  readonly clusters?: Readonly<Record<string, object>>;
  readonly users?: Readonly<Record<string, object>>;
  readonly contexts?: Readonly<Record<string, object>>;
  readonly current?: string;
}

function config({ clusters = {}, users = {}, contexts = {}, current }: Config): string {
  const list = (entries: Readonly<Record<string, object>>, key: string): object[] => Object.entries(entries).map(([name, value]) => ({ name, [key]: value }));
  return JSON.stringify({ apiVersion: 'v1', kind: 'Config', clusters: list(clusters, 'cluster'), users: list(users, 'user'), contexts: list(contexts, 'context'), ...(current === undefined ? {} : { 'current-context': current }) });
}

/**
 * What client libraries are known to do otherwise than kubectl. Each is shown by cases here that carry its name, or, where no
 * single request of kubectl can show it, by a test elsewhere.
 */
export const departures = {
  'same name in two files': 'recorded',
  'missing file': 'recorded',
  'current-context in several files': 'recorded',
  'tokenFile': 'recorded',
  'tokenFile read again': ['credentials.test.ts', 'is read again when the server does not accept the token any longer'],
  'impersonation fields': 'recorded',
  'relative exec command': 'recorded',
  'what an exec plugin is told': ['against-kubectl.cluster.test.ts', 'an exec plugin is told by us what kubectl tells it'],
  'what an exec plugin says': ['credentials.test.ts', 'that fails is said with its exit code'],
  'exec plugin run again on 401': ['credentials.test.ts', 'is run once more after a 401, and its new credential used, for many requests at once'],
  'http server': 'recorded',
  'proxy environment': 'recorded',
  'NODE_TLS_REJECT_UNAUTHORIZED': ['connect.test.ts', 'is not given up for NODE_TLS_REJECT_UNAUTHORIZED=0'],
  'empty file': 'recorded',
  'disable-compression': 'recorded',
  'one connection for many requests': ['connect.test.ts', 'serves many requests after one another'],
  'fields that no model knows': ['../evidence/fields.test.ts', 'keeps a declared field that no model knows'],
} as const;
export type DepartureRow = keyof typeof departures;

export interface Case {
  /** One is given as --kubeconfig, more as KUBECONFIG; a missing one is a file that does not exist. */
  readonly configs: () => readonly (Config | string)[];
  readonly flags?: () => ConnectionFlags;
  readonly env?: () => Readonly<Record<string, string>>;
  /** What other clients do otherwise, and this case shows that we do not. */
  readonly departure?: DepartureRow;
}

/** What the proxy and the servers saw, as far as it comes from the configuration. */
function seen(): string[] {
  // Ports are other ones each time.
  const relayed = proxy.seen.splice(0).map(target => `proxy ${target.replace(/:\d+(?=\/|$)/, '').replace(/\?timeout=\w+$/, '')}`);
  return [...relayed, ...[one, two, three].flatMap((server, index) =>
    server.requests.splice(0).map(({ method, path: asked, user, headers, serverName, clientSubject }) => {
      const impersonation = Object.entries(headers).filter(([name]) => name.startsWith('impersonate-')).toSorted().map(([name, value]) => `${name}=${value}`);
      // kubectl repeats --request-timeout in the query of a raw request, which the server takes no notice of.
      return [`server ${index + 1}`, method, asked.replace(/\?timeout=\w+$/, ''), user, `gzip=${String(headers['accept-encoding'] === 'gzip')}`, headers.authorization ?? '', ...(serverName === '' ? [] : [`sni=${serverName}`]), ...(clientSubject === '' ? [] : [`certificate=${clientSubject}`]), ...impersonation].join(' ');
    }),
  )];
}

const flagNames: Readonly<Record<string, string>> = {
  context: '--context', cluster: '--cluster', user: '--user', server: '--server', token: '--token', as: '--as', username: '--username', password: '--password', asUserExtra: '--as-user-extra', requestTimeoutSeconds: '--request-timeout', asUid: '--as-uid', asGroups: '--as-group',
  certificateAuthority: '--certificate-authority', clientCertificate: '--client-certificate', clientKey: '--client-key',
  insecureSkipTlsVerify: '--insecure-skip-tls-verify', tlsServerName: '--tls-server-name', disableCompression: '--disable-compression',
};

function asArguments(flags: ConnectionFlags): string[] {
  return Object.entries(flags).flatMap(([name, value]: [string, unknown]) => (Array.isArray(value) ? value : value instanceof Map ? [...(value as ReadonlyMap<string, readonly string[]>)].flatMap(([key, all]) => all.map(one => `${key}=${one}`)) : [value]).map(single => `${flagNames[name] ?? name}=${String(single)}`));
}

let count = 0;
function prepared({ configs, flags = () => ({}), env = () => ({}) }: Case): { readonly chosen: { kubeconfig?: string }; readonly env: Readonly<Record<string, string>>; readonly flags: ConnectionFlags } {
  count += 1;
  const paths = configs().map((text, index) => (text === 'missing' ? files.path(`no-${count}-${index}`) : files.write(`configs/c-${count}-${index}`, typeof text === 'string' ? text : config(text))));
  const [only] = paths;
  return {
    chosen: paths.length === 1 && only !== undefined ? { kubeconfig: only } : {},
    env: { HOME: files.path('home'), KUBECONFIG: paths.length > 1 ? paths.join(delimiter) : '', ...env() },
    flags: flags(),
  };
}

export interface Outcome {
  /** One line a request, or `failed`. */
  readonly requests: readonly string[];
  /** For the message of a test that fails. */
  readonly words: string;
}

/** What the servers see from kubectl. */
export async function seenFromKubectl(kubectl: string, scenario: Case): Promise<Outcome> {
  const { chosen, env, flags } = prepared(scenario);
  const done = await runProgram(kubectl, [...(chosen.kubeconfig === undefined ? [] : [`--kubeconfig=${chosen.kubeconfig}`]), ...asArguments(flags), 'get', '--raw', '/readyz'], env);
  const requests = seen();
  return { requests: done.code === 0 ? requests : ['failed'], words: done.stderr };
}

/** What the servers see from us. */
export async function seenFromUs(scenario: Case): Promise<Outcome> {
  const { chosen, env, flags } = prepared(scenario);
  try {
    const client = await connect({ ...chosen, ...flags }, { env: { ...process.env, ...env } });
    const answer = await client.get('/readyz');
    client.close();
    const requests = seen();
    return { requests: answer.status === 200 ? requests : ['failed'], words: String(answer.status) };
  } catch (error) {
    if (!(error instanceof Problem) && !(error instanceof Error && error.name === 'RequestFailure')) throw error;
    seen();
    return { requests: ['failed'], words: error.message };
  }
}

const simple = (more: Config = {}): Config => ({
  clusters: { c1: ca(one), c2: { ...ca(two), 'tls-server-name': 'two.example.org' }, ...more.clusters },
  users: { u1: { token: 't1' }, u2: { token: 't2' }, ...more.users },
  contexts: { x1: { cluster: 'c1', user: 'u1' }, x2: { cluster: 'c2', user: 'u2' }, ...more.contexts },
  current: more.current ?? 'x1',
});
const proxyUrl = (): string => `http://127.0.0.1:${proxy.port}`;
/** A server that only the proxy can find. */
const named = (): Config => simple({ clusters: { c1: { ...ca(two), server: two.url.replace('127.0.0.1', 'two.example.org') } } });
const asUser = (user: object): Config => simple({ users: { u1: user } });
const exec = (command: string, more: object = {}): object => ({ exec: { command, apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never', ...more } });
const oidc = (config: Readonly<Record<string, string>>): object => ({ 'auth-provider': { name: 'oidc', config: { 'idp-issuer-url': 'https://127.0.0.1:1', 'client-id': 'kubectl', ...config } } });
/** A token that ends so many seconds from now, which the servers know. */
function idToken(seconds?: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = [part({ alg: 'none' }), part(seconds === undefined ? {} : { exp: Math.floor(Date.now() / 1000) + seconds }), 'signature'].join('.');
  tokens[token] = { name: 'user-of-oidc', groups: [] };
  return token;
}
const pair = (): { certificate: string; key: string } => createCertificate({ commonName: 'cert-ana', organizations: ['g'], use: 'client' }, one.authority);
const embedded = (): object => {
  const { certificate, key } = pair();
  return { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) };
};

export const succeed: Readonly<Record<string, Case>> = {
  'the current context': { configs: () => [simple()] },
  'another context, with a path prefix and a TLS server name': { configs: () => [simple()], flags: () => ({ context: 'x2' }) },
  'another user': { configs: () => [simple()], flags: () => ({ user: 'u2' }) },
  'another cluster': { configs: () => [simple()], flags: () => ({ cluster: 'c2' }) },
  'a cluster and a user without any context': { configs: () => [simple({ current: '' })], flags: () => ({ cluster: 'c1', user: 'u1' }) },
  'an empty context flag': { configs: () => [simple()], flags: () => ({ context: '' }) },
  'a token flag over a token': { configs: () => [simple()], flags: () => ({ token: 't3' }) },
  'a token flag over a certificate': { configs: () => [asUser(embedded())], flags: () => ({ token: 't3' }) },
  'a token flag over an exec plugin': { configs: () => [asUser(exec('../bin/login'))], flags: () => ({ token: 't2' }) },
  'a server flag drops the TLS server name': { configs: () => [simple({ clusters: { c1: { ...ca(one), 'tls-server-name': 'wrong' } } })], flags: () => ({ server: one.url }) },
  'a TLS server name by flag': { configs: () => [simple({ clusters: { c2: ca(two) } })], flags: () => ({ context: 'x2', tlsServerName: 'two.example.org' }) },
  'verification off by flag': { configs: () => [simple({ clusters: { c1: ca(two) } })], flags: () => ({ insecureSkipTlsVerify: true, server: one.url }) },
  'an authority by flag over one in the file': { configs: () => [simple({ clusters: { c1: { ...ca(two), server: one.url } } })], flags: () => ({ certificateAuthority: files.write('ca-one', one.authority.certificate) }) },
  'an authority by flag over verification off': { configs: () => [simple({ clusters: { c1: { server: one.url, 'insecure-skip-tls-verify': true } } })], flags: () => ({ certificateAuthority: files.write('ca-one', one.authority.certificate) }) },
  'no compression by flag': { configs: () => [simple()], flags: () => ({ disableCompression: true }) },
  'no compression by the cluster': { departure: 'disable-compression', configs: () => [simple({ clusters: { c1: { ...ca(one), 'disable-compression': true } } })] },
  'a password': { configs: () => [asUser({ username: 'ana', password: 'pass' })] },
  'a password in the URL': { configs: () => [simple({ clusters: { c1: { ...ca(one), server: one.url.replace('://', '://ana:pass@') } }, users: { u1: exec('../bin/login') } })] },
  'a password in the URL beside a token': { configs: () => [simple({ clusters: { c1: { ...ca(one), server: one.url.replace('://', '://ana:pass@') } } })], flags: () => ({ token: 't2' }) },
  'a certificate': { configs: () => [asUser(embedded())] },
  'a certificate by flag over embedded data': {
    configs: () => [asUser(embedded())],
    flags: () => {
      const { certificate, key } = createCertificate({ commonName: 'flag-ana', use: 'client' }, one.authority);
      return { clientCertificate: files.write('flag.crt', certificate), clientKey: files.write('flag.key', key) };
    },
  },
  'a token file relative to the kubeconfig': { departure: 'tokenFile', configs: () => [asUser({ tokenFile: '../token' })] },
  'a token file beside a token': { configs: () => [asUser({ token: 't1', tokenFile: '../token' })] },
  'a token file that is missing beside a token': { configs: () => [asUser({ token: 't1', tokenFile: '../gone' })] },
  'an exec plugin relative to the kubeconfig': { departure: 'relative exec command', configs: () => [asUser(exec('../bin/login'))] },
  'an exec plugin of v1beta1 without a mode': { configs: () => [asUser(exec('../bin/login-beta', { apiVersion: 'client.authentication.k8s.io/v1beta1', interactiveMode: undefined }))] },
  'an exec plugin beside a token': { configs: () => [asUser({ ...exec('../bin/login'), token: 't1' })] },
  'an exec plugin beside a certificate': { configs: () => [asUser({ ...exec('../bin/login'), ...embedded() })] },
  'an oidc id-token': { configs: () => [asUser(oidc({ 'id-token': idToken(3600) }))] },
  'an oidc id-token beside a certificate': { configs: () => [asUser({ ...oidc({ 'id-token': idToken(3600) }), ...embedded() })] },
  'a token beside an oidc id-token': { configs: () => [asUser({ ...oidc({ 'id-token': idToken(3600) }), token: 't2' })] },
  'impersonation in the file': { departure: 'impersonation fields', configs: () => [asUser({ token: 't1', as: 'bob', 'as-uid': '7', 'as-groups': ['g1', 'g2'], 'as-user-extra': { 'a/b%c D': ['x', 'y'] } })] },
  'a name beyond ASCII': { configs: () => [asUser({ token: 't1', as: 'jörg 名' })] },
  'impersonation by flag over the file': { configs: () => [asUser({ token: 't1', as: 'bob', 'as-uid': '7', 'as-groups': ['g1', 'g2'] })], flags: () => ({ as: 'eve' }) },
  'impersonated groups by flag over the file': { configs: () => [asUser({ token: 't1', as: 'bob', 'as-groups': ['g1', 'g2'] })], flags: () => ({ asGroups: ['g3'], asUid: '8' }) },
  'a password by flag': { configs: () => [asUser({})], flags: () => ({ username: 'ana', password: 'pass' }) },
  'a password by flag over one in the file': { configs: () => [asUser({ username: 'bob', password: 'wrong' })], flags: () => ({ username: 'ana', password: 'pass' }) },
  'a password by flag over an exec plugin': { configs: () => [asUser(exec('../bin/login'))], flags: () => ({ username: 'ana', password: 'pass' }) },
  'a password by flag beside a certificate': { configs: () => [asUser(embedded())], flags: () => ({ username: 'ana', password: 'pass' }) },
  'impersonated extra by flag': { configs: () => [simple()], flags: () => ({ as: 'eve', asUserExtra: new Map([['a/b', ['x', 'y']], ['c', ['z=1']]]) }) },
  'impersonated extra by flag over the file': { configs: () => [asUser({ token: 't1', as: 'bob', 'as-user-extra': { a: ['1'], b: ['2'] } })], flags: () => ({ asUserExtra: new Map([['a', ['3']]]) }) },
  'no time limit': { configs: () => [simple()], flags: () => ({ requestTimeoutSeconds: 0 }) },
  'a time limit in bare seconds': { configs: () => [simple()], flags: () => ({ requestTimeoutSeconds: 30 }) },
  'a server alone, without a kubeconfig': { configs: () => [''], flags: () => ({ server: one.url, token: 't2', certificateAuthority: files.write('ca-one', one.authority.certificate) }) },
  'two files with the same names': { departure: 'same name in two files', configs: () => [simple(), { ...simple({ users: { u1: { token: 't3', as: 'bob' } }, clusters: { c1: ca(two) }, current: 'x2' }) }] },
  'names spread over files, one missing': { departure: 'missing file', configs: () => [{ users: { u1: { token: 't1' } } }, 'missing', { clusters: { c1: ca(one) }, current: 'x' }, { contexts: { x: { cluster: 'c1', user: 'u1' } }, current: 'other' }] },
  'an empty file before a full one': { departure: 'empty file', configs: () => ['', simple()] },
  'current contexts in several files': { departure: 'current-context in several files', configs: () => [simple({ current: 'x2' }), simple({ current: 'x1' }), { current: 'x9' }] },
  'a plain http server': { departure: 'http server', configs: () => [simple({ clusters: { c1: { server: three.url } } })] },
  'a proxy-url': { configs: () => [simple({ clusters: { c1: { ...ca(one), 'proxy-url': proxyUrl() } } })] },
  'a proxy-url before a plain http server': { configs: () => [simple({ clusters: { c1: { server: three.url, 'proxy-url': proxyUrl() } } })] },
  'HTTPS_PROXY': { departure: 'proxy environment', configs: () => [named()], env: () => ({ HTTPS_PROXY: proxyUrl() }) },
  'https_proxy without a scheme': { configs: () => [named()], env: () => ({ https_proxy: `127.0.0.1:${proxy.port}` }) },
  'HTTP_PROXY for a plain http server': { configs: () => [simple({ clusters: { c1: { server: three.url.replace('127.0.0.1', 'three.example.org') } } })], env: () => ({ HTTP_PROXY: proxyUrl() }) },
  'HTTPS_PROXY and a server on this machine': { configs: () => [simple()], env: () => ({ HTTPS_PROXY: 'http://127.0.0.1:1' }) },
  'a proxy-url over HTTPS_PROXY': { configs: () => [simple({ clusters: { c1: { ...named().clusters?.['c1'], 'proxy-url': proxyUrl() } } })], env: () => ({ HTTPS_PROXY: 'http://127.0.0.1:1' }) },
  'a comment before a full one': { configs: () => ['# nothing\n', simple()] },
  'YAML with anchors, merge keys and 1.1 booleans': {
    configs: () => [`
x: &token {token: t2}
users: [{name: u, user: {<<: *token}}]
clusters: [{name: c, cluster: {server: "${one.url}", insecure-skip-tls-verify: yes}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: "no"
current-context: x
---
current-context: z
`],
  },
};

export const fail: Readonly<Record<string, Case>> = {
  'a context that does not exist': { configs: () => [simple()], flags: () => ({ context: 'x9' }) },
  'a current context that does not exist': { configs: () => [simple({ current: 'x9' })] },
  'a cluster that does not exist': { configs: () => [simple()], flags: () => ({ cluster: 'c9' }) },
  'a user that does not exist': { configs: () => [simple()], flags: () => ({ user: 'u9' }) },
  'a user of the context that does not exist': { configs: () => [simple({ contexts: { x1: { cluster: 'c1', user: 'u9' } } })] },
  'a single file that is missing': { configs: () => ['missing'] },
  'only missing files': { configs: () => ['missing', 'missing'] },
  'a token and a password': { configs: () => [asUser({ token: 't1', username: 'ana', password: 'pass' })] },
  'a token flag over a password': { configs: () => [asUser({ username: 'ana', password: 'pass' })], flags: () => ({ token: 't1' }) },
  'a password by flag over a token': { configs: () => [simple()], flags: () => ({ username: 'ana', password: 'pass' }) },
  'a token and a password, both by flag': { configs: () => [asUser({})], flags: () => ({ token: 't1', username: 'ana', password: 'pass' }) },
  'extra without a user': { configs: () => [simple()], flags: () => ({ asUserExtra: new Map([['a', ['1']]]) }) },
  'a certificate without a key': { configs: () => [asUser({ 'client-certificate-data': base64(pair().certificate) })] },
  'data and file for one certificate': { configs: () => [asUser({ ...embedded(), 'client-certificate': 'x' })] },
  'an authority and verification off': { configs: () => [simple({ clusters: { c1: { ...ca(one), 'insecure-skip-tls-verify': true } } })] },
  'groups without a user': { configs: () => [simple()], flags: () => ({ asGroups: ['g'] }) },
  'an exec plugin without a mode': { configs: () => [asUser(exec('../bin/login', { interactiveMode: undefined }))] },
  'an exec plugin of v1alpha1': { configs: () => [asUser(exec('../bin/login', { apiVersion: 'client.authentication.k8s.io/v1alpha1' }))] },
  'an exec plugin that answers another version': { configs: () => [asUser(exec('../bin/login-beta'))] },
  'an exec plugin that is missing': { configs: () => [asUser(exec('../bin/gone'))] },
  'an exec plugin in the directory of the kubeconfig without a slash': { configs: () => [asUser(exec('login'))] },
  'NO_PROXY beside HTTPS_PROXY': { departure: 'proxy environment', configs: () => [named()], env: () => ({ HTTPS_PROXY: proxyUrl(), NO_PROXY: 'example.org' }) },
  'another authority': { configs: () => [simple({ clusters: { c1: { ...ca(two), server: one.url } } })] },
  'another name': { configs: () => [simple({ clusters: { c2: ca(two) } })], flags: () => ({ context: 'x2' }) },
  'an authority that is no PEM': { configs: () => [simple({ clusters: { c1: { server: one.url, 'certificate-authority-data': base64('x') } } })] },
  'data that is no base64': { configs: () => [asUser({ 'client-key-data': '!!' })] },
  'a token that is a number': { configs: () => [`{users: [{name: u, user: {token: 12}}]}`] },
  'one name twice': { configs: () => [`{users: [{name: u}, {name: u}]}`] },
  'a pod': { configs: () => ['{apiVersion: v1, kind: Pod}'] },
  'an oidc id-token that has expired': { configs: () => [asUser(oidc({ 'id-token': idToken(-60) }))] },
  'an oidc id-token that is about to expire': { configs: () => [asUser(oidc({ 'id-token': idToken(5) }))] },
  'an oidc id-token without an end': { configs: () => [asUser(oidc({ 'id-token': idToken() }))] },
  'an oidc id-token that is no JSON Web Token': { configs: () => [asUser(oidc({ 'id-token': 'opaque', 'refresh-token': 'x' }))] },
  'an oidc auth-provider without an issuer': { configs: () => [asUser(oidc({ 'id-token': idToken(3600), 'idp-issuer-url': '' }))] },
  'an oidc auth-provider without a client-id': { configs: () => [asUser(oidc({ 'id-token': idToken(3600), 'client-id': '' }))] },
  'an oidc auth-provider whose issuer is not there': { configs: () => [asUser(oidc({ 'refresh-token': 'x' }))] },
  'the gcp auth-provider': { configs: () => [asUser({ 'auth-provider': { name: 'gcp' } })] },
};

/** What an exec plugin is told, by each that ran it. */
export const toldToPlugin: Case = {
  configs: () => [simple({
    clusters: { c1: { ...ca(one), 'disable-compression': true, extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'x' } }] } },
    users: { u1: exec('../bin/info', { provideClusterInfo: true }) },
  })],
};

/** The lines that the plugin of {@link toldToPlugin} wrote down. */
export function whatPluginsWereTold(): unknown[] {
  return readFileSync(files.path('info'), 'utf8').split('\n').filter(line => line !== '').map(line => JSON.parse(line) as unknown);
}

/** What kubectl 1.37.1 did in each case, as the servers saw it. */
export const recordingFile = path.join(import.meta.dirname, '../../fixtures/recordings/kubectl-1.37.1/connection-cases.json');

/** By the name of the case. */
export function recordedCases(): Readonly<Record<string, readonly string[]>> {
  return JSON.parse(readFileSync(recordingFile, 'utf8')) as Readonly<Record<string, readonly string[]>>;
}
