import check from '../../../src/checks/rbac/rbac-dangling-subject.ts';
import { clusterRoles, roles } from '../../../src/evidence/sources/rbac.ts';
import { namespaces } from '../../../src/evidence/sources/workloads.ts';
import { forbidden } from '../../support/cluster.ts';
import { describeCheck, type CheckCases } from '../../support/describe-check.ts';
import { account, clusterOf, clusterWith, namespace } from '../../support/escalation.ts';
import { clusterRole, clusterRoleBinding, group, on, role, roleBinding, rolesNobodyNeeds, serviceAccount, user } from '../../support/rbac.ts';

const secrets = on([''], ['secrets'], 'list');
const backup = [clusterRole('backup', secrets), clusterRoleBinding('backup', 'backup', serviceAccount('backup', 'shop'))];
const line = 'ClusterRoleBinding/backup ServiceAccount/shop/backup';
const developers = (...rules: Parameters<typeof role>[2][]) => [role('shop', 'developer', ...rules), roleBinding('shop', 'developers', 'developer', group('developers'))];
const all = clusterRole('all', on(['*'], ['*'], '*'));

const cases = {
  fails: {
    'a service account that its namespace may create, and give a token': [clusterOf(namespace('shop'), ...backup, ...developers(on([''], ['serviceaccounts', 'serviceaccounts/token'], 'create'))), `high ${line}`],
    'create, and run a pod as it': [clusterOf(namespace('shop'), ...backup, ...developers(on([''], ['serviceaccounts', 'pods'], 'create'))), `high ${line}`],
    'act as it, which takes no account': [clusterOf(namespace('shop'), ...backup, ...developers(on([''], ['serviceaccounts'], 'impersonate'))), `high ${line}`],
    'one that nobody may create': [clusterOf(namespace('shop'), ...backup), `low ${line}`],
    'one that somebody may create and not use': [clusterOf(namespace('shop'), ...backup, ...developers(on([''], ['serviceaccounts'], 'create'))), `low ${line}`],
    'one that only others may create elsewhere': [
      clusterOf(namespace('shop'), ...backup, role('other', 'd', on([''], ['serviceaccounts', 'pods'], 'create')), roleBinding('other', 'd', 'd', user('eve'))), `low ${line}`],
    'one that only cluster-admins may create': [clusterOf(namespace('shop'), ...backup, all, clusterRoleBinding('all', 'all', user('root'))), `low ${line}`],
    'one whose namespace is gone too, where namespaces may be created': [
      clusterOf(...backup, clusterRole('maker', on([''], ['namespaces', 'serviceaccounts', 'pods'], 'create')), clusterRoleBinding('maker', 'maker', user('eve'))), `high ${line}`],
    'one whose namespace nobody may create': [
      clusterOf(...backup, clusterRole('maker', on([''], ['serviceaccounts', 'pods'], 'create')), clusterRoleBinding('maker', 'maker', user('eve'))), `low ${line}`],
    'a role that does not exist': [clusterOf(roleBinding('shop', 'gone', 'gone', user('ana'))), 'low RoleBinding/shop/gone User/ana'],
    'beside namespaces that could not be read': [
      clusterWith({ gaps: { [namespaces.id]: forbidden(namespaces) } }, ...backup), `low ${line}`],
  },
  passes: {
    'a service account that exists': clusterOf(namespace('shop'), account('shop', 'backup'), ...backup),
    'users and groups, which are nowhere written down': clusterOf(clusterRole('backup', secrets), clusterRoleBinding('backup', 'backup', user('gone'), group('gone'))),
  },
  notApplicable: { 'nobody bound': clusterOf(clusterRole('backup', secrets)) },
} satisfies CheckCases;

const lonely = rolesNobodyNeeds({ ...cases.fails, ...cases.passes, ...cases.notApplicable });
const onlyRoles = Object.fromEntries(Object.entries(lonely).map(([name, sources]) => [name, sources.filter(each => each === roles || each === clusterRoles)]));
describeCheck(check, {
  ...cases,
  answerableWithout: {
    ...onlyRoles,
    'users and groups, which are nowhere written down': [...(onlyRoles['users and groups, which are nowhere written down'] ?? []), namespaces],
    'a service account that exists': [...(onlyRoles['a service account that exists'] ?? []), namespaces],
    'nobody bound': [...(onlyRoles['nobody bound'] ?? []), namespaces],
  },
});
