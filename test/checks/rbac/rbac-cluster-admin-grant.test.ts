import check from '../../../src/checks/rbac/rbac-cluster-admin-grant.ts';
import { clusterRoles, roles } from '../../../src/evidence/sources/rbac.ts';
import { awsAuth } from '../../../src/evidence/sources/aws-auth.ts';
import { serverVersion } from '../../../src/evidence/sources/versions.ts';
import { forbidden } from '../../support/cluster.ts';
import { clusterOf as snapshotOf, clusterWith as snapshotWith } from '../../support/escalation.ts';
import { describeCheck, type CheckCases } from '../../support/describe-check.ts';
import {
  clusterRole, clusterRoleBinding, group, on, role, roleBinding, roleBindingToClusterRole, rolesNobodyNeeds, serviceAccount, user,
} from '../../support/rbac.ts';

const anything = on(['*'], ['*'], '*');
const anyPath = { verbs: ['*'], nonResourceURLs: ['*'] };
const readPods = on([''], ['pods'], 'get', 'list');
const clusterAdmin = clusterRole('cluster-admin', anything, anyPath);
const noRoles = { [roles.id]: forbidden(roles) };
const noClusterRoles = { [clusterRoles.id]: forbidden(clusterRoles) };
const version = (gitVersion: string) => ({ serverversion: { gitVersion, major: '1', minor: '34' } });
const harmless = [clusterRole('ops', readPods), clusterRoleBinding('ops', 'ops', user('ana'))];

