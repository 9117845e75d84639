import { describe, expect, it, test } from 'vitest';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import type { Source } from '../../src/evidence/source.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../src/evidence/sources/rbac.ts';
import { formatSubject } from '../../src/evidence/subject.ts';
import { authorize, namespaceOf } from '../../src/indexes/rbac-authorize.ts';
import { rbacGrants, type RbacGrants } from '../../src/indexes/rbac-grants.ts';
import { canonicalSubject, identityOf } from '../../src/indexes/rbac-identity.ts';
import { forbidden, snapshotWith, type ClusterOptions, type Manifest } from '../support/cluster.ts';
import {
  clusterRole, clusterRoleBinding, group, on, role, roleBinding, roleBindingToClusterRole, serviceAccount, user,
} from '../support/rbac.ts';

const readPods = on([''], ['pods'], 'get');
const ana = { user: 'ana', groups: ['system:authenticated'] };
const getPod = { verb: 'get', apiGroup: '', resource: 'pods', name: 'p', namespace: 'shop' };

function grantsOf(options: ClusterOptions, ...objects: Manifest[]): RbacGrants {
  const resolved = createEvaluator(snapshotWith(options, ...objects)).resolve(rbacGrants);
  if ('gaps' in resolved) throw new Error('unread');
  return resolved.value;
}

const blind = (...sources: Source[]): ClusterOptions =>
  ({ gaps: Object.fromEntries(sources.map(source => [source.id, forbidden(source)])) });

describe('canonicalSubject', () => {
  test.each<[why: string, subject: Parameters<typeof canonicalSubject>, canonical: string | undefined]>([
    ['a user', [user('ana')], 'User/ana'],
    ['the namespace of a user is ignored', [{ kind: 'User', name: 'ana', namespace: 'shop' }], 'User/ana'],
    ['the group of a subject is ignored', [{ kind: 'User', name: 'ana', apiGroup: 'example.org' }], 'User/ana'],
    ['a group', [group('sre')], 'Group/sre'],
    ['a group with the name of a service account', [group('system:serviceaccount:n:x')], 'Group/system:serviceaccount:n:x'],
    ['a service account', [serviceAccount('x', 'n')], 'ServiceAccount/n/x'],
    ['a service account of the binding’s namespace', [serviceAccount('x'), 'n'], 'ServiceAccount/n/x'],
    ['an empty namespace is none', [{ kind: 'ServiceAccount', name: 'x', namespace: '' }, 'n'], 'ServiceAccount/n/x'],
    ['its own namespace wins', [serviceAccount('x', 'm'), 'n'], 'ServiceAccount/m/x'],
    ['no namespace at all', [serviceAccount('x')], undefined],
    ['a service account by its user name', [user('system:serviceaccount:n:x.y')], 'ServiceAccount/n/x.y'],
    ['a part too many', [user('system:serviceaccount:n:x:y')], 'User/system:serviceaccount:n:x:y'],
    ['a part that is no name', [user('system:serviceaccount:n:X')], 'User/system:serviceaccount:n:X'],
    ['a namespace that is no name', [user('system:serviceaccount:n-:x')], 'User/system:serviceaccount:n-:x'],
    ['an empty part', [user('system:serviceaccount::x')], 'User/system:serviceaccount::x'],
    ['another kind', [{ kind: 'Robot', name: 'r2' }], undefined],
    ['another letter case', [{ kind: 'user', name: 'ana' }], undefined],
  ])('%s', (_why, given, canonical) => {
    const subject = canonicalSubject(...given);
    expect(subject === undefined ? undefined : formatSubject(subject)).toBe(canonical);
  });
});

describe('identityOf', () => {
  test.each<[subject: Parameters<typeof identityOf>[0], user: string, groups: string[]]>([
    [{ kind: 'ServiceAccount', namespace: 'n', name: 'x' }, 'system:serviceaccount:n:x', ['system:serviceaccounts', 'system:serviceaccounts:n', 'system:authenticated']],
    [{ kind: 'User', name: 'ana' }, 'ana', ['system:authenticated']],
    [{ kind: 'User', name: 'system:anonymous' }, 'system:anonymous', ['system:unauthenticated']],
    [{ kind: 'User', name: 'system:node:a' }, 'system:node:a', ['system:nodes', 'system:authenticated']],
    [{ kind: 'User', name: 'system:bootstrap:abcdef' }, 'system:bootstrap:abcdef', ['system:bootstrappers', 'system:authenticated']],
  ])('%j', (subject, name, groups) => {
    expect(identityOf(subject)).toEqual({ user: name, groups });
  });
});

