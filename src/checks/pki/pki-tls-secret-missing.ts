import { secretReferences } from '../../indexes/secret-references.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';

export default defineCheck({
  id: 'pki-tls-secret-missing',
  title: 'Ingress or Gateway names a TLS Secret that is not there',
  severity: 'medium',
  rationale:
    'The controller serves its default certificate instead, which nobody trusts, or nothing at all. Users learn to click the warning away, and whoever may create a Secret of that name in the namespace decides what is served.',
  remediation: {
    change: 'Create the Secret with `kubectl create secret tls`, correct its name in the Ingress or Gateway, or take the entry out. Where cert-manager should make it, look at its Certificate with `kubectl describe certificate -n NAMESPACE NAME`.',
    mayBreak: 'Nothing that works now: the named Secret is not there.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/concepts/services-networking/ingress/#tls', 'https://gateway-api.sigs.k8s.io/guides/tls/'],
  scope: 'namespace',

  needs: { known: secretReferences },
  *targets({ known: { references, existing, known, existingGaps, unread } }) {
    for (const reference of references) {
      if (existing !== undefined || known.has(reference.secret)) yield reference;
      else yield unknownTarget(`Secret ${reference.secret}`, existingGaps);
    }
    for (const { of, gaps } of unread) yield unknownTarget(`Secrets that ${of} name`, gaps);
  },

  inspect({ secret, by, path, name, hosts, reproduce }, { known: { known } }) {
    if (known.has(secret)) return undefined;
    return {
      resource: by,
      message: `${by.kind} ${by.namespace ?? ''}/${by.name} serves ${hosts.length === 0 ? 'every host' : hosts.slice(0, 3).join(', ')}${hosts.length > 3 ? ` and ${hosts.length - 3} more` : ''} with the Secret ${secret}, which is not there`,
      evidence: [{ path, value: name, grade: 'exact', reproduce }],
      cause: `${by.kind} ${by.namespace ?? ''}/${by.name}`,
      discriminator: secret,
    };
  },
});
