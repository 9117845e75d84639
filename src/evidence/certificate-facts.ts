import { createPublicKey, hash, X509Certificate, type KeyObject } from 'node:crypto';
import { readCertificateBody } from './certificate-body.ts';
import { childrenOf, elementAt, objectId, TAG } from './der.ts';

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
  return factsOf(new X509Certificate(der));
}

/** Reads a certificate in DER and keeps its bytes. @throws {Error} it is none */
export function keptCertificate(der: Uint8Array): KeptCertificate {
  const certificate = new X509Certificate(der);
  const kept = { ...factsOf(certificate), der: certificate.raw.toString('base64') };
  latest = { sha256: kept.sha256, certificate };
  return kept;
}

/** The certificate that was parsed last: whoever asks about its key mostly asks at once. */
let latest: { readonly sha256: string; readonly certificate: X509Certificate } | undefined;

/** Whether a private key is that of a certificate: OpenSSL compares the public parts. */
export function isKeyOf(key: KeyObject, { sha256: id, der }: KeptCertificate): boolean {
  try {
    const certificate = latest?.sha256 === id ? latest.certificate : new X509Certificate(Buffer.from(der, 'base64'));
    return certificate.checkPrivateKey(key);
  } catch (error) {
    // A public key that OpenSSL does not know belongs to no private one that it reads.
    if (error instanceof Error) return false;
    throw error;
  }
}

function factsOf(certificate: X509Certificate): CertificateFacts {
  // What OpenSSL took for the certificate, whatever came behind it.
  const { raw } = certificate;
  const { identity, publicKey, ...body } = readCertificateBody(raw);
  return {
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    ...identity,
    notBefore: rfc3339(certificate.validFrom),
    notAfter: rfc3339(certificate.validTo),
    ...(usualKeyFacts(publicKey) ?? keyFactsOf(() => certificate.publicKey)),
    ...body,
    serial: certificate.serialNumber,
    sha256: sha256(raw),
    publicKeySha256: sha256(publicKey),
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
function usualKeyFacts(spki: Uint8Array): Pick<CertificateFacts, 'keyType' | 'keyBits'> | undefined {
  const [algorithm, key] = childrenOf(elementAt(spki, 0, TAG.sequence).content);
  const [id, parameters] = algorithm?.tag === TAG.sequence ? childrenOf(algorithm.content) : [];
  if (id?.tag !== TAG.objectId || key?.tag !== TAG.bitString) return undefined;
  const kind = objectId(id.content);
  if (kind === '1.2.840.10045.2.1' && parameters?.tag === TAG.objectId) return USUAL_CURVES[objectId(parameters.content)];
  if (kind !== '1.2.840.113549.1.1.1') return undefined;
  const modulus = elementAt(elementAt(key.content, 1, TAG.sequence).content, 0, TAG.integer).content;
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
