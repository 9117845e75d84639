import { X509Certificate } from 'node:crypto';
import type { KeptCertificate } from '../evidence/certificate-facts.ts';

/**
 * Whether one of these trusted authorities issued a certificate: names, key identifiers and the signature itself. Every
 * member of a bundle is trusted by itself, so one step is all. Dates are another question, since an authority that has ended
 * issued it all the same.
 */
export function isIssuedBy(certificate: KeptCertificate, authorities: readonly KeptCertificate[]): boolean {
  return authorities.some(authority => authority.sha256 === certificate.sha256 || isSignedBy(certificate, authority));
}

/** Whether the key of one certificate signed the other. */
function isSignedBy(certificate: KeptCertificate, authority: KeptCertificate): boolean {
  // Cheap first: names, then key identifiers.
  if (certificate.issuer !== authority.subject) return false;
  if (certificate.authorityKeyId !== undefined && authority.subjectKeyId !== undefined && certificate.authorityKeyId !== authority.subjectKeyId) return false;
  try {
    return parsed(certificate).verify(parsed(authority).publicKey);
  } catch (error) {
    // A kind of key that OpenSSL does not know signed nothing that anybody here could verify.
    if (error instanceof Error) return false;
    throw error;
  }
}

/** Whether a certificate signed itself: a root. */
export function isSelfSigned(certificate: KeptCertificate): boolean {
  return isSignedBy(certificate, certificate);
}

function parsed({ der }: KeptCertificate): X509Certificate {
  return new X509Certificate(Buffer.from(der, 'base64'));
}