describe('rbacGrants', () => {
  it('gives one grant for each subject of each binding, with every place', () => {
    const { grants } = grantsOf({}, clusterRole('r', readPods), clusterRoleBinding('b', 'r', user('ana'), group('g'), user('ana')));
    expect(grants).toMatchObject([
      { subject: { kind: 'Group', name: 'g' }, subjectIndexes: [1], rules: [readPods] },
      { subject: { kind: 'User', name: 'ana' }, subjectIndexes: [0, 2], rules: [readPods] },
    ]);
    expect(grants.every(grant => grant.namespace === undefined)).toBe(true);
  });

  it('limits a ClusterRole to the namespace of a RoleBinding', () => {
    const { grants } = grantsOf({}, clusterRole('r', readPods), roleBindingToClusterRole('shop', 'b', 'r', serviceAccount('web')));
    expect(grants).toMatchObject([{ namespace: 'shop', role: { kind: 'ClusterRole', name: 'r' }, subject: { namespace: 'shop', name: 'web' } }]);
    expect(grants[0]?.role.namespace).toBeUndefined();
  });

  it('tells a Role from a ClusterRole of the same name, and from one of another namespace', () => {
    const { grants, dangling } = grantsOf({},
      clusterRole('r', on(['*'], ['*'], '*')), role('shop', 'r', readPods),
      roleBinding('shop', 'b', 'r', user('ana')), roleBinding('bank', 'b', 'r', user('ana')));
    expect(grants).toMatchObject([{ binding: { namespace: 'shop' }, rules: [readPods] }]);
    expect(dangling).toMatchObject([{ binding: { namespace: 'bank' }, role: { kind: 'Role', namespace: 'bank', name: 'r' } }]);
  });

  it('grants nothing where a ClusterRoleBinding refers to a Role', () => {
    const broken = { ...clusterRoleBinding('b', 'r', user('ana')), roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' } };
    for (const options of [{}, blind(roles)]) {
      expect(grantsOf(options, clusterRole('r', readPods), broken)).toMatchObject({ grants: [], unresolved: [], dangling: [{ binding: { name: 'b' } }] });
    }
  });

  it('keeps entries that match nobody apart', () => {
    const { grants, inert } = grantsOf({}, clusterRole('r', readPods), clusterRoleBinding('b', 'r', serviceAccount('x'), user('ana'), { kind: 'Robot', name: 'r2' }));
    expect(grants).toHaveLength(1);
    expect(inert.map(each => each.subjectIndex)).toEqual([0, 2]);
  });

  it('calls a role that could not be read unresolved, and never dangling', () => {
    const { grants, unresolved, dangling } = grantsOf(blind(clusterRoles),
      role('shop', 'r', readPods), roleBinding('shop', 'known', 'r', user('ana')), roleBinding('shop', 'gone', 'gone', user('ana')),
      roleBindingToClusterRole('shop', 'unread', 'view', user('ana')));
    expect(grants).toMatchObject([{ binding: { name: 'known' } }]);
    expect(unresolved).toMatchObject([{ binding: { name: 'unread' }, gaps: [{ source: 'clusterroles', reason: 'forbidden' }] }]);
    expect(dangling).toMatchObject([{ binding: { name: 'gone' } }]);
  });

  it('says which bindings it could not read', () => {
    expect(grantsOf(blind(roleBindings)).unread).toMatchObject([{ of: 'RoleBindings in all namespaces', gaps: [{ source: 'rolebindings' }] }]);
    expect(grantsOf(blind(clusterRoleBindings)).unread).toMatchObject([{ of: 'ClusterRoleBindings', isClusterWide: true }]);
    expect(grantsOf({ namespace: 'shop', ...blind(roleBindings) })).toMatchObject({
      unread: [{ of: 'RoleBindings in namespace shop' }],
      outOfScope: [{ of: 'ClusterRoleBindings' }],
    });
  });
});

describe('authorize, where something is missing', () => {
  const bound = [clusterRole('r', readPods), clusterRoleBinding('b', 'r', user('ana'))];
  const inShop = [clusterRole('r', readPods), roleBindingToClusterRole('shop', 'b', 'r', user('ana'))];
  const nobody = { user: 'nobody', groups: [] };
  const getMetrics = { verb: 'get', nonResourceURL: '/metrics' };
  const getNode = { verb: 'get', apiGroup: '', resource: 'nodes', name: 'a' };

  test.each<[why: string, RbacGrants, Parameters<typeof authorize>[1], Parameters<typeof authorize>[2], string]>([
    ['system:masters needs no binding', grantsOf({}), { user: 'root', groups: ['system:masters'] }, getNode, 'allowed'],
    ['what was read is enough to allow', grantsOf(blind(roleBindings, roles), ...bound), ana, getPod, 'allowed'],
    ['unread RoleBindings might allow', grantsOf(blind(roleBindings), ...bound), nobody, getPod, 'unknown'],
    ['unread RoleBindings say nothing of nodes', grantsOf(blind(roleBindings), ...bound), nobody, getNode, 'denied'],
    ['unread RoleBindings say nothing of paths', grantsOf(blind(roleBindings), ...bound), nobody, getMetrics, 'denied'],
    ['unread ClusterRoleBindings might allow anything', grantsOf(blind(clusterRoleBindings)), nobody, getMetrics, 'unknown'],
    ['an unread role of one’s own might allow', grantsOf(blind(clusterRoles), ...inShop), ana, getPod, 'unknown'],
    ['an unread role of somebody else does not', grantsOf(blind(clusterRoles), ...inShop), nobody, getPod, 'denied'],
    ['an unread role of another namespace does not', grantsOf(blind(clusterRoles), ...inShop), ana, { ...getPod, namespace: 'bank' }, 'denied'],
    ['with -n, what is allowed is known', grantsOf({ namespace: 'shop' }, ...inShop), ana, getPod, 'allowed'],
    ['with -n, a refusal is not: ClusterRoleBindings were left out', grantsOf({ namespace: 'shop' }, ...inShop), nobody, getPod, 'unknown'],
  ])('%s', (_why, rbac, identity, request, answer) => {
    expect(authorize(rbac, identity, request).answer).toBe(answer);
  });

  it('says which rule of which grant allows', () => {
    const rbac = grantsOf({}, clusterRole('r', on([''], ['secrets'], 'get'), readPods), clusterRoleBinding('b', 'r', user('ana')));
    expect(authorize(rbac, ana, getPod)).toMatchObject({ by: { ruleIndex: 1, rule: readPods, grant: { binding: { name: 'b' } } } });
  });

  it('names another namespace as left out', () => {
    const answer = authorize(grantsOf({ namespace: 'shop' }), ana, { ...getPod, namespace: 'bank' });
    expect(answer).toMatchObject({ answer: 'unknown', gaps: [{ kind: 'outOfScope' }, { kind: 'outOfScope', detail: expect.stringContaining('bank') }] });
  });
});

describe('namespaceOf', () => {
  const one = { verb: 'get', apiGroup: '', resource: 'namespaces', name: 'shop' };
  test.each<[why: string, Parameters<typeof namespaceOf>[0], string | undefined]>([
    ['one Namespace', one, 'shop'],
    ['its subresource', { ...one, verb: 'update', subresource: 'finalize' }, 'shop'],
    ['a list by name', { ...one, verb: 'list' }, undefined],
    ['a watch by name', { ...one, verb: 'watch' }, undefined],
    ['a create by POST', { verb: 'create', apiGroup: '', resource: 'namespaces' }, undefined],
    ['namespaces of another group', { ...one, apiGroup: 'example.org' }, undefined],
    ['an empty namespace', { ...one, resource: 'nodes', namespace: '' }, undefined],
    ['a path', { verb: 'get', nonResourceURL: '/' }, undefined],
  ])('%s', (_why, request, namespace) => {
    expect(namespaceOf(request)).toBe(namespace);
  });
});
