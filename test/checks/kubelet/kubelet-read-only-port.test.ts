import check from '../../../src/checks/kubelet/kubelet-read-only-port.ts';
import { kubeletConfigz, kubeletProbe } from '../../../src/evidence/sources/kubelet.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { kubelet, kubelets, silentKubelet } from '../../support/kubelets.ts';

describeCheck(check, {
  dispensable: [kubeletConfigz, kubeletProbe],
  fails: {
    'the usual number': [kubelet({ readOnlyPort: 10255 }), 'high Node/n1'],
    'another number': [kubelet({ readOnlyPort: 18255 }), 'high Node/n1'],
    'for the node itself only': [kubelet({ readOnlyPort: 10255, address: '127.0.0.1' }), 'low Node/n1'],
    'only tried, and open': [kubelets([{ name: 'n1', kubelet: silentKubelet, probe: { readOnlyPort: 'open' } }]), 'high Node/n1'],
    'one of three, one that did not answer': [
      kubelets([{ name: 'a' }, { name: 'b', kubelet: { readOnlyPort: 10255 } }, { name: 'c', kubelet: silentKubelet }]),
      'high Node/b',
      'unknown kubelet of c',
    ],
  },
  passes: {
    closed: kubelet({}),
    'closed, although somebody answers on that port': kubelets([{ name: 'n1', probe: { readOnlyPort: 'open' } }]),
  },
  notAssessed: {
    'neither read nor tried': [kubelets([{ name: 'n1', kubelet: silentKubelet }]), 'unknown kubelet of n1'],
    'closed at the usual number, which may not be its own': [kubelets([{ name: 'n1', kubelet: silentKubelet, probe: { readOnlyPort: 'closed' } }]), 'unknown kubelet of n1'],
  },
  notApplicable: { 'a cluster without nodes': kubelets([]) },
  answerableWithout: { 'a cluster without nodes': [kubeletConfigz, kubeletProbe] },
});
