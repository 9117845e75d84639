import { describe, expect, it, test } from 'vitest';
import { covers, coversRule, ruleAllows, type AccessRequest, type PolicyRule } from '../../src/indexes/rbac-matcher.ts';

const rule = (verbs: string[], apiGroups: string[], resources: string[], resourceNames: string[] = []): PolicyRule =>
  ({ verbs, apiGroups, resources, resourceNames });
const ask = (verb: string, path: string, name?: string, apiGroup = ''): AccessRequest => {
  const [resource = '', subresource] = path.split('/');
  return { verb, apiGroup, resource, ...(subresource === undefined ? {} : { subresource }), ...(name === undefined ? {} : { name }) };
};

describe('ruleAllows', () => {
  test.each<[why: string, PolicyRule, AccessRequest, boolean]>([
    ['a star covers subresources', rule(['*'], ['*'], ['*']), ask('create', 'pods/exec'), true],
    ['a star for verbs covers verbs that are no methods', rule(['*'], ['*'], ['*']), ask('escalate', 'clusterroles', 'x'), true],
    ['a star for resources stays in its groups', rule(['get'], ['apps'], ['*']), ask('get', 'pods'), false],
    ['a star for groups includes core', rule(['get'], ['*'], ['pods']), ask('get', 'pods'), true],
    ['the group must be the same', rule(['get'], ['apps'], ['deployments']), ask('get', 'deployments'), false],
    ['no groups, no match', { verbs: ['get'], resources: ['pods'] }, ask('get', 'pods'), false],
    ['empty groups, no match', rule(['*'], [], ['*']), ask('get', 'pods'), false],
    ['no verbs, no match', { apiGroups: ['*'], resources: ['*'] }, ask('get', 'pods'), false],
    ['no resources, no match', { verbs: ['*'], apiGroups: ['*'] }, ask('get', 'pods'), false],
    ['a resource is not its subresource', rule(['get'], [''], ['pods']), ask('get', 'pods/status'), false],
    ['a subresource is not its resource', rule(['get'], [''], ['pods/status']), ask('get', 'pods'), false],
    ['pods/* is no pattern', rule(['*'], [''], ['pods/*']), ask('get', 'pods/log'), false],
    ['pods/* is a string all the same', rule(['*'], [''], ['pods/*']), ask('get', 'pods/*'), true],
    ['*/* is no pattern', rule(['*'], [''], ['*/*']), ask('get', 'pods'), false],
    ['*/* is no pattern for subresources', rule(['*'], [''], ['*/*']), ask('get', 'pods/log'), false],
    ['*/exec is that subresource of any resource', rule(['create'], [''], ['*/exec']), ask('create', 'pods/exec'), true],
    ['*/scale does not reach the resource', rule(['get'], ['apps'], ['*/scale']), ask('get', 'deployments', undefined, 'apps'), false],
    ['*/exec is not what lies below it', rule(['get'], [''], ['*/exec']), { verb: 'get', apiGroup: '', resource: 'pods', subresource: 'exec/more' }, false],
    ['po* is no pattern', rule(['get'], [''], ['po*']), ask('get', 'pods'), false],
    ['letter case of verbs counts', rule(['GET'], [''], ['pods']), ask('get', 'pods'), false],
    ['a verb is no prefix', rule(['del'], [''], ['pods']), ask('delete', 'pods'), false],
    ['names: the named one', rule(['get'], [''], ['secrets'], ['a']), ask('get', 'secrets', 'a'), true],
    ['names: another', rule(['get'], [''], ['secrets'], ['a']), ask('get', 'secrets', 'b'), false],
    ['names: none asked for', rule(['list'], [''], ['secrets'], ['a']), ask('list', 'secrets'), false],
    ['names: an empty one asked for', rule(['list'], [''], ['secrets'], ['a']), ask('list', 'secrets', ''), false],
    ['names: a star is a name', rule(['get'], [''], ['secrets'], ['*']), ask('get', 'secrets', 'foo'), false],
    ['paths are no resources', rule(['*'], ['*'], ['*']), { verb: 'get', nonResourceURL: '/metrics' }, false],
    ['resources are no paths', { verbs: ['*'], nonResourceURLs: ['*'] }, ask('get', 'pods'), false],
    ['a rule of both kinds, as old objects have it', { ...rule(['get'], [''], ['pods']), nonResourceURLs: ['/x'] }, { verb: 'get', nonResourceURL: '/x' }, true],
    ['a path with the wrong method', { verbs: ['get'], nonResourceURLs: ['/x'] }, { verb: 'post', nonResourceURL: '/x' }, false],
  ])('%s', (_why, given, request, allowed) => {
    expect(ruleAllows(given, request)).toBe(allowed);
  });

  // The table TestNonResourceURLCovers of component-helpers auth/rbac/validation/policy_comparator_test.go.
  test.each<[owner: string, url: string, covered: boolean]>([
    ['*', '', true], ['*', '/', true], ['*', '/api', true],
    ['/*', '', false], ['/*', '/', true], ['/*', '/foo', true],
    ['/api', '/api', true], ['/apis', '/api', false], ['/api/v1', '/api', false], ['/api/v1', '/api/v1', true],
    ['/api/*', '/api/v1', true], ['/api/*', '/api', false], ['/api/*/*', '/api/v1', false], ['/*/v1/*', '/api/v1', false],
    // Beyond that table: every star at the end is stripped.
    ['/metrics**', '/metrics/cadvisor', true],
  ])('the path %j on %j is %j', (owner, url, covered) => {
    const owned: PolicyRule = { verbs: ['get'], nonResourceURLs: [owner] };
    expect(ruleAllows(owned, { verb: 'get', nonResourceURL: url })).toBe(covered);
    expect(covers([owned], [{ verbs: ['get'], nonResourceURLs: [url] }])).toBe(covered);
  });
});

