import { changeKubelet, defineKubeletCheck } from '../define-kubelet-check.ts';

export default defineKubeletCheck({
  id: 'kubelet-client-ca-missing',
  title: 'Kubelet verifies no client certificate',
  severity: 'medium',
  rationale:
    'Without an authority for client certificates the kubelet cannot tell the API server from anybody else: its requests count as anonymous, so that either exec and logs fail or anonymous callers must be let in.',
  remediation: {
    change: changeKubelet("`authentication.x509.clientCAFile` to the cluster's client CA (with kubeadm /etc/kubernetes/pki/ca.crt)"),
    mayBreak: 'Callers that show a certificate of another authority are refused. Give the file every authority that still signs clients, the old one too while it is being replaced.',
  },
  controls: [
    { framework: 'cis', version: '1.12', id: '4.2.3' },
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/', 'https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/'],

  judge({ authentication: { x509, anonymous } }) {
    if (x509.clientCAFile !== '') return undefined;
    return {
      does: anonymous.enabled ? 'knows no authority for client certificates and takes the API server for a stranger like any other' : 'knows no authority for client certificates',
      settings: { 'authentication.x509.clientCAFile': '' },
    };
  },
});
