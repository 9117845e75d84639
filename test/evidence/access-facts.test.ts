import { describe, expect, it } from 'vitest';
import { parseAccessFacts } from '../../src/evidence/access-facts.ts';
import { awsAuth } from '../../src/evidence/sources/aws-auth.ts';

const role = 'arn:aws:iam::111122223333:role/platform';
const described = { accessEntry: { clusterName: 'c', principalArn: role, kubernetesGroups: ['platform'], accessEntryArn: 'x', createdAt: '2026-01-01T00:00:00Z', tags: {}, username: `${role.replace(':role', ':assumed-role')}/{{SessionName}}`, type: 'STANDARD' } };
const associated = { clusterName: 'c', principalArn: role, associatedAccessPolicies: [
  { policyArn: 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy', accessScope: { type: 'namespace', namespaces: ['shop'] }, associatedAt: '2026-01-01T00:00:00Z' },
  { policyArn: 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy', accessScope: { type: 'cluster', namespaces: [] } },
] };

describe('facts of access entries', () => {
  const entry = { principal: role, username: described.accessEntry.username, groups: ['platform'], policies: [{ name: 'AmazonEKSEditPolicy', namespaces: ['shop'] }, { name: 'AmazonEKSViewPolicy' }] };

  it.each([
    ['one after the other', `${JSON.stringify(described, undefined, 4)}\n${JSON.stringify(associated, undefined, 4)}\n`],
    ['in a list', JSON.stringify([described, associated])],
    ['with braces in a text', `${JSON.stringify({ accessEntry: { ...described.accessEntry, tags: { note: '}{ "]' } } })}${JSON.stringify(associated)}`],
  ])('are read %s', (_how, text) => {
    expect(parseAccessFacts(text)).toEqual({ entries: [entry], missing: [{ of: 'whether there are more access entries', what: 'no answer', command: 'list-access-entries' }] });
  });

  describe('say what is missing, and what prints it', () => {
    const list = { accessEntries: [role] };
    const missingIn = (...answers: object[]): string[] => parseAccessFacts(JSON.stringify(answers)).missing.map(({ of, what, command }) => `${of}: ${what} (${command})`);
    const policies = (...given: object[]) => ({ ...associated, associatedAccessPolicies: given });

    it('nothing, where every answer is there', () => {
      expect(missingIn(list, described, associated)).toEqual([]);
    });
    it('answers about a principal that is listed', () => {
      expect(missingIn({ accessEntries: [role, 'arn:eve'] }, described, associated)).toEqual(['access entry arn:eve: no answer (describe-access-entry)', 'access policies of arn:eve: no answer (list-associated-access-policies)']);
      expect(missingIn(list, described)).toEqual([`access policies of ${role}: no answer (list-associated-access-policies)`]);
      expect(missingIn(list, associated)).toEqual([`access entry ${role}: no answer (describe-access-entry)`]);
    });
    it('the rest of lists that go on', () => {
      expect(missingIn({ ...list, nextToken: 'x' }, described, { ...associated, nextToken: 'x' })).toEqual([
        `access policies of ${role}: a list that goes on (nextToken) (list-associated-access-policies)`, 'further access entries: a list that goes on (nextToken) (list-access-entries)',
      ]);
      expect(missingIn({ ...list, nextToken: null }, described, associated)).toEqual([]);
    });
    it('fields', () => {
      const { username: _, ...nameless } = described.accessEntry;
      const { kubernetesGroups: _groups, ...groupless } = described.accessEntry;
      expect(missingIn(list, { accessEntry: nameless }, associated)).toEqual([`access entry ${role}: no field username (describe-access-entry)`]);
      expect(missingIn(list, { accessEntry: groupless }, associated)).toEqual([`access entry ${role}: no field kubernetesGroups (describe-access-entry)`]);
      const part = [`access policies of ${role}: a policy without the field policyArn or accessScope (list-associated-access-policies)`];
      expect(missingIn(list, described, policies({ policyArn: 'x/AmazonEKSEditPolicy' }))).toEqual(part);
      expect(missingIn(list, described, policies({ accessScope: { type: 'cluster' } }))).toEqual(part);
      expect(missingIn(list, described, policies({ policyArn: 'x/AmazonEKSEditPolicy', accessScope: { type: 'namespace' } }))).toEqual(part);
      expect(missingIn(list, described, policies())).toEqual([]);
    });
  });

  it('take the principal for the user where it was not described', () => {
    expect(parseAccessFacts(JSON.stringify(associated)).entries[0]).toMatchObject({ username: role, groups: [] });
  });

  it.each(['', '   ', 'not json', '{"items": []}', '[1]', '{"accessEntry": {', '{"accessEntry": {"principalArn": 7}}'])('refuse %j', text => {
    expect(() => parseAccessFacts(text)).toThrow();
  });
});

describe('aws-auth', () => {
  const parse = (data: unknown): unknown => (awsAuth.read.how === 'get' ? awsAuth.read.parse(JSON.stringify({ kind: 'ConfigMap', data })) : undefined);

  it('keeps mappings and nothing else', () => {
    expect(parse({
      mapRoles: `- rolearn: ${role}\n  username: platform:{{SessionName}}\n  groups: [system:masters]\n  secret: x\n`,
      mapUsers: '- userarn: arn:aws:iam::1:user/eve\n  username: eve\n  groups:\n    - ops\n', mapAccounts: '- "111122223333"', other: 'password=hunter2',
    })).toEqual([
      { identity: role, username: 'platform:{{SessionName}}', groups: ['system:masters'] },
      { identity: 'arn:aws:iam::1:user/eve', username: 'eve', groups: ['ops'] },
    ]);
  });

  it('is empty where there is none', () => {
    expect(awsAuth.read.how === 'get' && awsAuth.read.parse(JSON.stringify({ kind: 'Status', reason: 'NotFound', code: 404 }))).toEqual([]);
    expect(parse(undefined)).toEqual([]);
  });

  it.each(['{', 'text', '- {'])('takes %j for unreadable, not for none', text => {
    expect(() => parse({ mapRoles: text })).toThrow();
  });
});
