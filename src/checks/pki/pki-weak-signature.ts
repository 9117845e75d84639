import { isSelfSigned } from '../../indexes/certificate-chain.ts';
import { certificateInventory } from '../../indexes/certificate-inventory.ts';
import { defineCheck } from '../define-check.ts';
import { certificateCause, certificateEvidence, certificateName, inventoryTargets } from './certificate-finding.ts';

export default defineCheck({
  id: 'pki-weak-signature',
  title: 'Certificate is signed with a broken hash',
  severity: 'high',
  rationale:
    'With MD5 or SHA-1 two certificates can be made that one signature fits, so the signature no longer shows that the authority has seen this one. Go has refused SHA-1 since 1.18, so clients may fail as well.',
  remediation: {
    change: 'Issue the certificate anew with SHA-256 or better.',
    mayBreak: 'Nothing that verifies the old certificate: programs of the last fifteen years take SHA-256.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://go.dev/doc/go1.18#sha1', 'https://csrc.nist.gov/pubs/sp/800/131/a/r2/final'],
  scope: 'cluster',

  needs: { inventory: certificateInventory },
  targets: ({ inventory }) => inventoryTargets(inventory),
  inspect(seen) {
    const { certificate } = seen;
    // Nobody verifies the signature of a root: it is trusted because it lies where it lies.
    if (!/\b(MD2|MD5|SHA-1)$/.test(certificate.signature) || isSelfSigned(certificate)) return undefined;
    return {
      resource: seen.sightings[0].resource,
      message: `the certificate ${certificateName(certificate)} is signed with ${certificate.signature} by ${certificate.issuer}`,
      evidence: [certificateEvidence(seen, 'signature')],
      cause: certificateCause(seen),
      discriminator: certificateCause(seen),
    };
  },
});
