import { describe, expect, it, test } from 'vitest';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import { authorize, type Authorization } from '../../src/indexes/rbac-authorize.ts';
import { rbacGrants, type RbacGrants } from '../../src/indexes/rbac-grants.ts';
import { identityOf, type Identity } from '../../src/indexes/rbac-identity.ts';
import type { AccessRequest } from '../../src/indexes/rbac-matcher.ts';
import { powersOf } from '../../src/indexes/rbac-power.ts';
import { snapshotOf, type Manifest } from '../support/cluster.ts';
import {
  clusterRole, clusterRoleBinding, group, on, roleBindingToClusterRole, serviceAccount, user, type RuleManifest,
} from '../support/rbac.ts';

/** Each row is a corner of RBAC that tools get wrong; the numbers are only a way to name a row. */
interface Row {
  readonly row: string;
  readonly cluster: readonly Manifest[];
  readonly request: AccessRequest;
  readonly as?: Identity;
  readonly answer: Authorization['answer'];
}

const ana: Identity = { user: 'ana', groups: ['system:authenticated'] };
const webInN = identityOf({ kind: 'ServiceAccount', namespace: 'n', name: 'x' });
const rbac = 'rbac.authorization.k8s.io';
const signers = 'certificates.k8s.io';
const readPods = on([''], ['pods'], 'get');

/** Bound in the whole cluster. */
const holds = (...rules: RuleManifest[]): Manifest[] => [clusterRole('r', ...rules), clusterRoleBinding('b', 'r', user('ana'))];
/** The same ClusterRole bound by a RoleBinding in namespace n. */
const holdsInN = (...rules: RuleManifest[]): Manifest[] => [clusterRole('r', ...rules), roleBindingToClusterRole('n', 'b', 'r', user('ana'))];
const named = (rule: RuleManifest, ...resourceNames: string[]): RuleManifest => ({ ...rule, resourceNames });
const ask = (verb: string, path: string, more: { name?: string; namespace?: string; apiGroup?: string } = {}): AccessRequest => {
  const [resource = '', subresource] = path.split('/');
  return { verb, apiGroup: '', resource, ...(subresource === undefined ? {} : { subresource }), ...more };
};

