import check from '../../../src/checks/network/network-no-enforcement.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../../src/evidence/sources/rbac.ts';
import { daemonSets } from '../../../src/evidence/sources/network.ts';
import { pods } from '../../../src/evidence/sources/workloads.ts';
import { snapshotOf } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { awsNode, awsNodeAgent, calicoNode, daemonSet, kubeFlannel, mayReadPolicies, podOf } from '../../support/network.ts';
import { eksNode, node } from '../../support/versions.ts';

const calico = daemonSet('calico-node', [calicoNode]);
const flannel = daemonSet('kube-flannel-ds', [kubeFlannel]);
const aws = daemonSet('aws-node', [awsNode, awsNodeAgent('--enable-network-policy=false')]);
const [a, b] = [node('a', 'v1.37.1'), node('b', 'v1.37.1')];
const rbac = [clusterRoleBindings, clusterRoles, roleBindings, roles];

describeCheck(check, {
  // Its controllers may read the policies for it.
  answerableWithout: { Calico: rbac, 'Calico on one of two': rbac, 'no node': [...rbac, daemonSets, pods] },
  fails: {
    'flannel alone': [snapshotOf(a, b, flannel, podOf(flannel, 'a'), podOf(flannel, 'b')), 'medium Component/pod-network'],
    'the agent of EKS, switched off as it is by default': [snapshotOf(eksNode('e', 'v1.37.1-eks-0a1b2c3'), aws, podOf(aws, 'e')), 'medium Component/pod-network'],
  },
  passes: {
    Calico: snapshotOf(a, calico, podOf(calico, 'a'), ...mayReadPolicies('calico-node')),
    'Calico on one of two': snapshotOf(a, b, calico, podOf(calico, 'a'), ...mayReadPolicies('calico-node')),
  },
  notApplicable: { 'no node': snapshotOf(flannel) },
  notAssessed: {
    'nothing recognised': [snapshotOf(a), 'unknown whether any node enforces NetworkPolicy'],
    'flannel on one, nothing known of the other': [
      snapshotOf(a, node('w', 'v1.37.1', { labels: { 'kubernetes.io/os': 'windows' } }), flannel, podOf(flannel, 'a')),
      'unknown whether any node enforces NetworkPolicy',
    ],
  },
});
