import type { CheckWords } from '../define-check.ts';

/** What asks for a network plugin that enforces NetworkPolicy; the same for all that fall short of it. */
export const ENFORCEMENT_RULES: Pick<CheckWords, 'controls' | 'references'> = {
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K07' },
    { framework: 'owasp-2025', version: '2025', id: 'K05' },
    { framework: 'cis', version: '1.12', id: '5.3.1' },
  ],
  references: ['https://kubernetes.io/docs/concepts/services-networking/network-policies/#prerequisites'],
};
