import { readFileSync } from 'node:fs';
import { delimiter } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConnectionFlags } from '../../src/cluster/api-client.ts';
import { connect } from '../../src/cluster/connect.ts';
import { Problem } from '../../src/problem.ts';
import { controlPlaneBinaries } from '../cluster/binaries.ts';
import { runProgram } from '../cluster/run-program.ts';
import { startFakeApiServer, type FakeApiServer } from '../support/api-server.ts';
import { createCertificate } from '../support/certificates.ts';
import { temporaryDirectory } from './temporary-files.ts';

/** The same configuration given to the real kubectl and to us: the server has to see the same request from both. */
const files = temporaryDirectory();
let kubectl = '';
let one: FakeApiServer;
let two: FakeApiServer;

beforeAll(async () => {
  ({ kubectl } = await controlPlaneBinaries());
  const options = {
    data: { lists: new Map(), texts: new Map([['/readyz', 'ok']]) },
    tokens: Object.fromEntries(['t1', 't2', 't3', 'from-file'].map(token => [token, { name: `user-of-${token}`, groups: [] }])),
    passwords: { ana: 'pass' },
  };
  one = await startFakeApiServer(options);
  two = await startFakeApiServer({ ...options, prefix: '/k8s/clusters/two', certificate: { names: ['two.example.org'] } });
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

interface Case {
  /** One is given as --kubeconfig, more as KUBECONFIG; a missing one is a file that does not exist. */
  readonly configs: () => readonly (Config | string)[];
  readonly flags?: () => ConnectionFlags;
}

/** What the two servers saw, as far as it comes from the configuration. */
function seen(): string[] {
  return [one, two].flatMap((server, index) =>
    server.requests.splice(0).map(({ method, path, user, headers }) => {
      const impersonation = Object.entries(headers).filter(([name]) => name.startsWith('impersonate-')).toSorted().map(([name, value]) => `${name}=${value}`);
      return [`server ${index + 1}`, method, path, user, `gzip=${String(headers['accept-encoding'] === 'gzip')}`, headers.authorization ?? '', ...impersonation].join(' ');
    }),
  );
}

const flagNames: Readonly<Record<string, string>> = {
  context: '--context', cluster: '--cluster', user: '--user', server: '--server', token: '--token', as: '--as', asUid: '--as-uid', asGroups: '--as-group',
  certificateAuthority: '--certificate-authority', clientCertificate: '--client-certificate', clientKey: '--client-key',
  insecureSkipTlsVerify: '--insecure-skip-tls-verify', tlsServerName: '--tls-server-name', disableCompression: '--disable-compression',
};

function asArguments(flags: ConnectionFlags): string[] {
  return Object.entries(flags).flatMap(([name, value]: [string, unknown]) => (Array.isArray(value) ? value : [value]).map(single => `${flagNames[name] ?? name}=${String(single)}`));
}

let count = 0;
async function bothSee({ configs, flags = () => ({}) }: Case): Promise<{ readonly theirs: string[]; readonly ours: string[]; readonly words: string }> {
  count += 1;
  const paths = configs().map((text, index) => (text === 'missing' ? files.path(`no-${count}-${index}`) : files.write(`configs/c-${count}-${index}`, typeof text === 'string' ? text : config(text))));
  const env = { HOME: files.path('home'), KUBECONFIG: paths.length > 1 ? paths.join(delimiter) : '' };
  const chosen = paths.length === 1 ? { kubeconfig: paths[0] ?? '' } : {};
  const theirsDone = await runProgram(kubectl, [...(paths.length === 1 ? [`--kubeconfig=${paths[0]}`] : []), ...asArguments(flags()), 'get', '--raw', '/readyz'], env);
  const theirs = theirsDone.code === 0 ? seen() : ['failed'];
  seen();
  let words = theirsDone.stderr;
  let ours: string[];
  try {
    const client = await connect({ ...chosen, ...flags() }, { env: { ...process.env, ...env } });
    const answer = await client.get('/readyz');
    client.close();
    ours = answer.status === 200 ? seen() : ['failed'];
  } catch (error) {
    if (!(error instanceof Problem) && !(error instanceof Error && error.name === 'RequestFailure')) throw error;
    words += error.message;
    ours = ['failed'];
  }
  seen();
  return { theirs, ours, words };
}

const simple = (more: Config = {}): Config => ({
  clusters: { c1: ca(one), c2: { ...ca(two), 'tls-server-name': 'two.example.org' }, ...more.clusters },
  users: { u1: { token: 't1' }, u2: { token: 't2' }, ...more.users },
  contexts: { x1: { cluster: 'c1', user: 'u1' }, x2: { cluster: 'c2', user: 'u2' }, ...more.contexts },
  current: more.current ?? 'x1',
});
const asUser = (user: object): Config => simple({ users: { u1: user } });
const exec = (command: string, more: object = {}): object => ({ exec: { command, apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never', ...more } });
const pair = (): { certificate: string; key: string } => createCertificate({ commonName: 'cert-ana', organizations: ['g'], use: 'client' }, one.authority);
const embedded = (): object => {
  const { certificate, key } = pair();
  return { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) };
};

const succeed: Readonly<Record<string, Case>> = {
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
  'no compression by the cluster': { configs: () => [simple({ clusters: { c1: { ...ca(one), 'disable-compression': true } } })] },
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
  'a token file relative to the kubeconfig': { configs: () => [asUser({ tokenFile: '../token' })] },
  'a token file beside a token': { configs: () => [asUser({ token: 't1', tokenFile: '../token' })] },
  'a token file that is missing beside a token': { configs: () => [asUser({ token: 't1', tokenFile: '../gone' })] },
  'an exec plugin relative to the kubeconfig': { configs: () => [asUser(exec('../bin/login'))] },
  'an exec plugin of v1beta1 without a mode': { configs: () => [asUser(exec('../bin/login-beta', { apiVersion: 'client.authentication.k8s.io/v1beta1', interactiveMode: undefined }))] },
  'an exec plugin beside a token': { configs: () => [asUser({ ...exec('../bin/login'), token: 't1' })] },
  'an exec plugin beside a certificate': { configs: () => [asUser({ ...exec('../bin/login'), ...embedded() })] },
  'impersonation in the file': { configs: () => [asUser({ token: 't1', as: 'bob', 'as-uid': '7', 'as-groups': ['g1', 'g2'], 'as-user-extra': { 'a/b%c D': ['x', 'y'] } })] },
  'a name beyond ASCII': { configs: () => [asUser({ token: 't1', as: 'jörg 名' })] },
  'impersonation by flag over the file': { configs: () => [asUser({ token: 't1', as: 'bob', 'as-uid': '7', 'as-groups': ['g1', 'g2'] })], flags: () => ({ as: 'eve' }) },
  'impersonated groups by flag over the file': { configs: () => [asUser({ token: 't1', as: 'bob', 'as-groups': ['g1', 'g2'] })], flags: () => ({ asGroups: ['g3'], asUid: '8' }) },
  'two files with the same names': { configs: () => [simple(), { ...simple({ users: { u1: { token: 't3', as: 'bob' } }, clusters: { c1: ca(two) }, current: 'x2' }) }] },
  'names spread over files, one missing': { configs: () => [{ users: { u1: { token: 't1' } } }, 'missing', { clusters: { c1: ca(one) }, current: 'x' }, { contexts: { x: { cluster: 'c1', user: 'u1' } }, current: 'other' }] },
  'an empty file before a full one': { configs: () => ['', simple()] },
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

const fail: Readonly<Record<string, Case>> = {
  'a context that does not exist': { configs: () => [simple()], flags: () => ({ context: 'x9' }) },
  'a current context that does not exist': { configs: () => [simple({ current: 'x9' })] },
  'a cluster that does not exist': { configs: () => [simple()], flags: () => ({ cluster: 'c9' }) },
  'a user that does not exist': { configs: () => [simple()], flags: () => ({ user: 'u9' }) },
  'a user of the context that does not exist': { configs: () => [simple({ contexts: { x1: { cluster: 'c1', user: 'u9' } } })] },
  'a single file that is missing': { configs: () => ['missing'] },
  'only missing files': { configs: () => ['missing', 'missing'] },
  'a token and a password': { configs: () => [asUser({ token: 't1', username: 'ana', password: 'pass' })] },
  'a token flag over a password': { configs: () => [asUser({ username: 'ana', password: 'pass' })], flags: () => ({ token: 't1' }) },
  'a certificate without a key': { configs: () => [asUser({ 'client-certificate-data': base64(pair().certificate) })] },
  'data and file for one certificate': { configs: () => [asUser({ ...embedded(), 'client-certificate': 'x' })] },
  'an authority and verification off': { configs: () => [simple({ clusters: { c1: { ...ca(one), 'insecure-skip-tls-verify': true } } })] },
  'groups without a user': { configs: () => [simple()], flags: () => ({ asGroups: ['g'] }) },
  'an exec plugin without a mode': { configs: () => [asUser(exec('../bin/login', { interactiveMode: undefined }))] },
  'an exec plugin of v1alpha1': { configs: () => [asUser(exec('../bin/login', { apiVersion: 'client.authentication.k8s.io/v1alpha1' }))] },
  'an exec plugin that answers another version': { configs: () => [asUser(exec('../bin/login-beta'))] },
  'an exec plugin that is missing': { configs: () => [asUser(exec('../bin/gone'))] },
  'an exec plugin in the directory of the kubeconfig without a slash': { configs: () => [asUser(exec('login'))] },
  'another authority': { configs: () => [simple({ clusters: { c1: { ...ca(two), server: one.url } } })] },
  'another name': { configs: () => [simple({ clusters: { c2: ca(two) } })], flags: () => ({ context: 'x2' }) },
  'an authority that is no PEM': { configs: () => [simple({ clusters: { c1: { server: one.url, 'certificate-authority-data': base64('x') } } })] },
  'data that is no base64': { configs: () => [asUser({ 'client-key-data': '!!' })] },
  'a token that is a number': { configs: () => [`{users: [{name: u, user: {token: 12}}]}`] },
  'one name twice': { configs: () => [`{users: [{name: u}, {name: u}]}`] },
  'a pod': { configs: () => ['{apiVersion: v1, kind: Pod}'] },
  'the gcp auth-provider': { configs: () => [asUser({ 'auth-provider': { name: 'gcp' } })] },
};

describe('the server sees the same from kubectl and from us', () => {
  it.each(Object.entries(succeed))('with %s', async (_name, scenario) => {
    const { theirs, ours, words } = await bothSee(scenario);
    expect(theirs, words).toHaveLength(1);
    expect(theirs, words).not.toEqual(['failed']);
    expect(ours, words).toEqual(theirs);
  });
});

describe('what kubectl refuses, we refuse', () => {
  it.each(Object.entries(fail))('%s', async (_name, scenario) => {
    const { theirs, ours, words } = await bothSee(scenario);
    expect(theirs, words).toEqual(['failed']);
    expect(ours, words).toEqual(['failed']);
  });
});

it('tells an exec plugin what kubectl tells it', async () => {
  const cluster = { ...ca(one), 'disable-compression': true, extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'x' } }] };
  await bothSee({ configs: () => [simple({ clusters: { c1: cluster }, users: { u1: exec('../bin/info', { provideClusterInfo: true }) } })] });
  const told = readFileSync(files.path('info'), 'utf8').split('\n').filter(line => line !== '').map(line => JSON.parse(line) as unknown);
  expect(told).toHaveLength(2);
  expect(told[1]).toEqual(told[0]);
});
