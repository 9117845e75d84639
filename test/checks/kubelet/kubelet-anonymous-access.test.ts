import check from '../../../src/checks/kubelet/kubelet-anonymous-access.ts';
import { kubeletConfigz, kubeletProbe } from '../../../src/evidence/sources/kubelet.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { entrance, kubelet, kubelets, silentKubelet } from '../../support/kubelets.ts';

const silentProbe = { gap: { kind: 'gap', reason: 'unreachable', source: 'kubeletprobe', detail: 'no way' } } as const;

describeCheck(check, {
  // Each of the two answers the question.
  dispensable: [kubeletConfigz, kubeletProbe],
  fails: {
    'on, and everything allowed': [kubelet({ authentication: entrance(true), authorization: { mode: 'AlwaysAllow' } }), 'critical Node/n1'],
    'on, and the API server is asked': [kubelet({ authentication: entrance(true) }), 'medium Node/n1'],
    'on, and a grant to strangers proven by trying': [kubelets([{ name: 'n1', kubelet: { authentication: entrance(true) }, probe: { anonymous: 'allowed' } }]), 'critical Node/n1'],
    'on, and strangers hold a right that reaches less': [kubelets([{ name: 'n1', kubelet: { authentication: entrance(true) }, probe: { anonymous: 'granted' } }]), 'high Node/n1'],
    'only tried: refused by the authorizer': [kubelets([{ name: 'n1', kubelet: silentKubelet, probe: { anonymous: 'forbidden' } }]), 'medium Node/n1'],
    'only tried: let in': [kubelets([{ name: 'n1', kubelet: silentKubelet, probe: { anonymous: 'allowed' } }]), 'critical Node/n1'],
    'one of three, one that did not answer': [
      kubelets([{ name: 'a' }, { name: 'b', kubelet: { authentication: entrance(true) } }, { name: 'c', kubelet: silentKubelet }]),
      'medium Node/b',
      'unknown kubelet of c',
    ],
  },
  passes: {
    'off, as kubeadm sets it': kubelet({}),
    'off, and everything allowed to who has a credential': kubelet({ authorization: { mode: 'AlwaysAllow' } }),
    'only tried: refused': kubelets([{ name: 'n1', kubelet: silentKubelet, probe: { anonymous: 'refused' } }]),
  },
  notAssessed: {
    'neither read nor tried': [kubelets([{ name: 'n1', kubelet: silentKubelet }]), 'unknown kubelet of n1'],
    'tried in vain': [kubelets([{ name: 'n1', kubelet: silentKubelet, probe: silentProbe }]), 'unknown kubelet of n1'],
    'tried, and only the other port answered': [kubelets([{ name: 'n1', kubelet: silentKubelet, probe: { readOnlyPort: 'closed' } }]), 'unknown kubelet of n1'],
  },
  notApplicable: { 'a cluster without nodes': kubelets([]) },
  answerableWithout: { 'a cluster without nodes': [kubeletConfigz, kubeletProbe] },
});
