import check from '../../../src/checks/network/network-node-without-enforcement.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../../src/evidence/sources/rbac.ts';
import { pods } from '../../../src/evidence/sources/workloads.ts';
import { forbidden, snapshotOf, snapshotWith } from '../../support/cluster.ts';
import { daemonSets, networkPolicies } from '../../../src/evidence/sources/network.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { calicoNode, daemonSet, kubeFlannel, mayReadPolicies, networkPolicy, podOf } from '../../support/network.ts';
import { node } from '../../support/versions.ts';

const calico = daemonSet('calico-node', [calicoNode]);
const flannel = daemonSet('kube-flannel-ds', [kubeFlannel]);
const [a, b] = [node('a', 'v1.37.1'), node('b', 'v1.37.1')];
const rights = mayReadPolicies('calico-node');
const rbac = [clusterRoleBindings, clusterRoles, roleBindings, roles];

describeCheck(check, {
  // Its controllers may read the policies for it.
  answerableWithout: {
    'on every node': rbac,
    'no policy': [...rbac, daemonSets, pods],
    'no node enforces, which is a finding about the policies': [...rbac, pods],
  },
  fails: {
    'no pod of the enforcer on one node': [snapshotOf(a, b, calico, podOf(calico, 'a'), ...rights, networkPolicy()), 'high Node/b'],
    'another network on one node': [snapshotOf(a, b, calico, podOf(calico, 'a'), flannel, podOf(flannel, 'b'), ...rights, networkPolicy()), 'high Node/b'],
    'one node without, one not known': [
      snapshotOf(a, b, node('w', 'v1.37.1', { labels: { 'kubernetes.io/os': 'windows' } }), calico, podOf(calico, 'a'), ...rights, networkPolicy()),
      'high Node/b', 'unknown node w',
    ],
  },
  passes: { 'on every node': snapshotOf(a, b, calico, podOf(calico, 'a'), podOf(calico, 'b'), ...rights, networkPolicy()) },
  notApplicable: {
    'no policy': snapshotOf(a, b, calico, podOf(calico, 'a'), ...rights),
    'no node enforces, which is a finding about the policies': snapshotOf(a, flannel, podOf(flannel, 'a'), networkPolicy()),
  },
  notAssessed: {
    'a pod of the enforcer that is not ready': [snapshotOf(a, b, calico, podOf(calico, 'a'), podOf(calico, 'b', false), ...rights, networkPolicy()), 'unknown node b'],
    'nothing recognised on any node': [snapshotOf(a, networkPolicy()), 'unknown node a'],
    'policies unread': [snapshotWith({ gaps: { networkpolicies: forbidden(networkPolicies) } }, a)],
  },
});