const rows: readonly Row[] = [
  { row: '1 a star covers pods/exec', cluster: holds(on([''], ['*'], '*')), request: ask('create', 'pods/exec', { namespace: 'n', name: 'p' }), answer: 'allowed' },
  { row: '2 pods/* is no pattern', cluster: holds(on([''], ['pods/*'], '*')), request: ask('get', 'pods/log', { namespace: 'n', name: 'p' }), answer: 'denied' },
  { row: '3 */* is no pattern', cluster: holds(on([''], ['*/*'], '*')), request: ask('get', 'pods', { namespace: 'n' }), answer: 'denied' },
  { row: '4 */exec', cluster: holds(on([''], ['*/exec'], 'create')), request: ask('create', 'pods/exec', { namespace: 'n', name: 'p' }), answer: 'allowed' },
  { row: '5 */scale is not the resource', cluster: holds(on(['apps'], ['*/scale'], 'get')), request: ask('get', 'deployments', { apiGroup: 'apps', namespace: 'n' }), answer: 'denied' },
  { row: '6 pods is not pods/status', cluster: holds(readPods), request: ask('get', 'pods/status', { namespace: 'n', name: 'p' }), answer: 'denied' },
  { row: '7 another group', cluster: holds(on(['apps'], ['deployments'], 'get')), request: ask('get', 'deployments', { namespace: 'n' }), answer: 'denied' },
  { row: '8 no groups', cluster: holds({ verbs: ['*'], resources: ['*'] }), request: ask('get', 'pods', { namespace: 'n' }), answer: 'denied' },
  { row: '9 list with names', cluster: holds(named(on([''], ['secrets'], 'list'), 'a')), request: ask('list', 'secrets', { namespace: 'n' }), answer: 'denied' },
  { row: '10 list with a selector on the name', cluster: holds(named(on([''], ['secrets'], 'list'), 'a')), request: ask('list', 'secrets', { namespace: 'n', name: 'a' }), answer: 'allowed' },
  { row: '11 POST with names', cluster: holds(named(on([''], ['pods'], 'create'), 'a')), request: ask('create', 'pods', { namespace: 'n' }), answer: 'denied' },
  { row: '12 the create that an apply of a missing object asks for', cluster: holds(named(on([''], ['configmaps'], 'create', 'patch'), 'a')), request: ask('create', 'configmaps', { namespace: 'n', name: 'a' }), answer: 'allowed' },
  { row: '13 create on a subresource has a name', cluster: holds(named(on([''], ['pods/exec'], 'create'), 'a')), request: ask('create', 'pods/exec', { namespace: 'n', name: 'a' }), answer: 'allowed' },
  { row: '14 a star among the names', cluster: holds(named(readPods, '*')), request: ask('get', 'pods', { namespace: 'n', name: 'foo' }), answer: 'denied' },
  { row: '15 GET is no verb', cluster: holds(on([''], ['pods'], 'GET')), request: ask('get', 'pods', { namespace: 'n' }), answer: 'denied' },
  { row: '16 the API server asks for a signer domain as DOMAIN/*', cluster: holds(named(on([signers], ['signers'], 'approve'), 'kubernetes.io/*')), request: ask('approve', 'signers', { apiGroup: signers, name: 'kubernetes.io/*' }), answer: 'allowed' },
  { row: '16 and for the signer by itself', cluster: holds(named(on([signers], ['signers'], 'approve'), 'kubernetes.io/*')), request: ask('approve', 'signers', { apiGroup: signers, name: 'kubernetes.io/kubelet-serving' }), answer: 'denied' },
  { row: '17 a star is no signer', cluster: holds(named(on([signers], ['signers'], 'approve'), '*')), request: ask('approve', 'signers', { apiGroup: signers, name: 'kubernetes.io/*' }), answer: 'denied' },
  { row: '18 the own Namespace through a RoleBinding', cluster: holdsInN(on([''], ['namespaces'], 'patch')), request: ask('patch', 'namespaces', { name: 'n' }), answer: 'allowed' },
  { row: '19 another Namespace', cluster: holdsInN(on([''], ['namespaces'], 'patch')), request: ask('patch', 'namespaces', { name: 'm' }), answer: 'denied' },
  { row: '19 a list of Namespaces by name has no namespace', cluster: holdsInN(on([''], ['namespaces'], 'list')), request: ask('list', 'namespaces', { name: 'n' }), answer: 'denied' },
  { row: '20 nodes/proxy through a RoleBinding', cluster: holdsInN(on([''], ['nodes/proxy'], 'get')), request: ask('get', 'nodes/proxy', { name: 'node' }), answer: 'denied' },
  { row: '21 the bind that a RoleBinding in n to cluster-admin asks for', cluster: holdsInN(on([rbac], ['clusterroles'], 'bind')), request: ask('bind', 'clusterroles', { apiGroup: rbac, namespace: 'n', name: 'cluster-admin' }), answer: 'allowed' },
  { row: '21 and a ClusterRoleBinding to it', cluster: holdsInN(on([rbac], ['clusterroles'], 'bind')), request: ask('bind', 'clusterroles', { apiGroup: rbac, name: 'cluster-admin' }), answer: 'denied' },
  { row: '25 a group of service accounts', cluster: [clusterRole('r', readPods), clusterRoleBinding('b', 'r', group('system:serviceaccounts:n'))], as: webInN, request: ask('get', 'pods', { namespace: 'm' }), answer: 'allowed' },
  { row: '26 a service account without a namespace in a RoleBinding', cluster: [clusterRole('r', readPods), roleBindingToClusterRole('n', 'b', 'r', serviceAccount('x'))], as: webInN, request: ask('get', 'pods', { namespace: 'n' }), answer: 'allowed' },
  { row: '27 and in a ClusterRoleBinding', cluster: [clusterRole('r', readPods), clusterRoleBinding('b', 'r', serviceAccount('x'))], as: webInN, request: ask('get', 'pods', { namespace: 'n' }), answer: 'denied' },
  { row: '28 a User with the name of a service account', cluster: [clusterRole('r', readPods), clusterRoleBinding('b', 'r', user('system:serviceaccount:n:x'))], as: webInN, request: ask('get', 'pods', { namespace: 'n' }), answer: 'allowed' },
  { row: '29 /metrics/* is not /metrics', cluster: holds({ verbs: ['get'], nonResourceURLs: ['/metrics/*'] }), request: { verb: 'get', nonResourceURL: '/metrics' }, answer: 'denied' },
  { row: '30 /metrics* is', cluster: holds({ verbs: ['get'], nonResourceURLs: ['/metrics*'] }), request: { verb: 'get', nonResourceURL: '/metrics/cadvisor' }, answer: 'allowed' },
  { row: '30 never through a RoleBinding', cluster: holdsInN({ verbs: ['get'], nonResourceURLs: ['*'] }), request: { verb: 'get', nonResourceURL: '/metrics' }, answer: 'denied' },
  { row: '35 a missing role', cluster: [clusterRoleBinding('b', 'gone', user('ana'))], request: ask('get', 'pods', { namespace: 'n' }), answer: 'denied' },
];

