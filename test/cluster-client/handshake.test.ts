import { X509Certificate } from 'node:crypto';
import { createServer as createTlsServer } from 'node:tls';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { RawHandshake } from '../../src/evidence/raw-handshake.ts';
import { certificateFacts } from '../../src/evidence/certificate-facts.ts';
import { formatDistinguishedName } from '../../src/evidence/distinguished-name.ts';
import { connect } from '../../src/cluster/connect.ts';
import { createCertificate } from '../support/certificates.ts';
import { startProxy } from '../support/proxy.ts';
import { failureOf, testBench } from './connection.ts';
import { bareEnvironment } from './temporary-files.ts';

const { files, start, open } = testBench();
const user = { token: 'good-token' };
const authoritiesIn = ({ clientAuthorities }: RawHandshake): unknown => ('names' in clientAuthorities ? clientAuthorities.names.map(formatDistinguishedName) : clientAuthorities);

describe('what a server shows to anybody', () => {
  it('is its chain, whose client certificates it takes, and an answer without a login', async () => {
    const server = await start({ certificate: { keyType: 'RSA' } });
    const client = await open(server);
    const seen = await client.handshake();
    const [own, authority] = seen.serving.map(certificateFacts);
    expect(own).toMatchObject({ subject: 'CN=kube-apiserver', issuer: 'CN=kubernetes', names: ['DNS:localhost', 'DNS:kubernetes.default.svc', 'IP:127.0.0.1'], keyType: 'RSA 2048' });
    expect(authority?.sha256).toBe(new X509Certificate(server.authority.certificate).fingerprint256.replaceAll(':', '').toLowerCase());
    expect(authoritiesIn(seen)).toEqual(['CN=kubernetes']);
    expect(seen.anonymousVersion).toMatchObject({ status: 200 });
    expect(server.requests.map(({ method, path, user: who }) => `${method} ${path} ${who}`)).toEqual(['GET /version system:anonymous']);
  });

  it('is looked at once', async () => {
    const server = await start();
    const client = await open(server);
    const first = await client.handshake();
    expect(await client.handshake()).toBe(first);
    expect(server.requests).toHaveLength(1);
  });

  it('shows no client certificate of ours', async () => {
    const server = await start();
    const client = await open(server, { user: server.certificateUser({ commonName: 'ana' }) });
    await client.handshake();
    expect(server.requests.map(({ user: who }) => who)).toEqual(['system:anonymous']);
  });

  it('says that anonymous requests are turned off', async () => {
    const seen = await (await open(await start({ anonymous: false }))).handshake();
    expect(seen.anonymousVersion).toMatchObject({ status: 401 });
  });

  it('is seen at a gateway that hangs up on whoever has no certificate', async () => {
    const server = await start({ demandsCertificate: true });
    const seen = await (await open(server)).handshake();
    expect(certificateFacts(seen.serving[0] ?? Buffer.alloc(0)).subject).toBe('CN=kube-apiserver');
    expect(authoritiesIn(seen)).toEqual(['CN=kubernetes']);
    expect(seen.anonymousVersion).toHaveProperty('unknown');
  });

  it('is the certificate of the TLS server name', async () => {
    const server = await start({ certificate: { names: ['api.example.org'] } });
    const seen = await (await open(server, { user }, { tlsServerName: 'api.example.org' })).handshake();
    expect(seen.anonymousVersion).toMatchObject({ status: 200 });
  });

  it('goes through the proxy of all requests, and only there', async () => {
    const [server, proxy] = [await start(), await startProxy()];
    const cluster = { 'certificate-authority-data': Buffer.from(server.authority.certificate).toString('base64'), 'proxy-url': `http://127.0.0.1:${proxy.port}` };
    const seen = await (await open(server, { user, cluster })).handshake();
    expect(authoritiesIn(seen)).toEqual(['CN=kubernetes']);
    expect(proxy.seen).toEqual(Array(6).fill(new URL(server.url).host));
    const dead = await open(server, { user, cluster: { ...cluster, 'proxy-url': 'http://127.0.0.1:1' } });
    expect((await failureOf(dead.handshake())).message).toMatch(/no handshake with .* succeeds \(ECONNREFUSED\)/);
  });

  it('is another certificate for the name of API servers themselves, and TLS 1.3 alone hides the authorities only', async () => {
    const own = createCertificate({ commonName: 'front', use: 'server' });
    const loopback = createCertificate({ commonName: 'apiserver-loopback-client@1', use: 'server' });
    const { createSecureContext } = await import('node:tls');
    const server = createTlsServer({
      minVersion: 'TLSv1.3', cert: own.certificate, key: own.key,
      SNICallback: (name, done) => done(null, createSecureContext(name === 'apiserver-loopback-client' ? { cert: loopback.certificate, key: loopback.key } : { cert: own.certificate, key: own.key })),
    }, socket => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = await connect({ server: `https://127.0.0.1:${port}`, certificateAuthority: files.write('front.crt', own.certificate), requestTimeoutSeconds: 1 }, { env: bareEnvironment() });
    const seen = await client.handshake();
    client.close();
    server.close();
    expect(seen.serving.map(der => certificateFacts(der).subject)).toEqual(['CN=front']);
    expect('chain' in seen.loopback ? seen.loopback.chain.map(der => certificateFacts(der).subject) : seen.loopback).toEqual(['CN=apiserver-loopback-client@1']);
    expect(seen.clientAuthorities).toEqual({ unknown: 'it refuses a handshake of TLS 1.2 (alert 70)' });
  });

  it('cannot be seen where nobody answers, and waits for nobody that is interrupted', async () => {
    const server = await start();
    const client = await open(server, { user, cluster: { server: 'https://127.0.0.1:1' } });
    expect(await failureOf(client.handshake())).toMatchObject({ kind: 'unreachable' });
    const gone = await open(server);
    const waiting = failureOf(gone.handshake());
    gone.close();
    expect((await waiting).kind).toBe('interrupted');
  });
});
