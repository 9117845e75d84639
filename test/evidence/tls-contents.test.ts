import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tlsContents, type TlsContents } from '../../src/evidence/tls-contents.ts';
import { createCertificate } from '../support/certificates.ts';
import { deepLeaf, encrypted, intermediate, leaf } from '../support/tls.ts';

/** Each value as JSON has it and as protobuf has it; both must come to the same. */
function read(values: Readonly<Record<string, string>>): TlsContents {
  const encoded = (as: 'base64' | 'bytes'): Record<string, string | Uint8Array> =>
    Object.fromEntries(Object.entries(values).map(([name, text]) => [name, as === 'bytes' ? Buffer.from(text) : Buffer.from(text).toString('base64')]));
  const contents = tlsContents(encoded('base64'));
  expect(tlsContents(encoded('bytes'))).toEqual(contents);
  return contents;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'secaudit-tls-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A key as openssl writes it, with its certificate. */
function made(name: string, ...key: readonly string[]): { crt: string; key: string } {
  execFileSync('openssl', ['req', '-x509', '-newkey', ...key, '-nodes', '-keyout', `${name}.key`, '-out', `${name}.crt`, '-days', '10', '-subj', `/CN=${name}`], { cwd: folder, stdio: 'ignore' });
  const read = (end: string): string => readFileSync(join(folder, `${name}.${end}`), 'utf8');
  return { crt: read('crt'), key: read('key') };
}

const KEYS: readonly (readonly [string, ...string[]])[] = [
  ['rsa2048', 'rsa:2048'], ['p256', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'], ['p384', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  ['p521', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-521'], ['ed25519', 'ed25519'], ['ed448', 'ed448'], ['psskey', 'rsa-pss'],
];

describe('whether a key fits', () => {
  it.each(KEYS)('%s of openssl', (name, ...words) => {
    const own = made(name, ...words);
    const other = made(`${name}-other`, ...words);
    expect(read({ 'tls.crt': own.crt, 'tls.key': own.key }).key).toBe('fits');
    expect(read({ 'tls.crt': own.crt, 'tls.key': other.key }).key).toBe('differs');
    // The oldest forms, PKCS #1 and SEC 1 with the parameters of the curve in front.
    if (/^(rsa|p\d)/.test(name)) {
      const form = name.startsWith('rsa') ? ['rsa', '-traditional'] : ['ec'];
      const old = execFileSync('openssl', [form[0]!, '-in', `${name}.key`, ...form.slice(1)], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
      expect(old).toMatch(/BEGIN (RSA|EC) PRIVATE KEY/);
      expect(read({ 'tls.crt': own.crt, 'tls.key': old }).key).toBe('fits');
      expect(read({ 'tls.crt': own.crt, 'tls.key': `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${old}` }).key).toBe('fits');
    }
  });

  const rsa = createCertificate({ commonName: 'rsa', use: 'server', keyType: 'RSA' });

  it.each([
    ['lines of an odd length', 63], ['one letter a line', 1], ['one line', 100_000], ['lines of three', 3],
  ] as const)('a key in %s, with any kind of line break', (_name, width) => {
    for (const { certificate, key } of [leaf, rsa]) {
      for (const [between, last] of [['\n', ''], ['\r\n', '\r\n'], [' \t\n  ', ' ']]) {
        const body = key.replaceAll(/-----[^-]*-----|\s/g, '').match(new RegExp(`.{1,${width}}`, 'g'))?.join(between) ?? '';
        expect(read({ 'tls.crt': certificate, 'tls.key': `-----BEGIN PRIVATE KEY-----${between}${body}${last}\n-----END PRIVATE KEY-----` }).key).toBe('fits');
      }
    }
  });

  it('a letter that is none makes it unreadable, wherever it stands', () => {
    for (let at = 30; at < leaf.key.length - 30; at += 7) {
      expect(read({ 'tls.crt': leaf.certificate, 'tls.key': `${leaf.key.slice(0, at)}*${leaf.key.slice(at + 1)}` }).key).toBe('unreadable');
    }
  });

  it.each([
    ['a key with words before it', { 'tls.crt': leaf.certificate, 'tls.key': `Key of shop\n${leaf.key}` }, 'fits'],
    ['the certificate before the key, in one file', { 'tls.crt': leaf.certificate, 'tls.key': leaf.certificate + leaf.key }, 'fits'],
    ['the certificate behind its issuer', { 'tls.crt': intermediate.certificate + deepLeaf.certificate, 'tls.key': deepLeaf.key }, 'fitsLater'],
    ['another type of key', { 'tls.crt': leaf.certificate, 'tls.key': generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }) }, 'differs'],
    ['encrypted', { 'tls.crt': leaf.certificate, 'tls.key': encrypted(leaf) }, 'unreadable'],
    ['cut off', { 'tls.crt': leaf.certificate, 'tls.key': leaf.key.slice(0, -40) }, 'unreadable'],
    ['no PEM', { 'tls.crt': leaf.certificate, 'tls.key': 'TODO' }, 'unreadable'],
    ['a public key', { 'tls.crt': leaf.certificate, 'tls.key': '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n' }, 'unreadable'],
    ['megabytes', { 'tls.crt': leaf.certificate, 'tls.key': 'x'.repeat(2_000_000) }, 'unreadable'],
    ['blank', { 'tls.crt': leaf.certificate, 'tls.key': ' \r\n\t' }, 'empty'],
    ['absent', { 'tls.crt': leaf.certificate }, 'empty'],
    ['nothing to compare with', { 'tls.crt': '', 'tls.key': leaf.key }, 'alone'],
  ] as const)('%s', (_name, values, key) => {
    expect(read(values).key).toBe(key);
  });
});

