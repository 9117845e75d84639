import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/checks/registry.ts';
import type { Finding } from '../../src/checks/define-check.ts';
import { exceptionFor, hasExpired, parseExceptions } from '../../src/engine/exceptions.ts';

const entry = { check: 'rbac-public-grant', resource: 'ClusterRoleBinding/open', reason: 'lab', expires: '2027-01-31' };
const finding: Finding = {
  resource: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', name: 'open' },
  subject: { kind: 'Group', name: 'system:authenticated' },
  message: 'm',
  cause: 'c',
  evidence: [{ path: 'p', value: 1, grade: 'exact', derivation: 'd' }],
};

function parse(...entries: unknown[]): ReturnType<typeof parseExceptions> {
  return parseExceptions({ exceptions: entries }, 'accepted.yaml', CHECKS);
}

describe('parseExceptions', () => {
  it('takes a whole entry', () => {
    expect(parse(entry)).toEqual([entry]);
  });
  it.each([
    ['a check that does not exist, since it would except nothing', { ...entry, check: 'rbac-public-grants' }, 'did you mean rbac-public-grant'],
    ['no reason', { ...entry, reason: ' ' }, 'reason'],
    ['no end', { ...entry, expires: undefined }, 'expires'],
    ['an end that is no day', { ...entry, expires: '2027-13-01' }, 'expires'],
    ['an end on a day that the month does not have', { ...entry, expires: '2027-02-31' }, 'expires'],
    ['a subject that says no kind and so covers nothing', { ...entry, subject: 'ana@example.com' }, 'subject'],
    ['a service account without its namespace', { ...entry, subject: 'ServiceAccount/ci' }, 'subject'],
    ['a resource without a kind', { ...entry, resource: 'open' }, 'Kind/name'],
    ['a field that means nothing', { ...entry, resources: 'x' }, 'resources'],
    ['a text instead of a map', 'everything', 'not a map'],
  ])('refuses %s', (_, given, words) => {
    expect(() => parse(given)).toThrow(words);
  });
  it('refuses a file without the list', () => {
    expect(() => parseExceptions([entry], 'accepted.yaml', CHECKS)).toThrow('a list named exceptions');
  });
});

describe('exceptionFor', () => {
  const now = '2027-01-31T23:59:00Z';
  it('covers the resource on its last day', () => {
    expect(exceptionFor(parse(entry), 'rbac-public-grant', finding, now)).toEqual(entry);
  });
  it('covers nothing on the day after', () => {
    expect(exceptionFor(parse(entry), 'rbac-public-grant', finding, '2027-02-01T00:00:00Z')).toBeUndefined();
    expect(hasExpired(entry, '2027-02-01T00:00:00Z')).toBe(true);
  });
  it('covers only its subject, where it names one', () => {
    expect(exceptionFor(parse({ ...entry, subject: 'Group/system:authenticated' }), 'rbac-public-grant', finding, now)).toBeDefined();
    expect(exceptionFor(parse({ ...entry, subject: 'Group/sre' }), 'rbac-public-grant', finding, now)).toBeUndefined();
  });
  it('covers no other check and no other resource', () => {
    expect(exceptionFor(parse(entry), 'rbac-cluster-admin-grant', finding, now)).toBeUndefined();
    const other = { ...finding, resource: { ...finding.resource, name: 'open2' } };
    expect(exceptionFor(parse(entry), 'rbac-public-grant', other, now)).toBeUndefined();
  });
});
