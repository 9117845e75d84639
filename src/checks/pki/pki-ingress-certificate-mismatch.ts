import { componentRef } from '../../evidence/resource-ref.ts';
import { ingressServers } from '../../indexes/ingress-servers.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';

export default defineCheck({
  id: 'pki-ingress-certificate-mismatch',
  title: 'Ingress is served with a certificate that is not for its host, or has ended',
  severity: 'medium',
  rationale:
    'Browsers refuse it, and programs that verify cannot connect. Mostly the controller found no usable Secret and took the certificate that it makes for itself: people learn to click the warning away, and then also do so for somebody who listens in.',
  remediation: {
    change:
      'Look at the log of the ingress controller for the host, and at the Secret in spec.tls: it must be of type kubernetes.io/tls, in the namespace of the Ingress, with a certificate for the host. Where cert-manager should make it, look at its Certificate with `kubectl describe certificate -n NAMESPACE`.',
    mayBreak: 'Nothing that verifies works now; whoever pinned the wrong certificate stops.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/concepts/services-networking/ingress/#tls', 'https://kubernetes.github.io/ingress-nginx/user-guide/tls/#default-ssl-certificate'],
  scope: 'cluster',

  needs: { served: ingressServers },
  *targets({ served: { hosts } }) {
    yield* hosts.filter(({ shown }) => shown.length > 0);
    for (const { host, resource: { namespace = '', name }, gaps } of hosts) if (gaps.length > 0) yield unknownTarget(`${host} of Ingress ${namespace}/${name}`, gaps);
  },

  inspect({ resource, host, entry, shown }, _evidence, { now }) {
    const at = shown.find(({ leaf, isCovered }) => !isCovered || Date.parse(leaf.notAfter) < Date.parse(now));
    if (at === undefined) return undefined;
    const { address, leaf, isCovered, isDefault } = at;
    const words = isDefault ? `with the certificate that its controller makes for itself (${leaf.subject})`
      : isCovered ? `with a certificate that ended on ${leaf.notAfter.slice(0, 10)}` : `with a certificate that is not for it (${leaf.subject === '' ? leaf.names.slice(0, 3).join(', ') : leaf.subject})`;
    const field = isDefault ? 'subject' : isCovered ? 'notAfter' : 'names';
    const target = address.includes(':') ? `[${address}]` : address;
    return {
      resource,
      message: `${host} of Ingress ${resource.namespace ?? ''}/${resource.name} is served ${words}`,
      evidence: [{
        resource: componentRef(`server of ${host}`), path: `chain[0].${field}`, value: leaf[field], grade: 'exact',
        reproduce: ['openssl', 's_client', '-showcerts', '-servername', host, '-connect', `${target}:443`],
      }, {
        path: `spec.tls[${entry}].hosts`, value: host, grade: 'inferred', derivation: 'one of the hosts of this entry; of a wildcard a name below it was asked for',
      }],
      cause: `Ingress ${resource.namespace ?? ''}/${resource.name}`,
      discriminator: host,
    };
  },
});