describe('what stays of a TLS Secret', () => {
  it('is certificates, and no byte of a key, wherever that stands', () => {
    const { certificate, key } = createCertificate({ commonName: 'a', use: 'server', keyType: 'RSA' });
    const contents = read({ 'tls.crt': key + certificate + key, 'tls.key': key, 'ca.crt': `${certificate}${key}`, 'keystore.p12': 'secret bytes', password: 'hunter2' });
    expect(contents).toMatchObject({ key: 'fits', chain: { certificates: [{ commonName: 'a' }], malformed: [] }, authorities: { certificates: [{ commonName: 'a' }] }, isEmpty: false });
    expect(Object.keys(contents).sort()).toEqual(['authorities', 'chain', 'isEmpty', 'key']);
    const text = JSON.stringify(contents);
    // The first 400 letters hold the modulus, which the certificate has as well.
    for (const line of key.split('\n').slice(9, -2)) expect(text).not.toContain(line.slice(0, 24));
    expect(text).not.toMatch(/hunter2|secret bytes/);
  });

  it('is one object for authorities that lie in many Secrets', () => {
    const first = tlsContents({ 'tls.crt': Buffer.from(leaf.certificate), 'ca.crt': Buffer.from(intermediate.certificate) });
    const second = tlsContents({ 'tls.crt': Buffer.from(deepLeaf.certificate), 'ca.crt': Buffer.from(intermediate.certificate) });
    expect(second.authorities).toBe(first.authorities);
    expect(second.authorities?.certificates).toHaveLength(1);
    expect(Object.isFrozen(second.authorities?.certificates)).toBe(true);
    // A thousand others in between.
    for (let number = 0; number < 1000; number += 1) tlsContents({ 'tls.crt': Buffer.alloc(0), 'ca.crt': Buffer.from(`${number}\n${intermediate.certificate}`) });
    expect(tlsContents({ 'tls.crt': Buffer.alloc(0), 'ca.crt': Buffer.from(intermediate.certificate) }).authorities).toEqual(first.authorities);
  });

  it('an error quotes nothing: whatever stands for a key, it is only unreadable', () => {
    for (const key of ['-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----', '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,hunter2\n\nAAAA\n-----END RSA PRIVATE KEY-----']) {
      expect(JSON.stringify(read({ 'tls.crt': leaf.certificate, 'tls.key': key }))).not.toContain('hunter2');
      expect(read({ 'tls.crt': leaf.certificate, 'tls.key': key }).key).toBe('unreadable');
    }
  });
});
