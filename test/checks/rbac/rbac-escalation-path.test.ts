import { describe, expect, it } from 'vitest';
import check from '../../../src/checks/rbac/rbac-escalation-path.ts';
import { rbacBaselines } from '../../../src/data/rbac-bootstrap.ts';
import { createEvaluator } from '../../../src/engine/evaluate.ts';
import { grpcRoutes, httpRoutes, openShiftRoutes, referenceGrants, services, tcpRoutes, tlsRoutes } from '../../../src/evidence/sources/exposure.ts';
import { clusterRoles, roles } from '../../../src/evidence/sources/rbac.ts';
import { ingresses } from '../../../src/evidence/sources/tls.ts';
import type { Snapshot } from '../../../src/evidence/snapshot.ts';
import { pods, tokenSecrets } from '../../../src/evidence/sources/workloads.ts';
import { forbidden, type Manifest } from '../../support/cluster.ts';
import { describeCheck, type CheckCases } from '../../support/describe-check.ts';
import { account, clusterOf, clusterWith, namespace, node, pod } from '../../support/escalation.ts';
import { clusterRole, clusterRoleBinding, group, on, role, roleBinding, roleBindingToClusterRole, rolesNobodyNeeds, serviceAccount, user } from '../../support/rbac.ts';

const rbac = 'rbac.authorization.k8s.io';
const admin = rbacBaselines.flatMap(each => each.roles).find(each => each.name === 'admin');
if (admin === undefined) throw new Error('the baseline has no role admin');
const builtInAdmin = clusterRole('admin', ...admin.rules.map(rule => ({ ...rule, verbs: rule.verbs ?? [] })));
const escalator: readonly Manifest[] = [
  account('kube-system', 'aggregator'), clusterRole('escalator', on([rbac], ['clusterroles'], 'escalate', 'update')),
  clusterRoleBinding('escalator', 'escalator', serviceAccount('aggregator', 'kube-system')),
];
/** Somebody worth a certificate, who is nobody's finding. */
const escalatorAlone: readonly Manifest[] = [account('kube-system', 'aggregator')];
const signing = 'certificates.k8s.io';
const signers: readonly Manifest[] = [
  account('shop', 'asks'), account('shop', 'approves'),
  clusterRole('asks', on([signing], ['certificatesigningrequests'], 'create')), clusterRoleBinding('asks', 'asks', serviceAccount('asks', 'shop')),
  clusterRole('approves', on([signing], ['certificatesigningrequests/approval'], 'update'), on([signing], ['signers'], 'approve')), clusterRoleBinding('approves', 'approves', serviceAccount('approves', 'shop')),
];
const escalatorLine = 'critical ClusterRoleBinding/escalator ServiceAccount/kube-system/aggregator';
const tokens = clusterRole('tokens', on([''], ['serviceaccounts/token'], 'create'));
const execRole = clusterRole('exec', on([''], ['pods/exec'], 'create'));
const podCreator = clusterRole('pod-creator', on([''], ['pods'], 'create'));
const toAna = (name: string, ...rules: Parameters<typeof clusterRole>[1][]): Manifest[] => [clusterRole(name, ...rules), clusterRoleBinding(name, name, user('ana'))];
const tokenOf = (name: string): Manifest => ({
  apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'kube-system', name: 'old', annotations: { 'kubernetes.io/service-account.name': name } } as Manifest['metadata'], type: 'kubernetes.io/service-account-token',
});
const readsIn = (where: string, names?: readonly string[]): Manifest[] => [
  role(where, 's', { ...on([''], ['secrets'], 'get', 'list'), ...(names === undefined ? {} : { resourceNames: names }) }), roleBinding(where, 's', 's', user('bob')),
];
const unreadTokens = { gaps: { [tokenSecrets.id]: forbidden(tokenSecrets) } };
const inCloud = (name: string): Manifest => ({ ...node(name), spec: { providerID: `aws:///eu-1a/${name}` } });
const cloudAccount: Manifest = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: 'shop', name: 'billing', annotations: { 'eks.amazonaws.com/role-arn': 'arn:aws:iam::1:role/billing' } } as Manifest['metadata'] };
const withSpec = (spec: object): Manifest => { const plain = pod('shop', 'p', 'default', 'n'); return { ...plain, spec: { ...(plain['spec'] as object), ...spec } }; };
const capable = (add: string, more: object = {}): Manifest => withSpec({ ...more, containers: [{ name: 'main', securityContext: { capabilities: { add: [add] } } }] });
const execInShop = [execRole, roleBindingToClusterRole('shop', 'exec', 'exec', user('bob'))];
const aggregatedView: Manifest = { ...clusterRole('view', on([''], ['pods'], 'get')), aggregationRule: { clusterRoleSelectors: [{ matchLabels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } }] } };
const labeller = toAna('labeller', on([rbac], ['clusterroles'], 'escalate', 'create'));
/** A service account that runs a pod, and what leads to the pod. */
const exposedBy = (...doors: readonly Manifest[]): Manifest[] => [
  namespace('shop', 'restricted'), node('n'), account('shop', 'web'), { ...pod('shop', 'web-1', 'web', 'n'), metadata: { namespace: 'shop', name: 'web-1', labels: { app: 'web' } } },
  { apiVersion: 'v1', kind: 'Service', metadata: { namespace: 'shop', name: 'web' }, spec: { type: 'ClusterIP', selector: { app: 'web' } } }, ...doors,
];
const front: Manifest = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { namespace: 'shop', name: 'front' }, spec: { defaultBackend: { service: { name: 'web' } } } };
const webReadsSecrets = [clusterRole('s', on([''], ['secrets'], 'list')), clusterRoleBinding('s', 's', serviceAccount('web', 'shop'))];
const editor = (name: string): Manifest[] => [builtInAdmin, roleBindingToClusterRole('shop', 'web', 'admin', serviceAccount(name, 'shop'))];
const master = node('master', { 'node-role.kubernetes.io/control-plane': '' });

