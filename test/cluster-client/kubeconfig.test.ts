import { delimiter } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ConnectionFlags } from '../../src/cluster/api-client.ts';
import { resolveTarget, type Target } from '../../src/cluster/kubeconfig.ts';
import { Problem } from '../../src/problem.ts';
import { bareEnvironment, temporaryDirectory } from './temporary-files.ts';

const files = temporaryDirectory();

interface Entry {
  readonly server?: string;
  readonly cluster?: object;
  readonly user?: object;
  readonly namespace?: string;
}

/** A kubeconfig in which each context has a cluster and a user of its own name. */
function config(entries: Readonly<Record<string, Entry>>, currentContext?: string): string {
  const names = Object.keys(entries);
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': currentContext,
    clusters: names.map(name => ({ name, cluster: { server: entries[name]?.server ?? `https://${name}:6443`, ...entries[name]?.cluster } })),
    users: names.map(name => ({ name, user: entries[name]?.user ?? { token: `token-of-${name}` } })),
    contexts: names.map(name => ({ name, context: { cluster: name, user: name, ...(entries[name]?.namespace === undefined ? {} : { namespace: entries[name].namespace }) } })),
  });
}

let count = 0;
function write(text: string): string {
  count += 1;
  return files.write(`config-${count}`, text);
}

async function target(text: string, flags: ConnectionFlags = {}): Promise<Target> {
  return resolveTarget({ kubeconfig: write(text), ...flags }, bareEnvironment(), '/nonexistent');
}

async function problemOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(() => undefined, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Problem);
  expect((error as Problem).exitCode).toBe(1);
  return (error as Problem).message;
}

describe('which files are read', () => {
  it('takes --kubeconfig and nothing else', async () => {
    const one = write(config({ one: {} }, 'one'));
    const other = write(config({ other: {} }, 'other'));
    const found = await resolveTarget({ kubeconfig: one }, bareEnvironment({ KUBECONFIG: other }));
    expect(found).toMatchObject({ server: 'https://one:6443', contexts: ['one'] });
  });

  it('takes KUBECONFIG before ~/.kube/config', async () => {
    const home = files.path('home-a');
    files.write('home-a/.kube/config', config({ home: {} }, 'home'));
    const listed = write(config({ listed: {} }, 'listed'));
    expect(await resolveTarget({}, bareEnvironment({ HOME: home }))).toMatchObject({ context: 'home' });
    expect(await resolveTarget({}, bareEnvironment({ HOME: home, KUBECONFIG: '' }))).toMatchObject({ context: 'home' });
    expect(await resolveTarget({}, bareEnvironment({ HOME: home, KUBECONFIG: listed }))).toMatchObject({ context: 'listed', contexts: ['listed'] });
  });

  it('passes over files of the list that are missing, and empty names in it', async () => {
    const there = write(config({ there: {} }, 'there'));
    const KUBECONFIG = ['/nonexistent/config', '', there, there].join(delimiter);
    expect(await resolveTarget({}, bareEnvironment({ KUBECONFIG }))).toMatchObject({ context: 'there' });
  });

  it('refuses an explicit file that is missing', async () => {
    expect(await problemOf(resolveTarget({ kubeconfig: '/nonexistent/config' }, bareEnvironment()))).toMatch(/--kubeconfig.*does not exist: \/nonexistent\/config/);
  });

  it('reads an empty file, and one that holds a comment only, as an empty configuration', async () => {
    const full = write(config({ full: {} }, 'full'));
    for (const text of ['', '\n', '# nothing here yet\n', '---\n', 'null\n']) {
      const KUBECONFIG = [write(text), full].join(delimiter);
      expect(await resolveTarget({}, bareEnvironment({ KUBECONFIG }))).toMatchObject({ context: 'full' });
    }
  });

  it('says where it looked where there is nothing', async () => {
    expect(await problemOf(resolveTarget({}, bareEnvironment()))).toMatch(/no kubeconfig found \(looked for \/nonexistent\/\.kube\/config\)/);
    expect(await problemOf(resolveTarget({}, bareEnvironment({ KUBECONFIG: '/nonexistent/a' })))).toMatch(/looked for \/nonexistent\/a/);
  });
});

