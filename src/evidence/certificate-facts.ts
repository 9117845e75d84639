import { createPublicKey, hash, X509Certificate, type KeyObject } from 'node:crypto';
import { readCertificateBody } from './certificate-body.ts';
import { childrenOf, contentOf, elementAt, firstIn, objectId, TAG, wholeOf, type DerElement } from './der.ts';
import { isUsualCertificate } from './usual-certificate.ts';

/** What a certificate says, as plain data. Whether it is to be trusted is another question. */
export interface CertificateFacts {
  /** One line, in the order of the certificate: `O=system:masters, CN=kubernetes-admin`; empty where it has none. */
  readonly subject: string;
  readonly issuer: string;
  /** The last common name: the user that a client certificate stands for. Absent where it has none. */
  readonly commonName?: string;
  /** Every organization: the groups that a client certificate stands for. */
  readonly organizations: readonly string[];
  /** Kubernetes' own attribute for the uid of a user. */
  readonly uid?: string;
  /** Subject alternative names: `DNS:localhost`, `IP:127.0.0.1`. */
  readonly names: readonly string[];
  /** RFC 3339, UTC. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** `RSA 2048`, `P-256`, `Ed25519`. */
  readonly keyType: string;
  /** Absent for kinds of key that OpenSSL does not know. */
  readonly keyBits?: number;
  /** `ECDSA SHA-256`, `RSA SHA-1`; a dotted number where it is none of the known ones. */
  readonly signature: string;
  /** Whether it says that it may sign certificates. */
  readonly isAuthority: boolean;
  /** `client`, `server`, `any`, else dotted numbers; absent where its use is not limited. */
  readonly usages?: readonly string[];
  /** Key identifiers, hexadecimal. */
  readonly subjectKeyId?: string;
  readonly authorityKeyId?: string;
  /** Hexadecimal, upper case, as openssl prints it. */
  readonly serial: string;
  /** SHA-256 of the whole certificate, hexadecimal. */
  readonly sha256: string;
  /** SHA-256 of its public key (SubjectPublicKeyInfo), hexadecimal: the same in every certificate of one key. */
  readonly publicKeySha256: string;
}

/** A certificate as evidence keeps it: what it says, and its public bytes, so that signatures can be verified later. */
export interface KeptCertificate extends CertificateFacts {
  /** Base64, without anything that stood behind it. */
  readonly der: string;
}

/** Reads a certificate in DER. @throws {Error} it is none */
export function certificateFacts(der: Uint8Array): CertificateFacts {
  return factsOf(readerOf(der));
}

/**
 * Reads a certificate in DER and keeps its bytes.
 * @param id the SHA-256 of these bytes, where the caller has it
 * @throws {Error} it is none
 */
export function keptCertificate(der: Uint8Array, id?: string): KeptCertificate {
  const reader = readerOf(der);
  return Object.assign(factsOf(reader, reader.raw.equals(der) ? id : undefined), { der: reader.raw.toString('base64') });
}

/** Whether a private key is that of a certificate: OpenSSL compares the public parts. */
export function isKeyOf(key: KeyObject, { der }: KeptCertificate): boolean {
  try {
    return parsedCertificate(Buffer.from(der, 'base64')).checkPrivateKey(key);
  } catch (error) {
    // A public key that OpenSSL does not know belongs to no private one that it reads.
    if (error instanceof Error) return false;
    throw error;
  }
}

const PEM_MARK = Buffer.from('-----BEGIN');

/**
 * A certificate in DER, parsed by OpenSSL. Node looks for PEM in the bytes first, so that one with another in PEM inside of it (as an
 * extension, say) would be taken for that other; inside of PEM of its own no mark is left to be found.
 * @throws {Error} it is none
 */
export function parsedCertificate(der: Uint8Array): X509Certificate {
  const bytes = Buffer.from(der.buffer, der.byteOffset, der.length);
  if (!bytes.includes(PEM_MARK)) return new X509Certificate(bytes);
  return new X509Certificate(`-----BEGIN CERTIFICATE-----\n${bytes.toString('base64').replaceAll(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`);
}

/** A certificate, and OpenSSL to ask about it. */
interface Reader {
  /** What OpenSSL takes for the certificate, whatever comes behind it. */
  readonly raw: Buffer;
  /** @throws {Error} OpenSSL takes it for none */
  readonly ask: () => X509Certificate;
}

/** Parses with OpenSSL what it would not take for sure. @throws {Error} it is no certificate */
function readerOf(der: Uint8Array): Reader {
  let parsed = isUsualCertificate(der) ? undefined : parsedCertificate(der);
  return { raw: parsed?.raw ?? Buffer.from(der.buffer, der.byteOffset, der.length), ask: () => (parsed ??= parsedCertificate(der)) };
}

