import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/checks/registry.ts';
import { COMMANDS } from '../../src/commands/table.ts';
import type { AuditReport } from '../../src/engine/report-model.ts';
import { readRecordedApi, type ApiData } from '../support/api-data.ts';
import { startFakeApiServer, type FakeApiServer } from '../support/api-server.ts';
import { demoSnapshotFile } from '../support/demo.ts';
import { runSecaudit, type Finished, type RunOptions } from '../support/run-secaudit.ts';

let data: ApiData;
let server: FakeApiServer;
let directory: string;
let kubeconfig: string;

beforeAll(async () => {
  data = await readRecordedApi(join(import.meta.dirname, '../../fixtures/demo/api'));
  directory = await mkdtemp(join(tmpdir(), 'secaudit-scan-'));
  server = await startFakeApiServer({ data });
  kubeconfig = await configFor(server);
});
afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

async function configFor(api: FakeApiServer): Promise<string> {
  const file = join(directory, `kubeconfig-${api.url.replaceAll(/\W/g, '')}`);
  await writeFile(file, api.kubeconfig({ user: api.certificateUser({ commonName: 'auditor', organizations: ['security'] }) }));
  return file;
}

function scan(args: readonly string[] = [], options: RunOptions = {}): Promise<Finished> {
  return runSecaudit(args, { ...options, env: { KUBECONFIG: kubeconfig, ...options.env } });
}

