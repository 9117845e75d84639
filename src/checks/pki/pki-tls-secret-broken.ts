import { refOf } from '../../evidence/source.ts';
import { tlsSecrets } from '../../evidence/sources/tls.ts';
import { formatRef } from '../../evidence/resource-ref.ts';
import { tlsSecretFaults } from '../../indexes/tls-secret-state.ts';
import { defineCheck, type Severity } from '../define-check.ts';
import type { TlsSecretFault } from '../../indexes/tls-secret-faults.ts';

/** What can be served, and is refused by some, is less than what cannot be served at all. */
const SEVERITY: Readonly<Record<TlsSecretFault['what'], Severity>> = {
  empty: 'low', noCertificate: 'medium', noKey: 'medium', unreadableKey: 'medium', otherKey: 'medium', leafNotFirst: 'medium', wrongOrder: 'low', chainMissing: 'low',
};

export default defineCheck({
  id: 'pki-tls-secret-broken',
  title: 'TLS Secret cannot be served with, or is refused by clients',
  severity: 'medium',
  rationale:
    'A server that cannot load its certificate falls back to a default one, or does not start at the next restart, and an incomplete chain works in browsers that have seen the intermediate before and fails for everybody else. What is done about either is mostly to turn verification off.',
  remediation: {
    change: 'Write the Secret anew with `kubectl create secret tls NAME --cert=CHAIN --key=KEY --dry-run=client -o yaml | kubectl apply -f -`, where CHAIN begins with the certificate of the key and goes on with each issuer up to the root, which stays out. One that cert-manager keeps is issued anew when it is deleted.',
    mayBreak: 'Servers take over the new certificate at once or at their next start; a key that does not belong to it is refused then as now.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets', 'https://www.rfc-editor.org/rfc/rfc8446#section-4.4.2'],
  scope: 'namespace',

  needs: { faults: tlsSecretFaults },
  targets: ({ faults }) => faults,
  inspect({ secret, fault, servedBy }) {
    if (fault === undefined) return undefined;
    const resource = refOf(tlsSecrets, secret);
    const [first, ...more] = servedBy;
    const serves = first === undefined ? '' : `, and ${formatRef(first)}${more.length === 0 ? '' : ` and ${more.length} more`} ${more.length === 0 ? 'serves' : 'serve'} with it`;
    return {
      resource,
      severity: SEVERITY[fault.what],
      message: `TLS Secret ${resource.namespace ?? ''}/${resource.name} ${fault.words}${serves}`,
      evidence: [fault.evidence],
      cause: `TLS Secrets of namespace ${resource.namespace ?? ''}`,
      discriminator: fault.what,
    };
  },
});
