import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AuditReport } from '../../src/engine/report-model.ts';
import { runSecaudit, type Finished } from '../support/run-secaudit.ts';
import { startApiServer, type Ground } from './api-server.ts';
import type { AuditEvent } from './audit-log.ts';
import { runProgram, type CommandResult } from './run-program.ts';

const root = join(import.meta.dirname, '../..');
const SELF_REVIEW = /^\/apis\/auth\w+\.k8s\.io\/v1\/selfsubject(reviews|accessreviews|rulesreviews)$/;

let ground: Ground;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'secaudit-whole-run-'));
  ground = await startApiServer({ controllerManager: true, encryption: 'identity-first' });
  const faults = readFileSync(join(root, 'fixtures/demo/faults.yaml'), 'utf8');
  await kubectl(['apply', '--server-side', '-f', '-'], faults);
});
afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await ground.stop();
});

async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const result = await ground.kubectl(args, { input });
  if (result.code !== 0) throw new Error(result.stderr);
  return result.stdout;
}

function run(args: readonly string[], kubeconfig: string): Promise<Finished> {
  return runSecaudit(args, { env: { KUBECONFIG: kubeconfig } });
}

async function report(args: readonly string[], kubeconfig: string): Promise<AuditReport> {
  const { stdout, stderr } = await run([...args, '-o', 'json'], kubeconfig);
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as AuditReport;
}

function statusesOf({ checks }: AuditReport): Record<string, string> {
  return Object.fromEntries(checks.map(({ id, status }) => [id, status]));
}

/** What this user asked the server for, as the server itself wrote it down. */
function asked(user: string): AuditEvent[] {
  return ground.auditEvents().filter(event => event.user.username === user && event.userAgent?.startsWith('kubectl-secaudit/') === true);
}

/** What nobody can tell here: an API server alone has no nodes with a pod network, and some certificates are files. */
const UNKNOWABLE = [
  'network-no-enforcement', 'pki-authority-expiring', 'pki-authority-key-in-secret', 'pki-certificate-expired', 'pki-certificate-expiring', 'pki-component-certificate-deviates',
  'pki-component-name-missing', 'pki-etcd-trusts-cluster-authority', 'pki-etcd-without-client-certificates', 'pki-kubelet-not-renewing', 'pki-node-identity-shared', 'pki-renewed-not-restarted', 'pki-shared-private-key',
  'pki-shared-serving-key', 'pki-tls-secret-broken', 'pki-wildcard-certificate',
];

/** The list of names of Secrets, without those that hold no certificate. */
const NAMES = '/secrets?limit=500&fieldSelector=type%21%3Dhelm.sh%2Frelease.v1%2Ctype%21%3Dkubernetes.io%2Fservice-account-token';

/** What is judged of the person's own login, and so is another matter for each. */
const OWN_LOGIN = ['pki-long-lived-client-certificate', 'pki-privileged-client-certificate', 'pki-system-masters-certificate'];
const isOwnLogin = (check: string): boolean => OWN_LOGIN.includes(check);
const withoutOwnLogin = (found: AuditReport): Record<string, string> => Object.fromEntries(Object.entries(statusesOf(found)).filter(([id]) => !isOwnLogin(id)));

describe('as an admin', () => {
  test('every check is assessed that can be, and the planted faults are found', async () => {
    const found = await report([], ground.kubeconfig.admin);
    // The nodes here have no kubelets that could be asked.
    const unassessed = Object.entries(statusesOf(found)).filter(([, status]) => status === 'notAssessed' || status === 'error');
    expect(unassessed.filter(([id, status]) => status === 'error' || !id.startsWith('kubelet-')).map(([id]) => id)).toEqual(UNKNOWABLE);
    const causes = found.causes.map(({ cause }) => cause);
    for (const name of ['incident-4711', 'ci-deployer', 'status-page', 'monitoring-read-everything', '$(touch owned)']) {
      expect(causes.some(cause => cause.includes(name))).toBe(true);
    }
    expect(found.findings.filter(({ severity, origin }) => origin === 'platform' && severity !== 'info')).toEqual([]);
    // The near misses of the same file.
    expect(causes.filter(cause => /shop-team|support-view/.test(cause))).toEqual([]);
  });
});

describe('the audit log of whole runs', () => {
  test('holds get, list and self reviews only, whatever is run', async () => {
    const kubeconfig = await ground.kubeconfigFor({ user: 'harmless', groups: ['system:masters'] });
    const file = join(directory, 'whole.snapshot.gz');
    for (const args of [['scan'], ['rbac'], ['secrets'], ['versions'], ['kubelet', '--probe-anonymous'], ['permissions'], ['snapshot', file], ['scan', '-n', 'shop']]) {
      expect([args, (await run(args, kubeconfig)).code]).toEqual([args, 0]);
    }
    const events = asked('harmless');
    expect(events.length).toBeGreaterThan(60);
    const other = events.filter(({ verb, requestURI }) => !(verb === 'get' || verb === 'list' || (verb === 'create' && SELF_REVIEW.test(requestURI))));
    expect(other.map(({ verb, requestURI }) => `${verb} ${requestURI}`)).toEqual([]);
    // Of Secrets, at most metadata is asked for.
    expect(events.filter(({ objectRef }) => objectRef?.resource === 'secrets').map(({ requestURI }) => requestURI).filter(uri => !uri.includes(NAMES) && !/\/secrets\?(limit=1|limit=500&fieldSelector=type%3Dkubernetes\.io%2Fservice-account-token)$/.test(uri))).toEqual([]);
  });
});

