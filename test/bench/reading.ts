import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundle, EXEC_ARGV } from '../../bin/bundle.ts';
import type { Ground } from '../cluster/api-server.ts';
import { benchSources } from './reading-sources.ts';

const NAMESPACES = 1500;
const PODS = 5000;
const DEPLOYMENTS = 500;
const POLICIES = 3000;

/** What one measured process prints. */
interface Run {
  readonly seconds: number;
  readonly peakMiB: number;
  readonly objects: number;
}

type Row = readonly [what: string, value: number, aim: number, limit: number, detail: string];

/** Numbers for the page, and what is beyond its limit. */
export interface ReadingResult {
  readonly markdown: string;
  readonly tooSlow: readonly string[];
}

/** Reading many objects: against a plain script and kubectl on a real API server, and how cost and memory grow. */
export async function measureReading(ground: Ground, isCheck: boolean): Promise<ReadingResult> {
  await fill(ground);
  const kubeconfig = ground.kubeconfig.admin;
  const paths = benchSources.flatMap(({ read }) => (read.how === 'list' ? [`${read.apiVersion === 'v1' ? '/api/v1' : `/apis/${read.apiVersion}`}/${read.resource}`] : []));
  const kinds = benchSources.flatMap(({ read }) => (read.how === 'list' ? [read.resource] : [])).join(',');
  const ours: Run[] = [];
  const theirs: Run[] = [];
  const collecting = [...EXEC_ARGV, await bundled('collect-lists'), join(import.meta.dirname, '../../fixtures/protobuf/schema.json')];
  const plain = await bundled('plain-lists');
  for (let round = 0; round < (isCheck ? 3 : 5); round += 1) {
    theirs.push(run([plain, kubeconfig, ...paths]));
    ours.push(run([...collecting, kubeconfig]));
  }
  // It takes half a minute, so a check goes without.
  const kubectlSeconds = isCheck ? undefined : secondsOfKubectl(ground, kinds);
  const small = await podsFrom(collecting, 1000);
  const large = await podsFrom(collecting, isCheck ? 10_000 : 50_000);
  const exponent = Math.log(large.seconds / small.seconds) / Math.log(large.objects / small.objects);

  const rows: readonly Row[] = [
    [`time against a plain script that parses JSON pages, ${ours[0]?.objects ?? 0} objects of ${paths.length} kinds`, median(ours, 'seconds') / median(theirs, 'seconds'), 0.7, 1.5, `${median(ours, 'seconds').toFixed(2)} s against ${median(theirs, 'seconds').toFixed(2)} s`],
    ['peak memory against that script', median(ours, 'peakMiB') / median(theirs, 'peakMiB'), 0.6, 0.9, `${median(ours, 'peakMiB').toFixed(0)} MiB against ${median(theirs, 'peakMiB').toFixed(0)} MiB`],
    ...(kubectlSeconds === undefined ? [] : [['time against `kubectl get -A -o json` of the same kinds', median(ours, 'seconds') / kubectlSeconds, 0.1, 0.3, `kubectl ${kubectlSeconds.toFixed(1)} s`] satisfies Row]),
    [`peak MiB of ${large.objects} pods in 300 specs, JSON`, large.peakMiB, 200, 260, `${large.seconds.toFixed(1)} s; ${small.objects} pods take ${small.seconds.toFixed(2)} s and ${small.peakMiB.toFixed(0)} MiB`],
    ['its TLS connections', large.connections, 8, 8, ''],
    ['growth of time with the number of pods, as an exponent', exponent, 1, 1.2, ''],
  ];
  const lines = rows.map(([what, value, aim, , detail]) => `| ${what} | ${value.toFixed(2)} | ${aim} | ${detail} |`);
  return {
    markdown: `${['| reading | measured | aim | |', '| --- | --- | --- | --- |', ...lines].join('\n')}\n`,
    tooSlow: rows.filter(([, value, , limit]) => value > limit).map(([what]) => what),
  };
}

function secondsOfKubectl(ground: Ground, kinds: string): number {
  const begun = performance.now();
  const { status } = spawnSync(ground.binaries.kubectl, ['get', kinds, '-A', '-o', 'json', '--kubeconfig', ground.kubeconfig.admin], { stdio: 'ignore' });
  if (status !== 0) throw new Error(`kubectl get ended with ${status ?? 'a signal'}`);
  return (performance.now() - begun) / 1000;
}

/** Both sides without the cost of compiling TypeScript; ours runs as the executable does, one bundle and its options of Node. */
async function bundled(name: string): Promise<string> {
  const file = join(import.meta.dirname, `../../dist/bench-${name}.cjs`);
  await bundle(join(import.meta.dirname, `${name}.ts`), file);
  return file;
}

