import type { KeptCertificate } from '../evidence/certificate-facts.ts';
import type { EvidenceItem } from '../evidence/evidence-item.ts';
import type { TlsSecret } from '../evidence/sources/tls.ts';
import { isSelfSigned } from './certificate-chain.ts';

/** What keeps a TLS Secret from being served with, or from being trusted. */
export interface TlsSecretFault {
  readonly what: 'empty' | 'noCertificate' | 'noKey' | 'unreadableKey' | 'otherKey' | 'leafNotFirst' | 'wrongOrder' | 'chainMissing';
  /** To be read after `TLS Secret NAMESPACE/NAME`. */
  readonly words: string;
  readonly evidence: EvidenceItem;
}

/** Issuers of Let's Encrypt are all intermediates, which no client has: https://letsencrypt.org/certificates/. */
const PUBLIC_INTERMEDIATE = /(^|, )O=Let's Encrypt(,|$)/;

/**
 * What is wrong with a TLS Secret, or undefined. Secrets that only hand out authorities (trust-manager, service meshes) have
 * the type as well: without a key and with nothing but authorities they are what they should be.
 * @param intermediateOf an authority that was seen elsewhere, issued this certificate and is no root; undefined where there is none
 */
export function faultOf({ metadata, data }: TlsSecret, intermediateOf: (certificate: KeptCertificate) => KeptCertificate | undefined): TlsSecretFault | undefined {
  const { name, namespace = '' } = metadata;
  const crt: EvidenceItem = {
    path: 'data.chain', value: data?.chain, grade: 'exact',
    reproduce: ['kubectl', 'get', 'secrets', '-n', namespace, '-o', 'jsonpath={.data.tls\\.crt}', '--', name],
  };
  const fault = (what: TlsSecretFault['what'], words: string, evidence: EvidenceItem): TlsSecretFault => ({ what, words, evidence });
  // The API server takes none without both keys; where it answers without them, that is no statement about the Secret.
  if (data === undefined) return undefined;
  const { chain: { certificates: [leaf, ...rest], malformed }, isEmpty, authorities, key } = data;
  const keyEvidence: EvidenceItem = { path: 'data.key', value: key, grade: 'inferred', derivation: 'the key was compared with the certificates while the answer was parsed, and dropped' };
  const isTrustOnly = key === 'empty' && (leaf === undefined ? isEmpty && (authorities?.certificates.length ?? 0) > 0 : [leaf, ...rest].every(({ isAuthority }) => isAuthority));
  if (isTrustOnly) return undefined;
  if (isEmpty && key === 'empty') return fault('empty', 'is empty', { ...crt, path: 'data.isEmpty', value: isEmpty });
  if (leaf === undefined) return fault('noCertificate', malformed.length > 0 ? 'holds a certificate that cannot be read' : 'holds no certificate', crt);
  if (key === 'empty') return fault('noKey', 'holds no key', keyEvidence);
  if (key === 'unreadable') return fault('unreadableKey', 'holds a key that cannot be read: it is encrypted, cut off or no key', keyEvidence);
  if (key === 'differs') return fault('otherKey', 'holds a key that belongs to another certificate', keyEvidence);
  if (key === 'fitsLater') return fault('leafNotFirst', 'has its certificate behind those that issued it, so that servers refuse to start with it', keyEvidence);
  return chainFaultOf([leaf, ...rest], intermediateOf, crt, fault);
}

function chainFaultOf(
  chain: readonly [KeptCertificate, ...KeptCertificate[]],
  intermediateOf: (certificate: KeptCertificate) => KeptCertificate | undefined,
  crt: EvidenceItem,
  fault: (what: TlsSecretFault['what'], words: string, evidence: EvidenceItem) => TlsSecretFault,
): TlsSecretFault | undefined {
  for (const [at, certificate] of chain.entries()) {
    const next = chain[at + 1];
    if (next !== undefined && !isNamedIssuer(certificate, next) && chain.some((other, place) => place > at + 1 && isNamedIssuer(certificate, other))) {
      return fault('wrongOrder', 'has its chain in the wrong order, which some clients refuse', crt);
    }
    if (chain.some(other => isNamedIssuer(certificate, other))) continue;
    // What follows nobody's certificate is not part of the chain; where the chain ends, its issuer is for clients to know, if it is a root.
    if (at > 0 && !chain.slice(0, at).some(other => isNamedIssuer(other, certificate))) continue;
    const intermediate = intermediateOf(certificate);
    if (intermediate !== undefined || PUBLIC_INTERMEDIATE.test(certificate.issuer)) {
      return fault('chainMissing', `lacks the intermediate certificate ${certificate.issuer}, so that clients who know the root alone refuse it`, crt);
    }
  }
  return undefined;
}

/** Whether one names the other as its issuer, by name and key identifier; a signature is not verified for an order. */
function isNamedIssuer(certificate: KeptCertificate, issuer: KeptCertificate): boolean {
  if (certificate.issuer !== issuer.subject) return false;
  return certificate.authorityKeyId === undefined || issuer.subjectKeyId === undefined || certificate.authorityKeyId === issuer.subjectKeyId;
}

/** Looks up intermediates among authorities: by name first, and no root. */
export function intermediatesAmong(authorities: readonly KeptCertificate[]): (certificate: KeptCertificate) => KeptCertificate | undefined {
  const bySubject = Map.groupBy(authorities.filter(({ isAuthority, subject, issuer }) => isAuthority && subject !== issuer), ({ subject }) => subject);
  return certificate => (bySubject.get(certificate.issuer) ?? []).find(other => isNamedIssuer(certificate, other) && !isSelfSigned(other));
}
