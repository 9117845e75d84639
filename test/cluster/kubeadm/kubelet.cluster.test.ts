import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseKubeletMetrics } from '../../../src/evidence/kubelet-metrics.ts';
import type { AuditReport } from '../../../src/engine/report-model.ts';
import type { KubeletView } from '../../../src/indexes/kubelet-view.ts';
import { runSecaudit, type Finished } from '../../support/run-secaudit.ts';
import { whyNoKubeadmCluster } from './requirements.ts';
import { useKubeadmCluster } from './shared-cluster.ts';

const cluster = useKubeadmCluster();
const root = path.join(import.meta.dirname, '../../..');
const NAMESPACE = 'secaudit-kubelet-suite';
/** Users of this suite, and the roles that they hold. */
const USERS = {
  base: ['clusterrole.yaml'],
  proxy: ['clusterrole.yaml', 'clusterrole-nodes-proxy.yaml'],
  prober: ['clusterrole.yaml', 'clusterrole-pods-proxy.yaml'],
  configz: ['clusterrole.yaml', 'nodes/configz'],
} as const;
type User = keyof typeof USERS;

async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await cluster().kubectl(args, { input });
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Runs the program as the admin, or as one of the users with a token. */
async function run(args: readonly string[], user?: User): Promise<Finished> {
  if (user === undefined) return runSecaudit(args, { env: { KUBECONFIG: cluster().kubeconfig.admin } });
  const token = (await kubectl(['create', 'token', user, '-n', NAMESPACE])).trim();
  const authority = cluster().node('control-plane').path('/etc/kubernetes/pki/ca.crt');
  const finished = await runSecaudit([...args, '--server', cluster().url, '--certificate-authority', authority, '--token', token], { env: { KUBECONFIG: '/nonexistent' } });
  expect(finished.stdout + finished.stderr).not.toContain(token);
  return finished;
}

async function report(args: readonly string[], user?: User): Promise<AuditReport> {
  const { code, stdout, stderr } = await run([...args, '-o', 'json', '--quiet'], user);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as AuditReport;
}

function viewOf({ views }: AuditReport): KubeletView {
  const { kubelet } = views;
  if (kubelet === undefined || !('nodes' in kubelet)) throw new Error('there is no view of kubelets');
  return kubelet;
}

function linesOf({ findings }: AuditReport): string[] {
  return findings.map(({ check, severity, resource }) => `${severity} ${check} ${resource.name}`).sort();
}

/** What the kubelet itself answers to a request without a credential, by curl: status and body. */
function curl(url: string): string {
  try {
    return execFileSync('curl', ['--silent', '--insecure', '--max-time', '10', '--write-out', ' %{http_code}', url], { encoding: 'utf8' });
  } catch (error) {
    return `exit ${(error as { status?: number }).status ?? '?'}`;
  }
}

beforeAll(async () => {
  if (whyNoKubeadmCluster() !== undefined) return;
  const roles = [...new Set(Object.values(USERS).flat())].filter(role => role.endsWith('.yaml'));
  const manifests = await Promise.all(roles.map(async role => {
    const shipped = await kubectl(['create', '--dry-run=client', '-o', 'json', '-f', path.join(root, 'deploy', role)]);
    const object = JSON.parse(shipped) as { metadata: { name: string } };
    return { ...object, metadata: { name: `${NAMESPACE}-${role.replace('.yaml', '')}` } };
  }));
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    ...manifests,
    { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: `${NAMESPACE}-nodes-configz` }, rules: [{ apiGroups: [''], resources: ['nodes/configz'], verbs: ['get'] }] },
    ...Object.entries(USERS).flatMap(([user, held]) => [
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: user, namespace: NAMESPACE } },
      ...held.map(role => {
        const name = `${NAMESPACE}-${role.replace('.yaml', '').replace('/', '-')}`;
        return {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'ClusterRoleBinding',
          metadata: { name: `${name}-${user}` },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
          subjects: [{ kind: 'ServiceAccount', name: user, namespace: NAMESPACE }],
        };
      }),
    ]),
  ];
  await kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
}, 60_000);

afterAll(async () => {
  if (whyNoKubeadmCluster() !== undefined) return;
  await cluster().kubectl(['delete', 'namespace', NAMESPACE, '--wait=false']);
  for (const kind of ['clusterrolebinding', 'clusterrole']) {
    const names = (await kubectl(['get', kind, '-o', 'name'])).split('\n').filter(name => name.includes(`/${NAMESPACE}`));
    if (names.length > 0) await cluster().kubectl(['delete', '--', ...names]);
  }
}, 60_000);

