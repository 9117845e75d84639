import { createPrivateKey, hash, type KeyObject } from 'node:crypto';
import { isKeyOf, type KeptCertificate } from './certificate-facts.ts';
import { certificatesInPem, type CertificateBundle } from './pem.ts';
import { publicPartOf } from './public-part.ts';

/**
 * Of a private key only whether it belongs to a certificate beside it: `fits` the first one, `fitsLater` one behind it,
 * `differs` from all, `unreadable` (no key in PEM, or one that is encrypted), `empty` (nothing there), `alone` (a key, and no
 * certificate that could be compared).
 */
export type KeyFit = 'fits' | 'fitsLater' | 'differs' | 'unreadable' | 'empty' | 'alone';

/** What a Secret of type kubernetes.io/tls holds, without its key. */
export interface TlsContents {
  /** `tls.crt`, in its order. */
  readonly chain: CertificateBundle;
  /** Whether there is anything in `tls.crt`. */
  readonly isEmpty: boolean;
  /** `ca.crt`; absent where there is none. */
  readonly authorities?: CertificateBundle;
  readonly key: KeyFit;
}

/** A value of a Secret: bytes from protobuf, base64 from JSON. */
type SecretValue = string | Uint8Array;

/**
 * What may stay of the data of a TLS Secret. The key is compared and dropped here; what is decoded of it is wiped, and no
 * error of the comparison leaves this file, since OpenSSL's could quote what it read.
 */
export function tlsContents(data: Readonly<Record<string, SecretValue>>): TlsContents {
  const chainText = bytesOf(data['tls.crt']).toString('utf8');
  const chain = certificatesInPem(chainText);
  const authorities = authoritiesIn(bytesOf(data['ca.crt']));
  return {
    chain,
    isEmpty: chainText.trim() === '',
    ...(authorities === undefined ? {} : { authorities }),
    key: keyFitOf(data['tls.key'], chain.certificates),
  };
}

/** Bundles of authorities by the SHA-256 of their text, of which a few lie in thousands of Secrets. */
const bundles = new Map<string, CertificateBundle>();
const MOST_BUNDLES = 64;

/** Undefined where there is none. Frozen, since many Secrets hold it. */
function authoritiesIn(bytes: Buffer): CertificateBundle | undefined {
  if (bytes.length === 0) return undefined;
  // Its text is not held: a key may stand in it.
  const id = hash('sha256', bytes);
  const known = bundles.get(id);
  if (known !== undefined) return known;
  const text = bytes.toString('utf8');
  if (text.trim() === '') return undefined;
  const { certificates, malformed } = certificatesInPem(text);
  const bundle = Object.freeze({ certificates: Object.freeze(certificates), malformed: Object.freeze(malformed) });
  if (bundles.size === MOST_BUNDLES) bundles.clear();
  bundles.set(id, bundle);
  return bundle;
}

/** Of JSON a copy; of protobuf the bytes themselves, which belong to the reader. */
function bytesOf(value: SecretValue | undefined): Buffer {
  if (typeof value === 'string') return Buffer.from(value, 'base64');
  return value instanceof Uint8Array ? Buffer.from(value.buffer, value.byteOffset, value.length) : Buffer.alloc(0);
}

function keyFitOf(value: SecretValue | undefined, certificates: readonly KeptCertificate[]): KeyFit {
  const bytes = bytesOf(value);
  try {
    return fitOf(bytes, certificates);
  } finally {
    // What came as bytes belongs to the reader, which wipes it.
    if (typeof value === 'string') bytes.fill(0);
  }
}

/** Nothing real is longer: an RSA key of 16384 bits takes 13 KiB. */
const LONGEST_KEY = 64 * 1024;

function fitOf(bytes: Buffer, certificates: readonly KeptCertificate[]): KeyFit {
  if (isBlank(bytes)) return 'empty';
  const block = keyBlockIn(bytes);
  if (block === undefined) return 'unreadable';
  // Nearly every key carries its public part along, which costs OpenSSL more than all the rest.
  const [own] = certificates;
  if (own !== undefined && publicPartIn(block) === own.publicKeySha256) return 'fits';
  const key = keyIn(block);
  if (key === undefined) return 'unreadable';
  if (certificates.length === 0) return 'alone';
  const at = certificates.findIndex(certificate => isKeyOf(key, certificate));
  return at === 0 ? 'fits' : at > 0 ? 'fitsLater' : 'differs';
}

function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) if (byte !== 0x20 && (byte < 0x09 || byte > 0x0d)) return false;
  return true;
}

const BEGIN = Buffer.from('-----BEGIN ');
const KEY_LABEL = Buffer.from('PRIVATE KEY-----');

/**
 * The first block of a private key, as Go's tls.X509KeyPair looks for it: what stands before (parameters of a curve, words)
 * is passed over. A view of the same bytes, so that no copy is left.
 */
function keyBlockIn(bytes: Buffer): Buffer | undefined {
  if (bytes.length > LONGEST_KEY) return undefined;
  for (let at = bytes.indexOf(BEGIN); at >= 0; at = bytes.indexOf(BEGIN, at + 1)) {
    const labelEnd = bytes.indexOf('-----', at + BEGIN.length);
    if (labelEnd < 0) return undefined;
    if (bytes.subarray(at, labelEnd + 5).indexOf(KEY_LABEL) >= 0) return bytes.subarray(at);
  }
  return undefined;
}

/** What is decoded of one key after the other: nothing of it stays here. */
const decoded = Buffer.alloc(LONGEST_KEY);

/** What is decoded of the key is wiped again. */
function publicPartIn(pem: Buffer): string | undefined {
  const begin = pem.indexOf('-----', BEGIN.length) + 5;
  const end = pem.indexOf('-----END', begin);
  if (end < 0) return undefined;
  const length = decodeBase64(pem, begin, end, decoded);
  try {
    return publicPartOf(decoded.subarray(0, length));
  } finally {
    decoded.fill(0, 0, length);
  }
}

/** @returns how many bytes there were; none where a letter is not of the alphabet */
function decodeBase64(text: Buffer, begin: number, end: number, into: Buffer): number {
  let length = 0;
  let bits = 0;
  let held = 0;
  for (let at = begin; at < end; at += 1) {
    // Four letters at once, as long as nothing stands between them.
    while (bits === 0 && at + 4 <= end) {
      const four = (letter(text, at) << 18) | (letter(text, at + 1) << 12) | (letter(text, at + 2) << 6) | letter(text, at + 3);
      if (four < 0) break;
      into[length] = four >> 16;
      into[length + 1] = four >> 8;
      into[length + 2] = four;
      length += 3;
      at += 4;
    }
    if (at >= end) break;
    const byte = text[at] ?? 0;
    if (byte === 0x0a || byte === 0x0d || byte === 0x20 || byte === 0x09) continue;
    if (byte === 0x3d) break;
    const value = letter(text, at);
    if (value < 0) {
      into.fill(0, 0, length);
      return 0;
    }
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    into[length] = held >> bits;
    length += 1;
  }
  return length;
}

function letter(text: Buffer, at: number): number {
  return SIXTY_FOUR[text[at] ?? 0] ?? -1;
}

/** The number that each letter of base64 stands for; -1 for all others. */
const SIXTY_FOUR = Int32Array.from({ length: 256 }, (_, byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.indexOf(String.fromCharCode(byte)));

function keyIn(pem: Buffer): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    // Encrypted, cut off, or of a kind that OpenSSL does not know. Why is not said: the reason could quote the key.
    if (error instanceof Error) return undefined;
    throw error;
  }
}
