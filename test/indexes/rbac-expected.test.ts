import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { rbacBaselines, type RbacBaseline } from '../../src/data/rbac-bootstrap.ts';
import { cloudBaselines } from '../../src/data/rbac-clouds.ts';
import clusterAdminGrant from '../../src/checks/rbac/rbac-cluster-admin-grant.ts';
import publicGrant from '../../src/checks/rbac/rbac-public-grant.ts';
import tamperedDefault from '../../src/checks/rbac/rbac-tampered-default.ts';
import wildcardBinding from '../../src/checks/rbac/rbac-wildcard-cluster-role-binding.ts';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import { formatRef } from '../../src/evidence/resource-ref.ts';
import { KNOWN_MINORS, platformOf } from '../../src/indexes/rbac-expected.ts';
import { rbacGrants } from '../../src/indexes/rbac-grants.ts';
import { powersOf } from '../../src/indexes/rbac-power.ts';
import type { Manifest } from '../support/cluster.ts';
import { clusterOf as snapshotOf, clusterWith } from '../support/escalation.ts';
import { clusterRole, clusterRoleBinding, group, on, serviceAccount, user } from '../support/rbac.ts';

const apiVersion = 'rbac.authorization.k8s.io/v1';
const objectsOf = ({ roles, bindings }: RbacBaseline): Manifest[] => [
  ...roles.map(({ kind, name, namespace, rules }) => ({ apiVersion, kind, metadata: meta(name, namespace), rules })),
  ...bindings.map(({ kind, name, namespace, roleRef, subjects }) => ({ apiVersion, kind, metadata: meta(name, namespace), roleRef, subjects })),
];
const recorded = rbacBaselines.flatMap(objectsOf);
// Several versions have the same objects; a cluster has one of each.
const everything = [...new Map(recorded.map(object => [formatRef({ ...object, ...object.metadata }), object])).values()];

function meta(name: string, namespace: string | undefined): Manifest['metadata'] {
  return namespace === undefined ? { name } : { name, namespace };
}

function platforms(...objects: Manifest[]): Record<string, string | undefined> {
  const resolved = createEvaluator(snapshotOf(...objects)).resolve(rbacGrants);
  if ('gaps' in resolved) throw new Error('unread');
  return Object.fromEntries(resolved.value.grants.map(grant => [`${grant.binding.name} ${grant.subject.name}`, platformOf(grant)]));
}

describe('platformOf', () => {
  const discovery = 'system:discovery';
  const paths = { verbs: ['get'], nonResourceURLs: ['/api', '/api/*', '/apis', '/apis/*', '/healthz', '/version'] };
  const everybody = group('system:authenticated');
  const one = (...objects: Manifest[]): string | undefined => Object.values(platforms(...objects))[0];

  it('knows every grant of the baselines', () => {
    const found = Object.entries(platforms(...everything));
    expect(found.length).toBeGreaterThan(50);
    expect(found.filter(([, platform]) => platform === undefined)).toEqual([]);
  });

  it('knows the same content', () => {
    expect(one(clusterRole(discovery, paths), clusterRoleBinding(discovery, discovery, everybody))).toMatch(/^kube-apiserver 1\./);
  });

  it.each<[why: string, role: Manifest, binding: Manifest]>([
    ['another binding name', clusterRole(discovery, paths), clusterRoleBinding('mine', discovery, everybody)],
    ['another role', clusterRole('mine', paths), clusterRoleBinding(discovery, 'mine', everybody)],
    ['another subject', clusterRole(discovery, paths), clusterRoleBinding(discovery, discovery, group('system:unauthenticated'))],
    ['another kind of subject', clusterRole(discovery, paths), clusterRoleBinding(discovery, discovery, user('system:authenticated'))],
    ['one path more', clusterRole(discovery, { ...paths, nonResourceURLs: ['/api', '/metrics'] }), clusterRoleBinding(discovery, discovery, everybody)],
    ['one verb more', clusterRole(discovery, { ...paths, verbs: ['get', 'post'] }), clusterRoleBinding(discovery, discovery, everybody)],
    ['a rule more', clusterRole(discovery, paths, on([''], ['pods'], 'get')), clusterRoleBinding(discovery, discovery, everybody)],
    ['a service account of the same name elsewhere', clusterRole('system:node-proxier', on([''], ['nodes'], 'get')),
      clusterRoleBinding('kubeadm:node-proxier', 'system:node-proxier', serviceAccount('kube-proxy', 'shop'))],
  ])('does not know %s', (_why, role, binding) => {
    expect(one(role, binding)).toBeUndefined();
  });
});