describe('kubelet', () => {
  it('shows of each kubelet what its own configuration says', async () => {
    const view = viewOf(await report(['kubelet']));
    expect(view).toMatchObject({ total: cluster().nodes.length, known: cluster().nodes.length });
    for (const { name } of cluster().nodes) {
      const { kubeletconfig } = JSON.parse(await kubectl(['get', '--raw', `/api/v1/nodes/${name}/proxy/configz`])) as { kubeletconfig: Record<string, unknown> & { authentication: { anonymous: object; x509: { clientCAFile: string } }; authorization: { mode: string } } };
      const row = view.nodes.find(({ node }) => node === name);
      expect(row).toMatchObject({
        version: cluster().version,
        anonymous: (kubeletconfig.authentication.anonymous as { enabled: boolean }).enabled,
        authorization: kubeletconfig.authorization.mode,
        clientCA: kubeletconfig.authentication.x509.clientCAFile !== '',
        readOnlyPort: kubeletconfig['readOnlyPort'] ?? 0,
        clientRotation: kubeletconfig['rotateCertificates'] ?? false,
        learnedBy: ['configz'],
        gaps: [],
      });
    }
  });

  it('says what a stranger really gets', async () => {
    const view = viewOf(await report(['kubelet']));
    for (const { name, address } of cluster().nodes) {
      const row = view.nodes.find(({ node }) => node === name);
      const answer = curl(`https://${address}:10250/healthz`);
      expect([name, row?.anonymous, answer]).toEqual([name, row?.anonymous, row?.anonymous === true ? expect.stringMatching(/user=system:anonymous.* 403$/s) : 'Unauthorized 401']);
      expect([name, curl(`http://${address}:10255/healthz`)]).toEqual([name, row?.readOnlyPort === 10255 ? 'ok 200' : 'exit 7']);
    }
    expect(view.nodes.map(({ anonymous }) => anonymous).sort()).toEqual([false, true]);
  });

  it('knows that the serving certificates are their own', () => {
    for (const { name, address } of cluster().nodes) {
      const shown = execFileSync('openssl', ['s_client', '-connect', `${address}:10250`], { encoding: 'utf8', input: '', stdio: ['pipe', 'pipe', 'ignore'] });
      expect([name, /^issuer=(.*)$/m.exec(shown)?.[1]]).toEqual([name, expect.stringMatching(new RegExp(`${name}-ca@\\d+$`))]);
    }
  });

  it('finds the open kubelet, and of the other what kubeadm leaves', async () => {
    const common = ['kubelet-kernel-defaults-changed', 'kubelet-pod-pids-unlimited', 'kubelet-seccomp-default-off', 'kubelet-serving-certificate-unsigned'];
    const worker = cluster().nodes.find(({ role }) => role === 'worker')?.name ?? '';
    expect(linesOf(await report(['kubelet']))).toEqual([
      ...cluster().nodes.flatMap(({ name }) => common.map(check => `low ${check} ${name}`)),
      `high kubelet-read-only-port ${worker}`,
      `medium kubelet-anonymous-access ${worker}`,
    ].sort());
  });

  it('shows a command with each finding that gives what the finding says', async () => {
    const { findings } = await report(['kubelet']);
    for (const { evidence } of findings) {
      for (const { reproduce, path: at, value } of evidence) {
        const [, ...args] = (reproduce ?? '').split(' ').filter(part => part !== '--context' && part !== 'kubernetes-admin@ground');
        const shown = JSON.parse(await kubectl(args)) as object;
        const found = at.split('.').reduce<unknown>((object, key) => (object as Record<string, unknown> | undefined)?.[key], shown);
        // A kubelet leaves out what is zero.
        expect([at, found ?? (typeof value === 'boolean' ? false : value)]).toEqual([at, value]);
      }
    }
  });
});

