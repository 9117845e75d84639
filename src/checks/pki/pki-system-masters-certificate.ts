import { certificateIdentities } from '../../indexes/certificate-identities.ts';
import { defineCheck } from '../define-check.ts';
import { identityEvidence, identityTargets, isLogin, loginResource } from './identity-finding.ts';

export default defineCheck({
  id: 'pki-system-masters-certificate',
  title: 'Client certificate makes its bearer a member of system:masters',
  severity: 'high',
  rationale:
    'Its bearer is allowed everything before any binding is looked at, and Kubernetes has no revocation: until the certificate ends, or the authority is replaced for the whole cluster, nobody can take it back.',
  remediation: {
    change:
      'Give people and programs a certificate of another group that a ClusterRoleBinding gives its rights, such as kubeadm:cluster-admins (`kubeadm kubeconfig user`), or a login with short tokens; keep the one of system:masters locked away for emergencies.',
    mayBreak: 'Whoever uses the certificate now needs the other login first. A copy of the old one works until it ends: if it may have been copied, only a new authority helps.',
  },
  controls: [
    { framework: 'cis', version: '1.12', id: '5.1.7' },
    { framework: 'cis', version: '1.12', id: '3.1.1' },
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: [
    'https://kubernetes.io/docs/concepts/security/rbac-good-practices/#least-privilege',
    'https://github.com/kubernetes/kubernetes/issues/18982',
  ],
  scope: 'cluster',

  needs: { identities: certificateIdentities },
  *targets({ identities }) {
    // A server's certificate that logs in is another finding.
    for (const target of identityTargets(identities)) if (!('isMaster' in target) || isLogin(target)) yield target;
  },
  inspect(identity) {
    if (!identity.isMaster || identity.isAccepted === false) return undefined;
    return {
      resource: loginResource(identity),
      subject: { kind: 'User', name: identity.user },
      message: `whoever holds the certificate of ${identity.user}${identity.standard === undefined ? '' : ` (${identity.standard})`} is allowed everything until ${identity.certificate.notAfter.slice(0, 10)}, and nobody can revoke it`,
      evidence: [identityEvidence(identity, 'organizations')],
      cause: `client certificate of ${identity.user}`,
    };
  },
});
