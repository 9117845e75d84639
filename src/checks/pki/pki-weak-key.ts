import type { KeptCertificate } from '../../evidence/certificate-facts.ts';
import { certificateInventory } from '../../indexes/certificate-inventory.ts';
import { defineCheck } from '../define-check.ts';
import { certificateCause, certificateEvidence, certificateName, inventoryTargets } from './certificate-finding.ts';

/** NIST SP 800-57 part 1: what is below 112 bits of strength. */
const LEAST = { rsa: 2048, curve: 224 } as const;

export default defineCheck({
  id: 'pki-weak-key',
  title: 'Certificate has a weak key',
  severity: 'high',
  rationale:
    'Whoever works out the private key is the server, or the client, that the certificate names. RSA keys below 2048 bits, elliptic curves below 224 bits and DSA are no longer taken for out of reach.',
  remediation: {
    change: 'Issue the certificate anew with a key of RSA 2048 or more, P-256 or Ed25519; kubeadm takes encryptionAlgorithm in its ClusterConfiguration.',
    mayBreak: 'The new certificate replaces the old one on its holder alone; for an authority everything that it issued has to be issued again.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://csrc.nist.gov/pubs/sp/800/57/pt1/r5/final', 'https://kubernetes.io/docs/reference/config-api/kubeadm-config.v1beta4/'],
  scope: 'cluster',

  needs: { inventory: certificateInventory },
  targets: ({ inventory }) => inventoryTargets(inventory),
  inspect(seen) {
    const { certificate } = seen;
    if (!isWeak(certificate)) return undefined;
    return {
      resource: seen.sightings[0].resource,
      message: `the certificate ${certificateName(certificate)} has a key of ${certificate.keyType}`,
      evidence: [certificateEvidence(seen, 'keyType')],
      cause: certificateCause(seen),
      discriminator: certificateCause(seen),
    };
  },
});

function isWeak({ keyType, keyBits }: KeptCertificate): boolean {
  if (keyType.startsWith('RSA')) return keyBits !== undefined && keyBits < LEAST.rsa;
  return keyType.toLowerCase().startsWith('dsa') || (keyBits !== undefined && keyBits < LEAST.curve);
}
