import check from '../../../src/checks/network/network-policy-not-enforced.ts';
import { daemonSets } from '../../../src/evidence/sources/network.ts';
import { nodes } from '../../../src/evidence/sources/platform.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../../src/evidence/sources/rbac.ts';
import { serverVersion } from '../../../src/evidence/sources/versions.ts';
import { pods } from '../../../src/evidence/sources/workloads.ts';
import type { Snapshot } from '../../../src/evidence/snapshot.ts';
import { forbidden, snapshotOf, snapshotWith, type Manifest } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { calicoNode, daemonSet, kubeFlannel, mayReadPolicies, networkPolicy, podOf } from '../../support/network.ts';
import { node } from '../../support/versions.ts';

const flannel = daemonSet('kube-flannel-ds', [kubeFlannel], { namespace: 'kube-flannel', serviceAccountName: 'flannel' });
const calico = daemonSet('calico-node', [calicoNode]);
const router = daemonSet('kube-router', [{ name: 'kube-router', image: 'cloudnativelabs/kube-router:v2' }]);
const [a, b] = [node('a', 'v1.37.1'), node('b', 'v1.37.1')];
const withFlannel = (...more: readonly Manifest[]): Snapshot => snapshotOf(a, flannel, podOf(flannel, 'a'), ...more);
const account = (name: string): Manifest => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: 'kube-system' } });
const hostile = networkPolicy('x\u001b[2J', 'shop');

const rbac = [clusterRoleBindings, clusterRoles, roleBindings, roles, serverVersion];

describeCheck(check, {
  // Its controllers may read the policies for it.
  answerableWithout: { Calico: rbac, 'one node of two, which is a finding about the other': rbac, 'no policy': [...rbac, daemonSets, pods], 'no node': [...rbac, daemonSets, pods] },
  fails: {
    'flannel alone': [withFlannel(networkPolicy()), 'high NetworkPolicy/shop/default-deny'],
    'each policy is a finding': [withFlannel(networkPolicy(), networkPolicy('b', 'bank')), 'high NetworkPolicy/bank/b', 'high NetworkPolicy/shop/default-deny'],
    'an enforcer that may not read policies': [snapshotOf(a, router, podOf(router, 'a'), account('kube-router'), networkPolicy()), 'high NetworkPolicy/shop/default-deny'],
    'a policy with a hostile name': [withFlannel(hostile), 'high NetworkPolicy/shop/x\u001b[2J'],
  },
  passes: {
    Calico: snapshotOf(a, calico, podOf(calico, 'a'), ...mayReadPolicies('calico-node'), networkPolicy()),
    'one node of two, which is a finding about the other': snapshotOf(a, b, calico, podOf(calico, 'a'), ...mayReadPolicies('calico-node'), networkPolicy()),
  },
  notApplicable: {
    'no policy': withFlannel(),
    'no node': snapshotOf(flannel, networkPolicy()),
  },
  notAssessed: {
    'nothing recognised on an unknown distribution': [snapshotOf(a, networkPolicy()), 'unknown whether any node enforces NetworkPolicy'],
    'an enforcer whose pod is not ready': [snapshotOf(a, calico, podOf(calico, 'a', false), ...mayReadPolicies('calico-node'), networkPolicy()), 'unknown whether any node enforces NetworkPolicy'],
    'one node unknown, the other not enforcing': [
      snapshotOf(node('a', 'v1.37.1', { labels: { 'kubernetes.io/os': 'windows' } }), b, flannel, podOf(flannel, 'b'), networkPolicy()),
      'unknown whether any node enforces NetworkPolicy',
    ],
    'DaemonSets unread': [snapshotWith({ gaps: { daemonsets: forbidden(daemonSets) } }, a, networkPolicy()), 'unknown whether any node enforces NetworkPolicy'],
    'pods unread': [snapshotWith({ gaps: { pods: forbidden(pods) } }, a, calico, ...mayReadPolicies('calico-node'), networkPolicy()), 'unknown whether any node enforces NetworkPolicy'],
    'nodes unread': [snapshotWith({ gaps: { nodes: forbidden(nodes) } }, flannel, networkPolicy())],
  },
});
