import { createHash, createPublicKey, type JsonWebKeyInput } from 'node:crypto';
import { keyFacts } from './certificate-facts.ts';

/** A public key that tokens of service accounts are verified by. No key has a date of its own, so its age is not known. */
export interface ServiceAccountKey {
  /** By which tokens name it: with Kubernetes' own keys a hash of it. */
  readonly keyId: string;
  /** `RS256`, `ES256`. */
  readonly algorithm: string;
  /** `RSA 2048`, `P-256`. */
  readonly keyType: string;
  readonly keyBits?: number;
  /** SHA-256 of its SubjectPublicKeyInfo, hexadecimal: the same as that of a certificate for the same key. */
  readonly publicKeySha256: string;
}

/**
 * Reads a JSON Web Key Set (RFC 7517) as the API server writes it.
 * @throws {Error} it is none, or holds a key that nobody here can read: to leave it out would be a pass about it
 */
export function serviceAccountKeysIn(body: string): readonly ServiceAccountKey[] {
  const { keys } = JSON.parse(body) as { readonly keys?: unknown };
  if (!Array.isArray(keys)) throw new Error('the answer holds no keys');
  return keys.map((key: unknown) => {
    const { kid, alg } = key as { readonly kid?: unknown; readonly alg?: unknown };
    const spki = createPublicKey({ key: key as JsonWebKeyInput['key'], format: 'jwk' }).export({ type: 'spki', format: 'der' });
    return {
      keyId: typeof kid === 'string' ? kid : '',
      algorithm: typeof alg === 'string' ? alg : '',
      ...keyFacts(spki),
      publicKeySha256: createHash('sha256').update(spki).digest('hex'),
    };
  });
}
