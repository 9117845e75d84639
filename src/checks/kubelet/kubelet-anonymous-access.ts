import { kubeletSettings, probeEvidence, settingEvidence } from '../../indexes/kubelet-settings.ts';
import { changeKubelet } from '../define-kubelet-check.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';

export default defineCheck({
  id: 'kubelet-anonymous-access',
  title: 'Kubelet takes requests without a credential',
  severity: 'critical',
  rationale:
    'Whoever reaches port 10250 of the node, any pod of the cluster as a rule, is let in as system:anonymous. Where the kubelet allows everything, that is a shell in every container of the node; where it asks the API server, one careless grant to anonymous users is enough.',
  remediation: {
    change: changeKubelet('`authentication.anonymous.enabled: false`'),
    mayBreak: 'What reads metrics or health from port 10250 without a credential gets 401 from then on: monitoring agents of old, and health checks of load balancers. The API server itself is not concerned. Restarting the kubelet does not stop pods.',
  },
  controls: [
    { framework: 'cis', version: '1.12', id: '4.2.1' },
    { framework: 'nsa', version: '1.2', id: 'authentication-and-authorization' },
    { framework: 'owasp-2022', version: '2022', id: 'K09' },
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
    { framework: 'owasp-2025', version: '2025', id: 'K06' },
  ],
  references: ['https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/', 'https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/'],
  scope: 'cluster',

  needs: { kubelets: kubeletSettings },
  *targets({ kubelets }) {
    for (const node of kubelets) {
      const configz = 'value' in node.configz ? node.configz.value : undefined;
      const probe = 'value' in node.probe ? node.probe.value : undefined;
      if (configz !== undefined || probe?.anonymous !== undefined) yield { node, configz, probe };
      else yield unknownTarget(`kubelet of ${node.name}`, [...('gaps' in node.configz ? node.configz.gaps : []), ...('gaps' in node.probe ? node.probe.gaps : [untold])]);
    }
  },

  inspect({ node, configz, probe }) {
    const isOn = configz?.config.authentication.anonymous.enabled ?? (probe?.anonymous !== undefined && probe.anonymous !== 'refused');
    if (!isOn) return undefined;
    // What the authorizer really says to a stranger wins over what its mode lets one expect.
    const isOpen = probe?.anonymous === 'allowed' || configz?.config.authorization.mode === 'AlwaysAllow';
    const settings = configz === undefined ? [] : [
      settingEvidence(node, configz, 'authentication.anonymous.enabled', true),
      settingEvidence(node, configz, 'authorization.mode', configz.config.authorization.mode),
    ];
    const tried = probe?.anonymous === undefined ? [] : [probeEvidence(node, probe, 10250, probe.anonymous)];
    const [first, ...more] = [...settings, ...tried];
    if (first === undefined) return undefined;
    return {
      resource: node.resource,
      severity: isOpen ? 'critical' : probe?.anonymous === 'granted' ? 'high' : 'medium',
      message: isOpen
        ? `the kubelet of ${node.name} lets anybody without a credential in, and allows everything`
        : `the kubelet of ${node.name} takes requests without a credential, and asks the API server what system:anonymous may do${probe?.anonymous === 'granted' ? ', which is something' : ''}`,
      evidence: [first, ...more],
      cause: 'kubelet configuration',
    };
  },
});

const untold = { kind: 'gap', reason: 'notSeen', source: 'kubeletprobe', detail: 'the answer to the request without a credential told nothing' } as const;