describe('with the ClusterRole that is shipped', () => {
  let kubeconfig: string;
  beforeAll(async () => {
    await kubectl(['apply', '-f', join(root, 'deploy/clusterrole.yaml')]);
    await kubectl(['create', 'clusterrolebinding', 'auditor', '--clusterrole=secaudit', '--user=auditor']);
    kubeconfig = await ground.kubeconfigFor({ user: 'auditor', groups: ['security'] });
  });

  test('every check is assessed as for an admin', async () => {
    const [admin, auditor] = [await report([], ground.kubeconfig.admin), await report([], kubeconfig)];
    expect(withoutOwnLogin(auditor)).toEqual(withoutOwnLogin(admin));
    const fingerprints = ({ findings }: AuditReport): string[] => findings.filter(({ check }) => !isOwnLogin(check)).map(({ fingerprint }) => fingerprint);
    expect(fingerprints(auditor)).toEqual(fingerprints(admin));
  });
  test('nothing is asked for that the role does not give, except the number of Secrets, those that hold tokens, and the way to kubelets', () => {
    const refused = asked('auditor').filter(({ responseStatus }) => responseStatus?.code === 403);
    expect(new Set(refused.map(({ requestURI }) => requestURI.replace(/nodes\/[^/]+/, 'nodes/NAME')))).toEqual(new Set(['/api/v1/secrets?limit=1', `/api/v1${NAMES}`, '/api/v1/secrets?limit=500&fieldSelector=type%3Dkubernetes.io%2Fservice-account-token', '/api/v1/nodes/NAME/proxy/configz', '/api/v1/nodes/NAME/proxy/metrics']));
  });
  test('permissions says so', async () => {
    const { views } = await report(['permissions'], kubeconfig);
    const denied = views.permissions?.permissions.filter(({ answer }) => answer !== 'allowed') ?? [];
    expect(denied.map(({ permission, addOnRole }) => ['resource' in permission ? permission.resource : '', addOnRole])).toEqual(
      expect.arrayContaining([
        ['secrets', 'secrets'], ['nodes/proxy', 'nodes-proxy'], ['pods/proxy', 'pods-proxy'], ['pods/portforward', 'pods-portforward'], ['pods', 'node-files'], ['pods/log', 'node-files'],
      ]),
    );
    // Tunnels take two verbs; pods of our own three, and their logs.
    expect(denied).toHaveLength(3 + 2 + 4);
  });
  test('and with the add-on roles nothing is missing, that for --probe-anonymous apart', async () => {
    for (const name of ['secrets', 'nodes-proxy']) {
      await kubectl(['apply', '-f', join(root, `deploy/clusterrole-${name}.yaml`)]);
      await kubectl(['create', 'clusterrolebinding', `auditor-${name}`, `--clusterrole=secaudit-${name}`, '--user=auditor']);
    }
    const { views } = await report(['permissions'], kubeconfig);
    expect(views.permissions).toMatchObject({ costly: [] });
  });
});

describe('with too few rights', () => {
  test('a user of one namespace passes nothing of the cluster', async () => {
    await kubectl(['create', 'rolebinding', 'lena', '-n', 'shop', '--clusterrole=admin', '--user=lena']);
    const kubeconfig = await ground.kubeconfigFor({ user: 'lena' });
    const whole = await report([], kubeconfig);
    expect(Object.values(statusesOf(whole)).filter(status => status === 'passed')).toEqual([]);
    const own = await report(['-n', 'shop'], kubeconfig);
    // Whom the RoleBindings name can be read in the namespace; what the ClusterRoles behind them allow cannot.
    expect(Object.entries(statusesOf(own)).filter(([, status]) => status === 'passed').map(([id]) => id)).toEqual(['rbac-default-service-account', 'rbac-public-grant', 'rbac-unused-service-account']);
    expect(statusesOf(own)).toMatchObject({ 'rbac-cluster-admin-grant': 'notAssessed' });
    expect(own.notAssessed.some(({ closes }) => closes.by === 'permission' && closes.permissions.some(each => 'resource' in each && each.resource === 'clusterroles'))).toBe(true);
  });
  test('a user without any right learns what would help, and the role that is printed helps', async () => {
    const kubeconfig = await ground.kubeconfigFor({ user: 'nobody' });
    expect(Object.entries(statusesOf(await report([], kubeconfig))).filter(([, status]) => status !== 'notAssessed')).toEqual([
      // Which APIs are served may be asked by anybody.
      ['pki-cert-manager-not-renewing', 'notApplicable'],
      // The login that is shown.
      ['pki-long-lived-client-certificate', 'failed'],
    ]);
    const { stdout } = await run(['permissions'], kubeconfig);
    const manifest = /apiVersion: rbac[\s\S]*?(?=\n\n)/.exec(stdout)?.[0] ?? '';
    await kubectl(['apply', '-f', '-'], manifest);
    await kubectl(['create', 'clusterrolebinding', 'nobody', '--clusterrole=secaudit-missing', '--user=nobody']);
    expect(withoutOwnLogin(await report([], kubeconfig))).toEqual(withoutOwnLogin(await report([], ground.kubeconfig.admin)));
  });
  test('a person who is told which right is missing gets each answer with -v', async () => {
    const { stderr } = await run(['-v'], await ground.kubeconfigFor({ user: 'stranger' }));
    expect(stderr).toMatch(/^GET \/apis\/rbac\.authorization\.k8s\.io\/v1\/clusterroles\?limit=500 403 /m);
  });
});

