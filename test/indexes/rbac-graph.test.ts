import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import { formatSubject, type Subject } from '../../src/evidence/subject.ts';
import { authorize } from '../../src/indexes/rbac-authorize.ts';
import { GOALS, type Goal } from '../../src/indexes/rbac-edges.ts';
import { costOf, rbacGraph, type RbacGraph } from '../../src/indexes/rbac-graph.ts';
import { identityOf, type Identity } from '../../src/indexes/rbac-identity.ts';
import type { Manifest } from '../support/cluster.ts';
import { account, clusterOf, namespace, node, pod } from '../support/escalation.ts';
import { clusterRole, clusterRoleBinding, group, on, roleBindingToClusterRole, serviceAccount, user, type SubjectManifest } from '../support/rbac.ts';

const R = 'rbac.authorization.k8s.io';
const S = 'certificates.k8s.io';
const namespaces = ['n1', 'n2'];
const accounts = namespaces.flatMap(where => ['x', 'y'].map(name => ({ kind: 'ServiceAccount', namespace: where, name }) as const));
const subjects: readonly SubjectManifest[] = [
  user('ana'), user('bob'), group('system:serviceaccounts'), group('system:serviceaccounts:n1'), ...accounts.map(({ namespace: where, name }) => serviceAccount(name, where)),
];
const rules = [
  on([R], ['clusterroles'], 'bind'), on([R], ['clusterrolebindings'], 'create'), on([R], ['rolebindings'], 'create'),
  on([R], ['clusterroles'], 'escalate'), on([R], ['clusterroles'], 'update'),
  on([''], ['users'], 'impersonate'), on([''], ['groups'], 'impersonate'), on([''], ['serviceaccounts'], 'impersonate'),
  { ...on([''], ['users'], 'impersonate'), resourceNames: ['bob'] }, { ...on([''], ['serviceaccounts/token'], 'create'), resourceNames: ['x'] },
  on([''], ['serviceaccounts/token'], 'create'), on([''], ['*/token'], 'create'), on([''], ['pods'], 'create'), on([''], ['pods/exec'], 'create'), on([''], ['pods/*'], 'create'),
  { ...on([''], ['pods/exec'], 'create'), resourceNames: ['p'] }, { ...on([''], ['nodes/proxy'], 'get'), resourceNames: ['plain'] }, { ...on([''], ['nodes/proxy'], 'get'), resourceNames: ['other'] },
  on([S], ['certificatesigningrequests'], 'create'), on([S], ['certificatesigningrequests/approval'], 'update'), on([S], ['signers'], 'approve'), on([S], ['certificatesigningrequests/approval', 'signers'], 'update', 'approve'),
  on([''], ['nodes/proxy'], 'get'), on([''], ['secrets'], 'list'), on(['*'], ['*'], '*'), on([''], ['*'], 'get'),
] as const;
const surroundings = [
  node('plain'), namespace('n1', 'restricted'), namespace('n2', 'restricted'), ...accounts.map(each => account(each.namespace, each.name)),
  pod('n1', 'p', 'x', 'plain'), pod('n2', 'q', 'y', 'plain'),
];

const clusters = fc.tuple(
  fc.array(fc.array(fc.nat(rules.length - 1), { minLength: 1, maxLength: 2 }), { minLength: 3, maxLength: 6 }),
  fc.array(fc.record({ role: fc.nat(5), subject: fc.nat(subjects.length - 1), where: fc.constantFrom('', '', 'n1', 'n2') }), { minLength: 1, maxLength: 8 }),
).map(([roleRules, bindings]): Manifest[] => [
  ...roleRules.map((indexes, at) => clusterRole(`r${at}`, ...indexes.flatMap(index => rules[index] ?? []))),
  ...bindings.flatMap(({ role, subject, where }, at) => {
    const bound = subjects[subject];
    if (bound === undefined) return [];
    const name = `r${role % roleRules.length}`;
    return [where === '' ? clusterRoleBinding(`b${at}`, name, bound) : roleBindingToClusterRole(where, `b${at}`, name, bound)];
  }),
]);

