import { describe, expect, it } from 'vitest';
import { evidenceOf } from '../../src/evidence/snapshot.ts';
import { clusterRoles, roleBindings } from '../../src/evidence/sources/rbac.ts';
import type { Finding } from '../../src/checks/define-check.ts';
import { allSources, snapshotFromYaml, snapshotOf, snapshotWith } from './cluster.ts';
import { at, uncitable } from './describe-check.ts';
import { clusterRole, on, role, roleBinding, user } from './rbac.ts';

describe('snapshotWith', () => {
  it('keeps of an object what its source declares, and no more', () => {
    const manifest = { ...clusterRole('ops', on([''], ['pods'], 'get')), immutable: true };
    expect(evidenceOf(snapshotOf(manifest), clusterRoles)).toEqual({
      value: [{ metadata: { name: 'ops' }, rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }] }],
    });
  });

  it('reads one namespace as -n does', () => {
    const snapshot = snapshotWith(
      { namespace: 'shop' }, roleBinding('shop', 'a', 'r', user('ana')), roleBinding('bank', 'b', 'r', user('ana')));
    const read = evidenceOf(snapshot, roleBindings);
    expect('value' in read && (read.value as { metadata: object }[]).map(item => item.metadata)).toEqual([
      { name: 'a', namespace: 'shop' },
    ]);
    expect(evidenceOf(snapshot, allSources.find(source => source.id === 'clusterrolebindings')!)).toMatchObject({
      gap: { kind: 'outOfScope' },
    });
  });

  it('refuses an object that no source reads, and one with the wrong scope', () => {
    expect(() => snapshotOf({ apiVersion: 'example.org/v1', kind: 'Widget', metadata: { name: 'w' } })).toThrow('no source lists');
    expect(() => snapshotOf({ ...role('shop', 'r'), metadata: { name: 'r' } })).toThrow('needs a namespace');
  });

  it('is frozen', () => {
    const snapshot = snapshotOf(clusterRole('ops'));
    expect(Object.isFrozen(snapshot.sources['clusterroles'])).toBe(true);
  });
});

describe('snapshotFromYaml', () => {
  it('reads every document', () => {
    const text = ['a', 'b'].map(name =>
      `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: ${name}}\nrules: []\n`).join('---\n');
    const read = evidenceOf(snapshotFromYaml(text), clusterRoles);
    expect('value' in read && read.value).toHaveLength(2);
  });

  it('refuses the value of a source that does not exist', () => {
    expect(() => snapshotFromYaml('{apiVersion: secaudit.test/v1, kind: Source, id: nothing, value: 1}')).toThrow('no source has the id');
  });
});

describe('at', () => {
  it('follows fields, positions and quoted keys', () => {
    const object = { a: [{ 'b.c/d': { e: 1 } }] };
    expect(at(object, 'a[0]["b.c/d"].e')).toBe(1);
    expect(at(object, 'a[1].x')).toBeUndefined();
    expect(() => at(object, 'a..b')).toThrow('cannot be followed');
  });
});

describe('uncitable', () => {
  const snapshot = snapshotOf(clusterRole('ops', on([''], ['pods'], 'get')));
  const finding = (name: string, path: string, value: unknown): Finding => ({
    resource: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name },
    message: 'm',
    cause: 'c',
    evidence: [{ path, value, grade: 'exact', reproduce: ['kubectl'] }],
  });

  it('accepts the value at the path', () => {
    expect(uncitable(finding('ops', 'rules[0].verbs[0]', 'get'), snapshot)).toEqual([]);
  });

  it('names another value, a path that leads nowhere, and an object that is not there', () => {
    expect(uncitable(finding('ops', 'rules[0].verbs[0]', 'list'), snapshot)).toHaveLength(1);
    expect(uncitable(finding('ops', 'rules[1]', 'get'), snapshot)).toHaveLength(1);
    expect(uncitable(finding('other', 'rules[0].verbs[0]', 'get'), snapshot)).toHaveLength(1);
  });
});
