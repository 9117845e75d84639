import { certificateIdentities, type CertificateIdentity } from '../../indexes/certificate-identities.ts';
import { isComponentName } from '../../indexes/certificate-standard.ts';
import { defineCheck } from '../define-check.ts';
import { identityEvidence, identityTargets, isLogin, loginResource } from './identity-finding.ts';

/** Days: what a quarterly review would still find. */
const LONG = 90;
/** Beyond what kubeadm and the controller manager issue when nobody asks for anything else. */
const VERY_LONG = 400;

export default defineCheck({
  id: 'pki-long-lived-client-certificate',
  title: 'Client certificate of a person is valid for months',
  severity: 'medium',
  rationale:
    'There is no revocation: who leaves, or loses a laptop, keeps the access until the certificate ends. A token of an identity provider ends within the hour and follows the account.',
  remediation: {
    change:
      'Log people in through an identity provider (OIDC or the provider of the cloud). Where certificates stay, ask for a short life: spec.expirationSeconds of a CertificateSigningRequest, or `kubeadm kubeconfig user --validity-period`.',
    mayBreak: 'A person with a short certificate needs a way to get the next one, also when the identity provider is down: keep one emergency login.',
  },
  controls: [
    { framework: 'cis', version: '1.12', id: '3.1.1' },
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/concepts/security/hardening-guide/authentication-mechanisms/#x509-client-certificate-authentication', 'https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/'],
  scope: 'cluster',

  needs: { identities: certificateIdentities },
  *targets({ identities }) {
    // Components renew theirs, and a server's is no login.
    for (const target of identityTargets(identities)) if (!('isMaster' in target) || isOfPerson(target)) yield target;
  },

  inspect(identity, _evidence, { now }) {
    const days = lifeLeast(identity, now);
    if (days <= LONG || identity.isAccepted === false) return undefined;
    return {
      resource: loginResource(identity),
      subject: { kind: 'User', name: identity.user },
      severity: days > VERY_LONG ? 'medium' : 'low',
      message: `the client certificate of ${identity.user} ${isBackdated(identity) ? `is valid for ${days} more days` : `is valid for ${days} days`}, until ${identity.certificate.notAfter.slice(0, 10)}, and cannot be revoked`,
      evidence: [identityEvidence(identity, 'notBefore'), identityEvidence(identity, 'notAfter')],
      cause: `client certificate of ${identity.user}`,
    };
  },
});

function isOfPerson(identity: CertificateIdentity): boolean {
  return !isComponentName(identity.user) && isLogin(identity);
}

/**
 * Days that it lives at least. kubeadm dates what it issues back to the beginning of its authority, however long ago that was;
 * of such a certificate only what is left is sure.
 */
function lifeLeast(identity: CertificateIdentity, now: string): number {
  const { notBefore, notAfter } = identity.certificate;
  const from = isBackdated(identity) ? Math.max(Date.parse(now), Date.parse(notBefore)) : Date.parse(notBefore);
  return Math.round((Date.parse(notAfter) - from) / 86_400_000);
}

/** Where nobody here could see the authority, it may be. */
function isBackdated({ certificate, issuedFrom }: CertificateIdentity): boolean {
  return issuedFrom === undefined || certificate.notBefore === issuedFrom;
}
