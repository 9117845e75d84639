import { createHash, X509Certificate, type KeyObject } from 'node:crypto';

/** What a certificate says, as plain data. Whether it is to be trusted is another question. */
export interface CertificateFacts {
  /** One line, in the order of the certificate: `O=system:masters, CN=kubernetes-admin`; empty where it has none. */
  readonly subject: string;
  readonly issuer: string;
  /** Subject alternative names: `DNS:localhost`, `IP:127.0.0.1`. */
  readonly names: readonly string[];
  /** RFC 3339, UTC. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** `RSA 2048`, `P-256`, `Ed25519`. */
  readonly keyType: string;
  /** Hexadecimal, upper case, as openssl prints it. */
  readonly serial: string;
  /** SHA-256 of the whole certificate, hexadecimal. */
  readonly sha256: string;
}

/** Reads a certificate in DER. @throws {Error} it is none */
export function certificateFacts(der: Uint8Array): CertificateFacts {
  const certificate = new X509Certificate(der);
  return {
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    names: namesOf(certificate.subjectAltName),
    notBefore: rfc3339(certificate.validFrom),
    notAfter: rfc3339(certificate.validTo),
    keyType: keyTypeOf(certificate.publicKey),
    serial: certificate.serialNumber,
    sha256: createHash('sha256').update(der).digest('hex'),
  };
}

/** Node's own type says that there is always a name; a certificate without one has undefined here. */
function nameOf(lines: string | undefined): string {
  return (lines ?? '').trim().replaceAll('\n', ', ');
}

/** Node quotes a name that could be taken for two. */
function namesOf(text: string | undefined): readonly string[] {
  return [...(text ?? '').matchAll(/(?:^|, )([^:]+):("(?:[^"\\]|\\.)*"|[^,]*)/g)].map(([, kind = '', name = '']) => {
    const value = name.startsWith('"') ? String(JSON.parse(name)) : name;
    return `${kind === 'IP Address' ? 'IP' : kind}:${value}`;
  });
}

const CURVES: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };

function keyTypeOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  if (asymmetricKeyType === 'rsa') return `RSA ${asymmetricKeyDetails?.modulusLength ?? ''}`.trimEnd();
  if (asymmetricKeyType === 'ed25519') return 'Ed25519';
  const curve = asymmetricKeyDetails?.namedCurve;
  return curve === undefined ? (asymmetricKeyType ?? 'unknown') : (CURVES[curve] ?? curve);
}

function rfc3339(date: string): string {
  return new Date(date).toISOString().replace(/\.\d+Z$/, 'Z');
}
