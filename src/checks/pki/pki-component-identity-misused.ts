import { certificateIdentities, type CertificateIdentity } from '../../indexes/certificate-identities.ts';
import { isComponentName } from '../../indexes/certificate-standard.ts';
import { defineCheck } from '../define-check.ts';
import { identityEvidence, identityTargets, isLogin, loginResource } from './identity-finding.ts';

export default defineCheck({
  id: 'pki-component-identity-misused',
  title: "Client certificate uses a component's name in its own way",
  severity: 'high',
  rationale:
    'The names of the control plane and of kubelets have rights of their own, and nobody wonders about them in an audit log. A person who logs in with one is invisible; a component with more groups than its standard has more rights than it needs.',
  remediation: {
    change: 'Issue the certificate anew: a person under a name of their own, a component with the groups of its standard (kubelets system:nodes, controller manager and scheduler none).',
    mayBreak: 'Whatever used the additional rights; look in the audit log for requests of that name from unusual addresses first.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
    { framework: 'cis', version: '1.12', id: '3.1.1' },
  ],
  references: ['https://kubernetes.io/docs/setup/best-practices/certificates/#configure-certificates-for-user-accounts', 'https://kubernetes.io/docs/reference/access-authn-authz/node/'],
  scope: 'cluster',

  needs: { identities: certificateIdentities },
  *targets({ identities }) {
    for (const target of identityTargets(identities)) if (!('isMaster' in target) || isLogin(target)) yield target;
  },

  inspect(identity) {
    if (!isComponentName(identity.user) || identity.isAccepted === false) return undefined;
    const isOwnLogin = identity.seen.sightings.some(({ as }) => as === 'login');
    if (!isOwnLogin && identity.standard !== undefined) return undefined;
    return {
      resource: loginResource(identity),
      subject: { kind: 'User', name: identity.user },
      message: isOwnLogin
        ? `this kubeconfig logs in as ${identity.user}, which is the name of a component`
        : `the certificate of ${identity.user} carries the groups ${groupsOf(identity)}, which its standard does not have`,
      evidence: [identityEvidence(identity, 'subject')],
      cause: `client certificate of ${identity.user}`,
    };
  },
});

function groupsOf({ groups }: CertificateIdentity): string {
  return groups.length === 0 ? '(none)' : groups.join(', ');
}