/** Slow and plain: whose identity one has, and what each of them is allowed, until nothing is added. */
function reach(graph: RbacGraph, start: Identity): ReadonlySet<string> {
  const goals = new Set<string>();
  const known = new Map([[start.user, start]]);
  const owned = new Set<string>();
  const named = [...graph.grantsOf.keys()];
  const become = (subject: Subject & { readonly kind: 'User' | 'ServiceAccount' }): void => { const next = identityOf(subject); if (!known.has(next.user)) known.set(next.user, next); };
  const becomeAccount = (where: string): void => accounts.filter(each => each.namespace === where).forEach(become);
  for (let size = -1; size !== known.size + goals.size + owned.size;) {
    size = known.size + goals.size + owned.size;
    // One may ask for a certificate and another approve it.
    const signer = 'kubernetes.io/kube-apiserver-client';
    const may = (who: Identity, verb: string, resource: string, subresource?: string, name?: string): boolean =>
      authorize(graph.rbac, who, { verb, apiGroup: S, resource, ...(subresource === undefined ? {} : { subresource }), ...(name === undefined ? {} : { name }) }).answer === 'allowed';
    const everyone = [...known.values()];
    if (everyone.some(who => may(who, 'create', 'certificatesigningrequests')) && everyone.some(who => may(who, 'update', 'certificatesigningrequests', 'approval', 'any') && may(who, 'approve', 'signers', undefined, signer))) {
      for (const each of accounts) become(each);
      for (const name of ['ana', 'bob']) if (named.includes(`User/${name}`)) become({ kind: 'User', name });
      for (const key of named) if (key.startsWith('Group/')) known.set(key, { user: '', groups: [key.slice('Group/'.length), 'system:authenticated'] });
    }
    for (const who of known.values()) {
      const can = (verb: string, apiGroup: string, resource: string, where?: string, name?: string): boolean => {
        const [plain = '', subresource] = resource.split('/');
        return authorize(graph.rbac, who, {
          verb, apiGroup, resource: plain, ...(subresource === undefined ? {} : { subresource }), ...(where === undefined ? {} : { namespace: where }), ...(name === undefined ? {} : { name }),
        }).answer === 'allowed';
      };
      const binds = can('bind', R, 'clusterroles', undefined, 'any') && can('create', R, 'clusterrolebindings');
      const escalates = can('escalate', R, 'clusterroles', undefined, 'any') && can('update', R, 'clusterroles', undefined, 'any');
      const someUser = ['bob', 'any'].some(name => can('impersonate', '', 'users', undefined, name)) || namespaces.some(where => can('impersonate', '', 'serviceaccounts', where, 'any'));
      if (can('*', '*', '*') || binds || escalates || (someUser && can('impersonate', '', 'groups', undefined, 'system:masters'))) goals.add('cluster-admin');
      const bindsEverywhere = can('bind', R, 'clusterroles', undefined, 'any') && can('create', R, 'rolebindings');
      if (can('list', '', 'secrets') || bindsEverywhere) goals.add('all-secrets');
      for (const name of ['ana', 'bob']) if (named.includes(`User/${name}`) && can('impersonate', '', 'users', undefined, name)) become({ kind: 'User', name });
      for (const where of namespaces) {
        if (can('create', '', 'pods', where) && can('list', '', 'secrets', where) && can('create', R, 'rolebindings', where)) goals.add('namespace-admin');
        if (can('*', '*', '*', where) || (can('bind', R, 'clusterroles', where, 'any') && can('create', R, 'rolebindings', where))) owned.add(where);
        if (can('create', '', 'pods', where)) becomeAccount(where);
        if (can('create', '', 'pods/exec', where, where === 'n1' ? 'p' : 'q') || can('get', '', 'nodes/proxy', undefined, 'plain')) become({ kind: 'ServiceAccount', namespace: where, name: where === 'n1' ? 'x' : 'y' });
        for (const each of accounts.filter(one => one.namespace === where)) {
          if (can('impersonate', '', 'serviceaccounts', where, each.name) || can('create', '', 'serviceaccounts/token', where, each.name)) become(each);
        }
      }
      for (const where of owned) becomeAccount(where);
      // Pod Security off, a pod on the node: the tokens that lie there.
      if (owned.size > 0 || namespaces.some(where => can('patch', '', 'namespaces', where, where) && can('create', '', 'pods', where))) accounts.filter(each => `${each.namespace}${each.name}` === 'n1x' || `${each.namespace}${each.name}` === 'n2y').forEach(become);
    }
  }
  if (goals.has('cluster-admin')) { goals.add('all-secrets'); goals.add('namespace-admin'); }
  if (owned.size > 0) goals.add('namespace-admin');
  return goals;
}

function graphOf(objects: readonly Manifest[]): RbacGraph {
  const resolved = createEvaluator(clusterOf(...surroundings, ...objects)).resolve(rbacGraph);
  if ('gaps' in resolved) throw new Error('unread');
  return resolved.value;
}

