import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import type { Index } from '../../src/evidence/need.ts';
import type { Snapshot } from '../../src/evidence/snapshot.ts';
import { accessView } from '../../src/indexes/rbac-access.ts';
import { namespaceOf } from '../../src/indexes/rbac-authorize.ts';
import { isMatch, type Identity } from '../../src/indexes/rbac-identity.ts';
import { isResourceRequest, type AccessRequest, type PolicyRule } from '../../src/indexes/rbac-matcher.ts';
import { whoCanView, type WhoCanQuestion } from '../../src/indexes/rbac-who-can.ts';
import { clusterRole, clusterRoleBinding, on, role, roleBinding, user } from '../support/rbac.ts';
import { startApiServer, type Ground } from './api-server.ts';
import { rbacServer, type RbacServer } from './rbac-server.ts';
import { createRbacWorld, worldNamespaces } from './rbac-world.ts';

const seed = Number(process.env['SECAUDIT_RBAC_SEED'] ?? Date.now() % 2 ** 31);
const questions = Number(process.env['SECAUDIT_RBAC_QUESTIONS'] ?? 600);
/** Resources of the random world whose objects stand in no namespace; a review would take a namespace for them all the same. */
const clusterScoped = new Set(['nodes', 'clusterroles', 'signers', 'users', 'groups']);

let ground: Ground;
let server: RbacServer;
let snapshot: Snapshot;
const world = createRbacWorld(seed);

beforeAll(async () => {
  ground = await startApiServer();
  server = rbacServer(ground);
  for (const name of worldNamespaces) await server.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  for (const manifest of world.objects) await server.create(manifest);
  await untilAuthorizerKnows();
  snapshot = await server.snapshot();
}, 300_000);
afterAll(async () => {
  server[Symbol.dispose]();
  await ground.stop();
});

function viewOf<T>(index: Index<T>): T {
  const resolved = createEvaluator(snapshot).resolve(index);
  if ('gaps' in resolved) throw new Error(resolved.gaps[0]?.detail);
  return resolved.value;
}

describe(`on a random world (SECAUDIT_RBAC_SEED=${seed})`, () => {
  it(`who-can names those whom the API server allows, on ${questions} questions`, async () => {
    const differences: unknown[] = [];
    let allowed = 0;
    for (let asked = 0; asked < questions; asked += 1) {
      const { identity, request } = world.question();
      const real = asReal(request);
      const ours = isNamed(identity, real);
      const theirs = await server.isAllowed(identity, real);
      if (theirs) allowed += 1;
      if (ours !== theirs) differences.push({ identity, real, ours, theirs });
    }
    expect(differences).toEqual([]);
    expect(allowed / questions).toBeGreaterThan(1 / 8);
    expect(allowed / questions).toBeLessThan(2 / 3);
  }, 600_000);

  it('access lists the rules that kubectl auth can-i --list takes its list from', async () => {
    const identities = [
      { user: 'ana', groups: ['system:authenticated'] },
      { user: 'bob', groups: ['sre', 'system:authenticated'] },
      { user: 'system:serviceaccount:n1:x', groups: ['system:serviceaccounts', 'system:serviceaccounts:n1', 'system:authenticated'] },
      { user: 'Ana', groups: ['sre', '*', 'system:authenticated'] },
    ];
    for (const { user: name, groups } of identities) {
      for (const namespace of worldNamespaces) {
        const view = viewOf(accessView({ subject: name, user: name, groups: groups.map(group => ({ name: group, from: 'given' })), namespace }));
        const ours = view.scopes.rows.flatMap(scope => scope.rules.rows.flatMap(({ rule }) => partsOf(rule)));
        expect({ name, namespace, rules: distinct(ours) }).toEqual({ name, namespace, rules: await listed(name, groups, namespace) });
      }
    }
  }, 120_000);
});

/** Whether who-can names an identity, or one of its groups, for a request without any limit. */
function isNamed(identity: Identity, request: AccessRequest): boolean {
  const question: WhoCanQuestion = isResourceRequest(request)
    ? { ...request, namespaced: request.namespace !== undefined, notes: [] }
    : { ...request, notes: [] };
  return viewOf(whoCanView(question)).answers.rows.some(row =>
    row.names === undefined && ('namespace' in request || row.namespaces === undefined) && isMatch(row.subject, identity));
}

/** As a real request would ask: no namespace where the resource has none, and one Namespace asked for in itself. */
function asReal(request: AccessRequest): AccessRequest {
  if (!isResourceRequest(request)) return request;
  const { namespace: _namespace, ...rest } = request;
  if (clusterScoped.has(request.resource)) return rest;
  const namespace = namespaceOf(request);
  // A review of Namespaces with another namespace than their name is no request that anybody can send.
  if (request.resource === 'namespaces') return { ...rest, resource: 'pods', ...(namespace === undefined ? {} : { namespace }) };
  return namespace === undefined ? rest : { ...rest, namespace };
}

interface Reviewed {
  readonly resourceRules?: readonly PolicyRule[];
  readonly nonResourceRules?: readonly PolicyRule[];
}

/** What a self subject rules review answers to this user, asked by impersonation. */
async function listed(name: string, groups: readonly string[], namespace: string): Promise<string[]> {
  const body = JSON.stringify({ apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } });
  const who = [`--as=${name}`, ...groups.map(group => `--as-group=${group}`)];
  const { stdout, stderr, code } = await ground.kubectl(['create', '-f', '-', '-o', 'json', '--validate=false', ...who], { input: body });
  if (code !== 0) throw new Error(stderr);
  const { status } = JSON.parse(stdout) as { readonly status: Reviewed };
  return distinct([...(status.resourceRules ?? []), ...(status.nonResourceRules ?? [])].flatMap(partsOf));
}

/** A rule as comparable text, its resources and its paths apart. The server lists a RoleBinding's paths too, although they have no effect. */
function partsOf({ verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: PolicyRule): string[] {
  return [
    ...(resources.length === 0 ? [] : [JSON.stringify({ verbs, apiGroups, resources, resourceNames })]),
    ...(nonResourceURLs.length === 0 ? [] : [JSON.stringify({ verbs, nonResourceURLs })]),
  ];
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}

/** The authorizer learns of objects by watches of its own: wait until each kind has brought its last. */
async function untilAuthorizerKnows(): Promise<void> {
  const rule = on(['sentinel'], ['last'], 'get');
  await server.create(clusterRole('last', rule));
  await server.create(role('n1', 'last', rule));
  await server.create(clusterRoleBinding('last', 'last', user('last-cluster')));
  await server.create(roleBinding('n1', 'last', 'last', user('last-n1')));
  const request = { verb: 'get', apiGroup: 'sentinel', resource: 'last', namespace: 'n1' };
  for (const who of ['last-cluster', 'last-n1']) {
    for (let tries = 0; !(await server.isAllowed({ user: who, groups: [] }, request)); tries += 1) {
      if (tries > 500) throw new Error('the authorizer never learned of the objects');
      await sleep(20);
    }
  }
}
