import { refOf } from '../../evidence/source.ts';
import { apiServices } from '../../evidence/sources/pki.ts';
import { defineCheck } from '../define-check.ts';

export default defineCheck({
  id: 'pki-extension-server-unverified',
  title: 'API server does not verify an extension API server',
  severity: 'medium',
  rationale:
    'Whoever gets between the two, or takes the address of the Service, answers for the whole API group, and is sent the name and groups of every user that asks. Numbers of a metrics server decide how far workloads are scaled.',
  remediation: {
    change:
      'Give the extension API server a certificate for SERVICE.NAMESPACE.svc, put the authority that issued it into spec.caBundle (cert-manager can write it), and take insecureSkipTLSVerify away.',
    mayBreak: 'With the wrong authority the API group is not available; look at the Available condition of the APIService after the change.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/tasks/extend-kubernetes/setup-extension-api-server/', 'https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/api-service-v1/'],
  scope: 'cluster',

  needs: { services: apiServices },
  // Without a service the API server answers itself.
  targets: ({ services }) => services.filter(({ spec }) => spec?.service !== undefined),
  inspect(item) {
    if (item.spec?.insecureSkipTLSVerify !== true) return undefined;
    const { namespace = '', name = '' } = item.spec.service ?? {};
    return {
      resource: refOf(apiServices, item),
      message: `the API server sends requests for ${item.metadata.name} to ${name}.${namespace}.svc without verifying whom it reaches`,
      evidence: [{
        path: 'spec.insecureSkipTLSVerify', value: true, grade: 'exact',
        reproduce: ['kubectl', 'get', 'apiservices.apiregistration.k8s.io', '-o', 'jsonpath={.spec.insecureSkipTLSVerify}', '--', item.metadata.name],
      }],
      cause: `Service ${namespace}/${name}`,
    };
  },
});
