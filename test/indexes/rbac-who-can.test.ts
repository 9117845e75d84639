import { describe, expect, it } from 'vitest';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import type { Snapshot } from '../../src/evidence/snapshot.ts';
import { clusterRoles, roleBindings } from '../../src/evidence/sources/rbac.ts';
import { formatSubject } from '../../src/evidence/subject.ts';
import { whoCanView, type WhoCanQuestion, type WhoCanView } from '../../src/indexes/rbac-who-can.ts';
import { forbidden } from '../support/cluster.ts';
import { clusterOf as snapshotOf, clusterWith as snapshotWith } from '../support/escalation.ts';
import { clusterRole, clusterRoleBinding, group, on, role, roleBinding, roleBindingToClusterRole, serviceAccount, user } from '../support/rbac.ts';

/** A question without its notes, one kind at a time: Omit would forget what the two do not share. */
type Asked = WhoCanQuestion extends infer Q ? (Q extends WhoCanQuestion ? Omit<Q, 'notes'> : never) : never;

function viewOf(snapshot: Snapshot, question: Asked): WhoCanView {
  const resolved = createEvaluator(snapshot).resolve(whoCanView({ ...question, notes: [] }));
  if ('gaps' in resolved) throw new Error(resolved.gaps[0]?.detail);
  return resolved.value;
}

/** `User/ana shop only a,b`, without system:masters, who always can. */
function lines(snapshot: Snapshot, question: Asked): string[] {
  const [masters, ...rows] = viewOf(snapshot, question).answers.rows;
  expect(masters).toMatchObject({ subject: { name: 'system:masters' }, through: { total: 0 } });
  return rows.map(({ subject, namespaces, names }) =>
    [formatSubject(subject), ...(namespaces === undefined ? [] : [namespaces.rows.join()]), ...(names === undefined ? [] : [`only ${names.rows.join()}`])].join(' '));
}

const secrets = { apiGroup: '', resource: 'secrets', namespaced: true };
const named = (...names: string[]) => ({ ...on([''], ['secrets'], 'get', 'list', 'create', 'deletecollection'), resourceNames: names });

const world = snapshotOf(
  clusterRole('reader', on([''], ['secrets'], 'get', 'list')), clusterRole('named', named('a', 'b')), role('shop', 'own', on([''], ['secrets'], 'get')),
  clusterRoleBinding('cluster', 'reader', user('ana'), group('system:serviceaccounts:shop')), clusterRoleBinding('named', 'named', user('nora')),
  roleBinding('shop', 'own', 'own', serviceAccount('web')), roleBindingToClusterRole('shop', 'reader', 'reader', user('lena')),
  roleBindingToClusterRole('bank', 'reader', 'reader', user('lena')), clusterRoleBinding('gone', 'missing', user('eve')),
);

