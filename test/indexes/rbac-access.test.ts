import { describe, expect, it } from 'vitest';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import type { Snapshot } from '../../src/evidence/snapshot.ts';
import { roleBindings } from '../../src/evidence/sources/rbac.ts';
import { accessView, type AccessQuestion, type AccessView } from '../../src/indexes/rbac-access.ts';
import { forbidden } from '../support/cluster.ts';
import { clusterOf as snapshotOf, clusterWith as snapshotWith } from '../support/escalation.ts';
import { clusterRole, clusterRoleBinding, group, on, role, roleBinding, roleBindingToClusterRole, serviceAccount, user } from '../support/rbac.ts';

function viewOf(snapshot: Snapshot, question: Omit<AccessQuestion, 'subject'>): AccessView {
  const resolved = createEvaluator(snapshot).resolve(accessView({ subject: 'somebody', ...question }));
  if ('gaps' in resolved) throw new Error(resolved.gaps[0]?.detail);
  return resolved.value;
}

const given = (...names: string[]): AccessQuestion['groups'] => names.map(name => ({ name, from: 'given' }));
const web = { user: 'system:serviceaccount:shop:web', groups: given('system:serviceaccounts', 'system:serviceaccounts:shop', 'system:authenticated') };

const world = snapshotOf(
  clusterRole('pods', on([''], ['pods'], 'get')), clusterRole('secrets', on([''], ['secrets'], 'get')),
  clusterRole('binder', on(['rbac.authorization.k8s.io'], ['clusterroles'], 'bind')), role('shop', 'writer', on(['rbac.authorization.k8s.io'], ['rolebindings'], 'create')),
  clusterRole('nodes', on([''], ['nodes'], 'get')),
  clusterRoleBinding('everybody', 'pods', group('system:authenticated')), clusterRoleBinding('again', 'pods', group('system:serviceaccounts')),
  roleBindingToClusterRole('shop', 'secrets', 'secrets', serviceAccount('web')), roleBindingToClusterRole('shop', 'nodes', 'nodes', serviceAccount('web')),
  roleBindingToClusterRole('bank', 'secrets', 'secrets', user('system:serviceaccount:shop:web')),
  clusterRoleBinding('binder', 'binder', user('ana')), roleBinding('shop', 'writer', 'writer', user('ana')),
);

describe('accessView', () => {
  it('groups rules by scope, the whole cluster first, and says which group brings each', () => {
    const { scopes, bindings } = viewOf(world, web);
    expect(scopes.rows.map(({ namespace, rules }) => [namespace ?? 'everywhere', rules.total])).toEqual([['everywhere', 1], ['bank', 1], ['shop', 2]]);
    expect(scopes.rows[0]?.rules.rows[0]).toMatchObject({ via: ['system:authenticated', 'system:serviceaccounts'], through: { total: 2 } });
    expect(scopes.rows[1]?.rules.rows[0]?.via).toBeUndefined();
    expect(bindings).toBe(5);
  });
  it('puts the strongest first and knows what has no effect', () => {
    const { powers, scopes } = viewOf(world, web);
    expect(powers.rows.map(({ can, namespace }) => `${can} ${namespace ?? 'everywhere'}`)).toEqual(['read Secrets bank', 'read Secrets shop', 'read pods everywhere', 'read secrets bank', 'read secrets shop']);
    const nodes = scopes.rows[2]?.rules.rows.find(({ rule }) => rule.resources?.includes('nodes'));
    expect(nodes?.can).toBeUndefined();
  });
  it('joins rules of a namespace with those of the whole cluster', () => {
    expect(viewOf(world, { user: 'ana', groups: given('system:authenticated') }).powers.rows[0]).toEqual({ can: 'give itself any role by binding it', impact: 'takeover', namespace: 'shop' });
  });
  it('asks for groups alone without a user', () => {
    expect(viewOf(world, { groups: given('system:authenticated') })).toMatchObject({ bindings: 1, isMaster: false });
    expect(viewOf(snapshotOf(clusterRole('pods', on([''], ['pods'], 'get')), clusterRoleBinding('b', 'pods', user(''))), { groups: given('x') }).bindings).toBe(0);
  });
  it('keeps to one namespace and the whole cluster where that is asked', () => {
    expect(viewOf(world, { ...web, namespace: 'bank' }).scopes.rows.map(({ namespace }) => namespace)).toEqual([undefined, 'bank']);
  });
  it('knows members of system:masters, and what was not seen', () => {
    const blind = snapshotWith({ gaps: { [roleBindings.id]: forbidden(roleBindings) } });
    expect(viewOf(blind, { user: 'root', groups: given('system:masters') })).toMatchObject({ isMaster: true, unseen: { rows: [{ of: 'RoleBindings in all namespaces' }] } });
  });
});
