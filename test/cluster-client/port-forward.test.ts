import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { HandshakeOptions, NoServer } from '../../src/cluster/api-client.ts';
import { certificateFacts } from '../../src/evidence/certificate-facts.ts';
import { formatDistinguishedName } from '../../src/evidence/distinguished-name.ts';
import type { RawTlsServer } from '../../src/evidence/raw-tls-server.ts';
import { status } from '../support/api-answers.ts';
import type { FakeApiServer, FakeApiServerOptions } from '../support/api-server.ts';
import { createCertificate } from '../support/certificates.ts';
import { startProxy, startSocksProxy } from '../support/proxy.ts';
import { acceptWebSocket, forwardTo, serverFrame, type ServerSocket } from '../support/web-socket.ts';
import { failureOf, testBench } from './connection.ts';

const { start, open } = testBench();
const POD = { namespace: 'kube-system', name: 'kube-proxy-a' };
const IN_TIME: HandshakeOptions = { timeoutMilliseconds: 5_000 };

const etcdAuthority = createCertificate({ commonName: 'etcd-ca', use: 'authority' });
const own = createCertificate({ commonName: 'cp-1', use: 'both' }, etcdAuthority);
/** What is seen of it. */
const DEMANDING = [['CN=cp-1', 'CN=etcd-ca'], 'required', ['CN=etcd-ca']];
const servers: Server[] = [];
afterEach(() => { for (const server of servers.splice(0)) server.close(); });

/** A TLS server as etcd is one: it demands a client certificate unless told otherwise. */
async function tlsServer(options: TlsOptions = {}): Promise<number> {
  const server = createTlsServer({ cert: own.certificate + etcdAuthority.certificate, key: own.key, ca: etcdAuthority.certificate, requestCert: true, rejectUnauthorized: true, ...options });
  server.on('tlsClientError', () => undefined);
  server.on('connection', socket => socket.on('error', () => undefined));
  return listening(server);
}

