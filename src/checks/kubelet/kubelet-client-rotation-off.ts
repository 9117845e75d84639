import { changeKubelet, defineKubeletCheck } from '../define-kubelet-check.ts';

export default defineKubeletCheck({
  id: 'kubelet-client-rotation-off',
  title: 'Kubelet does not renew its client certificate',
  severity: 'low',
  rationale:
    'The certificate with which the kubelet logs in to the API server ends some day, after a year as a rule, and the node drops out of the cluster; until then a stolen one works.',
  remediation: {
    change: changeKubelet('`rotateCertificates: true`'),
    mayBreak: 'The kubelet then asks for a new certificate in a CertificateSigningRequest, which the controller manager must approve and sign (it does by default, given the node-client bindings of kubeadm); the kubeconfig of the kubelet must point at the file that it renews.',
  },
  controls: [
    { framework: 'cis', version: '1.12', id: '4.2.10' },
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/', 'https://kubernetes.io/docs/tasks/tls/certificate-rotation/'],

  judge({ rotateCertificates }, { loginIsProviders }) {
    if (rotateCertificates) return undefined;
    // There the kubelet logs in with short-lived tokens of the machine and has no client certificate to renew.
    if (loginIsProviders) return undefined;
    return { does: 'does not renew the certificate that it logs in with', settings: { rotateCertificates: false } };
  },
});