describe('covers', () => {
  // The cases of policy_comparator_test.go, by what they show.
  test.each<[why: string, owner: PolicyRule[], servant: PolicyRule[], covered: boolean]>([
    ['itself', [rule(['delete', 'update'], ['v1'], ['builds'])], [rule(['delete', 'update'], ['v1'], ['builds'])], true],
    ['a subresource star covers one', [rule(['get'], ['v1'], ['*/scale'])], [rule(['get'], ['v1'], ['foo/scale'])], true],
    ['one does not cover a subresource star', [rule(['get'], ['v1'], ['foo/scale'])], [rule(['get'], ['v1'], ['*/scale'])], false],
    ['two rules together', [rule(['delete'], [''], ['a']), rule(['update'], [''], ['a'])], [rule(['delete', 'update'], [''], ['a'])], true],
    ['one combination missing', [rule(['delete', 'update'], [''], ['a']), rule(['delete'], [''], ['b'])], [rule(['delete', 'update'], [''], ['a', 'b'])], false],
    ['group star covers several', [rule(['get'], ['*'], ['r'])], [rule(['get'], ['a', 'b'], ['r'])], true],
    ['several groups are no star', [rule(['get'], ['a', 'b'], ['r'])], [rule(['get'], ['*'], ['r'])], false],
    ['star covers star', [rule(['*'], ['*'], ['*'])], [rule(['*'], ['*'], ['*'])], true],
    ['every verb written out is no star', [rule(['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'], ['*'], ['*'])], [rule(['*'], ['*'], ['*'])], false],
    ['any name covers a name', [rule(['get'], [''], ['a'])], [rule(['get'], [''], ['a'], ['x', 'y'])], true],
    ['names do not cover any name', [rule(['get'], [''], ['a'], ['x'])], [rule(['get'], [''], ['a'])], false],
    ['names of two rules', [rule(['get'], [''], ['a'], ['x']), rule(['get'], [''], ['a'], ['y'])], [rule(['get'], [''], ['a'], ['x', 'y'])], true],
    ['paths under a star', [{ verbs: ['*'], nonResourceURLs: ['/api*'] }], [{ verbs: ['get'], nonResourceURLs: ['/apis', '/api/x'] }], true],
    ['a path beyond', [{ verbs: ['*'], nonResourceURLs: ['/api/*'] }], [{ verbs: ['get'], nonResourceURLs: ['/api'] }], false],
    ['a path and a resource, one missing', [rule(['get'], [''], ['a'])], [{ ...rule(['get'], [''], ['a']), nonResourceURLs: ['/x'] }], false],
    ['nothing is covered by nothing', [], [], true],
    ['a rule without verbs asks for nothing', [], [rule([], ['*'], ['*'])], true],
    ['nothing covers no rule that asks for something', [], [rule(['get'], [''], ['a'])], false],
  ])('%s', (_why, owner, servant, covered) => {
    expect(covers(owner, servant)).toBe(covered);
  });

  it('never lets one owner rule with names answer for a path', () => {
    expect(coversRule([{ verbs: ['*'], nonResourceURLs: ['*'], resourceNames: ['x'] }], { verbs: ['get'], nonResourceURLs: ['/x'] })).toBe(false);
  });
});
