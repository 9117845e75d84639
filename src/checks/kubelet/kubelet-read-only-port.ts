import type { KubeletConfiguration } from '../../evidence/kubelet-configuration.ts';
import { kubeletSettings, probeEvidence, settingEvidence } from '../../indexes/kubelet-settings.ts';
import { changeKubelet } from '../define-kubelet-check.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';

export default defineCheck({
  id: 'kubelet-read-only-port',
  title: 'Kubelet serves its read-only port',
  severity: 'high',
  rationale:
    'The port speaks plain HTTP and asks nobody who they are. It gives out the specification of every pod on the node, with the environment values written into it, and the metrics of all of them.',
  remediation: {
    change: changeKubelet('`readOnlyPort: 0`'),
    mayBreak: 'Old monitoring agents (Heapster, early Prometheus and Datadog set-ups) read from this port: look for its number, mostly 10255, in their configuration and move them to port 10250 with a token first.',
  },
  controls: [
    { framework: 'cis', version: '1.12', id: '4.2.4' },
    { framework: 'owasp-2022', version: '2022', id: 'K09' },
    { framework: 'owasp-2025', version: '2025', id: 'K06' },
  ],
  references: ['https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/', 'https://kubernetes.io/docs/concepts/security/hardening-guide/'],
  scope: 'cluster',

  needs: { kubelets: kubeletSettings },
  *targets({ kubelets }) {
    for (const node of kubelets) {
      const configz = 'value' in node.configz ? node.configz.value : undefined;
      const probe = 'value' in node.probe && node.probe.value.readOnlyPort !== undefined ? node.probe.value : undefined;
      // A port that is closed at 10255 may be open at another number: only the configuration knows.
      if (configz !== undefined || probe?.readOnlyPort === 'open') yield { node, configz, probe };
      else yield unknownTarget(`kubelet of ${node.name}`, [...('gaps' in node.configz ? node.configz.gaps : []), ...('gaps' in node.probe ? node.probe.gaps : [])], probe === undefined ? [] : [probeEvidence(node, probe, 10255, 'closed')]);
    }
  },

  inspect({ node, configz, probe }) {
    if (configz !== undefined && configz.config.readOnlyPort === 0) return undefined;
    const port = configz?.config.readOnlyPort ?? 10255;
    const isLocal = configz !== undefined && isLoopback(configz.config);
    const [first, ...more] = [
      ...(configz === undefined ? [] : [settingEvidence(node, configz, 'readOnlyPort', port)]),
      ...(probe?.readOnlyPort === 'open' ? [probeEvidence(node, probe, 10255, 'open')] : []),
    ];
    if (first === undefined) return undefined;
    return {
      resource: node.resource,
      ...(isLocal ? { severity: 'low' as const } : {}),
      message: `the kubelet of ${node.name} serves every pod's specification on port ${port} to ${isLocal ? 'all that runs on the node' : 'anybody who reaches it'}`,
      evidence: [first, ...more],
      cause: 'kubelet configuration',
    };
  },
});

function isLoopback({ address }: KubeletConfiguration): boolean {
  return address === '::1' || address.startsWith('127.');
}
