import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/checks/registry.ts';
import { subjectPrimitives } from '../../src/data/escalation/subjects.ts';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import type { Manifest } from '../support/cluster.ts';
import { account, clusterOf, namespace, pod } from '../support/escalation.ts';
import { clusterRole, clusterRoleBinding, group, on, serviceAccount, user, type SubjectManifest } from '../support/rbac.ts';

const secrets = clusterRole('s', on([''], ['secrets'], 'list'));
const held = (...subjects: readonly SubjectManifest[]): Manifest[] => [secrets, clusterRoleBinding('s', 's', ...subjects)];
const ofDaemonSet = (isOwned: boolean): Manifest => {
  const plain = pod('shop', 'agent-1', 'agent', 'n');
  return isOwned ? { ...plain, metadata: { ...plain.metadata, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'agent', uid: 'u', controller: true }] } as Manifest['metadata'] } : plain;
};
const endpoints = on([''], ['endpoints'], 'create', 'update', 'patch', 'delete');

/** For each primitive that hangs on who holds a right: the check that says it, a cluster where it holds, and one that differs in one thing. */
const examples: Readonly<Record<string, readonly [check: string, holds: readonly Manifest[], nearMiss: readonly Manifest[]]>> = {
  'anonymous-holder': ['rbac-public-grant', held(group('system:unauthenticated')), held(group('unauthenticated'))],
  'everybody-holder': ['rbac-public-grant', held(group('system:authenticated')), held(group('authenticated'))],
  'every-pod-holder': ['rbac-public-grant', held(group('system:serviceaccounts')), held(group('serviceaccounts'))],
  'default-account-holder': [
    'rbac-default-service-account', [...held(serviceAccount('default', 'shop')), pod('shop', 'p', 'default', 'n')], [...held(serviceAccount('web', 'shop')), pod('shop', 'p', 'default', 'n')]],
  'node-group-holder': ['rbac-every-node-grant', held(group('system:nodes')), held(user('system:node:a'))],
  'every-node-holder': ['rbac-every-node-grant', [...held(serviceAccount('agent', 'shop')), ofDaemonSet(true)], [...held(serviceAccount('agent', 'shop')), ofDaemonSet(false)]],
  'direct-user': ['rbac-user-bound-directly', held(user('ana')), held(group('ana'))],
  'unused-account': [
    'rbac-unused-service-account',
    [...held(serviceAccount('ci', 'shop')), account('shop', 'ci'), account('shop', 'web'), pod('shop', 'p', 'web', 'n')], [...held(serviceAccount('ci', 'shop')), account('shop', 'ci'), pod('shop', 'p', 'ci', 'n')]],
  'idle-token': [
    'rbac-idle-token', [...held(group('sre')), account('shop', 'web'), pod('shop', 'p', 'web', 'n')], [...held(serviceAccount('web', 'shop')), account('shop', 'web'), pod('shop', 'p', 'web', 'n')]],
  'deleted-namespace': [
    'rbac-dangling-subject', held(serviceAccount('ci', 'gone')), [...held(serviceAccount('ci', 'shop')), namespace('shop'), account('shop', 'ci')]],
  'growing-wildcard': [
    'rbac-wildcard-cluster-role-binding', [clusterRole('w', on(['example.org'], ['*'], 'get')), clusterRoleBinding('w', 'w', group('ops'))],
    [clusterRole('w', on(['example.org'], ['widgets'], 'get')), clusterRoleBinding('w', 'w', group('ops'))]],
  'old-default': ['rbac-tampered-default', [clusterRole('system:aggregate-to-edit', endpoints)], [clusterRole('my-edit', endpoints)]],
};

describe('each primitive that hangs on who holds a right', () => {
  it('has an example', () => {
    expect(Object.keys(examples).sort()).toEqual(subjectPrimitives.map(({ id }) => id).sort());
  });
  it.each(Object.entries(examples))('%s', (_id, [name, holds, nearMiss]) => {
    const check = CHECKS.find(({ id }) => id === name);
    const found = (objects: readonly Manifest[]): number => {
      const result = check === undefined ? undefined : createEvaluator(clusterOf(...objects)).judge(check);
      return result !== undefined && 'findings' in result ? result.findings.filter(({ origin }) => origin === undefined).length : -1;
    };
    expect({ check: check?.id, holds: found(holds) > 0, nearMiss: found(nearMiss) > 0 }).toEqual({ check: name, holds: true, nearMiss: false });
  });
});
