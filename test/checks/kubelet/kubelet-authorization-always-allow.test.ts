import check from '../../../src/checks/kubelet/kubelet-authorization-always-allow.ts';
import { kubeletConfigz, kubeletProbe } from '../../../src/evidence/sources/kubelet.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { entrance, kubelet, kubelets, silentKubelet } from '../../support/kubelets.ts';

describeCheck(check, {
  fails: {
    'strangers come in as well': [kubelet({ authentication: entrance(true), authorization: { mode: 'AlwaysAllow' } }), 'high Node/n1'],
    'only who has a credential comes in': [kubelet({ authorization: { mode: 'AlwaysAllow' } }), 'high Node/n1'],
    'one of three, and one that did not answer': [
      kubelets([{ name: 'a', kubelet: { authorization: { mode: 'Webhook' } } }, { name: 'b', kubelet: { authentication: entrance(true), authorization: { mode: 'AlwaysAllow' } } }, { name: 'c', kubelet: silentKubelet }]),
      'high Node/b',
      'unknown kubelet of c',
    ],
  },
  passes: {
    'the API server is asked': kubelet({ authorization: { mode: 'Webhook' } }),
    'strangers come in, and the API server is asked': kubelet({ authentication: entrance(true) }),
  },
  notAssessed: {
    'a node that did not answer beside one that is right': [kubelets([{ name: 'a', kubelet: { authorization: { mode: 'Webhook' } } }, { name: 'c', kubelet: silentKubelet }]), 'unknown kubelet of c'],
  },
  notApplicable: { 'a cluster without nodes': kubelets([]) },
  answerableWithout: { 'a cluster without nodes': [kubeletConfigz, kubeletProbe] },
});
