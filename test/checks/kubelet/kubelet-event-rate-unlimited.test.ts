import check from '../../../src/checks/kubelet/kubelet-event-rate-unlimited.ts';
import { kubeletConfigz, kubeletProbe } from '../../../src/evidence/sources/kubelet.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { kubelet, kubelets, silentKubelet } from '../../support/kubelets.ts';

describeCheck(check, {
  fails: {
    '0 from 1.37 on': [kubelet({ eventRecordQPS: 0 }), 'low Node/n1'],
    'one of three, and one that did not answer': [
      kubelets([{ name: 'a', kubelet: {} }, { name: 'b', kubelet: { eventRecordQPS: 0 } }, { name: 'c', kubelet: silentKubelet }]),
      'low Node/b',
      'unknown kubelet of c',
    ],
  },
  passes: {
    'the default': kubelet({}),
    '0 before 1.37': kubelet({ eventRecordQPS: 0 }, 'v1.36.4'),
    'five, as it was once': kubelet({ eventRecordQPS: 5 }),
  },
  notAssessed: {
    'a node that did not answer beside one that is right': [kubelets([{ name: 'a', kubelet: {} }, { name: 'c', kubelet: silentKubelet }]), 'unknown kubelet of c'],
  },
  notApplicable: { 'a cluster without nodes': kubelets([]) },
  answerableWithout: { 'a cluster without nodes': [kubeletConfigz, kubeletProbe] },
});
