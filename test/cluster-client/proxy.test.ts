import { describe, expect, it } from 'vitest';
import { connect } from '../../src/cluster/connect.ts';
import { proxyFor } from '../../src/cluster/proxy.ts';
import { Problem } from '../../src/problem.ts';
import { startProxy, startSocksProxy } from '../support/proxy.ts';
import { failureOf, testBench } from './connection.ts';
import { bareEnvironment } from './temporary-files.ts';

const { start, open } = testBench();
describe('through a proxy', () => {
  const clusterOf = (server: { authority: { certificate: string } }, proxyUrl: string): object => ({
    'certificate-authority-data': Buffer.from(server.authority.certificate).toString('base64'),
    'proxy-url': proxyUrl,
  });

  it('many requests go over one tunnel, and the server is still verified', async () => {
    const [server, proxy] = [await start(), await startProxy()];
    const user = { token: 'good-token' };
    const client = await open(server, { user, cluster: clusterOf(server, `http://127.0.0.1:${proxy.port}`) });
    for (let i = 0; i < 5; i += 1) expect((await client.get('/readyz')).body).toBe('ok');
    expect(proxy.seen).toEqual([new URL(server.url).host]);
    expect(server.connections()).toBe(1);

    const other = await start();
    const untrusting = await open(server, { user, cluster: clusterOf(other, `http://127.0.0.1:${proxy.port}`) });
    expect((await failureOf(untrusting.get('/readyz'))).message).toMatch(/cannot be trusted/);
  });

  it('a fresh connection is a tunnel of its own', async () => {
    const [server, proxy] = [await start(), await startProxy()];
    const client = await open(server, { user: { token: 'good-token' }, cluster: clusterOf(server, `http://127.0.0.1:${proxy.port}`) });
    await client.get('/readyz');
    await client.get('/readyz', { freshConnection: true });
    expect(proxy.seen).toHaveLength(2);
  });

  it('the password goes to the proxy, and nowhere else', async () => {
    const [server, proxy] = [await start(), await startProxy('ana:hunter2')];
    const right = await open(server, { user: { token: 'good-token' }, cluster: clusterOf(server, `http://ana:hunter2@127.0.0.1:${proxy.port}`) });
    expect((await right.get('/readyz')).status).toBe(200);
    expect(JSON.stringify(server.requests)).not.toMatch(/proxy-authorization/i);
    const wrong = await open(server, { cluster: clusterOf(server, `http://ana:hunter3@127.0.0.1:${proxy.port}`) });
    const failure = await failureOf(wrong.get('/readyz'));
    expect(failure.message).toMatch(/the proxy 127\.0\.0\.1:\d+ refuses the way .*\(it answered 407\).*NO_PROXY/);
    expect(failure.message).not.toContain('hunter3');
  });

  it.each(['socks5', 'socks5h'])('a %s proxy carries requests and the handshake, and resolves the name itself', async scheme => {
    const [server, proxy] = [await start({ certificate: { names: ['api.example.invalid'] } }), await startSocksProxy({ resolve: () => '127.0.0.1' })];
    const { port } = new URL(server.url);
    const cluster = { ...clusterOf(server, `${scheme}://127.0.0.1:${proxy.port}`), server: `https://api.example.invalid:${port}` };
    const client = await open(server, { user: { token: 'good-token' }, cluster });
    expect((await client.get('/readyz')).body).toBe('ok');
    expect(proxy.seen).toEqual([`api.example.invalid:${port}`]);
    expect((await client.handshake()).serving).not.toHaveLength(0);
    expect(new Set(proxy.seen)).toEqual(new Set([`api.example.invalid:${port}`]));
  });

  it('a SOCKS proxy takes a password, and what it refuses is said', async () => {
    const [server, proxy] = [await start(), await startSocksProxy({ password: 'ana:hunter2' })];
    const user = { token: 'good-token' };
    const right = await open(server, { user, cluster: clusterOf(server, `socks5://ana:hunter2@127.0.0.1:${proxy.port}`) });
    expect((await right.get('/readyz')).status).toBe(200);
    for (const login of ['', 'ana:hunter3@']) {
      const wrong = await open(server, { user, cluster: clusterOf(server, `socks5://${login}127.0.0.1:${proxy.port}`) });
      const failure = await failureOf(wrong.get('/readyz'));
      expect(failure.message).toMatch(/the proxy 127\.0\.0\.1:\d+ refuses the way/);
      expect(failure.message).not.toContain('hunter');
    }
    const nobody = await open(server, { user, cluster: { ...clusterOf(server, `socks5://ana:hunter2@127.0.0.1:${proxy.port}`), server: 'https://127.0.0.1:1' } });
    expect((await failureOf(nobody.get('/readyz'))).message).toMatch(/refuses the way .*\(it answered 5\)/);
  });

  it('that is not there, the message names the proxy', async () => {
    const server = await start();
    const client = await open(server, { cluster: clusterOf(server, 'http://127.0.0.1:1') });
    expect((await failureOf(client.get('/readyz'))).message).toMatch(/refuses connections through the proxy 127\.0\.0\.1:1/);
  });

  it('that nobody understands is a problem, without its password', async () => {
    for (const proxyUrl of ['socks4://ana:hunter2@127.0.0.1:1', 'ftp://ana:hunter2@x', 'ana:hunter2@proxy:port']) {
      const error: unknown = await connect({ server: 'https://example.org' }, { env: bareEnvironment({ HTTPS_PROXY: proxyUrl }) }).then(() => undefined, (thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Problem);
      expect((error as Problem).message).toMatch(/HTTPS_PROXY/);
      expect((error as Problem).message).not.toContain('hunter2');
    }
  });
});

/** Cases of Go's golang.org/x/net/http/httpproxy, which kubectl follows. */
describe('which proxy', () => {
  const chosen = (server: string, env: NodeJS.ProcessEnv, proxyUrl?: string): string | undefined => proxyFor(new URL(server), proxyUrl, env)?.host;

  it('follows the scheme of the server, upper case first', () => {
    const env = { HTTPS_PROXY: 'http://s:1', https_proxy: 'http://t:1', HTTP_PROXY: 'h:2' };
    expect(chosen('https://api:6443', env)).toBe('s:1');
    expect(chosen('http://api:6443', env)).toBe('h:2');
    expect(chosen('https://api:6443', { https_proxy: 'http://t:1' })).toBe('t:1');
    expect(chosen('https://api:6443', {})).toBeUndefined();
  });

  it('is never one for this machine itself, unless the kubeconfig says so', () => {
    for (const host of ['localhost', '127.0.0.1', '127.3.4.5', '[::1]']) expect(chosen(`https://${host}:6443`, { HTTPS_PROXY: 'p:1' })).toBeUndefined();
    expect(chosen('https://localhost:6443', {}, 'http://q:1')).toBe('q:1');
  });

  it.each([
    ['*', 'api.example.org', true],
    ['example.org', 'example.org', true],
    ['example.org', 'api.example.org', true],
    ['.example.org', 'api.example.org', true],
    ['.example.org', 'example.org', false],
    ['*.example.org', 'api.example.org', true],
    ['example.org', 'notexample.org', false],
    ['example.org:6443', 'example.org', true],
    ['example.org:443', 'example.org', false],
    ['other, EXAMPLE.org', 'example.org', true],
    ['10.0.0.0/8', '10.1.2.3', true],
    ['10.0.0.0/8', '11.1.2.3', false],
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3:6443', '10.1.2.3', true],
    ['2.3', '10.1.2.3', false],
    ['fd00::/8', '[fd00::1]', true],
    ['fd00::1', '[fd00::1]', true],
    ['[fd00::1]:6443', '[fd00::1]', true],
    ['', 'example.org', false],
  ])('NO_PROXY=%s excludes %s: %s', (noProxy, host, isExcluded) => {
    expect(chosen(`https://${host}:6443`, { HTTPS_PROXY: 'p:1', NO_PROXY: noProxy }) === undefined).toBe(isExcluded);
  });

  it('of the kubeconfig goes before the environment and its exclusions', () => {
    expect(chosen('https://api:6443', { HTTPS_PROXY: 'p:1', NO_PROXY: '*' }, 'http://q:1')).toBe('q:1');
  });
});
