import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import escalationPath from '../../src/checks/rbac/rbac-escalation-path.ts';
import clusterAdminGrant from '../../src/checks/rbac/rbac-cluster-admin-grant.ts';
import publicGrant from '../../src/checks/rbac/rbac-public-grant.ts';
import danglingSubject from '../../src/checks/rbac/rbac-dangling-subject.ts';
import everyNodeGrant from '../../src/checks/rbac/rbac-every-node-grant.ts';
import idleToken from '../../src/checks/rbac/rbac-idle-token.ts';
import unusedServiceAccount from '../../src/checks/rbac/rbac-unused-service-account.ts';
import userBoundDirectly from '../../src/checks/rbac/rbac-user-bound-directly.ts';
import defaultServiceAccount from '../../src/checks/rbac/rbac-default-service-account.ts';
import tamperedDefault from '../../src/checks/rbac/rbac-tampered-default.ts';
import wildcardBinding from '../../src/checks/rbac/rbac-wildcard-cluster-role-binding.ts';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import type { Snapshot } from '../../src/evidence/snapshot.ts';
import type { Manifest } from '../support/cluster.ts';
import { clusterWith } from '../support/escalation.ts';
import { startApiServer, type Ground } from './api-server.ts';

const LISTS = ['clusterroles', 'roles', 'clusterrolebindings', 'rolebindings', 'pods', 'nodes', 'namespaces', 'serviceaccounts', 'secrets'];

/** Everything that paths hang on, read by kubectl and projected as the sources declare. */
async function snapshotOfServer(ground: Ground): Promise<Snapshot> {
  const objects: Manifest[] = [];
  for (const kind of LISTS) {
    const { stdout } = await admin(ground, 'get', kind, '-A', '-o', 'json');
    objects.push(...(JSON.parse(stdout) as { items: Manifest[] }).items);
  }
  return clusterWith({}, ...objects);
}

async function admin(ground: Ground, ...args: readonly string[]): Promise<{ stdout: string }> {
  const { code, stdout, stderr } = await ground.kubectl(args);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return { stdout };
}

const ALL = [escalationPath, clusterAdminGrant, publicGrant, wildcardBinding, tamperedDefault, danglingSubject, defaultServiceAccount, everyNodeGrant, idleToken, unusedServiceAccount, userBoundDirectly];

function alarms(snapshot: Snapshot, checks = ALL): string[] {
  const evaluator = createEvaluator(snapshot);
  return checks.flatMap(check => {
    const result = evaluator.judge(check);
    if (result.status === 'error') throw result.error;
    return ('findings' in result ? result.findings : []).filter(each => each.severity !== 'info').map(each => `${each.severity} ${check.id} ${each.cause}`);
  });
}

describe.each([false, true])('a bare API server, with a controller manager: %s', controllerManager => {
  it('gives no finding above info, and minikube its one', async () => {
    await using ground = await startApiServer({ controllerManager });
    expect(alarms(await snapshotOfServer(ground))).toEqual([]);
    await admin(ground, 'create', 'clusterrolebinding', 'minikube-rbac', '--clusterrole=cluster-admin', '--serviceaccount=kube-system:default');
    // Without a controller manager nobody makes the account that it names, as there is on every real cluster.
    const absent = controllerManager ? [] : ['low rbac-dangling-subject ClusterRoleBinding minikube-rbac'];
    expect(alarms(await snapshotOfServer(ground))).toEqual(['critical rbac-cluster-admin-grant ClusterRoleBinding minikube-rbac', ...absent]);
  }, 120_000);
});