const cases = {
  fails: {
    'cluster-admin by content under another name, once for each subject': [
      snapshotOf(clusterRole('ops', readPods, anything), clusterRoleBinding('ops', 'ops', user('ana'), group('sre'), serviceAccount('ci', 'build'))),
      'critical ClusterRoleBinding/ops User/ana',
      'critical ClusterRoleBinding/ops Group/sre',
      'critical ClusterRoleBinding/ops ServiceAccount/build/ci',
    ],
    'two such rules in one role, once': [
      snapshotOf(clusterRole('ops', anything, anything), clusterRoleBinding('ops', 'ops', user('ana'))),
      'critical ClusterRoleBinding/ops User/ana',
    ],
    'a star beside other words is a star': [
      snapshotOf(clusterRole('ops', on(['', '*'], ['pods', '*'], 'get', '*')), clusterRoleBinding('ops', 'ops', user('ana'))),
      'critical ClusterRoleBinding/ops User/ana',
    ],
    'one subject named twice, once': [
      snapshotOf(clusterAdmin, clusterRoleBinding('ops', 'cluster-admin', user('ana'), user('eve'), user('ana'))),
      'critical ClusterRoleBinding/ops User/ana',
      'critical ClusterRoleBinding/ops User/eve',
    ],
    'a service account by its user name, once': [
      snapshotOf(clusterAdmin, clusterRoleBinding('ops', 'cluster-admin', serviceAccount('ci', 'build'), user('system:serviceaccount:build:ci'))),
      'critical ClusterRoleBinding/ops ServiceAccount/build/ci',
    ],
    'another binding to the role that every cluster has': [
      snapshotOf(clusterAdmin, clusterRoleBinding('vendors', 'cluster-admin', group('vendors'))),
      'critical ClusterRoleBinding/vendors Group/vendors',
    ],
    'an extra subject in the binding that every cluster has': [
      snapshotOf(clusterAdmin, clusterRoleBinding('cluster-admin', 'cluster-admin', group('system:masters'), user('ana'))),
      'info ClusterRoleBinding/cluster-admin Group/system:masters platform',
      'critical ClusterRoleBinding/cluster-admin User/ana',
    ],
    'a platform name on another binding': [
      snapshotOf(clusterRole('kubeadm:get-nodes', anything), clusterRoleBinding('kubeadm:get-nodes', 'kubeadm:get-nodes', group('system:bootstrappers:kubeadm:default-node-token'))),
      'critical ClusterRoleBinding/kubeadm:get-nodes Group/system:bootstrappers:kubeadm:default-node-token',
    ],
    'the platform group bound by somebody else': [
      snapshotOf(clusterAdmin, clusterRoleBinding('mine', 'cluster-admin', group('system:masters'))),
      'critical ClusterRoleBinding/mine Group/system:masters',
    ],
    'in one namespace': [
      snapshotOf(clusterAdmin, roleBindingToClusterRole('shop', 'ops', 'cluster-admin', user('ana'))),
      'high RoleBinding/shop/ops User/ana',
    ],
    'in kube-system, by a Role': [
      snapshotOf(role('kube-system', 'ops', anything), roleBinding('kube-system', 'ops', 'ops', serviceAccount('default'))),
      'critical RoleBinding/kube-system/ops ServiceAccount/kube-system/default',
    ],
    'with -n, what is in the namespace': [
      snapshotWith({ namespace: 'shop' }, clusterAdmin, roleBindingToClusterRole('shop', 'ops', 'cluster-admin', user('ana')),
        roleBindingToClusterRole('bank', 'ops', 'cluster-admin', user('eve')), clusterRoleBinding('ops', 'cluster-admin', user('mia'))),
      'high RoleBinding/shop/ops User/ana',
    ],
    'beside a binding whose role could not be read': [
      snapshotWith({ gaps: noRoles }, clusterAdmin, clusterRoleBinding('ops', 'cluster-admin', user('ana')), roleBinding('shop', 'web', 'web', user('eve'))),
      'critical ClusterRoleBinding/ops User/ana',
      'unknown RoleBinding/shop/web',
    ],
  },
  passes: {
    'rules that name what they allow': snapshotOf(clusterRole('ops', readPods), clusterRoleBinding('ops', 'ops', user('ana'))),
    'every verb written out': snapshotOf(
      clusterRole('ops', on(['*'], ['*'], 'get', 'list', 'watch', 'create', 'update', 'patch', 'delete')), clusterRoleBinding('ops', 'ops', user('ana'))),
    'everything in one API group': snapshotOf(clusterRole('ops', on(['apps'], ['*'], '*')), clusterRoleBinding('ops', 'ops', user('ana'))),
    'a rule without groups': snapshotOf(clusterRole('ops', { verbs: ['*'], resources: ['*'] }), clusterRoleBinding('ops', 'ops', user('ana'))),
    'stars spread over rules': snapshotOf(
      clusterRole('ops', on(['*'], ['*'], 'get'), on(['*'], ['pods'], '*'), on([''], ['*'], '*')), clusterRoleBinding('ops', 'ops', user('ana'))),
    'everything, but for one name': snapshotOf(
      clusterRole('ops', { ...anything, resourceNames: ['a'] }), clusterRoleBinding('ops', 'ops', user('ana'))),
    '*/* for everything': snapshotOf(clusterRole('ops', on(['*'], ['*/*'], '*')), clusterRoleBinding('ops', 'ops', user('ana'))),
    'the name cluster-admin on a harmless role': snapshotOf(
      clusterRole('cluster-admin', readPods), clusterRoleBinding('ops', 'cluster-admin', user('ana'))),
    'the grant that every cluster has': [
      snapshotOf(clusterAdmin, clusterRoleBinding('cluster-admin', 'cluster-admin', group('system:masters'))),
      'info ClusterRoleBinding/cluster-admin Group/system:masters platform',
    ],
    'the grant of kubeadm': [
      snapshotOf(clusterAdmin, clusterRoleBinding('kubeadm:cluster-admins', 'cluster-admin', group('kubeadm:cluster-admins'))),
      'info ClusterRoleBinding/kubeadm:cluster-admins Group/kubeadm:cluster-admins platform',
    ],
    'upstream Kubernetes, where aws-auth means nothing': snapshotWith({ gaps: { [awsAuth.id]: forbidden(awsAuth) } }, ...harmless),
    'Roles only, read without the ClusterRoles': snapshotWith(
      { namespace: 'shop', gaps: noClusterRoles }, role('shop', 'web', readPods), roleBinding('shop', 'web', 'web', user('ana'))),
  },
  notApplicable: {
    'a role that nobody holds': snapshotOf(clusterRole('ops', anything)),
    'a binding without subjects': snapshotOf(clusterAdmin, clusterRoleBinding('ops', 'cluster-admin')),
    'a binding to a role that is gone': snapshotOf(clusterRoleBinding('ops', 'ops', user('ana'))),
    'a service account that matches nobody': snapshotOf(clusterAdmin, clusterRoleBinding('ops', 'cluster-admin', serviceAccount('ci'))),
    'a subject of an unknown kind': snapshotOf(clusterAdmin, clusterRoleBinding('ops', 'cluster-admin', { kind: 'Robot', name: 'r2' })),
    'a Role of another namespace': snapshotOf(role('bank', 'ops', anything), roleBinding('shop', 'ops', 'ops', user('ana'))),
  },
  notAssessed: {
    'a namespace user who may not read ClusterRoles': [
      snapshotWith({ namespace: 'shop', gaps: noClusterRoles }, roleBindingToClusterRole('shop', 'ops', 'view', user('ana'), user('eve'))),
      'unknown RoleBinding/shop/ops',
    ],
    'EKS, of which neither aws-auth nor the access entries were read': [
      snapshotWith({ sources: version('v1.34.2-eks-abcdef'), gaps: { [awsAuth.id]: forbidden(awsAuth) } }, ...harmless),
      'unknown identities that aws-auth maps', 'unknown access entries of EKS',
    ],
    'EKS, of which aws-auth was read': [snapshotWith({ sources: { ...version('v1.34.2-eks-abcdef'), awsauth: [] } }, ...harmless), 'unknown access entries of EKS'],
    'GKE, where IAM grants too': [snapshotWith({ sources: version('v1.34.1-gke.1000') }, ...harmless), 'unknown IAM permissions of Google Cloud'],
    'AKS, where Azure grants too': [
      snapshotWith({}, ...harmless, clusterRole('some', readPods), clusterRoleBinding('aks-service-rolebinding', 'some', user('aks-support'))), 'unknown Azure role assignments',
    ],
    'a version that cannot be read, so that no cloud shows': [snapshotWith({ gaps: { [serverVersion.id]: forbidden(serverVersion) } }, ...harmless), 'unknown identities that a cloud lets in'],
  },
} satisfies CheckCases;

describeCheck(check, { ...cases, answerableWithout: rolesNobodyNeeds({ ...cases.fails, ...cases.passes, ...cases.notApplicable }) });
