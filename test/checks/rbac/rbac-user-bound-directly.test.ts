import check from '../../../src/checks/rbac/rbac-user-bound-directly.ts';
import { roles } from '../../../src/evidence/sources/rbac.ts';
import { forbidden, snapshotOf, snapshotWith } from '../../support/cluster.ts';
import { describeCheck, type CheckCases } from '../../support/describe-check.ts';
import { clusterRole, clusterRoleBinding, group, on, role, roleBinding, roleBindingToClusterRole, rolesNobodyNeeds, serviceAccount, user } from '../../support/rbac.ts';

const writer = clusterRole('writer', on(['apps'], ['deployments'], 'patch'));
const reader = clusterRole('reader', on([''], ['pods'], 'list'));
const everything = clusterRole('cluster-admin', on(['*'], ['*'], '*'));

const cases = {
  fails: {
    'a user': [snapshotOf(writer, clusterRoleBinding('b', 'writer', user('ana'))), 'low User/ana User/ana'],
    'a user of many bindings, once': [
      snapshotOf(writer, reader, ...Array.from({ length: 20 }, (_, at) => roleBindingToClusterRole(`team-${at}`, 'b', at === 7 ? 'writer' : 'reader', user('ana')))), 'low User/ana User/ana'],
    'two users of one binding': [snapshotOf(writer, clusterRoleBinding('b', 'writer', user('ana'), user('eve'), group('sre'))), 'low User/ana User/ana', 'low User/eve User/eve'],
    'a user who may write in one namespace': [snapshotOf(role('shop', 'w', on([''], ['configmaps'], 'update')), roleBinding('shop', 'w', 'w', user('ana'))), 'low User/ana User/ana'],
    'a user bound under a name of the platform': [snapshotOf(everything, clusterRoleBinding('cluster-admin', 'cluster-admin', user('ana'))), 'low User/ana User/ana'],
    'beside a user whose role could not be read': [
      snapshotWith({ gaps: { [roles.id]: forbidden(roles) } }, writer, clusterRoleBinding('b', 'writer', user('ana')), roleBinding('shop', 'w', 'w', user('eve'))),
      'low User/ana User/ana', 'unknown RoleBinding/shop/w'],
  },
  passes: {
    'a user who only reads': [snapshotOf(reader, clusterRoleBinding('b', 'reader', user('ana'))), 'info User/ana User/ana'],
    'a group': snapshotOf(writer, clusterRoleBinding('b', 'writer', group('ana'))),
    'a service account': snapshotOf(writer, clusterRoleBinding('b', 'writer', serviceAccount('ana', 'shop'))),
    'a service account by its user name': snapshotOf(writer, clusterRoleBinding('b', 'writer', user('system:serviceaccount:shop:ana'))),
    'a program of the control plane': snapshotOf(writer, clusterRoleBinding('b', 'writer', user('system:kube-scheduler'))),
    'what kubeadm binds': snapshotOf(
      clusterRole('system:kubelet-api-admin', on([''], ['nodes/proxy'], 'get')), clusterRoleBinding('kubeadm:apiserver-kubelet-client', 'system:kubelet-api-admin', user('kube-apiserver-kubelet-client'))),
  },
  notApplicable: { 'nobody bound': snapshotOf(writer) },
} satisfies CheckCases;

describeCheck(check, { ...cases, answerableWithout: rolesNobodyNeeds({ ...cases.fails, ...cases.passes, ...cases.notApplicable }, subject => subject.kind === 'User' && !subject.name.startsWith('system:')) });
