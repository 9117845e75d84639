import { apiServerRef } from '../../evidence/resource-ref.ts';
import { serviceAccountKeys } from '../../evidence/sources/trust.ts';
import { certificateInventory } from '../../indexes/certificate-inventory.ts';
import { defineCheck } from '../define-check.ts';
import { certificateEvidence, certificateName, unreadTargets } from './certificate-finding.ts';
import { keyEvidence } from './service-account-key-evidence.ts';

export default defineCheck({
  id: 'pki-service-account-key-shared',
  title: 'Key that signs tokens of service accounts has a certificate too',
  severity: 'high',
  rationale:
    'One private key lies in the files of two programs, so whoever reads it from one of them signs tokens for any service account. It cannot be replaced for one purpose without the other either.',
  remediation: {
    change:
      'Make a key pair for tokens alone; give its public half to --service-account-key-file of every API server beside the old one, then its private half to --service-account-signing-key-file and to --service-account-private-key-file of the controller manager. Take the old one away when its tokens have ended.',
    mayBreak: 'Tokens that were signed with the old key, and those in Secrets never end, are refused once it is taken away.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/', 'https://kubernetes.io/docs/setup/best-practices/certificates/'],
  scope: 'cluster',

  needs: { keys: serviceAccountKeys, inventory: certificateInventory },
  *targets({ keys, inventory }) {
    yield* keys;
    if (keys.length > 0) yield* unreadTargets(inventory);
  },

  inspect(key, { inventory }) {
    const shared = inventory.certificates.find(({ certificate }) => certificate.publicKeySha256 === key.publicKeySha256);
    if (shared === undefined) return undefined;
    return {
      resource: apiServerRef,
      message: `tokens of service accounts are signed with the key of the certificate ${certificateName(shared.certificate)} (${shared.sightings[0].where})`,
      evidence: [keyEvidence(key, 'publicKeySha256'), certificateEvidence(shared, 'publicKeySha256')],
      cause: 'keys of service accounts',
      discriminator: key.publicKeySha256.slice(0, 16),
    };
  },
});