describe('whoCanView', () => {
  it('finds subjects of every kind of binding, the widest reach first', () => {
    expect(lines(world, { verb: 'get', ...secrets })).toEqual([
      'Group/system:serviceaccounts:shop', 'User/ana', 'ServiceAccount/shop/web shop', 'User/lena bank,shop', 'User/nora only a,b',
    ]);
  });
  it('says whom a group of the API server stands for, and by which rule', () => {
    const row = viewOf(world, { verb: 'get', ...secrets }).answers.rows.find(({ subject }) => subject.name === 'system:serviceaccounts:shop');
    expect(row).toMatchObject({ covers: 'every service account of namespace shop', through: { rows: [{ binding: { name: 'cluster' }, role: { name: 'reader' }, ruleIndex: 0 }] } });
  });
  it('leaves other namespaces out of a question about one', () => {
    expect(lines(world, { verb: 'get', ...secrets, namespace: 'bank' })).toEqual(['Group/system:serviceaccounts:shop', 'User/ana', 'User/lena bank', 'User/nora only a,b']);
  });
  it('counts rules with names where a request can carry one', () => {
    expect(lines(world, { verb: 'list', ...secrets })).toContain('User/nora only a,b');
    expect(lines(world, { verb: 'list', ...secrets, name: 'a' })).toContain('User/nora');
    expect(lines(world, { verb: 'list', ...secrets, name: 'c' }).join()).not.toContain('nora');
    expect(lines(world, { verb: 'create', ...secrets }).join()).not.toContain('nora');
    expect(lines(world, { verb: 'create', ...secrets, name: 'a' })).toEqual(['User/nora']);
    expect(lines(world, { verb: 'deletecollection', ...secrets })).toEqual([]);
  });
  it('names nobody by a RoleBinding for what stands in no namespace, save Namespaces and bind', () => {
    const snapshot = snapshotOf(
      clusterRole('all', on(['*'], ['*'], '*')), roleBindingToClusterRole('shop', 'all', 'all', user('lena')),
    );
    expect(lines(snapshot, { verb: 'get', apiGroup: '', resource: 'nodes', namespaced: false })).toEqual([]);
    expect(lines(snapshot, { verb: 'patch', apiGroup: '', resource: 'namespaces', namespaced: false })).toEqual(['User/lena shop only shop']);
    expect(lines(snapshot, { verb: 'patch', apiGroup: '', resource: 'namespaces', namespaced: false, name: 'shop' })).toEqual(['User/lena shop']);
    expect(lines(snapshot, { verb: 'patch', apiGroup: '', resource: 'namespaces', namespaced: false, name: 'bank' })).toEqual([]);
    expect(lines(snapshot, { verb: 'list', apiGroup: '', resource: 'namespaces', namespaced: false })).toEqual([]);
    expect(lines(snapshot, { verb: 'bind', apiGroup: 'rbac.authorization.k8s.io', resource: 'clusterroles', namespaced: false })).toEqual(['User/lena shop']);
    expect(lines(snapshot, { verb: 'bind', apiGroup: 'example.org', resource: 'clusterroles', namespaced: false })).toEqual([]);
    expect(lines(snapshot, { verb: 'escalate', apiGroup: 'rbac.authorization.k8s.io', resource: 'clusterroles', namespaced: false })).toEqual([]);
    expect(lines(snapshot, { verb: 'get', nonResourceURL: '/metrics' })).toEqual([]);
  });
  it('asks about a signer by its name and by its domain with a star, and takes no other star', () => {
    const signers = (name: string) => ({ ...on(['certificates.k8s.io'], ['signers'], 'approve'), resourceNames: [name] });
    const snapshot = snapshotOf(...['kubernetes.io/kubelet-serving', 'kubernetes.io/*', '*', 'other.io/*'].flatMap((name, at) =>
      [clusterRole(`r${at}`, signers(name)), clusterRoleBinding(`b${at}`, `r${at}`, user(name))]));
    const asked = { verb: 'approve', apiGroup: 'certificates.k8s.io', resource: 'signers', namespaced: false };
    expect(lines(snapshot, { ...asked, name: 'kubernetes.io/kubelet-serving' })).toEqual(['User/kubernetes.io/*', 'User/kubernetes.io/kubelet-serving']);
  });
  it('says what it has not seen', () => {
    const blind = snapshotWith({ gaps: { [roleBindings.id]: forbidden(roleBindings) } }, clusterRole('reader', on([''], ['secrets'], 'get')), clusterRoleBinding('b', 'reader', user('ana')));
    expect(viewOf(blind, { verb: 'get', ...secrets }).unseen).toMatchObject({ total: 1, rows: [{ of: 'RoleBindings in all namespaces' }] });
    expect(viewOf(blind, { verb: 'get', apiGroup: '', resource: 'nodes', namespaced: false }).unseen.total).toBe(0);
    const noRoles = snapshotWith({ gaps: { [clusterRoles.id]: forbidden(clusterRoles) } }, clusterRoleBinding('b', 'reader', user('ana')));
    expect(viewOf(noRoles, { verb: 'get', ...secrets }).unseen.rows.map(({ of }) => of)).toEqual(['the role of ClusterRoleBinding/b']);
    const one = snapshotWith({ namespace: 'shop' }, role('shop', 'own', on([''], ['secrets'], 'get')), roleBinding('shop', 'own', 'own', user('ana')));
    expect(viewOf(one, { verb: 'get', ...secrets, namespace: 'bank' }).unseen.rows.map(({ of }) => of)).toContain('RoleBindings in namespace bank');
  });
});
