import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import clusterAdminGrant from '../../src/checks/rbac/rbac-cluster-admin-grant.ts';
import publicGrant from '../../src/checks/rbac/rbac-public-grant.ts';
import wildcardBinding from '../../src/checks/rbac/rbac-wildcard-cluster-role-binding.ts';
import type { Check, Finding } from '../../src/checks/define-check.ts';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import { shellQuote } from '../../src/engine/shell-quote.ts';
import { formatRef } from '../../src/evidence/resource-ref.ts';
import type { Snapshot } from '../../src/evidence/snapshot.ts';
import { formatSubject } from '../../src/evidence/subject.ts';
import { authorize, namespaceOf } from '../../src/indexes/rbac-authorize.ts';
import { rbacGrants, type RbacGrants } from '../../src/indexes/rbac-grants.ts';
import type { Identity } from '../../src/indexes/rbac-identity.ts';
import { isResourceRequest, type AccessRequest } from '../../src/indexes/rbac-matcher.ts';
import type { Manifest } from '../support/cluster.ts';
import { clusterRole, clusterRoleBinding, group, on, role, roleBinding, roleBindingToClusterRole, serviceAccount, user } from '../support/rbac.ts';
import { startApiServer, type Ground } from './api-server.ts';
import { rbacServer, type RbacServer } from './rbac-server.ts';
import { createRbacWorld, worldNamespaces } from './rbac-world.ts';

const checks = [clusterAdminGrant, publicGrant, wildcardBinding];
const namespace = (name: string): Manifest => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

let ground: Ground;
let server: RbacServer;
beforeAll(async () => {
  ground = await startApiServer();
  server = rbacServer(ground);
}, 120_000);
afterAll(async () => {
  server[Symbol.dispose]();
  await ground.stop();
});

// These run in order, on one server: bare first, then with faults, then with a random world.
describe('a bare API server', () => {
  it('gives no finding above info', async () => {
    expect(alarms(await server.snapshot())).toEqual([]);
  });

  it('gives the grants that alarm elsewhere as info of the platform', async () => {
    const info = judge(await server.snapshot()).map(({ check, finding }) => `${check.id} ${nameOf(finding)} ${finding.origin}`);
    expect(info).toContain('rbac-cluster-admin-grant ClusterRoleBinding/cluster-admin Group/system:masters platform');
    expect(info).toContain('rbac-public-grant ClusterRoleBinding/system:public-info-viewer Group/system:unauthenticated platform');
    expect(info).toContain('rbac-wildcard-cluster-role-binding ClusterRoleBinding/system:controller:generic-garbage-collector ServiceAccount/kube-system/generic-garbage-collector platform');
  });

  it('gives none with a controller manager either', async () => {
    await using managed = await startApiServer({ controllerManager: true });
    using asked = rbacServer(managed);
    expect(alarms(await asked.snapshot())).toEqual([]);
  }, 60_000);
});

