import check from '../../../src/checks/kubelet/kubelet-client-rotation-off.ts';
import { kubeletConfigz, kubeletProbe } from '../../../src/evidence/sources/kubelet.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { kubelet, kubelets, silentKubelet } from '../../support/kubelets.ts';

describeCheck(check, {
  fails: {
    off: [kubelet({ rotateCertificates: false }), 'low Node/n1'],
    'one of three, and one that did not answer': [
      kubelets([{ name: 'a' }, { name: 'b', kubelet: { rotateCertificates: false } }, { name: 'c', kubelet: silentKubelet }]),
      'low Node/b',
      'unknown kubelet of c',
    ],
  },
  passes: {
    'as kubeadm sets it': kubelet({}),
    'on EKS, where it logs in with tokens of the machine': kubelet({ rotateCertificates: false }, 'v1.34.4-eks-0a1b2c3'),
  },
  notApplicable: { 'a cluster without nodes': kubelets([]) },
  answerableWithout: { 'a cluster without nodes': [kubeletConfigz, kubeletProbe] },
});
