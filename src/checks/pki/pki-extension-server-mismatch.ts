import type { EvidenceItem } from '../../evidence/evidence-item.ts';
import { componentRef } from '../../evidence/resource-ref.ts';
import { extensionServers, type CalledExtension } from '../../indexes/extension-servers.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';

export default defineCheck({
  id: 'pki-extension-server-mismatch',
  title: 'Webhook or extension shows a certificate that its bundle does not verify',
  severity: 'high',
  rationale:
    'Its certificate was renewed by another authority, has ended, or is for another name, and the bundle in the object was left as it was. The API server then refuses the connection. With failurePolicy Fail the requests that the webhook should see are refused; with Ignore they go past it in silence, and a rule that everybody counts on is not held.',
  remediation: {
    change:
      'Write the authority that issued the certificate of the pod into the bundle, or give the pod a certificate of that authority for the name SERVICE.NAMESPACE.svc. Programs that make their certificates themselves, and cert-manager with its ca-injector, do both: look at their logs, and restart the pod, which may still hold an old certificate.',
    mayBreak: 'A webhook that was passed over until now is asked again, and refuses what came in meanwhile: look at what it rejects first.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: [
    'https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#service-reference',
    'https://kubernetes.io/docs/tasks/extend-kubernetes/setup-extension-api-server/',
  ],
  scope: 'cluster',

  needs: { extensions: extensionServers },
  *targets({ extensions: { called, unread } }) {
    yield* called.filter(({ servers }) => servers.length > 0);
    for (const { where, gaps } of called) if (gaps.length > 0) yield unknownTarget(`server of ${where}`, gaps);
    for (const { of, gaps } of unread) yield unknownTarget(of, gaps);
  },

  inspect({ where, resource, servers, called, serverName, effect, isFatal, name, path, reproduce, bundle }: CalledExtension) {
    const faulty = servers.flatMap(({ fault, ...server }) => (fault === undefined ? [] : [{ fault, ...server }]));
    const [first] = faulty;
    if (first === undefined) return undefined;
    const { fault, pod, port, shown } = first;
    const namespace = called.slice(0, called.indexOf('/'));
    const which = faulty.length === servers.length ? '' : `${faulty.length} of ${servers.length} pods, `;
    return {
      resource,
      severity: isFatal ? 'high' : 'medium',
      message: `the server of ${where} (${which}pod ${namespace}/${pod}) ${fault.words}, so ${effect}${which === '' ? '' : ' where it is asked'}`,
      evidence: [
        {
          resource: componentRef(`pod ${namespace}/${pod}`), path: `ports[${port}].chain[0].${fault.field}`, value: shown.chain[0]?.[fault.field], grade: 'exact',
          derivation: `with kubectl port-forward -n ${namespace} pod/${pod} ${port} open, openssl s_client -showcerts -servername ${serverName} -connect 127.0.0.1:${port} shows it`,
        },
        ...bundle.certificates.slice(0, 1).map(({ subject }): EvidenceItem => ({ path: `${path}.certificates[0].subject`, value: subject, grade: 'exact', reproduce })),
      ],
      cause: where,
      ...(name === undefined ? {} : { discriminator: name }),
    };
  },
});
