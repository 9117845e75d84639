import check from '../../../src/checks/rbac/rbac-default-service-account.ts';
import { clusterRoles, roles } from '../../../src/evidence/sources/rbac.ts';
import { nodes } from '../../../src/evidence/sources/platform.ts';
import { apiGroups, serverVersion } from '../../../src/evidence/sources/versions.ts';
import { namespaces, pods, serviceAccounts } from '../../../src/evidence/sources/workloads.ts';
import { forbidden } from '../../support/cluster.ts';
import { describeCheck, type CheckCases } from '../../support/describe-check.ts';
import { clusterOf, clusterWith, pod } from '../../support/escalation.ts';
import { clusterRole, clusterRoleBinding, group, on, role, roleBinding, rolesNobodyNeeds, serviceAccount } from '../../support/rbac.ts';

const secrets = clusterRole('s', on([''], ['secrets'], 'list'));
const running = pod('shop', 'web', 'default', 'n');
const bound = clusterRoleBinding('s', 's', serviceAccount('default', 'shop'));
const line = 'ClusterRoleBinding/s ServiceAccount/shop/default';
const cases = {
  fails: {
    'a right that leads on, in the whole cluster': [clusterOf(secrets, bound, running), `high ${line}`],
    'in its namespace': [clusterOf(role('shop', 's', on([''], ['secrets'], 'list')), roleBinding('shop', 's', 's', serviceAccount('default')), running), 'medium RoleBinding/shop/s ServiceAccount/shop/default'],
    'where no pod runs as it': [clusterOf(secrets, bound), `low ${line}`],
    'where its token is not mounted': [
      clusterOf(secrets, bound, { ...running, spec: { automountServiceAccountToken: false, containers: [{ name: 'main' }] } }), `low ${line}`],
    'that of another namespace': [clusterOf(secrets, clusterRoleBinding('s', 's', serviceAccount('default', 'kube-system')), pod('kube-system', 'p', 'default', 'n')), 'high ClusterRoleBinding/s ServiceAccount/kube-system/default'],
    'beside pods that could not be read': [clusterWith({ gaps: { [pods.id]: forbidden(pods) } }, secrets, bound), `high ${line}`, 'unknown pods that run as default'],
  },
  passes: {
    'another service account': clusterOf(secrets, clusterRoleBinding('s', 's', serviceAccount('web', 'shop')), running),
    'a group named default': clusterOf(secrets, clusterRoleBinding('s', 's', group('default')), running),
    'everything, which another check reports': clusterOf(clusterRole('s', on(['*'], ['*'], '*')), bound, running),
    'questions about itself': clusterOf(clusterRole('s', on(['authorization.k8s.io'], ['selfsubjectaccessreviews'], 'create')), bound, running),
    'rules without effect': clusterOf(clusterRole('s', on([''], ['pods/*'], 'get')), bound, running),
  },
  notApplicable: { 'nobody bound': clusterOf(secrets) },
} satisfies CheckCases;

const isDefault = ({ kind, name }: { readonly kind: string; readonly name: string }): boolean => kind === 'ServiceAccount' && name === 'default';
const roleless = rolesNobodyNeeds({ ...cases.fails, ...cases.passes, ...cases.notApplicable }, isDefault);
const aside = [namespaces, nodes, serviceAccounts, apiGroups, serverVersion];
const unbound = ['another service account', 'a group named default', 'nobody bound'];
describeCheck(check, {
  ...cases,
  answerableWithout: Object.fromEntries(Object.entries(roleless).map(([name, sources]) =>
    [name, [...sources.filter(each => each === roles || each === clusterRoles), ...aside, ...(unbound.includes(name) ? [pods] : [])]])),
});
