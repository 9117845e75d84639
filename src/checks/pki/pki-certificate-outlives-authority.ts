import { certificateIssuers, type Leaf } from '../../indexes/certificate-issuers.ts';
import { defineCheck } from '../define-check.ts';
import { certificateCause, certificateEvidence, certificateName, unreadTargets } from './certificate-finding.ts';

export default defineCheck({
  id: 'pki-certificate-outlives-authority',
  title: 'Certificate names a later end than the authority that issued it',
  severity: 'medium',
  rationale:
    'Nobody verifies it any more from the day that the authority ends, whatever date it bears itself. Whoever watches the date of the certificate alone is told of an outage by the outage.',
  remediation: {
    change: 'Replace the authority before it ends, and issue the certificate anew with the next one; put the end of the authority on the calendar in place of this date.',
    mayBreak: 'Whoever verifies the certificate has to trust the next authority before it is used. A successor with the same key needs no new certificates, and has to be trusted in place of the old one all the same.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/tasks/tls/manual-rotation-of-ca-certificates/', 'https://www.rfc-editor.org/rfc/rfc5280#section-6.1.3'],
  scope: 'cluster',

  needs: { known: certificateIssuers },
  *targets({ known }) {
    yield* known.leaves.filter(({ issuers }) => issuers.length > 0);
    yield* unreadTargets(known.inventory);
  },

  inspect({ seen, issuers }: Leaf, _evidence, { now }) {
    const { certificate } = seen;
    // One key may have several certificates: what any of them still verifies holds.
    const [last] = issuers.toSorted((a, b) => (a.certificate.notAfter < b.certificate.notAfter ? 1 : -1));
    if (last === undefined || Date.parse(certificate.notAfter) <= Date.parse(last.certificate.notAfter)) return undefined;
    // That the authority has ended is a finding of its own, and then nothing is left to plan.
    if (Date.parse(last.certificate.notAfter) < Date.parse(now)) return undefined;
    return {
      resource: seen.sightings[0].resource,
      message: `the certificate ${certificateName(certificate)} says that it is valid until ${certificate.notAfter.slice(0, 10)}, and the authority that issued it (${certificateName(last.certificate)}) ends on ${last.certificate.notAfter.slice(0, 10)}`,
      evidence: [certificateEvidence(seen, 'notAfter'), { ...certificateEvidence(last, 'notAfter'), resource: last.sightings[0].resource }],
      cause: certificateName(last.certificate),
      discriminator: certificateCause(seen),
    };
  },
});
