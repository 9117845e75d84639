import { apiServerRef } from '../../evidence/resource-ref.ts';
import { serviceAccountKeys } from '../../evidence/sources/trust.ts';
import { defineCheck } from '../define-check.ts';
import { keyEvidence } from './service-account-key-evidence.ts';

/** NIST SP 800-57 part 1: what is below 112 bits of strength. */
const LEAST = { rsa: 2048, curve: 224 } as const;

export default defineCheck({
  id: 'pki-service-account-key-weak',
  title: 'Key that signs tokens of service accounts is weak',
  severity: 'high',
  rationale:
    'Whoever works out the private key signs a token for any service account, those of controllers with the right to everything included, and nobody sees that it was not the API server.',
  remediation: {
    change:
      'Make a new key of RSA 2048 or more, or P-256; give its public half to --service-account-key-file of every API server beside the old one, then its private half to --service-account-signing-key-file and to --service-account-private-key-file of the controller manager. Take the old one away when its tokens have ended.',
    mayBreak: 'Tokens that were signed with the old key, and those in Secrets never end, are refused once it is taken away.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://csrc.nist.gov/pubs/sp/800/57/pt1/r5/final', 'https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/'],
  scope: 'cluster',

  needs: { keys: serviceAccountKeys },
  targets: ({ keys }) => keys,
  inspect(key) {
    const { keyType, keyBits } = key;
    if (keyBits === undefined || keyBits >= (keyType.startsWith('RSA') ? LEAST.rsa : LEAST.curve)) return undefined;
    return {
      resource: apiServerRef,
      message: `a key that tokens of service accounts are verified by is ${keyType} (key id ${key.keyId})`,
      evidence: [keyEvidence(key, 'keyType')],
      cause: 'keys of service accounts',
      discriminator: key.publicKeySha256.slice(0, 16),
    };
  },
});