async function listening(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function portOf({ url }: { readonly url?: string | undefined }): number {
  return Number(new URL(url ?? '', 'http://x').searchParams.get('ports'));
}

/** An API server whose tunnels lead to ports of this machine. */
function forwarding(options: Partial<FakeApiServerOptions> = {}): Promise<FakeApiServer> {
  return start({ onUpgrade: (request, socket) => void forwardTo(portOf(request), acceptWebSocket(request, socket)), ...options });
}

/** An API server whose tunnel is what the test makes of it. */
function tunnelling(use: (tunnel: ServerSocket, socket: Duplex) => void): Promise<FakeApiServer> {
  return start({ onUpgrade: (request, socket) => use(acceptWebSocket(request, socket), socket) });
}

function words(seen: RawTlsServer | NoServer): unknown {
  if (!('chain' in seen)) return seen;
  const { chain, clientCertificate, clientAuthorities } = seen;
  return [chain.map(each => certificateFacts(each).subject), clientCertificate, 'names' in clientAuthorities ? clientAuthorities.names.map(formatDistinguishedName) : clientAuthorities.unknown];
}

async function untilNoTunnel(server: FakeApiServer): Promise<void> {
  for (let tries = 0; server.tunnels() > 0 && tries < 100; tries += 1) await sleep(20);
  expect(server.tunnels()).toBe(0);
}

describe('a handshake through a tunnel', () => {
  it('shows a server that demands a client certificate, and whose it takes', async () => {
    const server = await forwarding();
    const client = await open(server);
    expect(words(await client.handshakeThroughPod(POD, await tlsServer(), IN_TIME))).toEqual(DEMANDING);
    await untilNoTunnel(server);
  });

  it.each([
    ['one that asks and goes on', { rejectUnauthorized: false }, [['CN=cp-1', 'CN=etcd-ca'], 'requested', ['CN=etcd-ca']]],
    ['one that does not ask', { requestCert: false }, [['CN=cp-1', 'CN=etcd-ca'], 'notAsked', []]],
    ['one of TLS 1.3 alone that demands one', { minVersion: 'TLSv1.3' }, [['CN=cp-1', 'CN=etcd-ca'], 'required', expect.stringContaining('TLS 1.3')]],
    ['one of TLS 1.3 alone that goes on: whether it asks is not known', { minVersion: 'TLSv1.3', rejectUnauthorized: false }, [['CN=cp-1', 'CN=etcd-ca'], { unknown: expect.stringContaining('takes clients without') }, expect.any(String)]],
  ] as const)('shows %s', async (_name, options, expected) => {
    const client = await open(await forwarding());
    expect(words(await client.handshakeThroughPod(POD, await tlsServer(options), IN_TIME))).toEqual(expected);
  });

  it('asks for a server name', async () => {
    const other = createCertificate({ commonName: 'apiserver-loopback-client@1', use: 'server' });
    const { createSecureContext } = await import('node:tls');
    const port = await tlsServer({ requestCert: false, SNICallback: (name, done) => done(null, name === 'apiserver-loopback-client' ? createSecureContext({ cert: other.certificate, key: other.key }) : undefined) });
    const client = await open(await forwarding());
    expect(words(await client.handshakeThroughPod(POD, port, { ...IN_TIME, serverName: 'apiserver-loopback-client' }))).toEqual([['CN=apiserver-loopback-client@1'], 'notAsked', []]);
    expect(words(await client.handshakeThroughPod(POD, port, IN_TIME))).toEqual([['CN=cp-1', 'CN=etcd-ca'], 'notAsked', []]);
  });

  it('sends the credential to the API server alone, and -v shows the request', async () => {
    const server = await forwarding();
    const client = await open(server, { user: { token: 'good-token' } }, { as: 'bo', asGroups: ['sre'] });
    const port = await tlsServer();
    await client.handshakeThroughPod(POD, port, IN_TIME);
    const path = `/api/v1/namespaces/kube-system/pods/kube-proxy-a/portforward?ports=${port}`;
    expect(client.events).toMatchObject([{ method: 'GET', path, outcome: 101 }]);
    expect(server.requests).toMatchObject([{ method: 'GET', path, user: 'bo', headers: { 'impersonate-group': 'sre', authorization: 'Bearer (hidden)' } }]);
  });

  it('comes with a client certificate where that is the login', async () => {
    const server = await forwarding();
    const client = await open(server, { user: server.certificateUser({ commonName: 'ana' }) });
    await client.handshakeThroughPod(POD, await tlsServer(), IN_TIME);
    expect(server.requests).toMatchObject([{ user: 'ana' }]);
  });

  it('goes through the proxy of all requests', async () => {
    const [server, proxy, socks] = [await forwarding(), await startProxy(), await startSocksProxy()];
    const authority = { 'certificate-authority-data': Buffer.from(server.authority.certificate).toString('base64') };
    const port = await tlsServer();
    for (const [url, seen] of [[`http://127.0.0.1:${proxy.port}`, proxy.seen], [`socks5://127.0.0.1:${socks.port}`, socks.seen]] as const) {
      const client = await open(server, { user: { token: 'good-token' }, cluster: { ...authority, 'proxy-url': url } });
      expect(words(await client.handshakeThroughPod(POD, port, IN_TIME))).toEqual(DEMANDING);
      expect(seen).toEqual([new URL(server.url).host]);
    }
    await untilNoTunnel(server);
  });

  it('works over plain HTTP, as through kubectl proxy', async () => {
    const client = await open(await forwarding({ plainHttp: true }));
    expect(words(await client.handshakeThroughPod(POD, await tlsServer(), IN_TIME))).toEqual(DEMANDING);
  });
});

describe('a tunnel that shows nothing', () => {
  it('says that nothing listens', async () => {
    const port = await listening(createServer());
    servers.splice(0).forEach(server => server.close());
    const server = await forwarding();
    const seen = await (await open(server)).handshakeThroughPod(POD, port, IN_TIME);
    expect(seen).toEqual({ leadsNowhere: expect.stringContaining('connection refused') });
    await untilNoTunnel(server);
  });

  it('carries what the API server answers instead', async () => {
    const refusal = status(403, 'admission webhook "no-tunnels.example.org" denied the request: never');
    const server = await start({ faults: [{ path: '/api/v1/namespaces/*', fault: { reply: refusal } }] });
    const seen = await (await open(server)).handshakeThroughPod(POD, 10250, IN_TIME);
    expect(seen).toMatchObject({ refused: { status: 403, body: expect.stringContaining('no-tunnels.example.org') } });
  });

  it('is refused where the server agrees to another protocol', async () => {
    const server = await start({
      onUpgrade: (request, socket) => {
        request.headers['sec-websocket-protocol'] = 'v5.channel.k8s.io';
        acceptWebSocket(request, socket);
      },
    });
    const failure = await failureOf((await open(server)).handshakeThroughPod(POD, 10250, IN_TIME));
    expect(failure.kind).toBe('malformed');
    await untilNoTunnel(server);
  });

  it.each([
    ['a program that speaks no TLS', (tunnel: ServerSocket) => tunnel.send(Buffer.concat([Buffer.of(0, 1, 1), Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')])), 'malformed', /shows no certificate: it does not speak TLS/],
    ['a masked frame', (tunnel: ServerSocket) => tunnel.sendRaw(Buffer.of(0x82, 0x81, 1, 2, 3, 4, 5)), 'malformed', /tunnel cannot be read/],
    ['text', (tunnel: ServerSocket) => tunnel.sendRaw(serverFrame(1, Buffer.from('hello'))), 'malformed', /tunnel cannot be read/],
    ['a frame of nearly no end', (tunnel: ServerSocket) => tunnel.sendRaw(Buffer.of(0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0)), 'malformed', /too long/],
    ['a message that begins within another', (tunnel: ServerSocket) => tunnel.sendRaw(Buffer.concat([serverFrame(2, Buffer.of(0, 1, 1), false), serverFrame(2, Buffer.of(0))])), 'malformed', /begins within another/],
    ['a farewell at once', (tunnel: ServerSocket) => tunnel.close(), 'unreachable', /connection failed/],
    ['a connection that is cut', (_tunnel: ServerSocket, socket: Duplex) => socket.destroy(), 'unreachable', /connection failed/],
  ] as const)('fails on %s', async (_name, use, kind, message) => {
    const server = await tunnelling(use);
    const failure = await failureOf((await open(server)).handshakeThroughPod(POD, 10250, IN_TIME));
    expect([failure.kind, failure.message]).toEqual([kind, expect.stringMatching(message)]);
    await untilNoTunnel(server);
  });

  it('ends a silent one in time, and closes it', async () => {
    const server = await tunnelling(() => undefined);
    const client = await open(server);
    const began = performance.now();
    expect((await failureOf(client.handshakeThroughPod(POD, 10250, { timeoutMilliseconds: 300 }))).kind).toBe('timeout');
    expect(performance.now() - began).toBeLessThan(3_000);
    await untilNoTunnel(server);
  });

  it('ends one that is never opened in time', async () => {
    const server = await start({ onUpgrade: () => undefined });
    const client = await open(server);
    expect((await failureOf(client.handshakeThroughPod(POD, 10250, { timeoutMilliseconds: 300 }))).kind).toBe('timeout');
    await untilNoTunnel(server);
  });

  it('closes what is open when the client is closed', async () => {
    const server = await tunnelling(() => undefined);
    const client = await open(server);
    const looking = failureOf(client.handshakeThroughPod(POD, 10250, IN_TIME));
    while (server.tunnels() === 0) await sleep(10);
    client.close();
    expect((await looking).kind).toBe('interrupted');
    await untilNoTunnel(server);
  });

  it('takes no port that is none', async () => {
    const client = await open(await forwarding());
    for (const port of [0, 65_536, 1.5, Number.NaN]) await expect(client.handshakeThroughPod(POD, port, IN_TIME)).rejects.toThrow(/a port is a number/);
  });
});

it('answers a ping, and puts a message together from its pieces', async () => {
  const pongs: string[] = [];
  const port = await tlsServer();
  const server = await start({
    onUpgrade: (request, socket) => {
      const tunnel = acceptWebSocket(request, socket);
      tunnel.onFrame((opcode, content) => void (opcode === 10 && pongs.push(content.toString())));
      const cut: ServerSocket = {
        ...tunnel,
        send: message => {
          const half = message.length >> 1;
          tunnel.sendRaw(Buffer.concat([serverFrame(2, message.subarray(0, half), false), serverFrame(9, Buffer.from('are you there')), serverFrame(0, message.subarray(half))]));
        },
      };
      forwardTo(port, cut);
    },
  });
  const client = await open(server);
  expect(words(await client.handshakeThroughPod(POD, port, IN_TIME))).toEqual(DEMANDING);
  expect(new Set(pongs)).toEqual(new Set(['are you there']));
});

describe('a handshake at the address of a node', () => {
  it('shows the same, and no credential goes there', async () => {
    const client = await open(await start(), { user: { token: 'good-token' } });
    expect(words(await client.handshakeWithNode({ host: '127.0.0.1', port: await tlsServer() }, IN_TIME))).toEqual(DEMANDING);
    expect(client.events).toMatchObject([{ method: 'TLS', outcome: 'shown' }]);
  });

  it('takes no name for an address', async () => {
    const client = await open(await start());
    expect((await failureOf(client.handshakeWithNode({ host: 'localhost', port: 1 }, IN_TIME))).message).toMatch(/no IP address/);
    expect((await failureOf(client.askAsStranger({ host: 'localhost', port: 1 }, 'health', { timeoutMilliseconds: 100 }))).message).toMatch(/no IP address/);
  });

  it('tells a closed port from one that hangs', async () => {
    const client = await open(await start());
    const port = await listening(createServer());
    expect((await failureOf(client.handshakeWithNode({ host: '127.0.0.1', port }, { timeoutMilliseconds: 200 }))).kind).toBe('timeout');
    servers.splice(0).forEach(server => server.close());
    expect(await client.handshakeWithNode({ host: '127.0.0.1', port }, IN_TIME)).toEqual({ leadsNowhere: 'connection refused' });
  });

  it('asks a kubelet without any credential', async () => {
    const kubelet = await start({ tokens: {}, anonymous: false });
    const client = await open(await start(), { user: { token: 'good-token' } });
    const { port } = new URL(kubelet.url);
    expect(await client.askAsStranger({ host: '127.0.0.1', port: Number(port) }, 'health', { timeoutMilliseconds: 2_000 })).toMatchObject({ status: 401 });
    expect(kubelet.requests).toMatchObject([{ method: 'GET', path: '/healthz', clientSubject: '' }]);
    expect(kubelet.requests[0]?.headers).not.toHaveProperty('authorization');
  });
});
