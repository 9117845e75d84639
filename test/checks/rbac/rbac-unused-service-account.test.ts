import check from '../../../src/checks/rbac/rbac-unused-service-account.ts';
import { pods, serviceAccounts } from '../../../src/evidence/sources/workloads.ts';
import { forbidden, snapshotOf, snapshotWith } from '../../support/cluster.ts';
import { describeCheck, type CheckCases } from '../../support/describe-check.ts';
import { account, pod } from '../../support/escalation.ts';
import { clusterRole, clusterRoleBinding, group, on, role, roleBinding, rolesNobodyNeeds, serviceAccount, user } from '../../support/rbac.ts';

const secrets = clusterRole('s', on([''], ['secrets'], 'list'));
const bound = clusterRoleBinding('s', 's', serviceAccount('ci', 'build'));
const ci = account('build', 'ci');
const line = 'low ClusterRoleBinding/s ServiceAccount/build/ci';

const cases = {
  fails: {
    'an account that reads Secrets': [snapshotOf(secrets, bound, ci, pod('build', 'p', 'web', 'n')), line],
    'an account that writes in its namespace': [
      snapshotOf(role('build', 'w', on(['apps'], ['deployments'], 'patch')), roleBinding('build', 'w', 'w', serviceAccount('ci')), ci, pod('shop', 'p', 'web', 'n')), 'low RoleBinding/build/w ServiceAccount/build/ci'],
    'one of the same name runs elsewhere': [snapshotOf(secrets, bound, ci, pod('shop', 'p', 'ci', 'n')), line],
    'with -n, where the account is in it': [
      snapshotWith({ namespace: 'build' }, role('build', 'w', on([''], ['pods'], 'create')), roleBinding('build', 'w', 'w', serviceAccount('ci')), ci), 'low RoleBinding/build/w ServiceAccount/build/ci'],
  },
  passes: {
    'a pod runs as it': snapshotOf(secrets, bound, ci, pod('build', 'p', 'ci', 'n')),
    'a pod runs as it without its token': snapshotOf(secrets, bound, ci, { ...pod('build', 'p', 'ci', 'n'), spec: { serviceAccountName: 'ci', automountServiceAccountToken: false } }),
    'it does not exist, which another check reports': snapshotOf(secrets, bound),
    'a default account, which another check reports': snapshotOf(secrets, clusterRoleBinding('s', 's', serviceAccount('default', 'build')), account('build', 'default')),
    'it only reads': snapshotOf(clusterRole('s', on([''], ['pods'], 'list')), bound, ci),
    'a user and a group': snapshotOf(secrets, clusterRoleBinding('s', 's', user('ci'), group('ci')), ci),
    'with -n, where the account is elsewhere': snapshotWith({ namespace: 'shop' }, role('shop', 'w', on([''], ['pods'], 'create')), roleBinding('shop', 'w', 'w', serviceAccount('ci', 'build'))),
    'what the control plane binds, which runs no pod': snapshotOf(
      clusterRole('system:controller:expand-controller', on([''], ['secrets'], 'get')), clusterRoleBinding('system:controller:expand-controller', 'system:controller:expand-controller', serviceAccount('expand-controller', 'kube-system')), account('kube-system', 'expand-controller')),
  },
  notApplicable: { 'nobody bound': snapshotOf(secrets) },
  notAssessed: {
    'pods that could not be read': [snapshotWith({ gaps: { [pods.id]: forbidden(pods) } }, secrets, bound, ci), 'unknown accounts that no pod runs as'],
    'a cluster in which nothing runs': [snapshotOf(secrets, bound, ci), 'unknown accounts that no pod runs as'],
    'accounts that could not be read': [snapshotWith({ gaps: { [serviceAccounts.id]: forbidden(serviceAccounts) } }, secrets, bound), 'unknown accounts that exist'],
  },
} satisfies CheckCases;

const all = { ...cases.fails, ...cases.passes, ...cases.notApplicable };
const withoutRoles = rolesNobodyNeeds(all, ({ kind }) => kind === 'ServiceAccount');
describeCheck(check, {
  ...cases,
  answerableWithout: Object.fromEntries(Object.keys(all).map(name => [name, [...withoutRoles[name] ?? [], ...(['a user and a group', 'nobody bound'].includes(name) ? [pods, serviceAccounts] : [])]])),
});