describe('merging', () => {
  const first = config({ shared: { server: 'https://first', user: { token: 'first' }, namespace: 'one' }, a: {} }, undefined);
  const second = config({ shared: { server: 'https://second', cluster: { 'tls-server-name': 'second' }, user: { username: 'second', password: 'x' } }, b: {} }, 'shared');
  const third = config({ c: {} }, 'c');

  it('lets the first file win a whole entry: nothing of the second one is mixed in', async () => {
    const KUBECONFIG = [write(first), write(second)].join(delimiter);
    const merged = await resolveTarget({}, bareEnvironment({ KUBECONFIG }));
    expect(merged).toMatchObject({ server: 'https://first', namespace: 'one', auth: { token: 'first' } });
    expect(merged.tls.serverName).toBeUndefined();
    expect(merged.auth.basic).toBeUndefined();
    expect(merged.contexts.toSorted()).toEqual(['a', 'b', 'shared']);
  });

  it('takes the current context from the first file that has one', async () => {
    const KUBECONFIG = [write(first), write(second), write(third)].join(delimiter);
    expect(await resolveTarget({}, bareEnvironment({ KUBECONFIG }))).toMatchObject({ context: 'shared' });
  });

  it('lets a context of one file use a cluster and a user of another', async () => {
    const contexts = write(JSON.stringify({ 'current-context': 'x', contexts: [{ name: 'x', context: { cluster: 'shared', user: 'a' } }] }));
    const KUBECONFIG = [contexts, write(first)].join(delimiter);
    expect(await resolveTarget({}, bareEnvironment({ KUBECONFIG }))).toMatchObject({ server: 'https://first', auth: { token: 'token-of-a' } });
  });

  it('refuses one name twice in one file', async () => {
    const cluster = { name: 'x', cluster: { server: 'https://x' } };
    expect(await problemOf(target(JSON.stringify({ clusters: [cluster, cluster] })))).toMatch(/clusters.*"x" twice/);
  });

  it('keeps names such as __proto__ apart from the program', async () => {
    const found = await target(config({ __proto__x: {}, constructor: {}, ['__proto__']: {} }, 'constructor'));
    expect(found).toMatchObject({ server: 'https://constructor:6443', auth: { token: 'token-of-constructor' } });
    expect(await problemOf(target(config({ a: {} }), { context: 'toString' }))).toMatch(/"toString" does not exist/);
  });
});

