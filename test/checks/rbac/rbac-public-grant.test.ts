import check from '../../../src/checks/rbac/rbac-public-grant.ts';
import { clusterRoles, roleBindings } from '../../../src/evidence/sources/rbac.ts';
import { forbidden, snapshotOf, snapshotWith, type Manifest } from '../../support/cluster.ts';
import { describeCheck, type CheckCases } from '../../support/describe-check.ts';
import {
  clusterRole, clusterRoleBinding, group, on, role, roleBinding, roleBindingToClusterRole, rolesNobodyNeeds, serviceAccount, user,
  type RuleManifest, type SubjectManifest,
} from '../../support/rbac.ts';

const anonymous = user('system:anonymous');
const unauthenticated = group('system:unauthenticated');
const authenticated = group('system:authenticated');
const pods = group('system:serviceaccounts');
const readSecrets = on([''], ['secrets'], 'get');
const readPods = on([''], ['pods'], 'get', 'list');
const editConfig = on([''], ['configmaps'], 'patch');
const health = { verbs: ['get'], nonResourceURLs: ['/healthz', '/livez', '/readyz', '/version', '/version/'] };
const publicInfo = clusterRole('system:public-info-viewer', health);
const basicUser = on(['authorization.k8s.io'], ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'], 'create');
const clusterInfo = { ...on([''], ['configmaps'], 'get'), resourceNames: ['cluster-info'] };
const signer = 'kubeadm:bootstrap-signer-clusterinfo';

/** A role with one rule, bound in the whole cluster. */
function given(rule: RuleManifest, ...subjects: SubjectManifest[]): Manifest[] {
  return [clusterRole('r', rule), clusterRoleBinding('b', 'r', ...subjects)];
}

const cases = {
  fails: {
    'Secrets for everybody, less for those who are known': [
      snapshotOf(...given(readSecrets, anonymous, unauthenticated, authenticated, pods, group('sre'))),
      'critical ClusterRoleBinding/b User/system:anonymous',
      'critical ClusterRoleBinding/b Group/system:unauthenticated',
      'high ClusterRoleBinding/b Group/system:authenticated',
      'high ClusterRoleBinding/b Group/system:serviceaccounts',
    ],
    'other reads': [
      snapshotOf(...given(readPods, anonymous, authenticated, pods)),
      'high ClusterRoleBinding/b User/system:anonymous',
      'medium ClusterRoleBinding/b Group/system:authenticated',
      'low ClusterRoleBinding/b Group/system:serviceaccounts',
    ],
    'reads of objects by name': [
      snapshotOf(...given({ ...readPods, resourceNames: ['about'] }, anonymous, authenticated, pods)),
      'high ClusterRoleBinding/b User/system:anonymous',
      'low ClusterRoleBinding/b Group/system:authenticated',
      'low ClusterRoleBinding/b Group/system:serviceaccounts',
    ],
    'reads of Secrets by name': [
      snapshotOf(...given({ ...readSecrets, resourceNames: ['about'] }, authenticated)),
      'high ClusterRoleBinding/b Group/system:authenticated',
    ],
    'writes': [
      snapshotOf(...given(editConfig, unauthenticated, authenticated, pods)),
      'critical ClusterRoleBinding/b Group/system:unauthenticated',
      'high ClusterRoleBinding/b Group/system:authenticated',
      'medium ClusterRoleBinding/b Group/system:serviceaccounts',
    ],
    'everything, for whomever': [
      snapshotOf(...given(on(['*'], ['*'], '*'), authenticated, pods)),
      'critical ClusterRoleBinding/b Group/system:authenticated',
      'critical ClusterRoleBinding/b Group/system:serviceaccounts',
    ],
    'paths that are not for everybody': [
      snapshotOf(...given({ verbs: ['get'], nonResourceURLs: ['/metrics', '/healthz'] }, anonymous, authenticated)),
      'medium ClusterRoleBinding/b User/system:anonymous',
      'low ClusterRoleBinding/b Group/system:authenticated',
    ],
    'a default under a name of its own': [
      snapshotOf(...given(health, anonymous)),
      'low ClusterRoleBinding/b User/system:anonymous',
    ],
    'in one namespace': [
      snapshotOf(role('shop', 'r', readSecrets), roleBinding('shop', 'b', 'r', unauthenticated)),
      'critical RoleBinding/shop/b Group/system:unauthenticated',
    ],
    'the default role with a rule more': [
      snapshotOf(clusterRole('system:public-info-viewer', health, readSecrets), clusterRoleBinding('system:public-info-viewer', 'system:public-info-viewer', authenticated)),
      'high ClusterRoleBinding/system:public-info-viewer Group/system:authenticated',
    ],
    'the default binding with a subject more': [
      snapshotOf(clusterRole('system:basic-user', basicUser), clusterRoleBinding('system:basic-user', 'system:basic-user', authenticated, unauthenticated)),
      'info ClusterRoleBinding/system:basic-user Group/system:authenticated platform',
      'low ClusterRoleBinding/system:basic-user Group/system:unauthenticated',
    ],
    'the binding of kubeadm to a role that gives more': [
      snapshotOf(role('kube-public', signer, on([''], ['configmaps'], 'get')), roleBinding('kube-public', signer, signer, anonymous)),
      `high RoleBinding/kube-public/${signer} User/system:anonymous`,
    ],
    'the binding of kubeadm in another namespace': [
      snapshotOf(role('shop', signer, clusterInfo), roleBinding('shop', signer, signer, anonymous)),
      `high RoleBinding/shop/${signer} User/system:anonymous`,
    ],
    'beside RoleBindings that could not be read': [
      snapshotWith({ gaps: { [roleBindings.id]: forbidden(roleBindings) } }, ...given(readSecrets, anonymous)),
      'critical ClusterRoleBinding/b User/system:anonymous',
      'unknown RoleBindings in all namespaces',
    ],
    'with -n': [
      snapshotWith({ namespace: 'shop' }, role('shop', 'r', readPods), roleBinding('shop', 'b', 'r', anonymous)),
      'high RoleBinding/shop/b User/system:anonymous',
    ],
  },
  passes: {
    'subjects with names like theirs': snapshotOf(...given(
      readSecrets, user('system:serviceaccount:shop:web'), user('system:authenticated'), group('system:anonymous'),
      group('system:serviceaccounts:shop'), serviceAccount('authenticated', 'system'))),
    'rules without effect': snapshotOf(...given({ verbs: ['get'], resources: ['secrets'] }, anonymous)),
    'verbs that no request has': snapshotOf(...given(on([''], ['secrets'], 'GET'), anonymous)),
    'pods/*, which is no pattern': snapshotOf(...given(on([''], ['pods/*'], 'get'), anonymous)),
    'nodes in one namespace': snapshotOf(role('shop', 'r', on([''], ['nodes', 'nodes/proxy'], 'get')), roleBinding('shop', 'b', 'r', anonymous)),
    'paths in one namespace': snapshotOf(clusterRole('r', { verbs: ['get'], nonResourceURLs: ['*'] }), roleBindingToClusterRole('shop', 'b', 'r', anonymous)),
    'the defaults': [
      snapshotOf(
        publicInfo, clusterRoleBinding('system:public-info-viewer', 'system:public-info-viewer', authenticated, unauthenticated),
        clusterRole('system:basic-user', basicUser), clusterRoleBinding('system:basic-user', 'system:basic-user', authenticated)),
      'info ClusterRoleBinding/system:public-info-viewer Group/system:authenticated platform',
      'info ClusterRoleBinding/system:public-info-viewer Group/system:unauthenticated platform',
      'info ClusterRoleBinding/system:basic-user Group/system:authenticated platform',
    ],
    'a default of an older version, with fewer rules': [
      snapshotOf(
        clusterRole('system:public-info-viewer', { verbs: ['get'], nonResourceURLs: ['/healthz', '/version'] }),
        clusterRoleBinding('system:public-info-viewer', 'system:public-info-viewer', unauthenticated)),
      'info ClusterRoleBinding/system:public-info-viewer Group/system:unauthenticated platform',
    ],
    'what kubeadm gives joining nodes': [
      snapshotOf(role('kube-public', signer, clusterInfo), roleBinding('kube-public', signer, signer, anonymous)),
      `info RoleBinding/kube-public/${signer} User/system:anonymous platform`,
    ],
    'bindings of others, whose ClusterRoles could not be read': snapshotWith(
      { gaps: { [clusterRoles.id]: forbidden(clusterRoles) } }, ...given(readPods, group('sre')),
      role('shop', 'web', readPods), roleBinding('shop', 'web', 'web', user('ana'))),
  },
  notApplicable: {
    'a binding to a role that is gone': snapshotOf(clusterRoleBinding('b', 'gone', anonymous)),
  },
  notAssessed: {
    'a public binding whose role could not be read': [
      snapshotWith({ gaps: { [clusterRoles.id]: forbidden(clusterRoles) } }, ...given(readPods, anonymous)),
      'unknown ClusterRoleBinding/b',
    ],
  },
} satisfies CheckCases;

const publicNames = ['system:anonymous', 'system:unauthenticated', 'system:authenticated', 'system:serviceaccounts'];
const isPublic = ({ kind, name }: SubjectManifest): boolean => (kind === 'User' ? name === 'system:anonymous' : kind === 'Group' && publicNames.slice(1).includes(name));

// To know that nobody in particular is bound takes no role.
describeCheck(check, { ...cases, answerableWithout: rolesNobodyNeeds({ ...cases.fails, ...cases.passes, ...cases.notApplicable }, isPublic) });
