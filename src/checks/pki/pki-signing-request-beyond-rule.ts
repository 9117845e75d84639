import { refOf } from '../../evidence/source.ts';
import { signingRequests } from '../../evidence/sources/pki.ts';
import { signingRequestStates, type RequestedIdentity } from '../../indexes/signing-request-states.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';

export default defineCheck({
  id: 'pki-signing-request-beyond-rule',
  title: 'Certificate is asked for that its requester should not have',
  severity: 'high',
  rationale:
    'Who approves a request approves the name and groups in it, and the signer does not ask whether they belong to the requester. A certificate for a component, a node or an administrator is a way to its rights that no binding shows and that nobody can revoke.',
  remediation: {
    change:
      'Ask the requester; deny it with `kubectl certificate deny NAME` if it is still pending. If it was approved or issued, take the approver\'s right away or look into how it was used; what was issued ends only with its date or with the authority.',
    mayBreak: 'A denied request can be made again. Programs that issue certificates for components by this way on purpose (some installers) stop to renew them.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
    { framework: 'cis', version: '1.12', id: '5.1.11' },
  ],
  references: ['https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers', 'https://kubernetes.io/docs/concepts/security/rbac-good-practices/#csrs-and-certificate-issuing'],
  scope: 'cluster',

  needs: { states: signingRequestStates },
  *targets({ states }) {
    yield* states.requests;
    if (states.rightGaps.length > 0 && states.requests.some(({ isByRights }) => isByRights)) yield unknownTarget('the rights that are asked for', states.rightGaps);
  },

  inspect(requested) {
    const { request, state, asked } = requested;
    const words = state === 'refused' ? undefined : wordsOf(requested);
    if (words === undefined) return undefined;
    const resource = refOf(signingRequests, request);
    return {
      resource,
      severity: state === 'pending' ? 'medium' : 'high',
      message: `${request.spec.username ?? 'somebody'} ${state === 'pending' ? 'asks' : state === 'approved' ? 'was approved when asking' : 'has asked and been given a certificate'} for ${words}`,
      evidence: [{
        path: 'spec.request.subject', value: asked.subject, grade: 'inferred',
        derivation: 'the subject of the request in spec.request: base64 of a PKCS #10 request, which `openssl req -noout -subject` prints',
      }],
      cause: `requests to ${request.spec.signerName}`,
    };
  },
});

/** What was issued with many rights is judged as a login, by the certificate itself. */
function wordsOf({ beyond, isByRights, asked, rights: { strongest, wayUp } }: RequestedIdentity): string | undefined {
  if (!isByRights) return beyond;
  const leads = strongest?.can === 'do anything' && strongest.namespace === undefined ? `can do anything, by ${strongest.binding ?? ''}` : wayUp?.goal === 'cluster-admin' ? `can ${wayUp.can}` : undefined;
  return leads === undefined ? undefined : `a login as ${asked.commonName ?? 'nobody'}${asked.organizations.length === 0 ? '' : ` in ${asked.organizations.join(', ')}`}, who ${leads}`;
}
