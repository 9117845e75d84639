import type { CertificateFacts } from '../../evidence/certificate-facts.ts';
import type { EvidenceItem } from '../../evidence/evidence-item.ts';
import type { ResourceRef } from '../../evidence/resource-ref.ts';
import type { CertificateIdentities, CertificateIdentity } from '../../indexes/certificate-identities.ts';
import { unknownTarget, type UnknownTarget } from '../define-check.ts';
import { certificateEvidence } from './certificate-finding.ts';

/**
 * The client certificates that were seen: logins, what was issued within the hour, and server certificates that a client
 * could log in with. What may hold more, or decide who is accepted, is unknown where it was not read.
 */
export function* identityTargets(identities: CertificateIdentities): Iterable<CertificateIdentity | UnknownTarget> {
  yield* identities.identities;
  for (const { of, gaps } of identities.unread) yield unknownTarget(of, gaps);
}

/** What a certificate says in one field, where it was seen. */
export function identityEvidence({ seen }: CertificateIdentity, field: keyof CertificateFacts): EvidenceItem {
  return certificateEvidence(seen, field);
}

/** The kubeconfig, the request or the API server: where the certificate was seen. */
export function loginResource({ seen }: CertificateIdentity): ResourceRef {
  return seen.sightings[0].resource;
}

/** Whether somebody logs in with it, or was given it to log in: certificates of components and of servers are other matters. */
export function isLogin({ seen }: CertificateIdentity): boolean {
  return seen.sightings.some(({ as, role }) => as === 'login' || as === 'issued' || as === 'kept' || (as === 'used' && (role === 'admin' || role === 'super-admin')));
}