const cases = {
  fails: {
    'bind and a write to bindings': [
      clusterOf(...toAna('binder', on([rbac], ['clusterroles'], 'bind'), on([rbac], ['clusterrolebindings'], 'create'))), 'critical ClusterRoleBinding/binder User/ana'],
    'the legs of one attack in two bindings': [
      clusterOf(...toAna('a', on([rbac], ['clusterroles'], 'bind')), ...toAna('b', on([rbac], ['clusterrolebindings'], 'create'))), 'critical ClusterRoleBinding/a User/ana'],
    'a leg of its own and one of its group': [
      clusterOf(...toAna('a', on([rbac], ['clusterroles'], 'bind')), clusterRole('b', on([rbac], ['clusterrolebindings'], 'create')), clusterRoleBinding('b', 'b', group('system:authenticated'))),
      'critical ClusterRoleBinding/a User/ana'],
    'a token of a service account that escalates': [
      clusterOf(...escalator, tokens, roleBindingToClusterRole('kube-system', 'tokens', 'tokens', user('bob'))), escalatorLine, 'critical RoleBinding/kube-system/tokens User/bob'],
    'a token of that one by name': [
      clusterOf(...escalator, role('kube-system', 't', { ...on([''], ['serviceaccounts/token'], 'create'), resourceNames: ['aggregator'] }), roleBinding('kube-system', 't', 't', user('bob'))),
      escalatorLine, 'critical RoleBinding/kube-system/t User/bob'],
    'impersonation of groups and some user': [
      clusterOf(...toAna('imp', on([''], ['groups'], 'impersonate'), { ...on([''], ['users'], 'impersonate'), resourceNames: ['x'] })), 'critical ClusterRoleBinding/imp User/ana'],
    'impersonation of groups, with service accounts of one namespace': [
      clusterOf(...toAna('imp', on([''], ['groups'], 'impersonate')), role('shop', 'sa', on([''], ['serviceaccounts'], 'impersonate')), roleBinding('shop', 'sa', 'sa', user('ana'))),
      'critical ClusterRoleBinding/imp User/ana'],
    'impersonation of a service account that need not exist': [
      clusterOf(clusterRole('ops', on(['*'], ['*'], '*')), clusterRoleBinding('ops', 'ops', serviceAccount('gone', 'shop')),
        role('shop', 'sa', on([''], ['serviceaccounts'], 'impersonate')), roleBinding('shop', 'sa', 'sa', user('ana'))),
      'critical RoleBinding/shop/sa User/ana'],
    'exec in a pod whose service account escalates': [
      clusterOf(...escalator, namespace('kube-system'), node('n'), pod('kube-system', 'p', 'aggregator', 'n'), execRole, roleBindingToClusterRole('kube-system', 'exec', 'exec', user('bob'))),
      escalatorLine, 'critical RoleBinding/kube-system/exec User/bob'],
    'exec in one pod by its name, whose service account escalates': [
      clusterOf(...escalator, namespace('kube-system'), node('n'), pod('kube-system', 'p', 'aggregator', 'n'), role('kube-system', 'x', { ...on([''], ['pods/exec'], 'create'), resourceNames: ['p'] }), roleBinding('kube-system', 'x', 'x', user('bob'))),
      escalatorLine, 'critical RoleBinding/kube-system/x User/bob'],
    'nodes/proxy of the node by its name that such a pod runs on': [
      clusterOf(...escalator, namespace('kube-system'), node('n'), pod('kube-system', 'p', 'aggregator', 'n'), ...toAna('x', { ...on([''], ['nodes/proxy'], 'get'), resourceNames: ['n'] })),
      escalatorLine, 'critical ClusterRoleBinding/x User/ana'],
    'constrained impersonation of service accounts, one of which escalates': [
      clusterOf(...escalator, ...toAna('x', on(['authentication.k8s.io'], ['serviceaccounts'], 'impersonate:serviceaccount'), on([rbac], ['clusterroles'], 'impersonate-on:serviceaccount:patch'))),
      escalatorLine, 'high ClusterRoleBinding/x User/ana'],
    'a certificate asked for as one account and approved as another': [
      clusterOf(...escalator, ...signers, tokens, roleBindingToClusterRole('shop', 't', 'tokens', user('bob'))),
      escalatorLine, 'high RoleBinding/shop/t User/bob'],
    'exec in a privileged pod on the control plane': [
      clusterOf(namespace('shop'), master, pod('shop', 'p', 'default', 'master', true), execRole, roleBindingToClusterRole('shop', 'exec', 'exec', user('bob'))),
      'critical RoleBinding/shop/exec User/bob'],
    'pods where Pod Security lets them on a node': [
      clusterOf(namespace('shop'), node('n'), podCreator, roleBindingToClusterRole('shop', 'pods', 'pod-creator', user('bob'))), 'medium RoleBinding/shop/pods User/bob'],
    'the label that keeps pods from the node, and the right to change it': [
      clusterOf(namespace('shop', 'restricted'), node('n'), role('shop', 'p', on([''], ['pods'], 'create'), on([''], ['namespaces'], 'patch')), roleBinding('shop', 'p', 'p', user('bob'))),
      'high RoleBinding/shop/p User/bob'],
    'read of every Secret': [clusterOf(...toAna('s', on([''], ['secrets'], 'list'))), 'high ClusterRoleBinding/s User/ana'],
    'the built-in admin in a namespace, low': [clusterOf(builtInAdmin, roleBindingToClusterRole('shop', 'team', 'admin', group('team'))), 'low RoleBinding/shop/team Group/team'],
    'the built-in admin in a namespace that leads to everything': [
      clusterOf(...escalator, builtInAdmin, roleBindingToClusterRole('kube-system', 'team', 'admin', group('team'))), escalatorLine, 'critical RoleBinding/kube-system/team Group/team'],
    'bind on one role by name': [
      clusterOf(clusterRole('cluster-admin', on(['*'], ['*'], '*')), ...toAna('b', { ...on([rbac], ['clusterroles'], 'bind'), resourceNames: ['cluster-admin'] }, on([rbac], ['clusterrolebindings'], 'create'))),
      'critical ClusterRoleBinding/b User/ana'],
    'Secrets of a namespace where the token of an account lies that escalates': [clusterOf(...escalator, tokenOf('aggregator'), ...readsIn('kube-system')), escalatorLine, 'critical RoleBinding/kube-system/s User/bob'],
    'that Secret by its name': [clusterOf(...escalator, tokenOf('aggregator'), ...readsIn('kube-system', ['old'])), escalatorLine, 'critical RoleBinding/kube-system/s User/bob'],
    'every Secret, such a token among them': [clusterOf(...escalator, tokenOf('aggregator'), ...toAna('s', on([''], ['secrets'], 'list'))), escalatorLine, 'critical ClusterRoleBinding/s User/ana'],
    'every Secret, of which the tokens could not be read': [clusterWith(unreadTokens, ...toAna('s', on([''], ['secrets'], 'list'))), 'high ClusterRoleBinding/s User/ana', 'unknown ways through token Secrets'],
    'a role of the cloud that pods of a namespace hold': [
      clusterOf(namespace('shop', 'restricted'), node('n'), cloudAccount, podCreator, roleBindingToClusterRole('shop', 'pods', 'pod-creator', user('bob'))), 'medium RoleBinding/shop/pods User/bob'],
    'exec in a pod on the network of a node of a cloud': [
      clusterOf(namespace('shop', 'restricted'), inCloud('n'), withSpec({ hostNetwork: true }), ...execInShop), 'medium RoleBinding/shop/exec User/bob'],
    'exec in a pod with a capability that leads to the node': [clusterOf(namespace('shop', 'restricted'), node('n'), capable('SYS_ADMIN'), ...execInShop), 'high RoleBinding/shop/exec User/bob'],
    'exec in a pod that may trace the processes of the node': [clusterOf(namespace('shop', 'restricted'), node('n'), capable('CAP_SYS_PTRACE', { hostPID: true }), ...execInShop), 'high RoleBinding/shop/exec User/bob'],
    'a role that a label adds to one that it holds': [clusterOf(aggregatedView, ...labeller, clusterRoleBinding('v', 'view', user('ana'))), 'critical ClusterRoleBinding/labeller User/ana'],
    'a role that a label adds to one that it holds in kube-system': [
      clusterOf(...escalator, aggregatedView, ...labeller, roleBindingToClusterRole('kube-system', 'v', 'view', user('ana'))), escalatorLine, 'critical ClusterRoleBinding/labeller User/ana'],
    'a service account whose pods nobody reaches': [clusterOf(...exposedBy(), ...webReadsSecrets), 'high ClusterRoleBinding/s ServiceAccount/shop/web'],
    'a service account whose pod is behind an Ingress': [clusterOf(...exposedBy(front), ...webReadsSecrets), 'critical ClusterRoleBinding/s ServiceAccount/shop/web'],
    'every service account of a namespace, one of whose pods is behind an Ingress': [
      clusterOf(...exposedBy(front), clusterRole('s', on([''], ['secrets'], 'list')), clusterRoleBinding('s', 's', group('system:serviceaccounts:shop'))), 'critical ClusterRoleBinding/s Group/system:serviceaccounts:shop'],
    'a person beside a pod behind an Ingress': [clusterOf(...exposedBy(front), ...toAna('s', on([''], ['secrets'], 'list'))), 'high ClusterRoleBinding/s User/ana'],
    'the built-in admin of its namespace in a pod behind an Ingress': [clusterOf(...exposedBy(front), ...editor('web')), 'medium RoleBinding/shop/web ServiceAccount/shop/web'],
    'the built-in admin of its namespace in a pod that nobody reaches': [clusterOf(...exposedBy(), ...editor('web')), 'low RoleBinding/shop/web ServiceAccount/shop/web'],
    'a service account whose pod is on the network of its node': [
      clusterOf(namespace('shop', 'restricted'), node('n'), account('shop', 'default'), withSpec({ hostNetwork: true }), clusterRole('s', on([''], ['secrets'], 'list')), clusterRoleBinding('s', 's', serviceAccount('default', 'shop'))),
      'high ClusterRoleBinding/s ServiceAccount/shop/default'],
    'a service account where Services could not be read': [
      clusterWith({ gaps: { [services.id]: forbidden(services) } }, ...exposedBy(front).filter(each => each.kind !== 'Service'), ...webReadsSecrets),
      'high ClusterRoleBinding/s ServiceAccount/shop/web', 'unknown how exposed pods are'],
    'beside pods that could not be read': [
      clusterWith({ gaps: { [pods.id]: forbidden(pods) } }, ...toAna('s', on([''], ['secrets'], 'list'))), 'high ClusterRoleBinding/s User/ana', 'unknown ways through pods'],
  },
  passes: {
    'bind without a write to bindings': clusterOf(...toAna('binder', on([rbac], ['clusterroles'], 'bind'))),
    'a write to bindings without bind': clusterOf(...toAna('binder', on([rbac], ['clusterroles', 'clusterrolebindings'], 'create', 'update'))),
    'escalate without a write': clusterOf(...toAna('e', on([rbac], ['clusterroles'], 'escalate'))),
    'bind on a harmless role': clusterOf(clusterRole('view', on([''], ['pods'], 'get')), ...toAna('b', { ...on([rbac], ['clusterroles'], 'bind'), resourceNames: ['view'] }, on([rbac], ['clusterrolebindings'], 'create'))),
    'impersonation of groups alone': clusterOf(...toAna('imp', on([''], ['groups'], 'impersonate'))),
    'impersonation of users in a namespace': clusterOf(role('shop', 'imp', on([''], ['users', 'groups'], 'impersonate')), roleBinding('shop', 'imp', 'imp', user('ana'))),
    'pods where there is no node': clusterOf(namespace('shop'), podCreator, roleBindingToClusterRole('shop', 'pods', 'pod-creator', user('bob'))),
    'pods where Pod Security keeps them from the node': clusterOf(namespace('shop', 'restricted'), node('n'), podCreator, roleBindingToClusterRole('shop', 'pods', 'pod-creator', user('bob'))),
    'exec on pods/*': clusterOf(namespace('shop'), node('n'), pod('shop', 'p', 'default', 'n', true), role('shop', 'x', on([''], ['pods/*'], 'create')), roleBinding('shop', 'x', 'x', user('bob'))),
    'exec by get, from 1.35': clusterOf(namespace('shop'), node('n'), pod('shop', 'p', 'default', 'n', true), role('shop', 'x', on([''], ['pods/exec'], 'get')), roleBinding('shop', 'x', 'x', user('bob'))),
    'a certificate that one of two accounts may approve, and neither may ask for': clusterOf(...escalatorAlone, ...signers.filter(each => each.metadata.name !== 'asks'), tokens, roleBindingToClusterRole('shop', 't', 'tokens', user('bob'))),
    'accounts of two namespaces, of which it comes to one': clusterOf(...escalatorAlone, ...signers, tokens, roleBindingToClusterRole('bank', 't', 'tokens', user('bob'))),
    'exec in another pod by its name': clusterOf(namespace('shop'), node('n'), pod('shop', 'p', 'default', 'n', true), role('shop', 'x', { ...on([''], ['pods/exec'], 'create'), resourceNames: ['q'] }), roleBinding('shop', 'x', 'x', user('bob'))),
    'nodes/proxy of another node': clusterOf(namespace('shop'), node('n'), node('m'), pod('shop', 'p', 'default', 'n', true), ...toAna('x', { ...on([''], ['nodes/proxy'], 'get'), resourceNames: ['m'] })),
    'constrained impersonation without anything to do by it': clusterOf(account('shop', 'web'), ...toAna('x', on(['authentication.k8s.io'], ['serviceaccounts'], 'impersonate:serviceaccount'))),
    'nodes/proxy in a namespace': clusterOf(namespace('shop'), node('n'), pod('shop', 'p', 'default', 'n', true), role('shop', 'x', on([''], ['nodes/proxy'], 'get')), roleBinding('shop', 'x', 'x', user('bob'))),
    'Secrets of one namespace': clusterOf(role('shop', 's', on([''], ['secrets'], 'list')), roleBinding('shop', 's', 's', user('bob'))),
    'Secrets of another namespace than that of the token': clusterOf(...escalatorAlone, tokenOf('aggregator'), ...readsIn('shop')),
    'another Secret by its name': clusterOf(...escalatorAlone, tokenOf('aggregator'), ...readsIn('kube-system', ['new'])),
    'a token of an account that leads nowhere': clusterOf(...escalatorAlone, tokenOf('aggregator'), ...readsIn('kube-system')),
    'tokens that could not be read, and nobody who reads Secrets': clusterWith(unreadTokens, clusterRole('view', on([''], ['pods'], 'get')), clusterRoleBinding('b', 'view', user('ana'))),
    'a role of the cloud in another namespace': clusterOf(namespace('bank', 'restricted'), namespace('shop', 'restricted'), node('n'), cloudAccount, podCreator, roleBindingToClusterRole('bank', 'pods', 'pod-creator', user('bob'))),
    'exec in a pod on the network of a node of no cloud': clusterOf(namespace('shop', 'restricted'), node('n'), withSpec({ hostNetwork: true }), ...execInShop),
    'exec in a pod of its own network on a node of a cloud': clusterOf(namespace('shop', 'restricted'), inCloud('n'), withSpec({}), ...execInShop),
    'exec in a pod with a capability that leads nowhere': clusterOf(namespace('shop', 'restricted'), node('n'), capable('NET_BIND_SERVICE'), ...execInShop),
    'exec in a pod that may trace its own processes': clusterOf(namespace('shop', 'restricted'), node('n'), capable('SYS_PTRACE'), ...execInShop),
    'a role that a label adds to one that others hold': clusterOf(aggregatedView, ...labeller, clusterRoleBinding('v', 'view', group('readers'))),
    'a role that no label adds to the one that it holds': clusterOf(clusterRole('view', on([''], ['pods'], 'get')), ...labeller, clusterRoleBinding('v', 'view', user('ana'))),
    'whoever is cluster-admin already': clusterOf(clusterRole('ops', on(['*'], ['*'], '*')), clusterRoleBinding('ops', 'ops', user('ana'))),
  },
  notAssessed: { 'Secrets of one namespace, of which the tokens could not be read': [clusterWith(unreadTokens, ...readsIn('shop')), 'unknown ways through token Secrets'] },
  notApplicable: { 'nobody bound': clusterOf(clusterRole('ops', on(['*'], ['*'], '*'))) },
} satisfies CheckCases;

