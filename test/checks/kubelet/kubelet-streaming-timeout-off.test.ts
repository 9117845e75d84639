import check from '../../../src/checks/kubelet/kubelet-streaming-timeout-off.ts';
import { kubeletConfigz, kubeletProbe } from '../../../src/evidence/sources/kubelet.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { kubelet, kubelets, silentKubelet } from '../../support/kubelets.ts';

describeCheck(check, {
  fails: {
    'none, where it counts': [kubelet({ streamingConnectionIdleTimeout: '0s' }, 'v1.23.17'), 'low Node/n1'],
    'one of three, and one that did not answer': [
      kubelets([{ name: 'a', kubelet: {}, version: 'v1.23.17' }, { name: 'b', kubelet: { streamingConnectionIdleTimeout: '0s' }, version: 'v1.23.17' }, { name: 'c', kubelet: silentKubelet }]),
      'low Node/b',
      'unknown kubelet of c',
    ],
  },
  passes: {
    'the default': kubelet({}),
    'a second': kubelet({ streamingConnectionIdleTimeout: '1s' }, 'v1.23.17'),
    'ten minutes': kubelet({ streamingConnectionIdleTimeout: '10m0s' }, 'v1.23.17'),
    'none, where nothing comes of it': [kubelet({ streamingConnectionIdleTimeout: '0s' }, 'v1.31.14'), 'info Node/n1'],
  },
  notAssessed: {
    'a node that did not answer beside one that is right': [kubelets([{ name: 'a', kubelet: {}, version: 'v1.23.17' }, { name: 'c', kubelet: silentKubelet }]), 'unknown kubelet of c'],
  },
  notApplicable: { 'a cluster without nodes': kubelets([]) },
  answerableWithout: { 'a cluster without nodes': [kubeletConfigz, kubeletProbe] },
});
