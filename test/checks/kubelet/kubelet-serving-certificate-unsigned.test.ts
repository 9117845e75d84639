import check from '../../../src/checks/kubelet/kubelet-serving-certificate-unsigned.ts';
import { kubeletConfigz, kubeletProbe } from '../../../src/evidence/sources/kubelet.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { kubelet, kubelets, silentKubelet } from '../../support/kubelets.ts';

describeCheck(check, {
  fails: {
    'as kubeadm leaves it': [kubelet({}), 'low Node/n1'],
    'asks for one, with the feature switched off': [kubelet({ serverTLSBootstrap: true, tlsCertFile: '', featureGates: { RotateKubeletServerCertificate: false } }), 'low Node/n1'],
    'one of three, and one that did not answer': [
      kubelets([{ name: 'a', kubelet: { serverTLSBootstrap: true, tlsCertFile: '' } }, { name: 'b', kubelet: {} }, { name: 'c', kubelet: silentKubelet }]),
      'low Node/b',
      'unknown kubelet of c',
    ],
  },
  passes: {
    'signed and renewed': kubelet({ serverTLSBootstrap: true, tlsCertFile: '' }),
    'the gate named, and on': kubelet({ serverTLSBootstrap: true, tlsCertFile: '', featureGates: { RotateKubeletServerCertificate: true } }),
    'a file that somebody put there': [kubelet({ tlsCertFile: '/etc/kubernetes/pki/kubelet-server.crt' }, 'v1.37.1'), 'info Node/n1'],
  },
  notAssessed: {
    'a node that did not answer beside one that is right': [kubelets([{ name: 'a', kubelet: { serverTLSBootstrap: true, tlsCertFile: '' } }, { name: 'c', kubelet: silentKubelet }]), 'unknown kubelet of c'],
  },
  notApplicable: { 'a cluster without nodes': kubelets([]) },
  answerableWithout: { 'a cluster without nodes': [kubeletConfigz, kubeletProbe] },
});