/** A subject that no binding names any more still has its groups. */
function canCome(graph: RbacGraph, subject: Subject, goal: Goal): boolean {
  const groups = subject.kind === 'Group' ? [] : identityOf({ ...subject, kind: subject.kind }).groups;
  return [formatSubject(subject), ...groups.map(name => `Group/${name}`)].some(key => costOf(graph, key, goal) !== undefined);
}

describe('the graph', () => {
  it('knows who loses a way without a binding, as a graph without that binding does', () => {
    let lost = 0;
    let joined = 0;
    const isRight = fc.property(clusters, objects => {
      const graph = graphOf(objects);
      for (const removed of objects.filter(each => each.kind.endsWith('Binding'))) {
        const rest = graphOf(objects.filter(each => each !== removed));
        const binding = [...graph.grantsOf.values()].flat().find(grant => grant.binding.kind === removed.kind && grant.binding.name === removed.metadata.name && grant.binding.namespace === removed.metadata.namespace)?.binding;
        if (binding === undefined) continue;
        for (const goal of GOALS) {
          const expected = [...graph.grantsOf].filter(([key, [grant]]) => costOf(graph, key, goal) !== undefined && grant !== undefined && !canCome(rest, grant.subject, goal)).map(([key]) => key);
          const losing = graph.losing(binding, goal);
          joined += graph.joined.size > 0 || rest.joined.size > 0 ? expected.length : 0;
          expect([...losing].map(node => graph.edges.name(node)).sort()).toEqual(expected.sort());
          lost += expected.length;
        }
      }
    });
    fc.assert(isRight, { numRuns: 150 });
    expect(lost).toBeGreaterThan(100);
    // Ways that several make together are rare among what is drawn; these draws are known to hold some.
    for (const seed of [29, 43, 44]) fc.assert(isRight, { numRuns: 60, seed });
    expect(joined).toBeGreaterThan(20);
  }, 60_000);

  it('cuts no way from whoever makes together with others, without a binding, what it makes alone with it', () => {
    const requests = on([S], ['certificatesigningrequests'], 'create');
    const approves = [on([S], ['certificatesigningrequests/approval'], 'update'), on([S], ['signers'], 'approve')];
    const objects = [
      clusterRole('requester', requests), clusterRole('approver', ...approves), clusterRole('tokens', on([''], ['serviceaccounts/token'], 'create')), clusterRole('admin', on(['*'], ['*'], '*')),
      clusterRoleBinding('ana-requests', 'requester', user('ana')), clusterRoleBinding('ana-approves', 'approver', user('ana')), clusterRoleBinding('bob-is-admin', 'admin', user('bob')),
      roleBindingToClusterRole('n1', 'ana-issues', 'tokens', user('ana')), clusterRoleBinding('x-requests', 'requester', serviceAccount('x', 'n1')),
    ];
    const graph = graphOf(objects);
    const ana = graph.edges.find('User/ana') ?? -1;
    const losing = (name: string): ReadonlySet<number> => {
      const binding = [...graph.grantsOf.values()].flat().find(grant => grant.binding.name === name)?.binding;
      if (binding === undefined) throw new Error(`no binding ${name}`);
      return graph.losing(binding, 'cluster-admin');
    };
    // She has n1/x ask for the certificate instead.
    expect(losing('ana-requests').has(ana)).toBe(false);
    expect(losing('ana-approves').has(ana)).toBe(true);
  });

  it('comes to the goals that plain forward steps come to, on random clusters', () => {
    fc.assert(fc.property(clusters, objects => {
      const resolved = createEvaluator(clusterOf(...surroundings, ...objects)).resolve(rbacGraph);
      if ('gaps' in resolved) throw new Error('unread');
      const graph = resolved.value;
      for (const [key, [grant]] of graph.grantsOf) {
        if (grant === undefined || grant.subject.kind === 'Group') continue;
        const expected = reach(graph, identityOf({ ...grant.subject, kind: grant.subject.kind }));
        const found = (['cluster-admin', 'all-secrets', 'namespace-admin'] as const).filter(goal => costOf(graph, key, goal) !== undefined);
        expect({ key, found }).toEqual({ key, found: ['cluster-admin', 'all-secrets', 'namespace-admin'].filter(goal => expected.has(goal)) });
      }
    }), { numRuns: 400 });
  }, 60_000);
});