function run(args: readonly string[]): Run {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${args.join(' ')} failed: ${stderr}`);
  return JSON.parse(stdout) as Run;
}

async function podsFrom(collecting: readonly string[], count: number): Promise<Run & { readonly connections: number }> {
  const kubeconfig = join(tmpdir(), `secaudit-bench-${process.pid}.kubeconfig`);
  const server = spawn(process.execPath, [join(import.meta.dirname, 'pod-server.ts'), String(count), kubeconfig], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(server.stdout, 'data');
  const measured = run([...collecting, kubeconfig, 'pods']);
  const last = once(server.stdout, 'data');
  server.kill();
  return { ...measured, connections: Number(String((await last)[0])) };
}

function median(runs: readonly Run[], name: 'seconds' | 'peakMiB'): number {
  return runs.map(one => one[name]).sort((a, b) => a - b)[Math.floor(runs.length / 2)] ?? 0;
}

/** Creates the objects, the same ones each time, many at once over connections that stay open. */
async function fill(ground: Ground): Promise<void> {
  const { certificate: cert, key } = ground.issueClientCertificate({ user: 'filler', groups: ['system:masters'] });
  const agent = new Agent({ keepAlive: true, maxSockets: 24, cert, key, ca: readFileSync(ground.ca.cluster) });
  const post = (path: string, object: object): Promise<void> =>
    new Promise((resolve, reject) => {
      const asked = request(new URL(path, ground.url), { method: 'POST', agent, headers: { 'Content-Type': 'application/json' } }, answer => {
        answer.resume().on('end', () => {
          if ((answer.statusCode ?? 0) < 300 || answer.statusCode === 409) resolve();
          else reject(new Error(`${path}: ${answer.statusCode}`));
        });
      });
      asked.on('error', reject).end(JSON.stringify(object));
    });
  const many = async (count: number, path: (at: number) => string, object: (at: number) => object): Promise<void> => {
    await Promise.all(Array.from({ length: count }, (_, at) => post(path(at), object(at))));
  };
  const ns = (at: number): string => `bench-${at % NAMESPACES}`;

  await many(NAMESPACES, () => '/api/v1/namespaces', at => ({ metadata: { name: ns(at), labels: { team: `team-${at % 40}` } } }));
  await Promise.all([
    many(NAMESPACES, at => `/api/v1/namespaces/${ns(at)}/serviceaccounts`, () => ({ metadata: { name: 'app' } })),
    many(NAMESPACES, at => `/apis/rbac.authorization.k8s.io/v1/namespaces/${ns(at)}/rolebindings`, () => ({ metadata: { name: 'view' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' }, subjects: [{ kind: 'ServiceAccount', name: 'app', namespace: 'bench-0' }] })),
    many(POLICIES, at => `/apis/networking.k8s.io/v1/namespaces/${ns(at)}/networkpolicies`, at => ({ metadata: { name: `allow-${at}` }, spec: { podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Ingress'], ingress: [{ from: [{ namespaceSelector: { matchLabels: { team: `team-${at % 40}` } } }], ports: [{ port: 8080, protocol: 'TCP' }] }] } })),
    many(DEPLOYMENTS, at => `/apis/apps/v1/namespaces/${ns(at)}/deployments`, at => workload(at)),
    many(DEPLOYMENTS, at => `/apis/apps/v1/namespaces/${ns(at)}/replicasets`, at => workload(at)),
    many(PODS, at => `/api/v1/namespaces/${ns(at)}/pods`, at => ({ metadata: { name: `app-${at}`, labels: { app: `app-${at % DEPLOYMENTS}` } }, spec: { ...podSpec(at % DEPLOYMENTS), nodeName: `node-${at % 300}` } })),
  ]);
  agent.destroy();
}

function workload(at: number): object {
  const labels = { app: `app-${at}` };
  return { metadata: { name: `app-${at}`, labels }, spec: { replicas: 10, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec(at) } } };
}

function podSpec(at: number): object {
  const container = (index: number): object => ({
    name: `c${index}`, image: `registry.example/app-${at}:${index}`, ports: [{ containerPort: 8080 }],
    env: Array.from({ length: 15 }, (_, variable) => ({ name: `VARIABLE_${variable}`, value: `value of ${variable}` })),
    resources: { limits: { cpu: '500m', memory: '256Mi' } }, readinessProbe: { httpGet: { path: '/healthz', port: 8080 } }, livenessProbe: { httpGet: { path: '/healthz', port: 8080 } },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    volumeMounts: [{ name: 'data', mountPath: '/data' }, { name: 'config', mountPath: '/config', readOnly: true }],
  });
  return { serviceAccountName: 'app', containers: [container(0), container(1)], volumes: [{ name: 'data', emptyDir: {} }, { name: 'config', configMap: { name: 'app' } }] };
}