describe('planted faults', () => {
  const anything = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };
  const readSecrets = on([''], ['secrets'], 'get', 'list');
  /** Names that the API server takes and a shell, a terminal or an option parser would not. */
  const hostile = ['$(touch x)', '`touch x`', '-rf', '--all', 'a b;c', `it's "quoted"`, 'ünïcödé ☸', '\u001b[31mred', 'new\nline', '*', '=', 'a,b', '{.x}'];
  const faults: readonly Manifest[] = [
    namespace('shop'),
    clusterRole('ops', anything),
    clusterRole('secret-reader', readSecrets),
    clusterRole('core-reader', on([''], ['*'], 'get')),
    clusterRole('example-owner', on(['example.org'], ['*'], '*')),
    clusterRole('role-owner', on(['rbac.authorization.k8s.io'], ['roles', 'rolebindings', 'clusterroles', 'clusterrolebindings'], '*')),
    role('shop', 'owner', on(['*'], ['*'], '*')),
    clusterRoleBinding('one-subject', 'ops', group('sre')),
    clusterRoleBinding('three-subjects', 'ops', user('ana'), serviceAccount('deployer', 'shop'), group('vendors')),
    clusterRoleBinding('named-twice', 'ops', user('bob'), user('eve'), user('bob')),
    roleBinding('shop', 'owner', 'owner', serviceAccount('web'), user('mallory')),
    roleBindingToClusterRole('kube-system', 'helper', 'cluster-admin', user('carol')),
    clusterRoleBinding('everybody', 'secret-reader', group('system:authenticated'), user('system:anonymous')),
    roleBindingToClusterRole('shop', 'pods', 'secret-reader', group('system:serviceaccounts')),
    clusterRoleBinding('monitoring', 'core-reader', serviceAccount('agent', 'shop')),
    clusterRoleBinding('example', 'example-owner', user('dave'), group('example')),
    clusterRoleBinding('roles', 'role-owner', user('dave')),
    ...hostile.flatMap(name => [clusterRole(name, anything), clusterRoleBinding(name, name, user(name), group(`${name} too`))]),
  ];

  beforeAll(async () => {
    for (const manifest of faults) await server.create(manifest);
  });

  it('are all found', async () => {
    const found = alarms(await server.snapshot());
    expect(found.filter(line => !hostile.some(name => line.includes(`ClusterRoleBinding/${name} `)))).toEqual([
      'critical rbac-cluster-admin-grant ClusterRoleBinding/named-twice User/bob',
      'critical rbac-cluster-admin-grant ClusterRoleBinding/named-twice User/eve',
      'critical rbac-cluster-admin-grant ClusterRoleBinding/one-subject Group/sre',
      'critical rbac-cluster-admin-grant ClusterRoleBinding/three-subjects Group/vendors',
      'critical rbac-cluster-admin-grant ClusterRoleBinding/three-subjects ServiceAccount/shop/deployer',
      'critical rbac-cluster-admin-grant ClusterRoleBinding/three-subjects User/ana',
      'critical rbac-cluster-admin-grant RoleBinding/kube-system/helper User/carol',
      'critical rbac-public-grant ClusterRoleBinding/everybody User/system:anonymous',
      'high rbac-cluster-admin-grant RoleBinding/shop/owner ServiceAccount/shop/web',
      'high rbac-cluster-admin-grant RoleBinding/shop/owner User/mallory',
      'high rbac-public-grant ClusterRoleBinding/everybody Group/system:authenticated',
      'high rbac-public-grant RoleBinding/shop/pods Group/system:serviceaccounts',
      'high rbac-wildcard-cluster-role-binding ClusterRoleBinding/monitoring ServiceAccount/shop/agent',
      'high rbac-wildcard-cluster-role-binding ClusterRoleBinding/roles User/dave',
      'medium rbac-wildcard-cluster-role-binding ClusterRoleBinding/example Group/example',
      'medium rbac-wildcard-cluster-role-binding ClusterRoleBinding/example User/dave',
    ]);
    for (const name of hostile) expect(found).toContain(`critical rbac-cluster-admin-grant ClusterRoleBinding/${name} User/${name}`);
  });

  it('are shown by their reproduce commands, typed into a shell', async () => {
    const commands = new Map(judge(await server.snapshot()).flatMap(({ finding }) => finding.evidence)
      .flatMap(item => ('reproduce' in item ? [[JSON.stringify(item.reproduce), item] as const] : [])));
    expect(commands.size).toBeGreaterThan(80);
    const folder = mkdtempSync(path.join(tmpdir(), 'secaudit-shell-'));
    try {
      await inParallel(4, [...commands.values()], async item => {
        const { stdout } = await shell(shellQuote(item.reproduce), folder);
        expect({ of: item.reproduce, shows: JSON.parse(stdout) }).toEqual({ of: item.reproduce, shows: item.value });
      });
      expect(existsSync(path.join(folder, 'x'))).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 240_000);

  it('leave a binding alone that changed after it was read', async () => {
    const before = judge(await server.snapshot()).find(({ finding }) => nameOf(finding) === 'ClusterRoleBinding/three-subjects Group/vendors');
    await kubectl('patch', 'clusterrolebindings', 'three-subjects', '--type=json', '-p', JSON.stringify([{ op: 'remove', path: '/subjects/0' }]));
    const [program = '', ...args] = before?.finding.fix?.[0] ?? [];
    expect(program).toBe('kubectl');
    expect((await ground.kubectl(args)).code).toBe(1);
    expect(alarms(await server.snapshot())).toContain('critical rbac-cluster-admin-grant ClusterRoleBinding/three-subjects ServiceAccount/shop/deployer');
  });

  it('go away one by one by their fix commands, and take no other with them', async () => {
    let open = judge(await server.snapshot()).filter(isAlarm);
    const platform = judge(await server.snapshot()).length - open.length;
    while (open.length > 0) {
      const { finding } = open[0]!;
      for (const command of finding.fix ?? []) {
        const { code, stderr } = await ground.kubectl(command.slice(1));
        expect({ command, code, stderr }).toMatchObject({ code: 0 });
      }
      // Several checks may have said the same of one subject in one binding.
      const others = open.filter(each => nameOf(each.finding) !== nameOf(finding));
      const now = judge(await server.snapshot());
      expect(now.filter(isAlarm).map(lineOf)).toEqual(others.map(lineOf));
      expect(now.length - others.length).toBe(platform);
      open = now.filter(isAlarm);
    }
  }, 120_000);
});

describe('the answers of the API server', () => {
  const seed = Number(process.env['SECAUDIT_RBAC_SEED'] ?? Date.now() % 2 ** 31);
  const questions = Number(process.env['SECAUDIT_RBAC_QUESTIONS'] ?? 600);

  it(`are ours, on ${questions} random questions (SECAUDIT_RBAC_SEED=${seed})`, async () => {
    const world = createRbacWorld(seed);
    for (const name of worldNamespaces) await server.create(namespace(name));
    for (const manifest of world.objects) await server.create(manifest);
    await untilAuthorizerKnows();
    const rbac = grantsOf(await server.snapshot());

    const differences: unknown[] = [];
    let denied = 0;
    await inParallel(8, Array.from({ length: questions }, () => world.question()), async ({ identity, request }) => {
      const ours = authorize(rbac, identity, request).answer;
      const theirs = (await server.isAllowed(identity, asReviewed(request))) ? 'allowed' : 'denied';
      if (theirs === 'denied') denied += 1;
      if (ours !== theirs) differences.push({ identity, request, ours, theirs });
    });
    expect(differences).toEqual([]);
    // Else the questions would prove little.
    expect(denied / questions).toBeGreaterThan(1 / 3);
    expect(denied / questions).toBeLessThan(5 / 6);
  }, 600_000);

  it('are ours for one Namespace, as a real request asks', async () => {
    await server.create(clusterRole('namespace-reader', on([''], ['namespaces'], 'get', 'list')));
    await server.create(roleBindingToClusterRole('n1', 'namespace-reader', 'namespace-reader', user('nora')));
    await untilAuthorizerKnows();
    const rbac = grantsOf(await server.snapshot());
    const nora: Identity = { user: 'nora', groups: ['system:authenticated'] };
    for (const [args, request] of [
      [['n1'], { verb: 'get', name: 'n1' }],
      [['n2'], { verb: 'get', name: 'n2' }],
      [[], { verb: 'list' }],
      [['--field-selector=metadata.name=n1'], { verb: 'list', name: 'n1' }],
    ] as const) {
      const { code } = await ground.kubectl(['get', 'namespaces', ...args, '--as=nora']);
      const ours = authorize(rbac, nora, { apiGroup: '', resource: 'namespaces', ...request }).answer;
      expect({ request, ours }).toEqual({ request, ours: code === 0 ? 'allowed' : 'denied' });
    }
  });

  /** The authorizer learns of objects by four watches of its own: wait until each has brought its last. */
  async function untilAuthorizerKnows(): Promise<void> {
    const word = `sentinel-${Math.random().toString(36).slice(2)}`;
    const rule = on(['sentinel'], [word], 'get');
    await server.create(clusterRole(word, rule));
    await server.create(role('n1', word, rule));
    await server.create(clusterRoleBinding(word, word, user(`${word}-cluster`)));
    await server.create(roleBinding('n1', word, word, user(`${word}-n1`)));
    const request = { verb: 'get', apiGroup: 'sentinel', resource: word, namespace: 'n1' };
    for (const who of [`${word}-cluster`, `${word}-n1`]) {
      for (let tries = 0; !(await server.isAllowed({ user: who, groups: [] }, request)); tries += 1) {
        if (tries > 500) throw new Error('the authorizer never learned of the objects');
        await sleep(10);
      }
    }
  }
});

/** A review takes the attributes as they are; a real request for one Namespace has that namespace. */
function asReviewed(request: AccessRequest): AccessRequest {
  const inside = namespaceOf(request);
  return isResourceRequest(request) && inside !== undefined ? { ...request, namespace: inside } : request;
}

interface Judged {
  readonly check: Check;
  readonly finding: Finding;
}

function judge(snapshot: Snapshot): Judged[] {
  const evaluator = createEvaluator(snapshot);
  return checks.flatMap(check => {
    const result = evaluator.judge(check);
    if (result.status !== 'failed' && result.status !== 'passed') throw new Error(`${check.id}: ${JSON.stringify(result)}`);
    return result.findings.map(finding => ({ check, finding }));
  });
}

function isAlarm({ finding }: Judged): boolean {
  return finding.severity !== 'info';
}

function alarms(snapshot: Snapshot): string[] {
  return judge(snapshot).filter(isAlarm).map(lineOf).sort();
}

function lineOf({ check, finding }: Judged): string {
  return `${finding.severity} ${check.id} ${nameOf(finding)}`;
}

function nameOf({ resource, subject }: Finding): string {
  return `${formatRef(resource)} ${subject === undefined ? '' : formatSubject(subject)}`;
}

function grantsOf(snapshot: Snapshot): RbacGrants {
  const resolved = createEvaluator(snapshot).resolve(rbacGrants);
  if ('gaps' in resolved) throw new Error('unread');
  return resolved.value;
}

async function kubectl(...args: string[]): Promise<void> {
  const { code, stderr } = await ground.kubectl(args);
  if (code !== 0) throw new Error(stderr);
}

/** A line as a person types it: bash, the real kubectl, the admin's kubeconfig. */
async function shell(line: string, cwd: string): Promise<{ stdout: string }> {
  const env = { ...process.env, PATH: `${path.dirname(ground.binaries.kubectl)}:${process.env['PATH'] ?? ''}`, KUBECONFIG: ground.kubeconfig.admin };
  return promisify(execFile)('bash', ['-c', line], { cwd, env });
}

async function inParallel<T>(width: number, items: readonly T[], use: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  await Promise.all(Array.from({ length: width }, async () => {
    for (const item of rest) await use(item);
  }));
}
