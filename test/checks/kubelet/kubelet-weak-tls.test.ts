import check from '../../../src/checks/kubelet/kubelet-weak-tls.ts';
import { kubeletConfigz, kubeletProbe } from '../../../src/evidence/sources/kubelet.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { kubelet, kubelets, silentKubelet } from '../../support/kubelets.ts';

describeCheck(check, {
  fails: {
    'TLS 1.0': [kubelet({ tlsMinVersion: 'VersionTLS10' }), 'medium Node/n1'],
    'TLS 1.1': [kubelet({ tlsMinVersion: 'VersionTLS11' }), 'medium Node/n1'],
    'RC4': [kubelet({ tlsCipherSuites: ['TLS_ECDHE_RSA_WITH_RC4_128_SHA'] }), 'medium Node/n1'],
    'CBC with SHA-256, beside good ones': [kubelet({ tlsMinVersion: 'VersionTLS12', tlsCipherSuites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256'] }), 'low Node/n1'],
    'one of three, and one that did not answer': [
      kubelets([{ name: 'a', kubelet: {} }, { name: 'b', kubelet: { tlsMinVersion: 'VersionTLS10' } }, { name: 'c', kubelet: silentKubelet }]),
      'medium Node/b',
      'unknown kubelet of c',
    ],
  },
  passes: {
    'nothing said: what Go takes for good': kubelet({}),
    'TLS 1.3 makes the list void': kubelet({ tlsMinVersion: 'VersionTLS13', tlsCipherSuites: ['TLS_RSA_WITH_3DES_EDE_CBC_SHA'] }),
    'the list of EKS': kubelet({ tlsCipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305', 'TLS_RSA_WITH_AES_128_GCM_SHA256', 'TLS_RSA_WITH_AES_256_GCM_SHA384'] }),
  },
  notAssessed: {
    'a node that did not answer beside one that is right': [kubelets([{ name: 'a', kubelet: {} }, { name: 'c', kubelet: silentKubelet }]), 'unknown kubelet of c'],
  },
  notApplicable: { 'a cluster without nodes': kubelets([]) },
  answerableWithout: { 'a cluster without nodes': [kubeletConfigz, kubeletProbe] },
});
