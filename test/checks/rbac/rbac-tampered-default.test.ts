import check from '../../../src/checks/rbac/rbac-tampered-default.ts';
import { clusterRoles } from '../../../src/evidence/sources/rbac.ts';
import { serverVersion } from '../../../src/evidence/sources/versions.ts';
import { forbidden, type Manifest } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { clusterOf, clusterWith } from '../../support/escalation.ts';
import { clusterRole, clusterRoleBinding, group, on, roleBinding, serviceAccount, user } from '../../support/rbac.ts';

const own = on(['authorization.k8s.io'], ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'], 'create');
const secrets = on([''], ['secrets'], 'list');
const basic = 'system:basic-user';
const everybody = group('system:authenticated');
const annotated = (object: Manifest): Manifest => ({ ...object, metadata: { ...object.metadata, annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } } as Manifest['metadata'] });
const aggregated = (name: string, ...rules: Parameters<typeof clusterRole>[1][]): Manifest => ({ ...clusterRole(name, ...rules), aggregationRule: { clusterRoleSelectors: [{ matchLabels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } }] } });
const labelled = (name: string, ...rules: Parameters<typeof clusterRole>[1][]): Manifest => ({ ...clusterRole(name, ...rules), metadata: { name, labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } } });
const widgets = on(['example.org'], ['widgets'], 'get', 'list');
const expander = 'system:controller:expand-controller';
const oldSecrets = on([''], ['secrets'], 'get');
const at = (minor: string) => ({ sources: { serverversion: { gitVersion: `v1.${minor}.0`, major: '1', minor } } });

const fails = {
  'an extra rule that leads to more rights': [clusterOf(clusterRole(basic, own, secrets)), 'high ClusterRole/system:basic-user (rules)'],
  'an extra rule that reads': [clusterOf(clusterRole(basic, own, on([''], ['pods'], 'get'))), 'low ClusterRole/system:basic-user (rules)'],
  'a wider rule in place of its own': [clusterOf(clusterRole(basic, on(['*'], ['*'], '*'))), 'high ClusterRole/system:basic-user (rules)'],
  'a subject beside its own': [clusterOf(clusterRole('cluster-admin', on(['*'], ['*'], '*')), clusterRoleBinding('cluster-admin', 'cluster-admin', group('system:masters'), user('eve'))),
    'high ClusterRoleBinding/cluster-admin (subjects)'],
  'nodes bound to system:node, as old versions had it': [clusterOf(clusterRole('system:node', secrets), clusterRoleBinding('system:node', 'system:node', group('system:nodes'))),
    'high ClusterRoleBinding/system:node (subjects)'],
  'another role under the name of a built-in binding': [clusterOf(clusterRole('other', secrets), clusterRoleBinding(basic, 'other', everybody)), 'high ClusterRoleBinding/system:basic-user (subjects)'],
  'a subject beside those of a binding in kube-system': [
    clusterOf({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { namespace: 'kube-system', name: 'system:controller:token-cleaner' }, rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get', 'list', 'watch', 'delete'] }] },
      roleBinding('kube-system', 'system:controller:token-cleaner', 'system:controller:token-cleaner', serviceAccount('token-cleaner', 'kube-system'), serviceAccount('web', 'shop'))),
    'high RoleBinding/kube-system/system:controller:token-cleaner (subjects)'],
  'the annotation that keeps the API server from repairing it': [clusterOf(annotated(clusterRole(basic, own))), 'low ClusterRole/system:basic-user (autoupdate)'],
  'a rule of view that no labelled role brings': [clusterOf(aggregated('view', secrets)), 'high ClusterRole/view (rules)'],
  'a right that leads on, brought to view by a label': [clusterOf(aggregated('view', secrets), labelled('reader', secrets)), 'medium ClusterRole/view (rules)'],
  'an extra subject where the version is not known': [clusterWith(at('24'), clusterRole('cluster-admin', on(['*'], ['*'], '*')), clusterRoleBinding('cluster-admin', 'cluster-admin', user('eve'))),
    'high ClusterRoleBinding/cluster-admin (subjects)'],
  'an extra subject of a role that could not be read': [clusterWith({ gaps: { [clusterRoles.id]: forbidden(clusterRoles) } }, clusterRoleBinding('cluster-admin', 'cluster-admin', user('eve'))),
    'medium ClusterRoleBinding/cluster-admin (subjects)', 'unknown built-in ClusterRoles'],
} as const;
const passes = {
  'as the API server makes it': clusterOf(clusterRole(basic, own), clusterRoleBinding(basic, basic, everybody)),
  'fewer rules than it had': clusterOf(clusterRole(basic, { ...own, resources: ['selfsubjectaccessreviews'] })),
  'nobody in a binding': clusterOf(clusterRoleBinding('cluster-admin', 'cluster-admin')),
  'a role of the same name in another namespace': clusterOf(
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { namespace: 'shop', name: 'system:controller:token-cleaner' }, rules: [secrets] }, clusterRole(basic, own)),
  'a rule of 1.31 that an upgrade left': [clusterOf(clusterRole(expander, oldSecrets)), `info ClusterRole/${expander} (version) platform`],
  'a rule of 1.31 on a version newer than what is known': [clusterWith(at('99'), clusterRole(expander, oldSecrets)), `info ClusterRole/${expander} (version) platform`],
  'the same rule on 1.31 itself': clusterWith(at('31'), clusterRole(expander, oldSecrets)),
  'a rule behind a feature gate': clusterOf(clusterRole('system:aggregate-to-edit', on(['lifecycle.k8s.io'], ['evictionrequests'], 'create'))),
  'custom resources, brought to view by a label': [clusterOf(aggregated('view', widgets), labelled('widgets-view', widgets)), 'info ClusterRole/view (rules) add-on'],
} as const;

describeCheck(check, {
  fails, passes,
  notApplicable: { 'no built-in object': clusterOf(clusterRole('mine', secrets)) },
  notAssessed: {
    'an extra rule where the version is older than what is known': [clusterWith(at('24'), clusterRole(basic, own, secrets)), 'unknown rules of ClusterRole/system:basic-user'],
    'a rule of older versions where the version is older than those': [clusterWith(at('24'), clusterRole(expander, oldSecrets)), `unknown rules of ClusterRole/${expander}`],
    'and newer': [clusterWith(at('99'), clusterRole(basic, own, secrets)), 'unknown rules of ClusterRole/system:basic-user'],
  },
  // The version only says whether extra rules may be its own.
  answerableWithout: Object.fromEntries(['no built-in object', 'as the API server makes it', 'fewer rules than it had', 'nobody in a binding', 'a role of the same name in another namespace', 'a rule behind a feature gate', 'custom resources, brought to view by a label'].map(name => [name, [serverVersion]])),
});
