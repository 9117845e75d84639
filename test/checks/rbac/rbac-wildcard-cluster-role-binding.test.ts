import check from '../../../src/checks/rbac/rbac-wildcard-cluster-role-binding.ts';
import { clusterRoleBindings, clusterRoles } from '../../../src/evidence/sources/rbac.ts';
import { forbidden, snapshotOf, snapshotWith, type Manifest } from '../../support/cluster.ts';
import { describeCheck, type CheckCases } from '../../support/describe-check.ts';
import { roles, roleBindings } from '../../../src/evidence/sources/rbac.ts';
import {
  clusterRole, clusterRoleBinding, group, on, roleBindingToClusterRole, serviceAccount, user, type RuleManifest,
} from '../../support/rbac.ts';

const rbac = ['rbac.authorization.k8s.io'];
const readPods = on([''], ['pods'], 'get', 'list');
const high = 'high ClusterRoleBinding/b User/ana';
const medium = 'medium ClusterRoleBinding/b User/ana';
const low = 'low ClusterRoleBinding/b User/ana';
const collector = 'system:controller:generic-garbage-collector';

/** Bound to one user in the whole cluster. */
function bound(...rules: RuleManifest[]): ReturnType<typeof snapshotOf> {
  return snapshotOf(clusterRole('r', ...rules), clusterRoleBinding('b', 'r', user('ana')));
}

function collectorWith(...rules: RuleManifest[]): Manifest[] {
  return [
    clusterRole(collector, on(['*'], ['*'], 'get', 'list', 'watch', 'patch', 'update', 'delete'), ...rules),
    clusterRoleBinding(collector, collector, serviceAccount('generic-garbage-collector', 'kube-system')),
  ];
}

const cases = {
  fails: {
    'get on all of core, which is commands in every container': [bound(on([''], ['*'], 'get')), high],
    'list on all of core, which is Secrets': [bound(on([''], ['*'], 'list')), high],
    'get on everything': [bound(on(['*'], ['*'], 'get')), high],
    'deleting all of core': [bound(on([''], ['*'], 'delete')), high],
    'everything written out but the star': [bound(on(['*'], ['*'], 'get', 'list', 'create', 'update', 'patch', 'delete')), high],
    'all of a group that runs pods': [bound(on(['apps'], ['*'], '*')), high],
    'all of RBAC': [bound(on(rbac, ['*'], '*')), high],
    'all verbs on roles, which escalate': [bound(on(rbac, ['clusterroles'], '*')), high],
    'all verbs on roles and a write to bindings in another rule': [
      bound(on(rbac, ['roles'], '*'), on(rbac, ['rolebindings'], 'create')), high],
    'all verbs on service accounts, which impersonate': [bound(on([''], ['serviceaccounts'], '*')), high],
    'all of a group of one’s own': [bound(on(['example.org'], ['*'], '*')), medium],
    'reading all of a group of one’s own': [bound(on(['example.org'], ['*'], 'get', 'list')), low],
    'all verbs on a named resource': [bound(on([''], ['configmaps'], '*')), low],
    'all verbs on Secrets, where the star adds nothing that changes hands': [bound(on([''], ['secrets'], '*')), low],
    'a named resource of every group': [bound(on(['*'], ['widgets'], 'get')), low],
    'everything of one name': [bound({ ...on([''], ['*'], 'get'), resourceNames: ['a'] }), low],
    'every path': [bound({ verbs: ['get'], nonResourceURLs: ['*'] }), low],
    'the worst of several rules': [bound(on([''], ['configmaps'], '*'), on([''], ['*'], 'get'), readPods), high],
    'a controller with a rule more than it is born with': [
      snapshotOf(...collectorWith(on([''], ['*'], 'create'))),
      `high ClusterRoleBinding/${collector} ServiceAccount/kube-system/generic-garbage-collector`,
    ],
    'a controller’s role bound to somebody else': [
      snapshotOf(...collectorWith(), clusterRoleBinding('b', collector, user('ana'))),
      `info ClusterRoleBinding/${collector} ServiceAccount/kube-system/generic-garbage-collector platform`,
      high,
    ],
  },
  passes: {
    'rules without a star': bound(readPods, on(['apps'], ['deployments'], 'patch')),
    '*/scale, one subresource': bound(on(['apps'], ['*/scale'], 'get', 'update')),
    'pods/*, which means nothing': bound(on([''], ['pods/*'], '*')),
    '*/*, which means nothing': bound(on([''], ['*/*'], '*')),
    'a star without groups': bound({ verbs: ['*'], resources: ['*'] }),
    'all methods on one path': bound({ verbs: ['*'], nonResourceURLs: ['/metrics'] }),
    'paths under a prefix': bound({ verbs: ['get'], nonResourceURLs: ['/apis/*'] }),
    'everything, which another check says': bound(on(['*'], ['*'], '*'), on([''], ['configmaps'], '*')),
    'a controller as it is born': [
      snapshotOf(...collectorWith()),
      `info ClusterRoleBinding/${collector} ServiceAccount/kube-system/generic-garbage-collector platform`,
    ],
  },
  notApplicable: {
    'a wildcard in one namespace': snapshotOf(clusterRole('r', on([''], ['*'], 'get')), roleBindingToClusterRole('shop', 'b', 'r', user('ana'))),
    'nobody bound': snapshotOf(clusterRole('r', on([''], ['*'], 'get'))),
  },
  notAssessed: {
    'ClusterRoles that could not be read': [
      snapshotWith({ gaps: { [clusterRoles.id]: forbidden(clusterRoles) } }, clusterRoleBinding('b', 'r', group('sre'), user('ana'))),
      'unknown ClusterRoleBinding/b',
    ],
    'ClusterRoleBindings that could not be read': [
      snapshotWith({ gaps: { [clusterRoleBindings.id]: forbidden(clusterRoleBindings) } }, clusterRole('r', on([''], ['*'], 'get'))),
      'unknown ClusterRoleBindings',
    ],
    'one namespace, since the question is the cluster’s': snapshotWith({ namespace: 'shop' }),
  },
} satisfies CheckCases;

describeCheck(check, {
  ...cases,
  // The question is one of ClusterRoles and ClusterRoleBindings alone.
  answerableWithout: Object.fromEntries([
    ...Object.keys({ ...cases.fails, ...cases.passes, ...cases.notAssessed }).map(name => [name, [roles, roleBindings]] as const),
    ['a wildcard in one namespace', [roles, roleBindings, clusterRoles]],
    ['nobody bound', [roles, roleBindings, clusterRoles]],
  ]),
});