describe('what RBAC says', () => {
  test.each(rows)('$row: $answer', ({ cluster, request, as = ana, answer }) => {
    expect(authorize(grantsOf(...cluster), as, request).answer).toBe(answer);
  });

  it('35 keeps a binding to a missing role apart', () => {
    const { grants, dangling } = grantsOf(clusterRoleBinding('b', 'gone', user('ana')));
    expect(grants).toEqual([]);
    expect(dangling).toMatchObject([{ binding: { name: 'b' }, role: { name: 'gone' }, subject: { name: 'ana' } }]);
  });
});

/**
 * What rules lead to, as far as one set of rules tells. Not here but in the graph of paths, since it takes more than the
 * rules: the version of the API server (31 and 32: what is said is only where it holds), and what an attempt to create a
 * binding ends in (34, beside that no power to bind is claimed).
 */
describe('what rules lead to', () => {
  const ids = (reach: 'cluster' | 'namespace', ...rules: RuleManifest[]): string[] =>
    powersOf(rules, reach).filter(power => power.impact === 'takeover').map(power => power.id);
  const bindAny = on([rbac], ['clusterroles'], 'bind');
  const writeRoleBindings = on([rbac], ['rolebindings'], 'create');
  const anyGroup = on([''], ['groups'], 'impersonate');

  test.each<[row: string, found: string[], expected: string[]]>([
    ['20 nodes/proxy in one namespace is without effect', ids('namespace', on([''], ['nodes/proxy'], 'get')), []],
    ['21 bind on clusterroles, for RoleBindings', ids('namespace', bindAny, writeRoleBindings), ['bind']],
    ['22 bind without a write to bindings', ids('cluster', bindAny), []],
    ['23 groups alone', ids('cluster', anyGroup), []],
    ['24 groups and a service account', ids('cluster', anyGroup, on([''], ['serviceaccounts'], 'impersonate')), ['impersonate-service-account']],
    ['31, 32 get on pods/exec', ids('namespace', on([''], ['pods/exec'], 'get')), ['pod-exec-get']],
    ['33 get on all of core', ids('cluster', on([''], ['*'], 'get')), ['node-proxy', 'secrets-read', 'pod-exec-get']],
    ['33 in one namespace', ids('namespace', on([''], ['*'], 'get')), ['secrets-read', 'pod-exec-get']],
    ['34 a write to bindings without bind', ids('cluster', writeRoleBindings), []],
  ])('%s', (_row, found, expected) => {
    expect(found).toEqual(expected);
  });
});

function grantsOf(...objects: Manifest[]): RbacGrants {
  const resolved = createEvaluator(snapshotOf(...objects)).resolve(rbacGrants);
  if ('gaps' in resolved) throw new Error('unread');
  return resolved.value;
}
