import { frontProxy } from '../../indexes/front-proxy.ts';
import { apiServerRef } from '../../evidence/resource-ref.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';
import { trustEvidence } from './trust-evidence.ts';

export default defineCheck({
  id: 'pki-shared-front-proxy-authority',
  title: 'One authority issues client certificates and front-proxy certificates',
  severity: 'critical',
  rationale:
    'A certificate of the front-proxy authority may name any user and group in a header, and the API server believes it. If the same authority issues client certificates, their bearers may do so too: at once where no names are demanded, else whoever gets a certificate with one of those names.',
  remediation: {
    change: 'Make an authority of its own for the front proxy, give it to --requestheader-client-ca-file, issue the certificate of --proxy-client-cert-file anew with it, and name that certificate in --requestheader-allowed-names. Then take the shared one out of the ConfigMap kube-system/extension-apiserver-authentication by hand: API servers only add to it, and extension API servers trust what stands there.',
    mayBreak: 'Extension API servers (metrics-server and others) refuse the API server until they have read the new authority from the ConfigMap; most watch it.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/#ca-reusage-and-conflicts', 'https://github.com/kubernetes/kubernetes/pull/131411'],
  scope: 'cluster',

  needs: { proxy: frontProxy },
  *targets({ proxy }) {
    if (proxy.isOff === true || proxy.hasClients === false) return;
    if (proxy.isOff === undefined || proxy.hasClients === undefined) yield unknownTarget('the authorities of proxies and of client certificates', proxy.trustGaps);
    else yield proxy;
  },

  inspect({ sharedKeys, names, takesAnyName, isByProvider }) {
    if (sharedKeys.length === 0) return undefined;
    const isOpen = takesAnyName === true;
    return {
      resource: apiServerRef,
      ...(isByProvider ? { severity: 'info' as const, origin: 'platform' as const } : isOpen ? {} : { severity: 'high' as const }),
      message: isOpen
        ? 'every bearer of a client certificate may act as any user, since one authority issues them and the front proxies, and no names are demanded'
        : `whoever gets a client certificate for ${names.join(' or ')} may act as any user, since one authority issues client certificates and front proxies`,
      evidence: [trustEvidence('requestheader-client-ca-file', sharedKeys), trustEvidence('requestheader-allowed-names', names)],
      cause: 'front proxy of the API server',
    };
  },
});
