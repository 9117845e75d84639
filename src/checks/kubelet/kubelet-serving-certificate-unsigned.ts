import { changeKubelet, defineKubeletCheck } from '../define-kubelet-check.ts';
import { servingCertificateOf } from '../../indexes/kubelet-settings.ts';

export default defineKubeletCheck({
  id: 'kubelet-serving-certificate-unsigned',
  title: 'Kubelet serves with a certificate that nobody can verify',
  severity: 'low',
  rationale:
    'The API server, metrics collectors and people cannot tell the node from somebody in between, and as a rule do not try: what passes through exec, attach, logs and port-forward, and the tokens of metrics collectors, can be read and changed on the way.',
  remediation: {
    change: changeKubelet('`serverTLSBootstrap: true`'),
    mayBreak: 'Each kubelet then asks for its certificate in a CertificateSigningRequest for kubernetes.io/kubelet-serving, which nobody approves by itself: approve those (`kubectl certificate approve`) or run an approver first, or exec, logs and metrics of the node stop working. Only then give the API server --kubelet-certificate-authority.',
  },
  controls: [
    { framework: 'cis', version: '1.12', id: '4.2.9' },
    { framework: 'cis', version: '1.12', id: '4.2.11' },
    { framework: 'owasp-2022', version: '2022', id: 'K09' },
    { framework: 'owasp-2025', version: '2025', id: 'K07' },
  ],
  references: ['https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/', 'https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-certs/#kubelet-serving-certs', 'https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/'],

  judge(config) {
    const { serverTLSBootstrap, tlsCertFile } = config;
    const settings = { serverTLSBootstrap, tlsCertFile };
    switch (servingCertificateOf(config)) {
      case 'csr':
        return undefined;
      case 'selfSigned':
        return { does: 'serves with a certificate that it made itself', settings };
      case 'file':
        // Somebody put it there, and it may well be signed; who renews it is another question.
        return { does: 'serves with a certificate from a file, which it does not renew', severity: 'info', settings };
    }
  },
});