describe('with fewer rights', () => {
  it('knows nothing of kubelets with the base role, says what would help, and asks no kubelet twice', async () => {
    const { notAssessed, ...rest } = await report(['kubelet'], 'base');
    expect(viewOf({ notAssessed, ...rest })).toMatchObject({ known: 0, intended: { settings: { anonymous: false, authorization: 'Webhook' } } });
    expect(rest.summary.checks).toMatchObject({ failed: 0, passed: 0, notAssessed: 16 });
    expect(JSON.stringify(notAssessed)).toContain('nodes/proxy');
    expect(JSON.stringify(notAssessed)).toContain('--probe-anonymous');
    const { stderr } = await run(['kubelet', '-v'], 'base');
    expect(stderr.split('\n').filter(line => line.includes('/proxy/')).every(line => / 403 /.test(line))).toBe(true);
  });
  it('gives the same with the add-on role as for an admin', async () => {
    expect(linesOf(await report(['kubelet'], 'proxy'))).toEqual(linesOf(await report(['kubelet'])));
  });
  it('decides anonymous access and finds the read-only port by trying, without nodes/proxy', async () => {
    const tried = await report(['kubelet', '--probe-anonymous'], 'prober');
    const worker = cluster().nodes.find(({ role }) => role === 'worker')?.name ?? '';
    expect(linesOf(tried)).toEqual([`high kubelet-read-only-port ${worker}`, `medium kubelet-anonymous-access ${worker}`]);
    expect(viewOf(tried).nodes.map(({ node, anonymous, readOnlyPort, learnedBy }) => [node, anonymous, readOnlyPort, learnedBy])).toEqual([
      // That the usual port is closed says nothing of others.
      ['control-plane', false, undefined, ['probe']],
      [worker, true, 10255, ['probe']],
    ]);
    // Every pod was asked as kubectl would ask it.
    const findings = tried.findings.flatMap(({ evidence }) => evidence.map(({ reproduce }) => reproduce ?? ''));
    for (const command of findings) expect(command).toMatch(/^kubectl get --raw \/api\/v1\/namespaces\/[\w-]+\/pods\/(https:)?[\w-]+:102(50|55)\/proxy\/healthz$/);
  });
  it('tries nothing where the caller may not', async () => {
    const { stderr } = await run(['kubelet', '--probe-anonymous', '-v'], 'base');
    expect(stderr).not.toMatch(/pods\/.*\/proxy/);
    expect(stderr).toContain('--probe-anonymous: each kubelet gets a request without a credential');
  });
  it('sends no credential to a kubelet that nobody can verify, and reads it with nodes/configz where told to', async () => {
    const careful = await report(['kubelet', '--kubelet', 'direct'], 'configz');
    expect(viewOf(careful)).toMatchObject({ known: 0 });
    expect(JSON.stringify(careful.notAssessed)).toContain('--kubelet-insecure-tls');
    const told = await report(['kubelet', '--kubelet', 'direct', '--kubelet-insecure-tls'], 'configz');
    expect(viewOf(told).nodes.map(({ learnedBy }) => learnedBy)).toEqual(cluster().nodes.map(() => ['direct']));
    expect(linesOf(told)).toEqual(linesOf(await report(['kubelet'])));
    const refused = await report(['kubelet', '--kubelet', 'direct', '--kubelet-insecure-tls'], 'base');
    expect(JSON.stringify(refused.notAssessed)).toContain('nodes/configz');
  });
  it('asks for nothing but reads and self reviews, whatever is opted in to', async () => {
    for (const args of [['kubelet'], ['kubelet', '--probe-anonymous'], ['kubelet', '--kubelet', 'direct', '--kubelet-insecure-tls']]) {
      const { stderr } = await run([...args, '-v']);
      const asked = stderr.split('\n').filter(line => /^[A-Z]+ [/\d]/.test(line));
      expect(asked.filter(line => !/^GET /.test(line) && !/^POST \/apis\/auth\w+\.k8s\.io\/v1\/selfsubject/.test(line))).toEqual([]);
    }
  });
});

describe('kubelet metrics', () => {
  it('date the client certificate of the API server by the step of two scrapes, to the second', async () => {
    const node = cluster().nodes[0]?.name ?? '';
    const scrape = async (): Promise<{ body: string; date: string; way: 'proxy' }> => ({ body: await kubectl(['get', '--raw', `/api/v1/nodes/${node}/proxy/metrics`]), date: new Date(Math.floor(Date.now() / 1000) * 1000).toISOString(), way: 'proxy' });
    const notAfter = execFileSync('openssl', ['x509', '-noout', '-enddate', '-in', cluster().node('control-plane').path('/etc/kubernetes/pki/apiserver-kubelet-client.crt')], { encoding: 'utf8' });
    const end = Date.parse(notAfter.replace('notAfter=', ''));
    // Somebody else may ask the kubelet in between; then the step is of more than one request.
    for (let tries = 0; ; tries += 1) {
      const { scrapes: [before, after], version } = parseKubeletMetrics(await scrape(), await scrape());
      expect(version).toBe(cluster().version);
      const step = (after?.count ?? 0) - (before?.count ?? 0);
      if (step !== 1 && tries < 10) continue;
      expect(step).toBe(1);
      const left = (after?.sumSeconds ?? 0) - (before?.sumSeconds ?? 0);
      expect(Math.abs(Date.parse(after?.at ?? '') + left * 1000 - end)).toBeLessThan(2_000);
      return;
    }
  });
});
