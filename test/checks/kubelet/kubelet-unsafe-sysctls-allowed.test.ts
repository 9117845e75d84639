import check from '../../../src/checks/kubelet/kubelet-unsafe-sysctls-allowed.ts';
import { kubeletConfigz, kubeletProbe } from '../../../src/evidence/sources/kubelet.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { kubelet, kubelets, silentKubelet } from '../../support/kubelets.ts';

describeCheck(check, {
  fails: {
    one: [kubelet({ allowedUnsafeSysctls: ['net.core.somaxconn'] }), 'low Node/n1'],
    'a whole family': [kubelet({ allowedUnsafeSysctls: ['kernel.msg*'] }), 'low Node/n1'],
    'one of three, and one that did not answer': [
      kubelets([{ name: 'a', kubelet: {} }, { name: 'b', kubelet: { allowedUnsafeSysctls: ['net.core.somaxconn'] } }, { name: 'c', kubelet: silentKubelet }]),
      'low Node/b',
      'unknown kubelet of c',
    ],
  },
  passes: {
    none: kubelet({}),
  },
  notAssessed: {
    'a node that did not answer beside one that is right': [kubelets([{ name: 'a', kubelet: {} }, { name: 'c', kubelet: silentKubelet }]), 'unknown kubelet of c'],
  },
  notApplicable: { 'a cluster without nodes': kubelets([]) },
  answerableWithout: { 'a cluster without nodes': [kubeletConfigz, kubeletProbe] },
});