describe('what RKE2 adds', () => {
  const secrets = on([''], ['secrets'], 'get', 'list');
  const name = 'system:rke2-controller';

  it('is known by its content, with the namespace that it writes into its users', () => {
    expect(Object.values(platforms(clusterRole(name, secrets), clusterRoleBinding(name, name, { ...user(name), namespace: 'kube-system' })))).toEqual(['RKE2']);
  });
  it('is a user\'s doing with one right more, or for somebody else', () => {
    expect(Object.values(platforms(clusterRole(name, on([''], ['secrets'], 'delete')), clusterRoleBinding(name, name, user(name))))).toEqual([undefined]);
    expect(Object.values(platforms(clusterRole(name, secrets), clusterRoleBinding(name, name, user('eve'))))).toEqual([undefined]);
  });
});

describe('what clouds add', () => {
  const name = 'eks:node-manager';
  const nodeManager = [on([''], ['pods'], 'get', 'list', 'watch', 'delete'), on([''], ['nodes'], 'get', 'list', 'watch', 'patch'), on([''], ['pods/eviction'], 'create')];

  it('is known by its content', () => {
    expect(Object.values(platforms(clusterRole(name, ...nodeManager), clusterRoleBinding(name, name, user(name))))).toEqual(['EKS']);
    expect(Object.values(platforms(clusterRole('cloud-node-manager', on([''], ['nodes/status'], 'patch')), clusterRoleBinding('cloud-node-manager', 'cloud-node-manager', serviceAccount('cloud-node-manager', 'kube-system'))))).toEqual(['AKS']);
  });
  it.each<[why: string, role: Manifest, binding: Manifest]>([
    ['a right more', clusterRole(name, ...nodeManager, on([''], ['secrets'], 'list')), clusterRoleBinding(name, name, user(name))],
    ['another role under its binding', clusterRole('cluster-admin', on(['*'], ['*'], '*')), clusterRoleBinding(name, 'cluster-admin', user(name))],
    ['somebody else', clusterRole(name, ...nodeManager), clusterRoleBinding(name, name, user('eve'))],
    ['a role of which only the name is known', clusterRole('eks:addon-manager', on([''], ['pods'], 'get')), clusterRoleBinding('eks:addon-manager', 'eks:addon-manager', user('eks:addon-manager'))],
    ['AKS\' own administrators', clusterRole('cluster-admin', on(['*'], ['*'], '*')), clusterRoleBinding('aks-cluster-admin-binding', 'cluster-admin', user('clusterAdmin'))],
  ])('is a user\'s doing with %s', (_why, role, binding) => {
    expect(Object.values(platforms(role, binding))).toEqual([undefined]);
  });
  it('is nothing that leads to the rights of others by itself', () => {
    const strongest = cloudBaselines.flatMap(({ roles }) => roles).map(each => [each.name, powersOf(each.rules, 'cluster')[0]?.impact]);
    expect(strongest.filter(([, impact]) => impact === 'takeover')).toEqual([]);
    expect(strongest.length).toBeGreaterThan(0);
  });
});

describe('a cluster of nothing but the baselines', () => {
  it.each([clusterAdminGrant, publicGrant, wildcardBinding])('passes $id, with findings of severity info', check => {
    const result = createEvaluator(snapshotOf(...everything)).judge(check);
    expect(result.status).toBe('passed');
    expect('findings' in result && result.findings.length).toBeGreaterThan(0);
  });
});

describe('a cluster of nothing but what one version makes', () => {
  const versions = rbacBaselines.filter(({ of }) => of.startsWith('kube-apiserver '));

  it('is known for every minor version from 1.28 on', () => {
    expect(KNOWN_MINORS).toEqual([28, 29, 30, 31, 32, 33, 34, 35, 36, 37]);
  });
  it.each(versions.map(baseline => [baseline.of, baseline] as const))('%s is untouched', (of, baseline) => {
    const minor = /1\.(\d+)/.exec(of)?.[1] ?? '';
    const result = createEvaluator(clusterWith({ sources: { serverversion: { gitVersion: `v1.${minor}.0`, major: '1', minor } } }, ...objectsOf(baseline))).judge(tamperedDefault);
    expect({ status: result.status, findings: 'findings' in result && result.findings.map(({ message }) => message) }).toEqual({ status: 'passed', findings: [] });
  });
});

// An API server with its controller manager and nothing else, six minors older than the one of the cluster tests.
describe('a recorded API server 1.31.14', () => {
  const file = path.join(import.meta.dirname, '../../fixtures/recordings/kube-1.31.14/rbac/objects.json.gz');
  const { items } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as { items: Manifest[] };

  it.each([clusterAdminGrant, publicGrant, wildcardBinding])('passes $id, with findings of severity info', check => {
    const result = createEvaluator(snapshotOf(...items)).judge(check);
    expect(result.status).toBe('passed');
    expect('findings' in result && result.findings.length).toBeGreaterThan(0);
  });
});
