import fc from 'fast-check';
import { connect, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { clientHello, readServerFlight, UnreadableFlight } from '../../src/cluster/server-flight.ts';
import { formatDistinguishedName } from '../../src/evidence/distinguished-name.ts';
import { certificateFacts } from '../../src/evidence/certificate-facts.ts';
import { createCertificate, type Certificate } from '../support/certificates.ts';

const authority = createCertificate({ commonName: 'kubernetes', use: 'authority' });
const second = createCertificate({ commonName: 'front, "proxy"', organizations: ['größe', 'b'], use: 'authority' });
const own = createCertificate({ commonName: 'kube-apiserver', names: ['localhost'], use: 'server' }, authority);
const other = createCertificate({ commonName: 'by-name', use: 'server' }, authority);
const ending: (() => void)[] = [];
afterEach(() => ending.splice(0).forEach(end => end()));

/** What a real TLS server (OpenSSL) sends to our hello, to its end or its alert. */
async function recorded(options: TlsOptions, serverName?: string): Promise<Buffer> {
  const server = createTlsServer({ cert: own.certificate, key: own.key, ...options });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ending.push(() => server.close());
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.write(clientHello(serverName));
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await Promise.race([once(socket, 'close'), new Promise(resolve => setTimeout(resolve, 300))]);
  socket.destroy();
  return Buffer.concat(chunks);
}

const subjectsIn = (ders: readonly Buffer[] | undefined): string[] | undefined => ders?.map(der => certificateFacts(der).subject);

describe('the flight of a TLS 1.2 server', () => {
  it('holds its chain and the authorities whose certificates it takes', async () => {
    const bytes = await recorded({ requestCert: true, rejectUnauthorized: false, ca: [authority.certificate, second.certificate] });
    const flight = readServerFlight(bytes);
    expect(subjectsIn(flight?.certificates)?.[0]).toBe('CN=kube-apiserver');
    expect(flight?.clientAuthorities?.map(formatDistinguishedName).toSorted()).toEqual(['CN=kubernetes', 'O=größe, O=b, CN=front, "proxy"']);
  });

  it('asks for no certificate where none is wanted', async () => {
    const flight = readServerFlight(await recorded({}));
    expect(flight?.certificates).toHaveLength(1);
    expect(flight?.clientAuthorities).toBeUndefined();
  });

  it('is of the name that was asked for', async () => {
    const SNICallback: TlsOptions['SNICallback'] = (name, done) => {
      void import('node:tls').then(({ createSecureContext }) => done(null, createSecureContext(name === 'api.example.org' ? { cert: other.certificate, key: other.key } : { cert: own.certificate, key: own.key })));
    };
    expect(subjectsIn(readServerFlight(await recorded({ SNICallback }, 'api.example.org'))?.certificates)).toEqual(['CN=by-name']);
    expect(subjectsIn(readServerFlight(await recorded({ SNICallback }, 'other.example.org'))?.certificates)).toEqual(['CN=kube-apiserver']);
    expect(subjectsIn(readServerFlight(await recorded({ SNICallback }, '127.0.0.1'))?.certificates)).toEqual(['CN=kube-apiserver']);
  });

  it('is refused by a server that speaks TLS 1.3 only', async () => {
    const bytes = await recorded({ minVersion: 'TLSv1.3' });
    expect(() => readServerFlight(bytes)).toThrow(/refuses a handshake of TLS 1\.2 \(alert 70\)/);
  });

  it('comes from RSA servers too', async () => {
    const rsa: Certificate = createCertificate({ commonName: 'rsa', keyType: 'RSA', use: 'server' });
    expect(subjectsIn(readServerFlight(await recorded({ cert: rsa.certificate, key: rsa.key }))?.certificates)).toEqual(['CN=rsa']);
  });

  it('is the same however it is cut, and not whole before its end', async () => {
    const bytes = await recorded({ requestCert: true, rejectUnauthorized: false, ca: authority.certificate });
    const whole = readServerFlight(bytes);
    expect(whole).toBeDefined();
    for (let end = 0; end < bytes.length; end += 7) expect(readServerFlight(bytes.subarray(0, end))).toBeUndefined();
    expect(readServerFlight(Buffer.concat([bytes, Buffer.alloc(0)]))).toEqual(whole);
  });

  it('is no HTTP', () => {
    expect(() => readServerFlight(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'))).toThrow(/does not speak TLS/);
  });

  it('may be spoilt anywhere: it is read, not yet whole, or said to be unreadable, at once', async () => {
    const bytes = await recorded({ requestCert: true, rejectUnauthorized: false, ca: authority.certificate });
    const spoilt = fc.tuple(fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }), fc.nat(bytes.length));
    fc.assert(fc.property(spoilt, ([changes, end]) => {
      const changed = Buffer.from(bytes);
      for (const [at, byte] of changes) changed[at] = byte;
      return isHandled(changed.subarray(0, end));
    }), { numRuns: 2000 });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), noise => isHandled(Buffer.concat([Buffer.of(22, 3, 3, 1, 0x80), noise]))), { numRuns: 1000 });
  });

  it('that never ends is given up', () => {
    const record = Buffer.concat([Buffer.of(22, 3, 3, 0x40, 0), Buffer.alloc(0x4000)]);
    expect(() => readServerFlight(Buffer.concat(Array<Buffer>(20).fill(record)))).toThrow(UnreadableFlight);
  });
});

function isHandled(bytes: Buffer): boolean {
  try {
    readServerFlight(bytes);
    return true;
  } catch (error) {
    return error instanceof UnreadableFlight;
  }
}

it('a name is read as OpenSSL reads it, and noise is refused', () => {
  const der = Buffer.from(second.certificate.replaceAll(/-----[A-Z ]+-----|\s/g, ''), 'base64');
  // OpenSSL escapes the comma in a line of its own, so names without one are compared.
  expect(certificateFacts(der).subject).toContain('O=b');
  for (const bytes of ['', '30', '3080', '3102', '300b3109300706035504030c0161', '30848000000000']) {
    expect(() => formatDistinguishedName(Buffer.from(bytes, 'hex'))).toThrow();
  }
  expect(formatDistinguishedName(Buffer.from('300c310a300806035504030c0161', 'hex'))).toBe('CN=a');
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), noise => {
    try {
      return typeof formatDistinguishedName(noise) === 'string';
    } catch (error) {
      return error instanceof Error;
    }
  }));
});
