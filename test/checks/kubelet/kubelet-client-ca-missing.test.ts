import check from '../../../src/checks/kubelet/kubelet-client-ca-missing.ts';
import { kubeletConfigz, kubeletProbe } from '../../../src/evidence/sources/kubelet.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { entrance, kubelet, kubelets, silentKubelet } from '../../support/kubelets.ts';

describeCheck(check, {
  fails: {
    'no authority, strangers refused': [kubelet({ authentication: entrance(false, '') }), 'medium Node/n1'],
    'no authority, strangers let in': [kubelet({ authentication: entrance(true, '') }), 'medium Node/n1'],
    'one of three, and one that did not answer': [
      kubelets([{ name: 'a', kubelet: {} }, { name: 'b', kubelet: { authentication: entrance(false, '') } }, { name: 'c', kubelet: silentKubelet }]),
      'medium Node/b',
      'unknown kubelet of c',
    ],
  },
  passes: {
    'as kubeadm sets it': kubelet({}),
    'a file elsewhere': kubelet({ authentication: entrance(false, '/etc/eks/ca.crt') }),
  },
  notAssessed: {
    'a node that did not answer beside one that is right': [kubelets([{ name: 'a', kubelet: {} }, { name: 'c', kubelet: silentKubelet }]), 'unknown kubelet of c'],
  },
  notApplicable: { 'a cluster without nodes': kubelets([]) },
  answerableWithout: { 'a cluster without nodes': [kubeletConfigz, kubeletProbe] },
});
