import { certificateIssuers, type Leaf } from '../../indexes/certificate-issuers.ts';
import { defineCheck } from '../define-check.ts';
import { certificateCause, certificateEvidence, certificateName, unreadTargets } from './certificate-finding.ts';

export default defineCheck({
  id: 'pki-leaf-may-issue',
  title: 'Certificate of a server or client may issue certificates',
  severity: 'high',
  rationale:
    'Its key is kept as that of a server or a person is kept, and whoever has it issues certificates that are verified like those of the authority above it: for any name, and below an authority of clients for any user and group, system:masters included.',
  remediation: {
    change: 'Issue the certificate anew with basicConstraints CA:FALSE and without keyCertSign; `openssl req -x509` sets CA:TRUE unless it is told otherwise. What it may have issued ends only with the authority above it.',
    mayBreak: 'A server whose own certificate is at the same time what its clients trust needs the new one in both places.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.9', 'https://kubernetes.io/docs/setup/best-practices/certificates/'],
  scope: 'cluster',

  needs: { known: certificateIssuers },
  *targets({ known }) {
    yield* known.leaves;
    yield* unreadTargets(known.inventory);
  },

  inspect(leaf) {
    const { seen, isSelfSigned, isOfClients, mayIssue } = leaf;
    if (!mayIssue) return undefined;
    return {
      resource: seen.sightings[0].resource,
      // One that signed itself is believed by who trusts it for its own name already, and by nobody else.
      severity: isOfClients === true ? 'high' : isSelfSigned ? 'low' : 'medium',
      message: `whoever has the key of ${certificateName(seen.certificate)} may issue certificates ${wordsOf(leaf)}`,
      evidence: [certificateEvidence(seen, 'isAuthority')],
      cause: certificateCause(seen),
      discriminator: certificateCause(seen),
    };
  },
});

function wordsOf({ isSelfSigned, isOfClients }: Leaf): string {
  if (isOfClients === true) return 'for any user and group, and the API server takes them';
  return isSelfSigned ? 'that are verified by whoever trusts it as a server' : 'that are verified by whoever trusts the authority above it';
}
