import { createHash, createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { expect, it } from 'vitest';
import { caKeyHash } from '../../src/cluster/ca-key-hash.ts';
import { createCertificate } from '../support/certificates.ts';
import { reissued } from '../support/certificates.ts';
import { testBench } from './connection.ts';

const { start, open } = testBench();
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const [one, two] = [createCertificate({ commonName: 'kubernetes', use: 'authority' }), createCertificate({ commonName: 'kubernetes', use: 'authority', keyType: 'RSA' })];
const again = reissued(one, { commonName: 'kubernetes', use: 'authority', notAfter: new Date(Date.now() + 1e11) });
const read = (...all: readonly { certificate: string }[]): string => caKeyHash(all.map(({ certificate }) => new X509Certificate(certificate)));

it('is SHA-256 over the sorted public keys', () => {
  const keys = [one, two].map(({ key }) => createPublicKey(createPrivateKey(key)).export({ type: 'spki', format: 'der' })).sort((a, b) => Buffer.compare(a, b));
  expect(read(one, two)).toBe(createHash('sha256').update(Buffer.concat(keys)).digest('hex'));
  expect(read(two, one)).toBe(read(one, two));
});

it('survives an authority that is issued again with its key, also beside the old one, and differs between keys', () => {
  expect(again.certificate).not.toBe(one.certificate);
  expect(read(again)).toBe(read(one));
  expect(read(one, again)).toBe(read(one));
  expect(read(two)).not.toBe(read(one));
  expect(read(one, two)).not.toBe(read(one));
});

it('is part of the connection where an authority is configured, and only there', async () => {
  const server = await start();
  const user = { token: 'good-token' };
  const hash = read(server.authority);
  expect((await open(server)).connection.caKeyHash).toBe(hash);
  const bundle = base64(`# a comment\n${server.authority.certificate}\n${server.authority.certificate}`);
  expect((await open(server, { user, cluster: { 'certificate-authority-data': bundle } })).connection.caKeyHash).toBe(hash);
  expect((await open(server, { user, cluster: {} })).connection.caKeyHash).toBeUndefined();
  expect((await open(server, { user, cluster: {} }, { insecureSkipTlsVerify: true })).connection.caKeyHash).toBeUndefined();
});