describe('kubectl secaudit', () => {
  it('audits the cluster of the current context when nothing is said', async () => {
    const { code, stdout, stderr } = await scan();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('ClusterRoleBinding incident-4711');
    expect(stdout).toMatch(/Checks {4}\d+ failed/);
  });
  it('sends GETs and self reviews only', async () => {
    const before = server.requests.length;
    await scan();
    const sent = server.requests.slice(before).map(({ method, path }) => `${method} ${path.split('?')[0] ?? ''}`);
    expect(sent.length).toBeGreaterThan(8);
    expect(sent.filter(line => !line.startsWith('GET ') && !/^POST \/apis\/auth\w+\.k8s\.io\/v1\/selfsubject\w+$/.test(line))).toEqual([]);
  });
  it('says which checks it has no evidence for when a kind is forbidden, and passes none of them', async () => {
    const closed = await startFakeApiServer({ data, isForbidden: ({ resource }) => resource === 'clusterrolebindings' });
    const { stdout } = await scan(['-o', 'json'], { env: { KUBECONFIG: await configFor(closed) } });
    await closed.close();
    const report = JSON.parse(stdout) as AuditReport;
    // Whether everything is allowed shows in flags and answers; every other check of the family judges what is bound.
    expect(report.checks.filter(({ id, status }) => id.startsWith('rbac-') && status === 'passed').map(({ id }) => id).filter(id => id !== 'rbac-always-allow')).toEqual([]);
    expect(report.notAssessed.find(({ reason }) => reason === 'forbidden')).toMatchObject({
      closes: { by: 'permission', permissions: [{ resource: 'clusterrolebindings', verb: 'list' }] },
    });
  });
  it('looks at one namespace with -n, and leaves the cluster out of scope', async () => {
    const { stdout } = await scan(['-n', 'shop', '-o', 'json']);
    const report = JSON.parse(stdout) as AuditReport;
    expect(report.scope).toEqual({ namespace: 'shop' });
    const passed = report.checks.filter(({ status }) => status === 'passed').map(({ id }) => id);
    expect(passed).toContain('rbac-cluster-admin-grant');
    expect(CHECKS.filter(({ id, scope }) => passed.includes(id) && scope === 'cluster')).toEqual([]);
    expect(report.checks.find(({ id }) => id === 'versions-unsupported')).toMatchObject({ status: 'notAssessed', gaps: [{ kind: 'outOfScope' }] });
  });
  it.each(['json', 'yaml', 'jsonl', 'wide'])('prints %s to the last line', async output => {
    const { code, stdout } = await scan(['-o', output]);
    expect(code).toBe(0);
    expect(stdout.endsWith('\n')).toBe(true);
    expect(stdout).toContain('incident-4711');
  });
  it('writes a report whole into a file that only its owner can read', async () => {
    const file = join(directory, 'report.json');
    const { code, stdout } = await scan(['-o', 'json', '--output-file', file]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect((JSON.parse(await readFile(file, 'utf8')) as AuditReport).kind).toBe('AuditReport');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });
  it('leaves nothing behind where a file cannot be written', async () => {
    const { code, stderr } = await scan(['-o', 'json', '--output-file', join(directory, 'missing', 'report.json')]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: cannot write .*missing.*\n$/);
    expect((await readdir(directory)).filter(name => name.endsWith('.tmp'))).toEqual([]);
  });
  it('ends with 3 when something is as bad as --fail-on, and with 0 when nothing is', async () => {
    expect((await scan(['--fail-on', 'critical'])).code).toBe(3);
    expect((await scan(['--family', 'secrets', '--fail-on', 'critical'])).code).toBe(0);
  });
  it('ends with 4 when something could not be read, if that is asked for', async () => {
    const closed = await startFakeApiServer({ data, isForbidden: ({ resource }) => resource === 'nodes' });
    const env = { KUBECONFIG: await configFor(closed) };
    expect((await scan(['--fail-on-incomplete'], { env })).code).toBe(4);
    expect((await scan([], { env })).code).toBe(0);
    await closed.close();
  });
  it('gives a slow reader every byte of a large report', async () => {
    const many = Array.from({ length: 6000 }, (_, index) => ({
      metadata: { name: `team-${index}` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: `user-${index}@example.com` }],
    }));
    const path = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
    const large = await startFakeApiServer({ data: { ...data, lists: new Map(data.lists).set(path, { ...data.lists.get(path)!, items: many }) } });
    const { code, stdout } = await scan(['-o', 'json'], { slowReader: 2, env: { KUBECONFIG: await configFor(large) } });
    await large.close();
    expect(code).toBe(0);
    expect(stdout.length).toBeGreaterThan(5_000_000);
    expect((JSON.parse(stdout) as AuditReport).findings.length).toBeGreaterThanOrEqual(6000);
  });
  it('ends quietly when the reader has seen enough', async () => {
    const { code, stderr } = await scan(['-o', 'json'], { whileRunning: child => child.stdout?.destroy() });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
  it('passes nothing about replicas where no lease says how many there are', async () => {
    const path = '/apis/coordination.k8s.io/v1/leases';
    const unleased = await startFakeApiServer({ data: { ...data, lists: new Map(data.lists).set(path, { ...data.lists.get(path)!, items: [] }) } });
    const { stdout } = await scan(['secrets', '-o', 'json'], { env: { KUBECONFIG: await configFor(unleased) } });
    await unleased.close();
    const report = JSON.parse(stdout) as AuditReport;
    expect(report.checks.find(({ id }) => id === 'secrets-unencrypted-at-rest')?.unknown).toMatchObject([{ of: 'other API server replicas', gaps: [{ kind: 'notObservable' }] }]);
    expect(report.checks.map(({ status }) => status)).not.toContain('passed');
  });
  it('ends with 4 where one replica of those that hold a lease was not seen, though every source was read', async () => {
    const path = '/apis/coordination.k8s.io/v1/leases';
    const renewTime = new Date().toISOString().replace('Z', '000Z');
    const items = ['one', 'two'].map(name => ({
      metadata: { name: `apiserver-${name}`, namespace: 'kube-system', labels: { 'apiserver.kubernetes.io/identity': 'kube-apiserver' } },
      spec: { leaseDurationSeconds: 3600, renewTime },
    }));
    const halfSeen = await startFakeApiServer({ data: { ...data, lists: new Map(data.lists).set(path, { ...data.lists.get(path)!, items }) } });
    const { code, stdout } = await scan(['secrets', '--fail-on-incomplete', '-o', 'json'], { env: { KUBECONFIG: await configFor(halfSeen) } });
    await halfSeen.close();
    const report = JSON.parse(stdout) as AuditReport;
    expect([report.summary.gaps, report.notAssessed.map(({ kind }) => kind)]).toEqual([0, expect.arrayContaining(['gap'])]);
    expect(code).toBe(4);
  });
  it('says what was read when it is interrupted, and ends with 130', async () => {
    const slow = await startFakeApiServer({ data, faults: [{ path: '/metrics', fault: { slow: 'headers', milliseconds: 60_000 } }] });
    // Wide, since the first screen shows the reasons of most checks only.
    const interrupted = scan(['-o', 'wide'], {
      env: { KUBECONFIG: await configFor(slow) },
      whileRunning: child => {
        const timer = setInterval(() => {
          if (!slow.requests.some(({ path }) => path === '/metrics')) return;
          clearInterval(timer);
          setTimeout(() => child.kill('SIGINT'), 200);
        }, 20);
      },
    });
    const { code, stderr, stdout } = await interrupted;
    await slow.close();
    expect(code).toBe(130);
    expect(stderr).toMatch(/^interrupted: \d+ of \d+ sources were read/);
    expect(stdout).toContain('interrupted before');
  });
  it('counts what is unread at the --timeout as gaps', async () => {
    const slow = await startFakeApiServer({ data, faults: [{ path: '/metrics', fault: { slow: 'headers', milliseconds: 60_000 } }] });
    const { code, stdout } = await scan(['--timeout', '2s', '-o', 'json'], { env: { KUBECONFIG: await configFor(slow) } });
    await slow.close();
    const report = JSON.parse(stdout) as AuditReport;
    expect(code).toBe(0);
    expect(report.sources.find(({ id }) => id === 'apiservermetrics')?.gap).toMatchObject({ kind: 'gap', reason: 'timeout' });
  });
  it('shows each request with -v, and no header', async () => {
    const { stderr } = await scan(['-v']);
    expect(stderr).toMatch(/^GET \/version 200 \d+ B in \d+ ms$/m);
    expect(stderr).not.toMatch(/authorization:|bearer/i);
  });
  it('has the same report from a snapshot as from the cluster', async () => {
    const file = join(directory, 'cluster.snapshot.gz');
    expect(await scan(['snapshot', file])).toMatchObject({ code: 0, stdout: '' });
    const [live, saved] = await Promise.all([scan(['-o', 'json']), runSecaudit(['--snapshot', file, '-o', 'json'])]);
    const judged = ({ stdout }: Finished): unknown => {
      const { findings, checks, causes, notAssessed } = JSON.parse(stdout) as AuditReport;
      return { findings, checks, causes, notAssessed };
    };
    expect(judged(saved)).toEqual(judged(live));
    expect(saved.stderr).toContain('the snapshot is less than a day old');
  });
});

describe('without a cluster', () => {
  it('audits a snapshot to the same bytes each time', async () => {
    const [first, second] = await Promise.all([1, 2].map(() => runSecaudit(['--snapshot', demoSnapshotFile, '-o', 'json'])));
    expect(first?.stdout).toBe(second?.stdout);
    expect(first?.code).toBe(0);
  });
  it.each([
    ['a flag that does not exist', ['--nope'], /^error: .*--nope.*see "kubectl secaudit .*--help"\n$/],
    ['a check that does not exist', ['--check', 'rbac-cluster-admin-grants'], /^error: there is no check rbac-cluster-admin-grants; did you mean rbac-cluster-admin-grant\?\n$/],
    ['an output that does not exist', ['-o', 'xml'], /^error: .*xml.*\n$/],
    ['a time that is none', ['--snapshot', demoSnapshotFile, '--at', 'tomorrow'], /^error: --at takes/],
    ['a cluster beside a snapshot', ['--snapshot', demoSnapshotFile, '--context', 'prod'], /^error: --snapshot reads a file and no cluster/],
    ['a command that does not exist', ['frobnicate'], /^error: there is no command "frobnicate"; see "kubectl secaudit --help"\n$/],
    ['a word too many', ['pki', '$(x)'], /^error: "pki" takes no word such as "\$\(x\)"; see "kubectl secaudit pki --help"\n$/],
    ['an argument that is missing', ['snapshot'], /^error: .*\bfile\b.*see "kubectl secaudit snapshot --help"\n$/],
    ['a namespace that is none', ['-n', '..'], /^error: --namespace takes the name of one namespace, which "\.\." cannot be\n$/],
    ['an empty namespace', ['rbac', '-n', ''], /^error: --namespace takes/],
  ])('refuses %s with one sentence and exit code 2', async (_, args, words) => {
    const { code, stdout, stderr } = await runSecaudit(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(words);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
  it('says what a file is not, when it is no snapshot', async () => {
    const { code, stderr } = await runSecaudit(['--snapshot', import.meta.filename]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: .*is no snapshot.*\n$/);
  });
  it.each(Object.keys(COMMANDS))('has a help for %s', async command => {
    const { code, stdout, stderr } = await runSecaudit([...command.split(':'), '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`$ kubectl secaudit ${command.replace(':', ' ')}`);
  });
  it('writes usage as a line that can be typed', async () => {
    const { code, stdout } = await runSecaudit(['--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('kubectl secaudit');
    for (const command of ['scan', 'rbac', 'secrets', 'versions', 'checks', 'explain', 'permissions', 'snapshot']) expect(stdout).toContain(command);
  });
  it('explains a check, also with a terminal that is not there', async () => {
    const { code, stdout } = await runSecaudit(['explain', 'rbac-public-grant']);
    expect(code).toBe(0);
    expect(stdout).toContain('## Remediation');
  });
});
