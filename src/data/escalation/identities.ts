import { GOOD_PRACTICES, ICEKUBE, KUBEHOUND, leg, primitive, RBAC_DOCS, RBAC_POLICE, REGO_LIBRARY, type EscalationPrimitive } from './primitive.ts';

const rbac = 'rbac.authorization.k8s.io';
const authn = 'authentication.k8s.io';
const change = 'update patch';
const write = 'create update patch';
/** On by default from 1.36. Whom one acts as must hold the right itself, for the verbs that one may use in their name. */
const constrained = { since: 36, effort: 2, provided: 'whom it acts as may do what it may do in their name', references: ['https://github.com/kubernetes/enhancements/issues/5284'] } as const;

/** An identity to act as, and something worth doing in its name. */
function constrainedTo(resource: string, mode: string) {
  return [['', 'secrets', 'list'], ['', 'pods', 'create'], ['', 'serviceaccounts/token', 'create'], [rbac, 'clusterroles', 'patch'], [rbac, 'clusterroles', 'update'], [rbac, 'clusterrolebindings', 'create'], [rbac, 'rolebindings', 'create']]
    .map(([group = '', what = '', verb = '']) => [leg(authn, resource, `impersonate:${mode}`), leg(group, what, `impersonate-on:${mode}:${verb}`, 'some')]);
}