describe('every finding', () => {
  test('can be checked by hand: each command that is shown runs and shows the value', async () => {
    const { findings } = await report([], ground.kubeconfig.admin);
    const items = findings.flatMap(({ evidence }) => evidence).filter(({ reproduce }) => reproduce !== undefined);
    const commands = [...new Set(items.map(({ reproduce }) => reproduce ?? ''))];
    expect(commands.length).toBeGreaterThan(15);
    const outputs = new Map<string, string>();
    for (const command of commands) {
      const { code, stdout, stderr } = await typed(command);
      expect([command, code, stderr]).toEqual([command, 0, '']);
      outputs.set(command, stdout);
    }
    for (const { reproduce, value } of items) {
      if (typeof value !== 'string' && typeof value !== 'number') continue;
      expect(outputs.get(reproduce ?? '')).toContain(String(value));
    }
    expect(existsSync(join(directory, 'owned'))).toBe(false);
  });
  test('has commands that make it go away, where it has any', async () => {
    const before = await report(['--family', 'rbac'], ground.kubeconfig.admin);
    const fixable = before.findings.filter(({ severity, remediation }) => severity !== 'info' && remediation.commands !== undefined);
    expect(fixable.length).toBeGreaterThanOrEqual(5);
    for (const { remediation } of fixable) {
      // Commands of one binding follow its state: they are asked for anew each time.
      const current = (await report(['--family', 'rbac'], ground.kubeconfig.admin)).findings.find(({ remediation: each }) => each.commands?.[0] === remediation.commands?.[0]);
      for (const command of current?.remediation.commands ?? []) {
        const { code, stderr } = await typed(command);
        expect([command, code, stderr]).toEqual([command, 0, '']);
      }
    }
    const after = await report(['--family', 'rbac'], ground.kubeconfig.admin);
    const left = new Set(after.findings.map(({ fingerprint }) => fingerprint));
    const stubborn = fixable.filter(({ fingerprint }) => left.has(fingerprint));
    // Two subjects of one binding: the second command names a place that the first has moved.
    for (const { fingerprint } of stubborn) {
      const again = after.findings.find(each => each.fingerprint === fingerprint);
      for (const command of again?.remediation.commands ?? []) await typed(command);
    }
    const last = await report(['--family', 'rbac'], ground.kubeconfig.admin);
    expect(last.findings.filter(({ fingerprint }) => fixable.some(each => each.fingerprint === fingerprint))).toEqual([]);
    // To put a user into a group is the identity provider's business: no command does it.
    expect(last.findings.filter(({ severity, check }) => severity !== 'info' && check !== 'rbac-user-bound-directly')).toEqual([]);
  });

  /** A line as a person would type it, in a directory that shows whether it did something else. */
  function typed(line: string): Promise<CommandResult> {
    return runProgram('bash', ['-c', `cd '${directory}' && ${line}`], { PATH: `${dirname(ground.binaries.kubectl)}:${process.env['PATH'] ?? ''}`, KUBECONFIG: ground.kubeconfig.admin, HOME: directory });
  }
});

describe('as a plugin of the real kubectl', () => {
  test('is found, gets its flags and hands its exit code on', async () => {
    const plugins = join(directory, 'plugins');
    const plugin = join(plugins, 'kubectl-secaudit');
    await runProgram('mkdir', ['-p', plugins]);
    writeFileSync(plugin, `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'bin/kubectl-secaudit.ts')}' "$@"\n`);
    chmodSync(plugin, 0o755);
    const env = { PATH: `${plugins}:${process.env['PATH'] ?? ''}`, KUBECONFIG: ground.kubeconfig.admin };
    const versions = await ground.kubectl(['secaudit', 'versions', '--no-headers'], { env });
    expect(versions).toMatchObject({ code: 0, stderr: '' });
    expect(versions.stdout).toContain('v1.37.1');
    expect((await ground.kubectl(['secaudit', '--family', 'secrets', '--fail-on', 'high'], { env })).code).toBe(3);
    expect((await ground.kubectl(['secaudit', '--nope'], { env })).stderr).toContain('kubectl secaudit scan --help');
  });
});
