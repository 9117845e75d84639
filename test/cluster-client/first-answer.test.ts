import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { connect, type ClusterClient } from '../../src/cluster/connect.ts';
import { firstAnswer } from '../../src/cluster/first-answer.ts';
import { Problem } from '../../src/problem.ts';
import { json, plain } from '../support/api-answers.ts';
import { testBench } from './connection.ts';
import { bareEnvironment } from './temporary-files.ts';

const { files, start, open } = testBench();

/** What the person reads. It is one line, says where, and comes within two seconds. */
async function problemOf(client: ClusterClient): Promise<string> {
  const started = performance.now();
  const outcome: unknown = await firstAnswer(client).then(({ refusal }) => refusal, (thrown: unknown) => thrown);
  expect(typeof outcome === 'string' || outcome instanceof Problem).toBe(true);
  const message = outcome instanceof Problem ? outcome.message : String(outcome);
  expect(performance.now() - started).toBeLessThan(2000);
  expect(message).toContain(client.connection.server);
  expect(message).not.toMatch(/\n|undefined|\[object/);
  return message;
}

const hour = 3_600_000;
const ago = (milliseconds: number): Date => new Date(Date.now() - milliseconds);

describe('an API server', () => {
  it('tells its version and its time', async () => {
    const server = await start();
    const before = Math.floor(Date.now() / 1000) * 1000;
    const first = await firstAnswer(await open(server));
    expect(first).toMatchObject({ gitVersion: 'v1.37.1', dateFrom: 'server', clockSkewSeconds: 0, answer: { status: 200 } });
    expect(first.date).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(Date.parse(first.date)).toBeGreaterThanOrEqual(before);
  });

  it.each([[7200, -7200], [-300, 300]])('whose clock is %i s ahead shows ours as %i s ahead', async (ahead, expected) => {
    const date = new Date(Date.now() + ahead * 1000).toUTCString();
    const reply = { ...json(200, { gitVersion: 'v1.31.0' }), headers: { Date: date } };
    const first = await firstAnswer(await open(await start({ faults: [{ path: '/version', fault: { reply } }] })));
    expect(Math.abs(first.clockSkewSeconds - expected)).toBeLessThanOrEqual(1);
    expect(first.date).toBe(new Date(date).toISOString().replace('.000Z', 'Z'));
  });

  it('that keeps its version to itself is one all the same', async () => {
    const server = await start({ isForbidden: ({ path }) => path === '/version' });
    const first = await firstAnswer(await open(server));
    expect(first.gitVersion).toBeUndefined();
    expect(first.answer?.status).toBe(403);
  });
});

describe('what cannot be reached', () => {
  it('refuses connections', async () => {
    const closed = createServer();
    closed.listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    const client = await connect({ server: `https://localhost:${port}` }, { env: bareEnvironment() });
    expect(await problemOf(client)).toMatch(/refuses connections \(ECONNREFUSED\); check that the API server runs/);
  });

  it('has no address', async () => {
    const client = await connect({ server: 'https://no-such-host.invalid:6443' }, { env: bareEnvironment() });
    expect(await problemOf(client)).toMatch(/the name no-such-host\.invalid .* cannot be resolved \(\w+\)/);
  });

  it('does not speak TLS', async () => {
    const server = await start({ plainHttp: true });
    const client = await connect({ server: server.url.replace('http:', 'https:') }, { env: bareEnvironment() });
    expect(await problemOf(client)).toMatch(/does not speak TLS .*check the port/);
  });

  it('hangs up', async () => {
    const server = await start({ faults: [{ path: '/version', fault: { cut: 'beforeHeaders' } }] });
    expect(await problemOf(await open(server))).toMatch(/closed the connection without an answer/);
  });

  it('names the other contexts of the kubeconfig', async () => {
    const kubeconfig = files.write('two-contexts', JSON.stringify({
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
      contexts: ['prod', 'test'].map(name => ({ name, context: { cluster: 'c' } })),
      'current-context': 'prod',
    }));
    const client = await connect({ kubeconfig }, { env: bareEnvironment() });
    expect(await problemOf(client)).toMatch(/\(context "prod"\) refuses connections .*give --context \(prod, test\)$/);
  });
});

describe('a certificate of the server', () => {
  it('that expired is said with the day', async () => {
    const server = await start({ certificate: { notBefore: ago(48 * hour), notAfter: ago(24 * hour) } });
    const day = ago(24 * hour).toISOString().slice(0, 10);
    expect(await problemOf(await open(server))).toMatch(new RegExp(`the certificate of .* expired on ${day}T.*; renew it on the control plane`));
    expect(server.requests).toEqual([]);
  });

  it('that is not valid yet points to the clocks', async () => {
    const server = await start({ certificate: { notBefore: ago(-24 * hour), notAfter: ago(-48 * hour) } });
    expect(await problemOf(await open(server))).toMatch(/is not valid before \d{4}-.*; check the clock/);
  });

  it('of another authority, or for another name', async () => {
    const [server, other] = [await start({ certificate: { names: ['elsewhere.example.org'] } }), await start()];
    const foreign = { 'certificate-authority-data': Buffer.from(other.authority.certificate).toString('base64') };
    expect(await problemOf(await open(server, { cluster: foreign }))).toMatch(/cannot be trusted .* did not sign it; get a new kubeconfig/);
    expect(await problemOf(await open(server))).toMatch(/is not for 127\.0\.0\.1: it names elsewhere\.example\.org/);
  });
});

describe('a login that is not accepted', () => {
  it('with an expired client certificate says whose and since when, and how to renew it', async () => {
    const server = await start();
    const user = server.certificateUser({ commonName: 'kubernetes-admin', organizations: ['kubeadm:cluster-admins'], notBefore: ago(48 * hour), notAfter: ago(24 * hour) });
    const message = await problemOf(await open(server, { user }));
    expect(message).toMatch(/\(401\): the client certificate of user "tester" of .*kubeconfig-\d+ \(O=kubeadm:cluster-admins, CN=kubernetes-admin\) expired on \d{4}-\d\d-\d\dT.*Z; renew it \(kubeadm certs renew admin\.conf/);
    expect(message).toContain(ago(24 * hour).toISOString().slice(0, 10));
  });

  it('with a certificate that a gateway refuses in the handshake', async () => {
    const server = await start({ demandsCertificate: true });
    const expired = server.certificateUser({ commonName: 'ana', notBefore: ago(48 * hour), notAfter: ago(24 * hour) });
    expect(await problemOf(await open(server, { user: expired }))).toMatch(/ended the connection \(\w+\), and the client certificate of user "tester" .* expired on/);
    const other = await start();
    const foreign = other.certificateUser({ commonName: 'ana' });
    expect(await problemOf(await open(server, { user: foreign }))).toMatch(/refuses the client certificate of user "tester"|closed the connection/);
  });

  it('with a certificate of another cluster says who issued it', async () => {
    const [server, other] = [await start(), await start()];
    expect(await problemOf(await open(server, { user: other.certificateUser({ commonName: 'ana' }) }))).toMatch(/does not accept the client certificate .*issued by CN=kubernetes .*another cluster/);
  });

  it('with a certificate that begins tomorrow points to the clock', async () => {
    const server = await start();
    expect(await problemOf(await open(server, { user: server.certificateUser({ commonName: 'ana', notBefore: ago(-24 * hour) }) }))).toMatch(/is not valid before \d{4}-.*check the clock/);
  });

  it('with a dead token, an expired one, a password, or nothing', async () => {
    const server = await start({ anonymous: false, tokens: {} });
    const expired = `e30.${Buffer.from(JSON.stringify({ exp: Math.floor(ago(hour).getTime() / 1000) })).toString('base64url')}.x`;
    expect(await problemOf(await open(server, { user: { token: 'dead-token' } }))).toMatch(/does not accept the token of user "tester" .*\(401\); it was revoked/);
    expect(await problemOf(await open(server, { user: { token: expired } }))).toMatch(/the token of user "tester" .* expired on \d{4}-/);
    expect(await problemOf(await open(server, { user: { token: 'x' } }, { token: 'dead-token' }))).toMatch(/does not accept the token of --token/);
    expect(await problemOf(await open(server, { user: { username: 'ana', password: 'p' } }))).toMatch(/does not accept the password .*1\.19/);
    expect(await problemOf(await open(server, { user: {} }))).toMatch(/demands a login \(401\), and user "tester" .* has none; choose a user/);
  });
});

describe('what is no API server', () => {
  it.each([
    ['an HTML page', { status: 200, contentType: 'text/html', body: '<!DOCTYPE html><title>Sign in</title>' }, /no Kubernetes API server: it answered \/version with an HTML page \(200\)/],
    ['other JSON', json(200, { version: '8.17', tagline: 'You Know, for Search' }), /JSON of another kind \(200\)/],
    ['text', plain(200, 'hello'), /something that is no JSON \(200\)/],
    ['nothing', plain(204, ''), /nothing \(204\)/],
    ['a login page elsewhere', { ...plain(302, ''), headers: { Location: 'https://sso.example.org/login?token=hunter2' } }, /a redirection to sso\.example\.org \(302\)/],
    ['a 404 of a web server', plain(404, '<html>not found</html>'), /an HTML page \(404\)/],
    ['a 403 that is no Status', plain(403, 'denied'), /something that is no JSON \(403\)/],
    ['a bare JSON word', plain(200, '"v1.37.1"'), /something that is no JSON \(200\)/],
    ['an HTTPS port asked over HTTP', plain(400, 'Client sent an HTTP request to an HTTPS server.\n'), /it wants https/],
    ['a gateway without a server behind it', { status: 502, contentType: 'text/html', body: '<html>Bad Gateway</html>' }, /answered 502 .* not as an API server does/],
  ])('%s', async (_name, reply, expected) => {
    const server = await start({ faults: [{ path: '/version', fault: { reply } }] });
    const message = await problemOf(await open(server));
    expect(message).toMatch(expected);
    expect(message).not.toContain('hunter2');
  });

  it('is told apart from one that is not ready', async () => {
    const server = await start({ faults: [{ path: '/version', fault: { status: 503 } }] });
    expect(await problemOf(await open(server))).toMatch(/the API server .* is not ready \(it answered 503/);
  });
});
