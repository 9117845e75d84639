import { certificateIdentities, type CertificateIdentity } from '../../indexes/certificate-identities.ts';
import { isServerCertificate } from '../../indexes/certificate-sighting.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';
import { identityEvidence, identityTargets, isLogin, loginResource } from './identity-finding.ts';

export default defineCheck({
  id: 'pki-server-certificate-as-login',
  title: 'Serving certificate of the API server is a login with rights',
  severity: 'high',
  rationale:
    'Its key lies readable for the server process on every control-plane node. As the certificate is good for clients too and names a user or group with rights, the key is also a login, and one that no audit expects.',
  remediation: {
    change: 'Issue the serving certificate anew for server authentication alone (extendedKeyUsage serverAuth) and without organizations.',
    mayBreak: 'Nothing that only verifies the server. Look in the audit log whether something logs in as that user.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/setup/best-practices/certificates/', 'https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates'],
  scope: 'cluster',

  needs: { identities: certificateIdentities },
  *targets({ identities }) {
    for (const target of identityTargets(identities)) if (!('isMaster' in target) || (isServerCertificate(target.seen) && !isLogin(target))) yield target;
    if (identities.rightGaps.length > 0) yield unknownTarget("the rights of the API server's own name", identities.rightGaps);
  },

  inspect(identity) {
    if (identity.isAccepted === false || !hasRights(identity)) return undefined;
    return {
      resource: loginResource(identity),
      subject: { kind: 'User', name: identity.user },
      message: `the key of the API server's serving certificate logs in as ${identity.user}, who ${identity.isMaster ? 'is allowed everything as a member of system:masters' : `can ${identity.strongest?.can ?? ''}`}`,
      evidence: [identityEvidence(identity, 'usages'), identityEvidence(identity, 'organizations')],
      cause: 'certificate of the API server',
    };
  },
});

/** What everybody who is logged in may do is no right of its own. */
function hasRights({ isMaster, strongest }: CertificateIdentity): boolean {
  return isMaster || (strongest !== undefined && strongest.group !== 'system:authenticated' && strongest.impact !== 'public' && strongest.impact !== 'paths');
}