const all: Readonly<Record<string, Snapshot | readonly [Snapshot, ...string[]]>> = { ...cases.fails, ...cases.passes, ...cases.notAssessed, ...cases.notApplicable };
const lonely = rolesNobodyNeeds({ ...cases.fails, ...cases.passes, ...cases.notApplicable });
/** What makes pods reachable, which matters where a way begins at a pod and nowhere else. */
const ofExposure = [services, ingresses, httpRoutes, grpcRoutes, tlsRoutes, tcpRoutes, referenceGrants, openShiftRoutes];
const beginsAtPod = (entry: Snapshot | readonly [Snapshot, ...string[]]): boolean => 'length' in entry && entry.some(line => typeof line === 'string' && / (ServiceAccount|Group\/system:serviceaccounts)/.test(line));
describeCheck(check, {
  ...cases,
  answerableWithout: Object.fromEntries(Object.entries(all).map(([name, entry]) => [
    name, [...(lonely[name] ?? []).filter(each => each === roles || each === clusterRoles), ...(beginsAtPod(entry) ? [] : ofExposure)],
  ])),
});

describe('many teams', () => {
  it('are one cause and a finding for each', () => {
    const teams = Array.from({ length: 1500 }, (_, at) => `team-${at}`);
    const snapshot = clusterOf(builtInAdmin, node('n'), ...teams.map(name => namespace(name)), ...teams.map(name => roleBindingToClusterRole(name, 'team', 'admin', group(name))));
    const result = createEvaluator(snapshot).judge(check);
    const findings = 'findings' in result ? result.findings : [];
    expect(findings.length).toBe(1500);
    expect([...new Set(findings.map(each => `${each.severity} ${each.cause}`))]).toEqual(['low ClusterRole admin bound in namespaces']);
  }, 30_000);
});