describe('ways that were carried out', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await startApiServer({ controllerManager: true });
    for (const [role, ...rule] of [
      ['binder', '--verb=bind', '--resource=clusterroles.rbac.authorization.k8s.io'],
      ['binding-writer', '--verb=create', '--resource=clusterrolebindings.rbac.authorization.k8s.io'],
      ['group-actor', '--verb=impersonate', '--resource=groups'],
      ['user-actor', '--verb=impersonate', '--resource=users'],
      ['token-issuer', '--verb=create', '--resource=serviceaccounts/token'],
      ['pod-creator', '--verb=create', '--resource=pods'],
      ['secret-reader', '--verb=get,list', '--resource=secrets'],
      ['labeller', '--verb=escalate,create', '--resource=clusterroles.rbac.authorization.k8s.io'],
    ] as const) await admin(ground, 'create', 'clusterrole', role, ...rule);
    const bindings: readonly (readonly [user: string, ...roles: string[]])[] = [
      ['binding', 'binder', 'binding-writer'], ['only-binds', 'binder'], ['only-writes', 'binding-writer'],
      ['labeller', 'labeller', 'view'], ['only-labels', 'labeller'],
      ['actor', 'group-actor', 'user-actor'], ['group-actor', 'group-actor'],
    ];
    for (const [user, ...roles] of bindings) for (const role of roles) await admin(ground, 'create', 'clusterrolebinding', `${user}-${role}`, `--clusterrole=${role}`, `--user=${user}`);
    const constrained = [{ apiGroups: ['authentication.k8s.io'], resources: ['serviceaccounts'], verbs: ['impersonate:serviceaccount'] }, { apiGroups: ['rbac.authorization.k8s.io'], resources: ['clusterroles'], verbs: ['impersonate-on:serviceaccount:patch', 'impersonate-on:serviceaccount:get'] }];
    for (const [user, rules] of [['constrained', constrained], ['aimless', constrained.slice(0, 1)]] as const) {
      const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: user }, rules };
      const made = await ground.kubectl(['create', '-f', '-'], { input: JSON.stringify(role) });
      if (made.code !== 0) throw new Error(made.stderr);
      await admin(ground, 'create', 'clusterrolebinding', user, `--clusterrole=${user}`, `--user=${user}`);
    }
    await admin(ground, 'create', 'rolebinding', 'issuer', '-n', 'kube-system', '--clusterrole=token-issuer', '--user=issuer');
    await admin(ground, 'create', 'rolebinding', 'other-issuer', '-n', 'default', '--clusterrole=token-issuer', '--user=other-issuer');
    await admin(ground, 'create', 'rolebinding', 'secrets', '-n', 'kube-system', '--clusterrole=secret-reader', '--user=secrets');
    await admin(ground, 'create', 'rolebinding', 'other-secrets', '-n', 'default', '--clusterrole=secret-reader', '--user=other-secrets');
    const token = { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/service-account-token', metadata: { name: 'old', namespace: 'kube-system', annotations: { 'kubernetes.io/service-account.name': 'clusterrole-aggregation-controller' } } };
    const written = await ground.kubectl(['create', '-f', '-'], { input: JSON.stringify(token) });
    if (written.code !== 0) throw new Error(written.stderr);
    await admin(ground, 'create', 'rolebinding', 'pods', '-n', 'kube-system', '--clusterrole=pod-creator', '--user=pods');
  }, 120_000);
  afterAll(() => ground.stop());

  it('are the ones that are found', async () => {
    const snapshot = await snapshotOfServer(ground);
    // Everybody here is a user who was bound by name; some may do something by what they hold alone.
    expect(alarms(snapshot, [userBoundDirectly]).every(each => each === 'low rbac-user-bound-directly users bound by name')).toBe(true);
    expect(alarms(snapshot, ALL.filter(check => check !== userBoundDirectly)).sort()).toEqual([
      'critical rbac-escalation-path ClusterRoleBinding actor-group-actor',
      'critical rbac-escalation-path ClusterRoleBinding binding-binder',
      'critical rbac-escalation-path ClusterRoleBinding labeller-labeller',
      'critical rbac-escalation-path RoleBinding kube-system/issuer',
      'critical rbac-escalation-path RoleBinding kube-system/secrets',
      'high rbac-escalation-path ClusterRoleBinding constrained',
    ]);
  });

  it('bind and a write to bindings give cluster-admin, one of them nothing', async () => {
    for (const [user, works] of [['binding', true], ['only-binds', false], ['only-writes', false]] as const) {
      const kubeconfig = await ground.kubeconfigFor({ user });
      const made = await ground.kubectl(['create', 'clusterrolebinding', `${user}-gains`, '--clusterrole=cluster-admin', `--user=${user}-gains`], { kubeconfig });
      expect({ user, works: made.code === 0 }).toEqual({ user, works });
    }
    const gained = await ground.kubectl(['auth', 'can-i', '*', '*', '--all-namespaces'], { kubeconfig: await ground.kubeconfigFor({ user: 'binding-gains' }) });
    expect(gained.stdout.trim()).toBe('yes');
    await admin(ground, 'delete', 'clusterrolebinding', 'binding-gains');
  });

  it('groups and users give system:masters, groups alone nothing', async () => {
    for (const [user, works] of [['actor', true], ['group-actor', false]] as const) {
      const asked = await ground.kubectl(['auth', 'can-i', '*', '*', '--all-namespaces', '--as=anyone', '--as-group=system:masters'], { kubeconfig: await ground.kubeconfigFor({ user }) });
      expect({ user, works: asked.stdout.trim() === 'yes' }).toEqual({ user, works });
    }
  });

  it('a token of the aggregation controller rewrites a role, one of another namespace is refused', async () => {
    const issue = ['create', 'token', 'clusterrole-aggregation-controller', '-n', 'kube-system'];
    const refused = await ground.kubectl(issue, { kubeconfig: await ground.kubeconfigFor({ user: 'other-issuer' }) });
    expect(refused.stderr).toContain('forbidden');
    const { stdout: token, code } = await ground.kubectl(issue, { kubeconfig: await ground.kubeconfigFor({ user: 'issuer' }) });
    expect(code).toBe(0);
    const everything = JSON.stringify({ rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }] });
    const kubeconfig = await ground.kubeconfigFor({ token: token.trim() });
    const edited = await ground.kubectl(['patch', 'clusterrole', 'token-issuer', '--type=merge', '-p', everything], { kubeconfig });
    expect(edited.stderr).toBe('');
    expect(edited.code).toBe(0);
  });

  it('a token that lies in a Secret rewrites a role, for whoever may read the Secrets there', async () => {
    const show = ['get', 'secret', 'old', '-n', 'kube-system', '-o', 'jsonpath={.data.token}'];
    const refused = await ground.kubectl(show, { kubeconfig: await ground.kubeconfigFor({ user: 'other-secrets' }) });
    expect(refused.stderr).toContain('forbidden');
    const { stdout } = await ground.kubectl(show, { kubeconfig: await ground.kubeconfigFor({ user: 'secrets' }) });
    const kubeconfig = await ground.kubeconfigFor({ token: Buffer.from(stdout, 'base64').toString() });
    const edited = await ground.kubectl(['label', 'clusterrole', 'token-issuer', 'rewritten=yes'], { kubeconfig });
    expect([edited.code, edited.stderr]).toEqual([0, '']);
  });

  it('a ClusterRole that its label adds to one that it holds gives everything, and nothing to whoever holds none', async () => {
    const everything = [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, { verbs: ['*'], nonResourceURLs: ['*'] }];
    const labelled = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'added', labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } }, rules: everything };
    const made = await ground.kubectl(['create', '-f', '-'], { kubeconfig: await ground.kubeconfigFor({ user: 'labeller' }), input: JSON.stringify(labelled) });
    expect([made.code, made.stderr]).toEqual([0, '']);
    const can = async (user: string): Promise<string> => (await ground.kubectl(['auth', 'can-i', '*', '*', '--all-namespaces'], { kubeconfig: await ground.kubeconfigFor({ user }) })).stdout.trim();
    await expect.poll(() => can('labeller'), { timeout: 20_000 }).toBe('yes');
    expect(await can('only-labels')).toBe('no');
    await admin(ground, 'delete', 'clusterrole', 'added');
  }, 60_000);

  it('constrained impersonation of the aggregation controller rewrites a role, without a verb to use in its name nothing', async () => {
    const everything = JSON.stringify({ rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }] });
    for (const [user, works] of [['aimless', false], ['constrained', true]] as const) {
      const edit = ['patch', 'clusterrole', user, '--type=merge', '-p', everything, '--as=system:serviceaccount:kube-system:clusterrole-aggregation-controller'];
      const edited = await ground.kubectl(edit, { kubeconfig: await ground.kubeconfigFor({ user }) });
      expect({ user, works: edited.code === 0, why: edited.code === 0 ? '' : edited.stderr }).toMatchObject({ user, works });
    }
  });

  it('a pod gives nothing where no kubelet runs it', async () => {
    const manifest = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', namespace: 'kube-system' }, spec: { serviceAccountName: 'clusterrole-aggregation-controller', containers: [{ name: 'main', image: 'none' }] } });
    const made = await ground.kubectl(['create', '-f', '-'], { kubeconfig: await ground.kubeconfigFor({ user: 'pods' }), input: manifest });
    expect(made.stderr).toBe('');
    const { stdout } = await admin(ground, 'get', 'pod', 'p', '-n', 'kube-system', '-o', 'jsonpath={.status.phase}');
    expect(stdout).toBe('Pending');
  });
});
