import { hash } from 'node:crypto';
import { childrenOf, elementAt, TAG, type DerElement } from './der.ts';

const RSA_ID = Buffer.from('06092a864886f70d010101', 'hex');
const EC_ID = Buffer.from('06072a8648ce3d0201', 'hex');
const NULL = Buffer.from('0500', 'hex');
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
    const key = publicKeyIn(childrenOf(elementAt(der, 0, TAG.sequence).content));
    return key === undefined ? undefined : hash('sha256', key);
  } catch (error) {
    // Of what is no key nothing is known, and why is not said.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function publicKeyIn([version, second, third, ...rest]: readonly DerElement[]): Buffer | undefined {
  if (version?.tag !== TAG.integer || second === undefined || third === undefined) return undefined;
  // Algorithm and key: PKCS#8.
  if (second.tag === TAG.sequence && third.tag === TAG.octetString) return inPkcs8(second, elementAt(third.content, 0, TAG.sequence));
  // Modulus and exponent.
  if (second.tag === TAG.integer && third.tag === TAG.integer) return rsaKey(second, third);
  return second.tag === TAG.octetString ? ecKey([third, ...rest], undefined) : undefined;
}

function inPkcs8(algorithm: DerElement, key: DerElement): Buffer | undefined {
  const [id, parameters] = childrenOf(algorithm.content);
  const inner = childrenOf(key.content);
  if (id === undefined) return undefined;
  if (isSame(id, RSA_ID)) return publicKeyIn(inner);
  return isSame(id, EC_ID) && parameters?.tag === TAG.objectId ? ecKey(inner.slice(2), element(TAG.objectId, parameters.content)) : undefined;
}

function rsaKey(modulus: DerElement, exponent: DerElement): Buffer {
  const key = element(TAG.sequence, element(TAG.integer, modulus.content), element(TAG.integer, exponent.content));
  return element(TAG.sequence, element(TAG.sequence, RSA_ID, NULL), element(TAG.bitString, Buffer.of(0), key));
}

function ecKey(parts: readonly DerElement[], named: Buffer | undefined): Buffer | undefined {
  const parameters = parts.find(({ tag }) => tag === EC.parameters)?.content;
  const curve = named ?? (parameters === undefined ? undefined : element(TAG.objectId, elementAt(parameters, 0, TAG.objectId).content));
  const point = parts.find(({ tag }) => tag === EC.publicKey);
  if (curve === undefined || point === undefined) return undefined;
  return element(TAG.sequence, element(TAG.sequence, EC_ID, curve), element(TAG.bitString, elementAt(point.content, 0, TAG.bitString).content));
}

function isSame({ content }: DerElement, id: Buffer): boolean {
  return id.subarray(2).equals(content);
}

/** Writes an element; what it holds is public. */
function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), ...parts]);
}