function factsOf({ raw, ask }: Reader, id = sha256(raw)): CertificateFacts {
  const { identity, publicKey, plain, ...body } = readCertificateBody(raw);
  return {
    subject: plain.subject ?? nameOf(ask().subject),
    issuer: plain.issuer ?? nameOf(ask().issuer),
    ...identity,
    notBefore: plain.notBefore ?? rfc3339(ask().validFrom),
    notAfter: plain.notAfter ?? rfc3339(ask().validTo),
    ...(usualKeyFacts(publicKey) ?? keyFactsOf(() => ask().publicKey)),
    ...body,
    serial: plain.serial ?? ask().serialNumber,
    sha256: id,
    publicKeySha256: sha256(wholeOf(publicKey)),
  };
}

/** Node's own type says that there is always a name; a certificate without one has undefined here. */
function nameOf(lines: string | undefined): string {
  return (lines ?? '').trim().replaceAll('\n', ', ');
}

const CURVES: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521', secp224r1: 'P-224', prime192v1: 'P-192' };

/** Named curves by their number: those of nearly every certificate. */
const USUAL_CURVES: Readonly<Record<string, Pick<CertificateFacts, 'keyType' | 'keyBits'>>> = {
  '1.2.840.10045.3.1.7': { keyType: 'P-256', keyBits: 256 }, '1.3.132.0.34': { keyType: 'P-384', keyBits: 384 }, '1.3.132.0.35': { keyType: 'P-521', keyBits: 521 },
};

/** RSA keys and keys of usual curves, read from their bytes: OpenSSL takes as long for it as for the whole certificate. */
function usualKeyFacts(spki: DerElement): Pick<CertificateFacts, 'keyType' | 'keyBits'> | undefined {
  const [algorithm, key] = childrenOf(spki);
  const [id, parameters] = algorithm?.tag === TAG.sequence ? childrenOf(algorithm) : [];
  if (id?.tag !== TAG.objectId || key?.tag !== TAG.bitString) return undefined;
  const kind = objectId(id);
  if (kind === '1.2.840.10045.2.1' && parameters?.tag === TAG.objectId) return USUAL_CURVES[objectId(parameters)];
  if (kind !== '1.2.840.113549.1.1.1') return undefined;
  const modulus = contentOf(firstIn(elementAt(key.bytes, key.from + 1, TAG.sequence, key.end), TAG.integer));
  const first = modulus.findIndex(byte => byte !== 0);
  const bits = first < 0 ? 0 : (modulus.length - first) * 8 - Math.clz32(modulus[first] ?? 0) + 24;
  return { keyType: `RSA ${bits}`, keyBits: bits };
}

/** The kind and size of a public key (SubjectPublicKeyInfo in DER). */
export function keyFacts(spki: Uint8Array): Pick<CertificateFacts, 'keyType' | 'keyBits'> {
  return keyFactsOf(() => createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }));
}

function keyFactsOf(read: () => KeyObject): Pick<CertificateFacts, 'keyType' | 'keyBits'> {
  let key: KeyObject;
  try {
    key = read();
  } catch (error) {
    // A kind of key that OpenSSL does not know, or a broken one; the certificate around it can be read all the same.
    if (error instanceof Error) return { keyType: 'unknown' };
    throw error;
  }
  const { asymmetricKeyType: kind = 'unknown', asymmetricKeyDetails: details } = key;
  const size = details?.modulusLength;
  if (size !== undefined) return { keyType: `${kind.toUpperCase()} ${size}`, keyBits: size };
  const curve = details?.namedCurve;
  if (curve === undefined) return kind === 'ed25519' ? { keyType: 'Ed25519', keyBits: 256 } : kind === 'ed448' ? { keyType: 'Ed448', keyBits: 456 } : { keyType: kind };
  const bits = /\d{3}/.exec(curve)?.[0];
  return { keyType: CURVES[curve] ?? curve, ...(bits === undefined ? {} : { keyBits: Number(bits) }) };
}

function sha256(bytes: Uint8Array): string {
  return hash('sha256', bytes);
}

/** @throws {Error} OpenSSL takes certificates with dates that there are none of, and prints words for them */
function rfc3339(date: string): string {
  const instant = new Date(date);
  if (Number.isNaN(instant.getTime())) throw new Error('a date of the certificate is none');
  return `${instant.toISOString().slice(0, -5)}Z`;
}
