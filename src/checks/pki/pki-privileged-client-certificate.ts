import { certificateIdentities, type CertificateIdentity } from '../../indexes/certificate-identities.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';
import { identityEvidence, identityTargets, isLogin, loginResource } from './identity-finding.ts';

export default defineCheck({
  id: 'pki-privileged-client-certificate',
  title: 'Client certificate leads to everything',
  severity: 'high',
  rationale:
    'A client certificate cannot be revoked, only the rights of its user and groups can. Where those amount to cluster-admin, a stolen kubeconfig is the cluster until somebody changes the binding, which takes the rights from everybody else in it too.',
  remediation: {
    change:
      'Log people in with short-lived tokens of an identity provider, and keep client certificates for emergencies. If the certificate must stay, bind its user by name to what it needs and take it out of the group.',
    mayBreak: "Whoever uses this certificate loses what the binding gave. kubeadm's own tools use admin.conf on control-plane nodes, so leave its group bound.",
  },
  controls: [
    { framework: 'cis', version: '1.12', id: '3.1.1' },
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/concepts/security/hardening-guide/authentication-mechanisms/#x509-client-certificate-authentication', 'https://github.com/kubernetes/kubernetes/issues/18982'],
  scope: 'cluster',

  needs: { identities: certificateIdentities },
  *targets({ identities }) {
    // Members of system:masters are another finding; what the API server does not accept is nobody.
    for (const target of identityTargets(identities)) if (!('isMaster' in target) || (isLogin(target) && !target.isMaster && target.isAccepted !== false)) yield target;
    if (identities.rightGaps.length > 0) yield unknownTarget('the rights of client certificates', identities.rightGaps);
  },

  inspect(identity) {
    const right = rightWords(identity);
    if (right === undefined) return undefined;
    return {
      resource: loginResource(identity),
      subject: { kind: 'User', name: identity.user },
      // That kubeadm makes its administrator such a file is how it works; who else has a copy is the question.
      severity: identity.standard === undefined ? 'high' : 'info',
      ...(identity.standard === undefined ? {} : { origin: 'platform' as const }),
      message: `whoever holds the certificate of ${identity.user}${identity.standard === undefined ? '' : ` (${identity.standard})`} ${right}; it holds until ${identity.certificate.notAfter.slice(0, 10)}`,
      evidence: [identityEvidence(identity, 'subject')],
      cause: `client certificate of ${identity.user}`,
    };
  },
});

function rightWords({ strongest, wayUp }: CertificateIdentity): string | undefined {
  if (strongest?.can === 'do anything' && strongest.namespace === undefined) return `can do anything, by ${strongest.binding ?? ''}`;
  return wayUp?.goal === 'cluster-admin' ? `can ${wayUp.can}: ${wayUp.steps.join('; ')}` : undefined;
}
