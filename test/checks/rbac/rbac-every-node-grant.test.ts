import check from '../../../src/checks/rbac/rbac-every-node-grant.ts';
import { pods, serviceAccounts } from '../../../src/evidence/sources/workloads.ts';
import { forbidden, snapshotOf, snapshotWith, type Manifest } from '../../support/cluster.ts';
import { describeCheck, type CheckCases } from '../../support/describe-check.ts';
import { pod } from '../../support/escalation.ts';
import { clusterRole, clusterRoleBinding, group, on, role, roleBinding, rolesNobodyNeeds, serviceAccount } from '../../support/rbac.ts';

const secrets = clusterRole('s', on([''], ['secrets'], 'list'));
const agent = clusterRoleBinding('agent', 's', serviceAccount('agent', 'shop'));
const owned = (kind: string): Manifest => {
  const plain = pod('shop', 'agent-1', 'agent', 'n');
  return { ...plain, metadata: { ...plain.metadata, ownerReferences: [{ apiVersion: 'apps/v1', kind, name: 'agent', uid: 'u', controller: true }] } as Manifest['metadata'] };
};

const cases = {
  fails: {
    'nodes bound to Secrets': [snapshotOf(secrets, clusterRoleBinding('n', 's', group('system:nodes'))), 'high ClusterRoleBinding/n Group/system:nodes'],
    'nodes bound to system:node, as very old versions had it': [
      snapshotOf(clusterRole('system:node', on([''], ['secrets'], 'get')), clusterRoleBinding('system:node', 'system:node', group('system:nodes'))), 'high ClusterRoleBinding/system:node Group/system:nodes'],
    'nodes that may read in the whole cluster': [snapshotOf(clusterRole('r', on([''], ['configmaps'], 'get')), clusterRoleBinding('n', 'r', group('system:nodes'))), 'low ClusterRoleBinding/n Group/system:nodes'],
    'nodes that may write': [snapshotOf(clusterRole('w', on([''], ['events'], 'create')), clusterRoleBinding('n', 'w', group('system:nodes'))), 'medium ClusterRoleBinding/n Group/system:nodes'],
    'a DaemonSet that reads every Secret': [snapshotOf(secrets, agent, owned('DaemonSet')), 'medium ClusterRoleBinding/agent ServiceAccount/shop/agent'],
    'beside pods that could not be read': [
      snapshotWith({ gaps: { [pods.id]: forbidden(pods) } }, secrets, agent, clusterRoleBinding('n', 's', group('system:nodes'))), 'high ClusterRoleBinding/n Group/system:nodes', 'unknown service accounts of DaemonSets'],
  },
  passes: {
    'nodes that may read, in a namespace': [snapshotOf(role('shop', 'r', on([''], ['configmaps'], 'get')), roleBinding('shop', 'r', 'r', group('system:nodes'))), 'info RoleBinding/shop/r Group/system:nodes'],
    'a Deployment that reads every Secret': snapshotOf(secrets, agent, owned('ReplicaSet')),
    'a DaemonSet that reads pods': snapshotOf(clusterRole('s', on([''], ['pods'], 'list')), agent, owned('DaemonSet')),
    'a DaemonSet that reads the Secrets of a namespace': snapshotOf(role('shop', 's', on([''], ['secrets'], 'list')), roleBinding('shop', 's', 's', serviceAccount('agent')), owned('DaemonSet')),
    'a DaemonSet that can do anything, which another check reports': snapshotOf(clusterRole('s', on(['*'], ['*'], '*')), agent, owned('DaemonSet')),
    'one node': snapshotOf(secrets, clusterRoleBinding('n', 's', { kind: 'User', name: 'system:node:a' })),
    'what kubeadm gives nodes': snapshotOf(
      clusterRole('system:certificates.k8s.io:certificatesigningrequests:selfnodeclient', on(['certificates.k8s.io'], ['certificatesigningrequests/selfnodeclient'], 'create')),
      clusterRoleBinding('kubeadm:node-autoapprove-certificate-rotation', 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient', group('system:nodes'))),
  },
  notApplicable: { 'nobody bound': snapshotOf(secrets) },
} satisfies CheckCases;

const all = { ...cases.fails, ...cases.passes, ...cases.notApplicable };
const withoutRoles = rolesNobodyNeeds(all, ({ kind, name }, binding) => (kind === 'Group' && name === 'system:nodes') || (kind === 'ServiceAccount' && binding === 'ClusterRoleBinding'));
const needPods = ['a DaemonSet that reads every Secret', 'beside pods that could not be read', 'a Deployment that reads every Secret', 'a DaemonSet that reads pods', 'a DaemonSet that can do anything, which another check reports'];
describeCheck(check, {
  ...cases,
  answerableWithout: Object.fromEntries(Object.keys(all).map(name => [name, [serviceAccounts, ...withoutRoles[name] ?? [], ...(needPods.includes(name) ? [] : [pods])]])),
});
