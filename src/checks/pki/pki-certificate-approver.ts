import { certificateIssuing, LOGIN_SIGNERS, type IssuingRight } from '../../indexes/certificate-issuing.ts';
import { platformOf } from '../../indexes/rbac-expected.ts';
import { formatSubject } from '../../evidence/subject.ts';
import { defineCheck, type Severity } from '../define-check.ts';
import { evidenceOf, fixOf, grantTargets } from '../rbac/grant-finding.ts';

export default defineCheck({
  id: 'pki-certificate-approver',
  title: 'Somebody besides the platform decides who gets certificates',
  severity: 'high',
  rationale:
    'An approved request is a login that no binding shows: its name and groups are whatever the request says, system:masters alone excepted. Whoever may approve requests, or write certificates into them, hands out such logins, to itself too if it may make requests.',
  remediation: {
    change:
      'Limit the right on signers by resourceNames to the one that the program is there for (kubernetes.io/kubelet-serving for one that approves kubelets), and leave approving logins to a few people by name. "kubectl secaudit rbac who-can approve signers.certificates.k8s.io" shows all who may.',
    mayBreak: 'Requests that were approved through this binding stay pending, and kubelets whose certificates nobody approves lose them when they end.',
  },
  controls: [
    { framework: 'cis', version: '1.12', id: '5.1.11' },
    { framework: 'owasp-2022', version: '2022', id: 'K03' },
    { framework: 'owasp-2025', version: '2025', id: 'K02' },
  ],
  references: ['https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#authorization', 'https://kubernetes.io/docs/concepts/security/rbac-good-practices/#csrs-and-certificate-issuing'],
  scope: 'cluster',

  needs: { issuing: certificateIssuing },
  *targets({ issuing: { rbac, rights } }) {
    yield* rights;
    for (const target of grantTargets({ grants: [], unresolved: rbac.unresolved.filter(({ namespace }) => namespace === undefined), unread: rbac.unread.filter(({ isClusterWide }) => isClusterWide) })) if (!('subject' in target)) yield target;
  },

  inspect(right) {
    const { grant, ruleIndex, does, signers, mayRequest } = right;
    const isPlatform = platformOf(grant) !== undefined;
    return {
      resource: grant.binding,
      subject: grant.subject,
      severity: isPlatform ? 'info' : severityOf(right),
      ...(isPlatform ? { origin: 'platform' as const } : {}),
      message: `${formatSubject(grant.subject)} may ${does === 'approve' ? 'approve requests' : 'write certificates into requests'} to ${signers.join(', ')}${mayRequest ? ', and make such requests itself' : ''}`,
      evidence: evidenceOf(grant, [ruleIndex]),
      cause: `${grant.binding.kind} ${grant.binding.name}`,
      discriminator: does,
      ...(isPlatform ? {} : fixOf(grant)),
    };
  },
});

/** What is written into a request counts only where somebody has the key of the authority as well. */
function severityOf({ does, signers, mayRequest }: IssuingRight): Severity {
  const isForLogins = signers.some(signer => LOGIN_SIGNERS.some(each => each === signer));
  if (!isForLogins) return 'low';
  return does === 'approve' && mayRequest ? 'high' : 'medium';
}