describe('paths inside a file', () => {
  const user = { 'client-certificate': 'pki/ana.crt', 'client-key': '/keys/ana.key' };
  const text = config({ a: { cluster: { 'certificate-authority': '../ca.crt' }, user } }, 'a');

  it('are relative to that file, wherever it is run', async () => {
    const kubeconfig = files.write('deep/er/config', text);
    expect(await resolveTarget({ kubeconfig }, bareEnvironment())).toMatchObject({
      tls: { ca: { file: files.path('deep/ca.crt') } },
      auth: { certificate: { certificate: { file: files.path('deep/er/pki/ana.crt') }, key: { file: '/keys/ana.key' } } },
    });
  });

  it('of a token file and of an exec command with a slash too, while a bare command is left to the PATH', async () => {
    const exec = (command: string): object => ({ exec: { command, apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never' } });
    const kubeconfig = files.write('rel/config', config({ a: { user: { tokenFile: 'token' } }, b: { user: exec('./bin/login') }, c: { user: exec('aws') } }, 'a'));
    expect((await resolveTarget({ kubeconfig }, bareEnvironment())).auth.tokenFile).toBe(files.path('rel/token'));
    expect((await resolveTarget({ kubeconfig, context: 'b' }, bareEnvironment())).auth.exec?.command).toBe(files.path('rel/bin/login'));
    expect((await resolveTarget({ kubeconfig, context: 'c' }, bareEnvironment())).auth.exec?.command).toBe('aws');
  });
});

describe('names', () => {
  const text = config({ prod: { namespace: 'shop' }, test: {} }, 'prod');

  it('takes the current context, or --context', async () => {
    expect(await target(text)).toMatchObject({ context: 'prod', cluster: 'prod', user: 'prod', namespace: 'shop' });
    expect(await target(text, { context: 'test' })).toMatchObject({ context: 'test', server: 'https://test:6443', namespace: 'default' });
  });

  it('takes an empty flag for no flag', async () => {
    expect(await target(text, { context: '', server: '', token: '' })).toMatchObject({ context: 'prod', auth: { token: 'token-of-prod' } });
  });

  it('lets --cluster and --user replace what the context names', async () => {
    expect(await target(text, { cluster: 'test', user: 'test' })).toMatchObject({ context: 'prod', server: 'https://test:6443', auth: { token: 'token-of-test' } });
  });

  it('lists what exists where a name does not', async () => {
    expect(await problemOf(target(text, { context: 'prd' }))).toMatch(/context "prd" does not exist in .*config-\d+; check --context; the kubeconfig has: prod, test$/);
    expect(await problemOf(target(text, { cluster: 'prd' }))).toMatch(/cluster "prd" does not exist.*--cluster.*prod, test/);
    expect(await problemOf(target(text, { user: 'ana' }))).toMatch(/user "ana" does not exist.*--user.*prod, test/);
    expect(await problemOf(target(config({ a: {} }, 'gone')))).toMatch(/current context "gone" does not exist.*: a$/);
    expect(await problemOf(target(config({ a: {}, b: {} })))).toMatch(/no current context.*--context.*a, b/);
    expect(await problemOf(target('{}'))).toMatch(/names no cluster/);
  });

  it('never goes on as nobody where the user that a context names is missing', async () => {
    const broken = JSON.stringify({ 'current-context': 'x', clusters: [{ name: 'c', cluster: { server: 'https://c' } }], contexts: [{ name: 'x', context: { cluster: 'c', user: 'gone' } }] });
    expect(await problemOf(target(broken))).toMatch(/user "gone", which context "x" names, does not exist/);
    const noCluster = JSON.stringify({ 'current-context': 'x', contexts: [{ name: 'x', context: { cluster: 'gone' } }] });
    expect(await problemOf(target(noCluster))).toMatch(/cluster "gone", which context "x" names, does not exist/);
  });
});

describe('the server', () => {
  it('keeps a path prefix, drops the slash at the end, the query and user information', async () => {
    const found = await target(config({ a: { server: 'https://ana:pa%20ss@host:8443/k8s/clusters/c-1/?x=1', user: {} } }, 'a'));
    expect(found.server).toBe('https://host:8443/k8s/clusters/c-1');
    expect(found.auth.basic).toEqual({ username: 'ana', password: 'pa ss' });
  });

  it('without a scheme is plain HTTP', async () => {
    expect((await target(config({ a: {} }, 'a'), { server: 'localhost:8001' })).server).toBe('http://localhost:8001');
  });

  it('given by --server needs no kubeconfig, and drops the file\'s TLS server name', async () => {
    expect(await resolveTarget({ server: 'https://10.0.0.1' }, bareEnvironment())).toMatchObject({ server: 'https://10.0.0.1', auth: {} });
    const text = config({ a: { cluster: { 'tls-server-name': 'kubernetes' } } }, 'a');
    expect((await target(text)).tls.serverName).toBe('kubernetes');
    expect((await target(text, { server: 'https://x' })).tls.serverName).toBeUndefined();
    expect((await target(text, { server: 'https://x', tlsServerName: 'y' })).tls.serverName).toBe('y');
  });

  it('is never quoted where it may hold a password', async () => {
    for (const server of ['https://u:hunter2@ho st', 'ftp://u:hunter2@host', 'https://u:hun/hunter2@host:x']) {
      const message = await problemOf(target(config({ a: {} }, 'a'), { server }));
      expect(message).toMatch(/no http or https URL/);
      expect(message).not.toContain('hunter2');
    }
  });

  it('missing from the cluster is said with the cluster\'s name', async () => {
    const text = JSON.stringify({ 'current-context': 'x', clusters: [{ name: 'c', cluster: { 'proxy-url': 'http://p' } }], contexts: [{ name: 'x', context: { cluster: 'c' } }] });
    expect(await problemOf(target(text))).toMatch(/cluster "c" of .* has no server/);
  });
});

describe('trust', () => {
  const ca = Buffer.from('PEM').toString('base64');

  it('comes from the file', async () => {
    expect((await target(config({ a: { cluster: { 'certificate-authority-data': ca } } }, 'a'))).tls).toEqual({ insecure: false, ca: { data: 'PEM' } });
    expect((await target(config({ a: { cluster: { 'insecure-skip-tls-verify': true } } }, 'a'))).tls).toEqual({ insecure: true });
  });

  it('by flag replaces all of it', async () => {
    const withCa = config({ a: { cluster: { 'certificate-authority-data': ca } } }, 'a');
    expect((await target(withCa, { insecureSkipTlsVerify: true })).tls).toEqual({ insecure: true });
    expect((await target(withCa, { certificateAuthority: '/ca.crt' })).tls).toEqual({ insecure: false, ca: { file: '/ca.crt' } });
    const off = config({ a: { cluster: { 'insecure-skip-tls-verify': true } } }, 'a');
    expect((await target(off, { certificateAuthority: '/ca.crt' })).tls).toEqual({ insecure: false, ca: { file: '/ca.crt' } });
    expect((await target(off, { insecureSkipTlsVerify: false })).tls).toEqual({ insecure: false });
  });

  it('that contradicts itself is refused, as kubectl refuses it', async () => {
    expect(await problemOf(target(config({ a: { cluster: { 'certificate-authority-data': ca, 'insecure-skip-tls-verify': true } } }, 'a')))).toMatch(/keep one of the two/);
    expect(await problemOf(target(config({ a: { cluster: { 'certificate-authority-data': ca, 'certificate-authority': 'x' } } }, 'a')))).toMatch(/both certificate-authority and/);
  });
});

describe('the user', () => {
  const data = Buffer.from('PEM').toString('base64');

  it('may have one bearer only', async () => {
    expect(await problemOf(target(config({ a: { user: { token: 'hunter2', username: 'u', password: 'p' } } }, 'a')))).toMatch(/only one way/);
    expect(await problemOf(target(config({ a: { user: { username: 'u', password: 'p' } } }, 'a'), { token: 'hunter2' }))).not.toContain('hunter2');
  });

  it('takes --token before a token and a token file', async () => {
    expect((await target(config({ a: { user: { token: 'x', tokenFile: 'y' } } }, 'a'), { token: 'z' })).auth).toEqual({ token: 'z', isTokenFlag: true });
  });

  it('lets a certificate flag replace embedded data', async () => {
    const text = config({ a: { user: { 'client-certificate-data': data, 'client-key-data': data } } }, 'a');
    expect((await target(text)).auth.certificate).toEqual({ certificate: { data: 'PEM' }, key: { data: 'PEM' } });
    expect((await target(text, { clientCertificate: '/c', clientKey: '/k' })).auth.certificate).toEqual({ certificate: { file: '/c' }, key: { file: '/k' } });
  });

  it('is refused with a certificate without a key, or one given twice', async () => {
    expect(await problemOf(target(config({ a: { user: { 'client-certificate-data': data } } }, 'a')))).toMatch(/without its key/);
    expect(await problemOf(target(config({ a: { user: { 'client-certificate-data': data, 'client-certificate': 'x', 'client-key': 'k' } } }, 'a')))).toMatch(/both client-certificate and/);
  });

  it('impersonates from the file and from flags, each value by itself', async () => {
    const text = config({ a: { user: { token: 'x', as: 'bob', 'as-uid': '7', 'as-groups': ['g1', 'g2'], 'as-user-extra': { reason: ['r1', 'r2'] } } } }, 'a');
    const extra = new Map([['reason', ['r1', 'r2']]]);
    expect((await target(text)).impersonation).toEqual({ user: 'bob', uid: '7', groups: ['g1', 'g2'], extra });
    expect((await target(text, { as: 'eve' })).impersonation).toEqual({ user: 'eve', uid: '7', groups: ['g1', 'g2'], extra });
    expect((await target(text, { as: 'eve', asUid: '8', asGroups: ['g3'] })).impersonation).toEqual({ user: 'eve', uid: '8', groups: ['g3'], extra });
    expect(await problemOf(target(config({ a: {} }, 'a'), { asGroups: ['g'] }))).toMatch(/without a user; add --as/);
  });

  it('with an exec plugin needs command, version and mode; v1beta1 has a default mode', async () => {
    const exec = { command: 'login', apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never' };
    const withExec = (more: object): Promise<Target> => target(config({ a: { user: { exec: { ...exec, ...more } } } }, 'a'));
    expect((await withExec({})).auth.exec).toMatchObject({ command: 'login', interactiveMode: 'Never' });
    expect((await withExec({ apiVersion: 'client.authentication.k8s.io/v1beta1', interactiveMode: undefined })).auth.exec?.interactiveMode).toBe('IfAvailable');
    expect(await problemOf(withExec({ interactiveMode: undefined }))).toMatch(/interactiveMode/);
    expect(await problemOf(withExec({ command: '' }))).toMatch(/no command/);
    expect(await problemOf(withExec({ apiVersion: '' }))).toMatch(/no apiVersion/);
    expect(await problemOf(withExec({ env: [{ name: '', value: 'hunter2' }] }))).not.toContain('hunter2');
    expect(await problemOf(target(config({ a: { user: { exec, 'auth-provider': { name: 'oidc' } } } }, 'a')))).toMatch(/auth-provider/);
  });
});

describe('what is no kubeconfig', () => {
  it('is said with the file and the place, and never with a value', async () => {
    const cases: readonly [string, RegExp][] = [
      ['users:\n- name: a\n  user: {token: "hunter2}\n', /no valid YAML at line/],
      ['- hunter2\n', /it is not a mapping/],
      ['apiVersion: v1\nkind: Pod\n', /its kind is not Config/],
      ['apiVersion: v2\n', /its kind is not Config/],
      ['users:\n- name: a\n  user: {token: 123456}\n', /users\[0\]\.user\.token is not text/],
      ['clusters: {a: hunter2}\n', /clusters is not a list/],
      ['clusters:\n- name: a\n  cluster: hunter2\n', /clusters\[0\]\.cluster is not a mapping/],
      ['users:\n- name: a\n  user: {client-key-data: "hunter2!"}\n', /client-key-data is not base64/],
      ['clusters:\n- name: a\n  cluster: {insecure-skip-tls-verify: hunter2}\n', /not true or false/],
      ['current-context: 12\n', /current-context is not text/],
    ];
    for (const [text, expected] of cases) {
      const message = await problemOf(target(text));
      expect(message).toMatch(expected);
      expect(message).toMatch(/config-\d+/);
      expect(message).not.toMatch(/hunter2|123456/);
    }
  });

  it('is a directory', async () => {
    expect(await problemOf(resolveTarget({ kubeconfig: files.path('.') }, bareEnvironment()))).toMatch(/cannot read the kubeconfig .*it is a directory/);
  });

  it('is neither YAML with anchors nor a flow mapping with comments: those are read', async () => {
    const yaml = `
common: &common {token: abc}
clusters:
- {name: a, cluster: {server: "https://a", insecure-skip-tls-verify: yes}}
users:
- name: a
  user: {<<: *common}
contexts: [{name: a, context: {cluster: a, user: a}}]
current-context: a
`;
    expect(await target(yaml)).toMatchObject({ auth: { token: 'abc' }, tls: { insecure: true } });
    expect(await target(`{clusters: [{name: a, cluster: {server: "https://a"}}], # a comment\n contexts: [{name: a, context: {cluster: a}}], current-context: a}`)).toMatchObject({ server: 'https://a' });
  });
});

describe('inside a pod', () => {
  const pod = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' };
  files.write('serviceaccount/token', 'abc');
  files.write('serviceaccount/ca.crt', 'PEM');
  files.write('serviceaccount/namespace', 'audit\n');
  const directory = files.path('serviceaccount');

  it('is used where no kubeconfig names a cluster', async () => {
    expect(await resolveTarget({}, bareEnvironment(pod), directory)).toMatchObject({
      server: 'https://10.96.0.1:443',
      namespace: 'audit',
      auth: { tokenFile: `${directory}/token` },
      tls: { insecure: false, ca: { file: `${directory}/ca.crt` } },
    });
  });

  it('writes an IPv6 address as URLs want it, and takes POD_NAMESPACE first', async () => {
    const found = await resolveTarget({}, bareEnvironment({ ...pod, KUBERNETES_SERVICE_HOST: 'fd00::1', POD_NAMESPACE: 'here' }), directory);
    expect(found).toMatchObject({ server: 'https://[fd00::1]:443', namespace: 'here' });
  });

  it('takes flags', async () => {
    const flags = { token: 'x', as: 'bob', certificateAuthority: '/ca' };
    expect(await resolveTarget(flags, bareEnvironment(pod), directory)).toMatchObject({ auth: { token: 'x' }, impersonation: { user: 'bob' }, tls: { ca: { file: '/ca' } } });
  });

  it('gives way to a kubeconfig and to --server', async () => {
    const kubeconfig = write(config({ a: {} }, 'a'));
    expect((await resolveTarget({ kubeconfig }, bareEnvironment(pod), directory)).server).toBe('https://a:6443');
    expect((await resolveTarget({ server: 'https://b' }, bareEnvironment(pod), directory)).server).toBe('https://b');
  });

  it('is not assumed without a service account', async () => {
    expect(await problemOf(resolveTarget({}, bareEnvironment(pod), '/nonexistent'))).toMatch(/no kubeconfig found/);
    expect(await problemOf(resolveTarget({}, bareEnvironment(), directory))).toMatch(/no kubeconfig found/);
  });
});
