import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/checks/define-check.ts';
import { fingerprintOf } from '../../src/engine/fingerprint.ts';

const finding: Finding = {
  resource: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', namespace: 'shop', name: 'ops' },
  subject: { kind: 'User', name: 'ana' },
  message: 'm',
  cause: 'c',
  discriminator: 'd',
  evidence: [{ path: 'p', value: 1, grade: 'exact', derivation: 'x' }],
};
const original = fingerprintOf('cluster', 'rbac-x', finding);

describe('a fingerprint', () => {
  it.each([
    ['cluster', () => fingerprintOf('other', 'rbac-x', finding)],
    ['check', () => fingerprintOf('cluster', 'rbac-y', finding)],
    ['API group', () => fingerprintOf('cluster', 'rbac-x', { ...finding, resource: { ...finding.resource, apiVersion: 'v1' } })],
    ['kind', () => fingerprintOf('cluster', 'rbac-x', { ...finding, resource: { ...finding.resource, kind: 'Role' } })],
    ['namespace', () => fingerprintOf('cluster', 'rbac-x', { ...finding, resource: { ...finding.resource, namespace: 'ci' } })],
    ['name', () => fingerprintOf('cluster', 'rbac-x', { ...finding, resource: { ...finding.resource, name: 'ops2' } })],
    ['subject', () => fingerprintOf('cluster', 'rbac-x', { ...finding, subject: { kind: 'Group', name: 'ana' } })],
    ['discriminator', () => fingerprintOf('cluster', 'rbac-x', { ...finding, discriminator: 'e' })],
  ])('is another one for another %s', (_, other) => {
    expect(other()).not.toBe(original);
  });
  it.each([
    ['version of the API', { ...finding, resource: { ...finding.resource, apiVersion: 'rbac.authorization.k8s.io/v2' } }],
    ['message', { ...finding, message: 'reworded' }],
    ['severity', { ...finding, severity: 'low' as const }],
    ['evidence', { ...finding, evidence: [{ path: 'q', value: 2, grade: 'exact' as const, derivation: 'y' }] as const }],
    ['cause', { ...finding, cause: 'other' }],
  ])('stays the same with another %s', (_, other) => {
    expect(fingerprintOf('cluster', 'rbac-x', other)).toBe(original);
  });
  it('does not let a name imitate the next part', () => {
    const resource = { apiVersion: 'v1', kind: 'A' };
    expect(fingerprintOf('c', 'k', { ...finding, resource: { ...resource, namespace: 'a', name: 'b' } })).not.toBe(
      fingerprintOf('c', 'k', { ...finding, resource: { ...resource, namespace: 'a","b', name: '' } }),
    );
  });
});
