import { describe, expect, it } from 'vitest';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import { clusterRoles, roleBindings } from '../../src/evidence/sources/rbac.ts';
import { formatSubject } from '../../src/evidence/subject.ts';
import { NAMES, rbacView, ROWS, type RbacView } from '../../src/indexes/rbac-view.ts';
import { forbidden } from '../support/cluster.ts';
import { clusterOf as snapshotOf, clusterWith as snapshotWith } from '../support/escalation.ts';
import {
  clusterRole, clusterRoleBinding, group, on, role, roleBinding, roleBindingToClusterRole, serviceAccount, user,
} from '../support/rbac.ts';

const anything = on(['*'], ['*'], '*');
const readPods = on([''], ['pods'], 'get');
const readSecrets = on([''], ['secrets'], 'get');

function viewOf(snapshot: Parameters<typeof createEvaluator>[0]): RbacView {
  const resolved = createEvaluator(snapshot).resolve(rbacView);
  if ('gaps' in resolved) throw new Error(resolved.gaps[0]?.detail);
  return resolved.value;
}

const small = snapshotOf(
  clusterRole('cluster-admin', anything), clusterRoleBinding('cluster-admin', 'cluster-admin', group('system:masters')),
  clusterRole('secrets', readSecrets), clusterRole('pods', readPods), clusterRole('core', on([''], ['*'], 'get')),
  clusterRole('void', { verbs: ['get'], resources: ['pods'] }),
  clusterRoleBinding('everybody', 'pods', group('system:authenticated')),
  clusterRoleBinding('ana', 'pods', user('ana')),
  roleBindingToClusterRole('shop', 'ana', 'secrets', user('ana')), roleBindingToClusterRole('bank', 'ana', 'secrets', user('ana')),
  roleBindingToClusterRole('shop', 'owner', 'cluster-admin', serviceAccount('web')),
  clusterRoleBinding('sre', 'core', group('sre')),
  clusterRoleBinding('void', 'void', group('void')),
  clusterRoleBinding('gone', 'gone', user('eve')),
);

describe('rbacView', () => {
  const view = viewOf(small);

  it('puts the strongest subject first, the whole cluster before a namespace', () => {
    expect(view.subjects.rows.map(row => `${formatSubject(row.subject)} ${row.can} ${row.namespaces?.rows.join() ?? 'everywhere'}`)).toEqual([
      'Group/system:masters do anything everywhere',
      'Group/sre run commands in every container through nodes/proxy everywhere',
      'ServiceAccount/shop/web do anything shop',
      'User/ana read Secrets bank,shop',
      'Group/system:authenticated read pods everywhere',
      'Group/void undefined everywhere',
    ]);
  });

  it('says through which bindings, and how many there are in all', () => {
    const row = view.subjects.rows.find(each => each.subject.name === 'ana');
    expect(row).toMatchObject({ boundBy: 3, expected: false, bindings: { total: 2, rows: [{ namespace: 'bank' }, { namespace: 'shop' }] } });
  });

  it('counts what the platform made, and shows it', () => {
    expect(view.expected).toEqual({ subjects: 1, grants: 1 });
    expect(view.subjects.rows[0]?.expected).toBe(true);
    expect(view.clusterAdmins.rows.map(row => [formatSubject(row.subject), row.namespace, row.platform !== undefined])).toEqual([
      ['Group/system:masters', undefined, true], ['ServiceAccount/shop/web', 'shop', false],
    ]);
  });

  it('lists broad, public, dangling and direct grants', () => {
    const subjects = (rows: RbacView['broad']): string[] => rows.rows.map(row => `${row.binding.name} ${formatSubject(row.subject)}`);
    expect(subjects(view.broad)).toEqual(['sre Group/sre']);
    expect(subjects(view.public)).toEqual(['everybody Group/system:authenticated']);
    expect(subjects(view.dangling)).toEqual(['gone User/eve']);
    expect(subjects(view.directUsers)).toEqual(['ana User/ana', 'ana User/ana', 'ana User/ana']);
  });

  it('says what it could not read', () => {
    const gaps = { [roleBindings.id]: forbidden(roleBindings), [clusterRoles.id]: forbidden(clusterRoles) };
    const { unread } = viewOf(snapshotWith({ gaps }, clusterRoleBinding('ana', 'pods', user('ana'), user('eve'))));
    expect(unread.rows.map(row => row.of)).toEqual(['RoleBindings in all namespaces', 'ClusterRoleBinding/ana']);
    expect(viewOf(snapshotWith({ namespace: 'shop' })).unread.rows.map(row => row.of)).toEqual(['ClusterRoleBindings']);
  });

  it('is bounded, and counts the rest', () => {
    const many = Array.from({ length: ROWS + 10 }, (_, at) => user(`u${at}`));
    const places = Array.from({ length: NAMES + 5 }, (_, at) => roleBinding(`n${at}`, 'b', 'r', group('g')));
    const roles = places.map(each => role(each.metadata.namespace ?? '', 'r', readSecrets));
    const { subjects } = viewOf(snapshotOf(clusterRole('pods', readPods), clusterRoleBinding('b', 'pods', ...many), ...places, ...roles));
    expect(subjects).toMatchObject({ total: ROWS + 11 });
    expect(subjects.rows).toHaveLength(ROWS);
    expect(subjects.rows[0]).toMatchObject({ subject: { name: 'g' }, namespaces: { total: NAMES + 5 }, bindings: { total: NAMES + 5 } });
    expect(subjects.rows[0]?.bindings.rows).toHaveLength(NAMES);
  });

  it('makes one row of those who hold one built-in role in namespaces, and nothing else', () => {
    const edit = clusterRole('system:aggregate-to-edit', on([''], ['secrets'], 'get', 'list', 'watch'));
    const team = (name: string) => roleBindingToClusterRole(name, 'team', 'system:aggregate-to-edit', group(name));
    const own = clusterRole('own', on([''], ['secrets'], 'list'));
    const view = viewOf(snapshotOf(edit, own, team('a'), team('b'), team('c'), team('d'), clusterRoleBinding('d', 'own', group('d')), roleBindingToClusterRole('e', 'e', 'own', group('e')), roleBindingToClusterRole('f', 'f', 'own', group('f'))));
    expect(view.teams.rows).toMatchObject([{ role: { name: 'system:aggregate-to-edit' }, can: 'read Secrets', kind: 'Group', namespaces: 3, bindings: 3, subjects: { total: 3 } }]);
    // One with more than that, and two with a role that is nobody's default.
    expect(view.subjects.rows.map(({ subject }) => subject.name).sort()).toEqual(['d', 'e', 'f']);
    expect(viewOf(snapshotOf(edit, team('a'))).teams.total).toBe(0);
  });
});
