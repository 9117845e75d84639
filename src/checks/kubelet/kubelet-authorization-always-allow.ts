import { changeKubelet, defineKubeletCheck } from '../define-kubelet-check.ts';

export default defineKubeletCheck({
  id: 'kubelet-authorization-always-allow',
  title: 'Kubelet allows every authenticated caller everything',
  severity: 'high',
  rationale:
    "Any certificate that the cluster's client authority signed and any service account token is then enough for a shell in every container of the node: RBAC is not asked.",
  remediation: {
    change: changeKubelet('`authorization.mode: Webhook`'),
    mayBreak: 'The kubelet asks the API server about each caller from then on, so its own user needs the right to create SubjectAccessReviews (system:node has it), and monitoring agents that read from port 10250 need rights on nodes/metrics, nodes/stats or nodes/proxy.',
  },
  controls: [
    { framework: 'cis', version: '1.12', id: '4.2.2' },
    { framework: 'nsa', version: '1.2', id: 'authentication-and-authorization' },
    { framework: 'owasp-2022', version: '2022', id: 'K09' },
    { framework: 'owasp-2025', version: '2025', id: 'K06' },
  ],
  references: ['https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/', 'https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/'],

  judge({ authorization: { mode }, authentication }) {
    if (mode !== 'AlwaysAllow') return undefined;
    const strangers = authentication.anonymous.enabled ? ', and lets callers without a credential in' : '';
    return {
      does: `allows everything to whoever it lets in${strangers}`,
      settings: { 'authorization.mode': mode, 'authentication.anonymous.enabled': authentication.anonymous.enabled },
    };
  },
});
