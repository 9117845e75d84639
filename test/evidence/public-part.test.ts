import { createPublicKey, generateKeyPairSync, hash, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { publicPartOf } from '../../src/evidence/public-part.ts';

const publicHash = (key: KeyObject): string => hash('sha256', createPublicKey(key).export({ type: 'spki', format: 'der' }));
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const curves = ['prime256v1', 'secp384r1', 'secp521r1', 'secp256k1'].map(namedCurve => [namedCurve, generateKeyPairSync('ec', { namedCurve }).privateKey] as const);

describe('the public part of a private key', () => {
  it.each([['rsa', rsa] as const, ...curves])('is what OpenSSL takes out of it: %s', (_, key) => {
    expect(publicPartOf(key.export({ type: 'pkcs8', format: 'der' }))).toBe(publicHash(key));
    expect(publicPartOf(key.export({ type: key === rsa ? 'pkcs1' : 'sec1', format: 'der' }))).toBe(publicHash(key));
  });
  it('is left to OpenSSL for other kinds', () => {
    expect(publicPartOf(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }))).toBeUndefined();
    expect(publicPartOf(rsa.export({ type: 'pkcs8', format: 'der', cipher: 'aes-256-cbc', passphrase: 'x' }))).toBeUndefined();
  });
  it('is nothing in what is cut off, at any place', () => {
    const der = rsa.export({ type: 'pkcs8', format: 'der' });
    for (let length = 0; length < der.length; length += 1) expect(publicPartOf(der.subarray(0, length))).toBeUndefined();
  });
});
