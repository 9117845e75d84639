import { certificateInventory } from '../../indexes/certificate-inventory.ts';
import { defineCheck } from '../define-check.ts';
import { unreadTargets } from './certificate-finding.ts';

export default defineCheck({
  id: 'pki-certificate-unreadable',
  title: 'Bundle holds a certificate that cannot be read',
  severity: 'low',
  rationale:
    'Programs pass over what they cannot read, or refuse the whole bundle, each in its own way: a client that should be trusted is not, and the cause is hard to see.',
  remediation: {
    change: 'Write the bundle anew from whole certificates in PEM.',
    mayBreak: 'Nothing that works now: an unreadable block is trusted by nobody.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/setup/best-practices/certificates/'],
  scope: 'cluster',

  needs: { inventory: certificateInventory },
  *targets({ inventory }) {
    yield* inventory.broken;
    // Whatever was read is a target, so that a readable bundle passes.
    yield* inventory.certificates;
    yield* unreadTargets(inventory);
  },

  inspect(target) {
    if (!('problem' in target)) return undefined;
    const { resource, where, path, problem } = target;
    return {
      resource,
      message: `${where} holds a block that is no certificate: ${problem}`,
      evidence: [{ path, value: problem, grade: 'inferred', derivation: 'the block was read as PEM, then as X.509' }],
      cause: where,
      discriminator: path,
    };
  },
});