/** RBAC objects, impersonation, Secrets, tokens and service accounts. */
export const identityPrimitives: readonly EscalationPrimitive[] = [
  // The RBAC API. A writer of roles and bindings must hold what it writes, or escalate or bind (pkg/registry/rbac).
  primitive('wildcard-all', 'do anything', [[leg('*', '*', '*')]], 'all-rights', ['critical', 'high']),
  primitive('bound-cluster-admin', 'do anything by a role equal to cluster-admin', [], 'all-rights', ['critical', 'high'], { condition: 'bound to a role whose rules amount to cluster-admin' }),
  primitive('masters-member', 'do anything past every authorizer', [], 'masters', ['critical', 'critical'], { condition: 'authenticated as a member of system:masters', scope: 'cluster', references: [RBAC_DOCS] }),
  primitive('escalate-clusterrole', 'edit a ClusterRole it holds to allow anything', [[leg(rbac, 'clusterroles', 'escalate'), leg(rbac, 'clusterroles', change)]], 'all-rights', ['critical', 'info'], { scope: 'cluster', references: [GOOD_PRACTICES, RBAC_POLICE] }),
  primitive('escalate-role', 'edit a Role to allow anything in the namespace', [[leg(rbac, 'roles', 'escalate'), leg(rbac, 'roles', change)]], 'namespace-rights', ['critical', 'high'], { references: [GOOD_PRACTICES, RBAC_POLICE] }),
  primitive('bind-in-cluster', 'bind itself to any ClusterRole', [[leg(rbac, 'clusterroles', 'bind'), leg(rbac, 'clusterrolebindings', write)]], 'all-rights', ['critical', 'info'], { scope: 'cluster', references: [GOOD_PRACTICES, KUBEHOUND] }),
  primitive('bind-in-namespace', 'bind itself to any role in the namespace', [[leg(rbac, 'clusterroles', 'bind'), leg(rbac, 'rolebindings', write)]], 'namespace-rights', ['critical', 'high'], { references: [GOOD_PRACTICES, KUBEHOUND] }),
  primitive('binding-write', 'hand on its own rights', [[leg(rbac, 'rolebindings', write, 'some')], [leg(rbac, 'clusterrolebindings', write, 'some')]], 'delegation', ['medium', 'low'], { references: [RBAC_POLICE] }),
  primitive('role-write', 'change roles within its own rights', [[leg(rbac, 'roles', write, 'some')], [leg(rbac, 'clusterroles', write, 'some')]], 'delegation', ['medium', 'low'], { references: [KUBEHOUND] }),
  primitive('aggregation-label', 'widen view, edit and admin within its own rights', [[leg(rbac, 'clusterroles', write, 'some')]], 'delegation', ['medium', 'info'], { scope: 'cluster', references: [RBAC_DOCS] }),
  primitive('escalate-by-label', 'create a ClusterRole that its label adds to one that it holds', [[leg(rbac, 'clusterroles', 'escalate'), leg(rbac, 'clusterroles', 'create')]], 'aggregated-role', ['critical', 'info'], { scope: 'cluster', references: ['https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles'] }),
  primitive('rbac-delete', 'take rights from others', [[leg(rbac, 'roles rolebindings', 'delete deletecollection', 'some')], [leg(rbac, 'clusterroles clusterrolebindings', 'delete deletecollection', 'some')]], 'outage', ['medium', 'low']),
  primitive(
    'dangling-subject', 'create a service account that bindings name, and use it',
    [['serviceaccounts/token', 'create'], ['pods', 'create']].map(([resource = '', verb = '']) => [leg('', 'serviceaccounts', 'create'), leg('', resource, verb)]),
    'any-service-account', ['critical', 'high'], { references: ['https://github.com/alcideio/rbac-tool/issues/90'] }),
  primitive('dangling-roleref', 'gain a role as soon as it exists', [], 'nothing', ['low', 'low'], { condition: 'bound to a role that does not exist' }),
  primitive('tampered-default', 'keep what was added to a built-in role or binding', [], 'persistence', ['high', 'high'], { condition: 'a built-in role or binding has an extra rule or subject', scope: 'cluster', references: [RBAC_DOCS] }),
  primitive(
    'namespace-owner', 'run pods, read Secrets and hand out rights in the namespace',
    [[leg('', 'pods', 'create'), leg('', 'secrets', 'list watch'), leg(rbac, 'rolebindings', write)]], 'namespace-admin', ['critical', 'low'], { scope: 'both', references: [RBAC_DOCS] }),

  // Impersonation: without a user or service account the other headers are refused.
  primitive('impersonate-users', 'act as any user', [[leg('', 'users', 'impersonate')]], 'any-user', ['critical', 'info'], { references: [GOOD_PRACTICES, RBAC_POLICE] }),
  primitive(
    'impersonate-groups', 'act as a member of system:masters',
    [[leg('', 'groups', 'impersonate', ['system:masters']), leg('', 'users', 'impersonate', 'some')], [leg('', 'groups', 'impersonate', ['system:masters']), leg('', 'serviceaccounts', 'impersonate', 'some')]],
    'masters', ['critical', 'info'], { scope: 'both' }),
  primitive('impersonate-service-accounts', 'act as any service account', [[leg('', 'serviceaccounts', 'impersonate')]], 'any-service-account', ['critical', 'high'], { references: [GOOD_PRACTICES, KUBEHOUND] }),
  primitive('impersonate-extra', 'set the uid or extra fields of an identity', [[leg(authn, 'uids', 'impersonate', 'some')], [leg('authentication.k8s.io', 'userextras/scopes', 'impersonate', 'some')]], 'tampering', ['medium', 'info'], { references: [RBAC_DOCS] }),
  primitive('constrained-impersonate-user', 'act as a user for some verbs', constrainedTo('users', 'user-info'), 'any-user', ['high', 'info'], constrained),
  primitive('constrained-impersonate-service-account', 'act as a service account for some verbs', constrainedTo('serviceaccounts', 'serviceaccount'), 'any-service-account', ['high', 'medium'], { ...constrained, scope: 'both' }),
  primitive('constrained-impersonate-node', 'act as any node for some verbs', constrainedTo('nodes', 'arbitrary-node'), 'node-identity', ['high', 'info'], { ...constrained, scope: 'cluster' }),
  primitive('constrained-impersonate-own-node', 'act as the node it runs on for some verbs', [[leg(authn, 'nodes', 'impersonate:associated-node', ['*'])]], 'credentials', ['medium', 'info'], { since: 36, references: constrained.references }),
  primitive('front-proxy-trust', 'be anyone by a header', [], 'masters', ['critical', 'critical'], { condition: 'the request header authority and the client authority are one, and no name is asked for', scope: 'cluster', references: ['https://kubernetes.io/docs/tasks/extend-kubernetes/configure-aggregation-layer/'] }),

  // Secrets, tokens and service accounts.
  primitive('secrets-list', 'read Secrets', [[leg('', 'secrets', 'list watch')]], 'secrets', ['critical', 'high']),
  primitive('secrets-get', 'read Secrets whose names it knows', [[leg('', 'secrets', 'get', 'some')]], 'disclosure', ['high', 'medium'], { references: [ICEKUBE] }),
  primitive(
    'token-secret-mint', 'have a token of any service account written into a Secret',
    [[leg('', 'secrets', 'create'), leg('', 'secrets', 'get list watch')]], 'service-accounts', ['critical', 'high'],
    { requests: [[0], [1]], provided: 'a controller manager writes tokens into such Secrets', effort: 2, references: [RBAC_POLICE, REGO_LIBRARY] }),
  primitive('secrets-write', 'swap credentials', [[leg('', 'secrets', change, 'some')]], 'tampering', ['high', 'medium']),
  primitive('token-request', 'issue tokens of service accounts', [[leg('', 'serviceaccounts/token', 'create')]], 'service-accounts', ['critical', 'high'], { references: [GOOD_PRACTICES, RBAC_POLICE] }),
  primitive('service-account-create', 'create service accounts', [[leg('', 'serviceaccounts', 'create')]], 'nothing', ['medium', 'low']),
  primitive('service-account-change', 'give a service account a role of the cloud', [[leg('', 'serviceaccounts', change, 'some')]], 'cloud', ['high', 'medium'], { references: [REGO_LIBRARY] }),
  primitive('bootstrap-token', 'join a node of its own', [[leg('', 'secrets', 'create')]], 'credentials', ['high', 'high'], { scope: { namespace: 'kube-system' }, references: [ICEKUBE] }),
  primitive('pod-certificate', 'ask for the certificate of a pod', [[leg('certificates.k8s.io', 'podcertificaterequests', 'create')]], 'credentials', ['medium', 'medium'], { since: 34, references: ['https://github.com/kubernetes/enhancements/issues/4317'] }),
  primitive('token-oracle', 'ask whose a token is and what others may do', [[leg(authn, 'tokenreviews', 'create')], [leg('authorization.k8s.io', 'subjectaccessreviews', 'create')]], 'disclosure', ['low', 'info'], { references: [RBAC_DOCS] }),
  primitive('configmaps-read', 'read ConfigMaps', [[leg('', 'configmaps', 'get list watch', 'some')]], 'disclosure', ['medium', 'low'], { references: ['https://microsoft.github.io/Threat-Matrix-for-Kubernetes/'] }),
  primitive('namespaced-admin-of-system', 'run pods as the controllers', [], 'cluster-admin', ['critical', 'critical'], { condition: 'bound to admin or edit in a namespace whose service accounts lead to everything' }),
];
