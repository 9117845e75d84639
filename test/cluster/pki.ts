import { generateKeyPairSync } from 'node:crypto';
import { createCertificate, type Certificate, type CertificateFields } from '../support/certificates.ts';

/** A certificate and its private key (PKCS #8), both as PEM. */
export type CertificateAndKey = Certificate;

/** When a certificate holds. Both ends may lie in the past or in the future: nothing checks them here. */
export interface Validity {
  /** Default: five minutes ago, as kubeadm backdates. */
  readonly notBefore?: Date | undefined;
  /** Default: in one year; for an authority, in ten. */
  readonly notAfter?: Date | undefined;
}

/** What a certificate says about its holder. */
export interface CertificateRequest extends Validity {
  readonly commonName: string;
  readonly organizations?: readonly string[] | undefined;
  readonly usages: readonly ('client' | 'server')[];
  /** DNS names and IP addresses of a server. */
  readonly names?: readonly string[] | undefined;
}

const TEN_YEARS = 10 * 365 * 24 * 60 * 60_000;

/** Makes a self-signed authority with a fresh P-256 key. */
export function createAuthority(commonName: string, validity: Validity = {}): CertificateAndKey {
  const { notBefore, notAfter = new Date(Date.now() + TEN_YEARS) } = validity;
  return createCertificate({ commonName, use: 'authority', notAfter, ...(notBefore === undefined ? {} : { notBefore }) });
}

/** Issues a certificate for a fresh P-256 key. */
export function issueCertificate(authority: CertificateAndKey, { usages, ...request }: CertificateRequest): CertificateAndKey {
  const [use, other] = usages;
  const { notBefore, notAfter, organizations, names, ...rest } = request;
  const fields: Omit<CertificateFields, 'use'> = {
    ...rest,
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(notAfter === undefined ? {} : { notAfter }),
    ...(organizations === undefined ? {} : { organizations }),
    ...(names === undefined ? {} : { names }),
  };
  return createCertificate({ ...fields, use: other === undefined ? (use ?? 'client') : 'both' }, authority);
}

/** A fresh P-256 key pair as PEM, for service account tokens. */
export function createSigningKey(): { readonly privateKey: string; readonly publicKey: string } {
  return generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
}
