import { frontProxy } from '../../indexes/front-proxy.ts';
import { apiServerRef } from '../../evidence/resource-ref.ts';
import { defineCheck, unknownTarget, type EvidenceItem } from '../define-check.ts';
import { trustEvidence } from './trust-evidence.ts';

/** Where the flag itself is to be seen. */
const FLAGS: Readonly<Record<'flagz' | 'pods', EvidenceItem>> = {
  flagz: { path: '/flagz requestheader-allowed-names', value: '[]', grade: 'exact', reproduce: ['kubectl', 'get', '--raw', '/flagz'] },
  pods: {
    path: 'spec.containers[*].command', value: 'no --requestheader-allowed-names', grade: 'inferred', derivation: 'the pod of an API server does not have the flag, whatever another one publishes',
  },
};

export default defineCheck({
  id: 'pki-front-proxy-any-name',
  title: 'Every certificate of the front-proxy authority may act as any user',
  severity: 'medium',
  rationale:
    'Whoever presents a certificate of that authority may name any user and group in a header. Without a list of names each certificate that it ever issued is as good as system:masters, also those for other purposes.',
  remediation: {
    change: 'Set --requestheader-allowed-names of every API server to the common name of its --proxy-client-cert-file (kubeadm: front-proxy-client).',
    mayBreak: 'Another proxy that logs in with a certificate of that authority is refused until its name is in the list too.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/#kubernetes-apiserver-client-authentication', 'https://kubernetes.io/docs/reference/access-authn-authz/authentication/#authenticating-proxy'],
  scope: 'cluster',

  needs: { proxy: frontProxy },
  *targets({ proxy }) {
    if (proxy.isOff === true) return;
    if (proxy.isOff === undefined) yield unknownTarget('the authority of proxies', proxy.trustGaps);
    else if (proxy.takesAnyName === undefined && proxy.sharedKeys.length === 0) yield unknownTarget('the names of proxies', proxy.nameGaps, [trustEvidence('requestheader-allowed-names', proxy.names)]);
    else yield proxy;
  },

  inspect({ names, takesAnyName, namesFrom, sharedKeys, isByProvider }) {
    // With a shared authority it is part of a worse finding.
    if (takesAnyName !== true || sharedKeys.length > 0) return undefined;
    return {
      resource: apiServerRef,
      ...(isByProvider ? { severity: 'info' as const, origin: 'platform' as const } : {}),
      message: 'the API server believes the user and groups in the headers of every certificate of the front-proxy authority, whatever its name',
      evidence: [namesFrom === 'ConfigMap' ? trustEvidence('requestheader-allowed-names', names) : FLAGS[namesFrom ?? 'flagz']],
      cause: 'front proxy of the API server',
    };
  },
});
