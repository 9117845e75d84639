import type { X509Certificate } from 'node:crypto';
import { parsedCertificate, type KeptCertificate } from '../evidence/certificate-facts.ts';

/**
 * Whether one of these trusted authorities issued a certificate: names, key identifiers and the signature itself. Every
 * member of a bundle is trusted by itself, so one step is all. Dates are another question, since an authority that has ended
 * issued it all the same.
 */
export function isIssuedBy(certificate: KeptCertificate, authorities: readonly KeptCertificate[]): boolean {
  return authorities.some(authority => authority.sha256 === certificate.sha256 || isSignedBy(certificate, authority));
}

/**
 * The trusted authority at the end of a chain from a certificate, as Go builds it: through any intermediate authorities, each
 * of which really signed the one before. Undefined where there is no such chain.
 * @param use what the chain is for; an intermediate that is limited to other uses does not lead on
 */
export function authorityOf(certificate: KeptCertificate, authorities: readonly KeptCertificate[], intermediates: readonly KeptCertificate[], use: 'client' | 'server'): KeptCertificate | undefined {
  const left = new Map(intermediates.filter(each => each.isAuthority && canLeadTo(each, use)).map(each => [each.sha256, each]));
  for (let reached: readonly KeptCertificate[] = [certificate]; reached.length > 0; ) {
    const found = authorities.find(authority => reached.some(each => isIssuedBy(each, [authority])));
    if (found !== undefined) return found;
    // Each intermediate is met once, so that authorities that signed each other come to an end.
    const below = reached;
    reached = [...left.values()].filter(authority => below.some(each => isIssuedBy(each, [authority])));
    for (const { sha256 } of reached) left.delete(sha256);
  }
  return undefined;
}

/** Go takes the uses of an authority for limits of all that it issued (crypto/x509, since 1.10). */
function canLeadTo({ usages }: KeptCertificate, use: 'client' | 'server'): boolean {
  return usages === undefined || usages.includes(use) || usages.includes('any');
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
  return parsedCertificate(Buffer.from(der, 'base64'));
}
