import { hash } from 'node:crypto';
import { childrenOf, contentOf, elementAt, firstIn, holds, TAG, type DerElement } from './der.ts';

const RSA_ID = Buffer.from('06092a864886f70d010101', 'hex');
const EC_ID = Buffer.from('06072a8648ce3d0201', 'hex');
const NULL = Buffer.from('0500', 'hex');
/** Bytes in several pieces, the first first. */
type Pieces = readonly Uint8Array[];

/** Context-specific tags inside an EC private key (RFC 5915). */
const EC = { parameters: 0xa0, publicKey: 0xa1 } as const;

/**
 * SHA-256 of the public key (SubjectPublicKeyInfo) that a private key carries with it, as certificates of that key have
 * it: RSA (RFC 8017, A.1.2) and named curves with their point (RFC 5915), in PKCS#8 or bare. Undefined for any other, and
 * for what is no key. Only public numbers are taken out: the private ones stay where they are, in bytes of the caller.
 * @param der wiped by whoever made it
 */
export function publicPartOf(der: Uint8Array): string | undefined {
  try {
    const key = publicKeyIn(childrenOf(elementAt(der, 0, TAG.sequence)));
    return key === undefined ? undefined : hash('sha256', Buffer.concat(key));
  } catch (error) {
    // Of what is no key nothing is known, and why is not said.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function publicKeyIn([version, second, third, ...rest]: readonly DerElement[]): Pieces | undefined {
  if (version?.tag !== TAG.integer || second === undefined || third === undefined) return undefined;
  // Algorithm and key: PKCS#8.
  if (second.tag === TAG.sequence && third.tag === TAG.octetString) return inPkcs8(second, firstIn(third, TAG.sequence));
  // Modulus and exponent.
  if (second.tag === TAG.integer && third.tag === TAG.integer) return rsaKey(second, third);
  return second.tag === TAG.octetString ? ecKey([third, ...rest], undefined) : undefined;
}

function inPkcs8(algorithm: DerElement, key: DerElement): Pieces | undefined {
  const [id, parameters] = childrenOf(algorithm);
  const inner = childrenOf(key);
  if (id === undefined) return undefined;
  if (holds(id, RSA_ID.subarray(2))) return publicKeyIn(inner);
  return holds(id, EC_ID.subarray(2)) && parameters?.tag === TAG.objectId ? ecKey(inner.slice(2), element(TAG.objectId, [contentOf(parameters)])) : undefined;
}

function rsaKey(modulus: DerElement, exponent: DerElement): Pieces {
  const key = element(TAG.sequence, [...element(TAG.integer, [contentOf(modulus)]), ...element(TAG.integer, [contentOf(exponent)])]);
  return element(TAG.sequence, [...RSA_ALGORITHM, ...element(TAG.bitString, [ZERO, ...key])]);
}

function ecKey(parts: readonly DerElement[], named: Pieces | undefined): Pieces | undefined {
  const parameters = parts.find(({ tag }) => tag === EC.parameters);
  const curve = named ?? (parameters === undefined ? undefined : element(TAG.objectId, [contentOf(firstIn(parameters, TAG.objectId))]));
  const point = parts.find(({ tag }) => tag === EC.publicKey);
  if (curve === undefined || point === undefined) return undefined;
  return element(TAG.sequence, [...element(TAG.sequence, [EC_ID, ...curve]), ...element(TAG.bitString, [contentOf(firstIn(point, TAG.bitString))])]);
}

/** Writes an element around what it holds, which is public. */
function element(tag: number, pieces: Pieces): Pieces {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return [length < 0x80 ? Buffer.of(tag, length) : length < 0x100 ? Buffer.of(tag, 0x81, length) : Buffer.of(tag, 0x82, length >> 8, length), ...pieces];
}

const ZERO = Buffer.of(0);
const RSA_ALGORITHM = element(TAG.sequence, [RSA_ID, NULL]);
