/**
 * Records the cluster that "npm run demo" and the README's sample show: a real kubeadm cluster with a badly kept worker
 * and the faults of fixtures/demo/faults.yaml, its raw answers, and a snapshot of it made by the program itself. Secrets
 * are recorded as the metadata that their number is known from.
 *
 *     npm run record-demo
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { EVERYTHING, sourcesFor, takeSnapshot } from '../../src/audit.ts';
import type { Answer } from '../../src/cluster/api-client.ts';
import { connect } from '../../src/cluster/connect.ts';
import { collect } from '../../src/collect/collect.ts';
import { listPath } from '../../src/collect/read-list.ts';
import { encodeSnapshot } from '../../src/commands/snapshot-on-disk.ts';
import { createCertificate } from '../support/certificates.ts';
import { startKubeadmCluster } from './kubeadm/cluster.ts';

const root = join(import.meta.dirname, '../..');
const demo = join(root, 'fixtures/demo');

await using cluster = await startKubeadmCluster();

async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const result = await cluster.kubectl(args, { input });
  if (result.code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${result.stderr}`);
  return result.stdout;
}

async function save(path: string, text: string): Promise<void> {
  const file = join(demo, 'api', `${path.replace(/\?.*$/, '')}.${text.startsWith('{') ? 'json' : 'txt'}`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

await kubectl(['apply', '-f', join(root, 'test/cluster/kubeadm/shop.yaml')]);
await kubectl(['wait', '-n', 'shop', '--for=condition=Ready', 'pod', '--all', '--timeout=120s']);
const faults = await readFile(join(demo, 'faults.yaml'), 'utf8');
await kubectl(['apply', '--server-side', '-f', '-'], faults);
// What a node says of itself is its status, which an apply of the object leaves alone. These have no machine behind them.
for (const node of parseAllDocuments(faults).map(document => document.toJS() as { kind: string; metadata: { name: string }; status?: { nodeInfo: { kubeletVersion: string } } })) {
  if (node.kind !== 'Node' || node.status === undefined) continue;
  const nodeInfo = {
    architecture: 'amd64', bootID: '', containerRuntimeVersion: 'containerd://2.3.7', kernelVersion: '6.1.0-31-amd64', kubeProxyVersion: '',
    kubeletVersion: node.status.nodeInfo.kubeletVersion, machineID: '', operatingSystem: 'linux', osImage: 'Debian GNU/Linux 12 (bookworm)', systemUUID: '',
  };
  await kubectl(['patch', 'node', node.metadata.name, '--subresource=status', '--type=merge', '-p', JSON.stringify({ status: { nodeInfo } })]);
}

// The auditor has the roles that we ship, except one right: the demo shows what is said of it.
const roles = await Promise.all(['clusterrole.yaml', 'clusterrole-nodes-proxy.yaml'].map(async file =>
  parseAllDocuments(await readFile(join(root, 'deploy', file), 'utf8')).map(document => document.toJS() as { kind: string; metadata: { name: string }; rules?: { resources?: string[] }[] })));
for (const role of roles.flat().filter(({ kind }) => kind === 'ClusterRole')) {
  const rules = role.rules?.filter(({ resources }) => resources?.includes('leases') !== true);
  await kubectl(['apply', '-f', '-'], JSON.stringify({ ...role, rules }));
  await kubectl(['create', 'clusterrolebinding', role.metadata.name, `--clusterrole=${role.metadata.name}`, '--user=auditor']);
}
const [certificate, key] = await Promise.all(['ca.crt', 'ca.key'].map(file => readFile(cluster.node('control-plane').path(`/etc/kubernetes/pki/${file}`), 'utf8')));
const login = createCertificate({ commonName: 'auditor', organizations: ['security'], use: 'client' }, { certificate: certificate ?? '', key: key ?? '' });
const kubeconfig = join(cluster.dir, 'auditor.conf');
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const admin = parse(await readFile(cluster.kubeconfig.admin, 'utf8')) as { clusters: object[] };
await writeFile(kubeconfig, JSON.stringify({
  apiVersion: 'v1', kind: 'Config', clusters: admin.clusters, 'current-context': 'auditor@ground',
  contexts: [{ name: 'auditor@ground', context: { cluster: 'ground', user: 'auditor' } }],
  users: [{ name: 'auditor', user: { 'client-certificate-data': base64(login.certificate), 'client-key-data': base64(login.key) } }],
}), { mode: 0o600 });

// The counters of stored Secrets lag by up to a minute.
const deadline = Date.now() + 90_000;
while (Date.now() < deadline && !/^apiserver_resource_objects\{group="",resource="secrets"\} [1-9]/m.test(await kubectl(['get', '--raw', '/metrics']))) {
  await new Promise(resolve => setTimeout(resolve, 2000));
}

await rm(join(demo, 'api'), { recursive: true, force: true });
const sources = sourcesFor(EVERYTHING);
/** By path, the whole of each collection, since several sources take their part of one; of ConfigMaps only those that are asked for. */
const collections = new Map([...sources].flatMap(({ read, optIn }) => {
  if (read.how !== 'list' || optIn !== undefined || read.resource === 'secrets') return [];
  const isOfSome = read.resource === 'configmaps' && read.fieldSelector !== undefined;
  const isOptional = read.optional === true || read.otherVersions !== undefined || read.onlyWithGroup !== undefined;
  return [[listPath({ apiVersion: read.apiVersion, resource: read.resource, namespaced: false }), { isOptional, query: isOfSome ? `?fieldSelector=${encodeURIComponent(read.fieldSelector)}` : '' }]];
}));
for (const [path, { isOptional, query }] of collections) {
  const { code, stdout, stderr } = await cluster.kubectl(['get', '--raw', path + query]);
  if (code === 0) await save(path, stdout);
  else if (!isOptional || !stderr.includes('NotFound')) throw new Error(`kubectl get --raw ${path}: ${stderr}`);
}
const secrets = JSON.parse(await kubectl(['get', '--raw', '/api/v1/secrets'])) as { items: { metadata: object }[] };
await save('/api/v1/secrets', JSON.stringify({ apiVersion: 'v1', kind: 'SecretList', metadata: {}, items: secrets.items.map(({ metadata }) => ({ metadata })) }));

/** Of metrics, what the program looks at: the rest is half a megabyte for each node. */
const WANTED_METRICS = /^(# (HELP|TYPE) )?(apiserver_storage_transformation|apiserver_storage_data_key|apiserver_storage_envelope|apiserver_envelope|apiserver_encryption|apiserver_resource_objects|apiserver_storage_objects|apiserver_client_certificate|apiserver_authorization_decisions|kubelet_certificate_manager|kubelet_server_expiration|process_start_time_seconds|kubernetes_build_info)/;

/** Every other answer is recorded while the program asks for it, as the admin, so that nothing is missing. */
const failures: Record<string, { readonly status: number; readonly body: string }> = {};
async function record(path: string, accept: string, { status, body }: Answer): Promise<void> {
  if (status === 404) return; // the recording answers that to whatever it does not hold
  if (status !== 200) failures[path] = { status, body };
  else if (accept.includes('as=APIGroupDiscoveryList')) await save(`/discovery${path}`, body);
  else if (!accept.includes('as=PartialObjectMetadataList')) await save(path, path.endsWith('/metrics') ? `${body.split('\n').filter(line => WANTED_METRICS.test(line)).join('\n')}\n` : body);
}
const client = await connect({ kubeconfig: cluster.kubeconfig.admin });
try {
  await collect({
    ...client,
    async get(path, options) {
      const answer = await client.get(path, options);
      await record(path, options?.accept ?? '', answer);
      return answer;
    },
  }, [...sources].filter(source => source.optIn === undefined), { tool: 'demo', collectedAt: new Date().toISOString(), clockSkewSeconds: 0 });
} finally {
  client.close();
}
await save('/failures', JSON.stringify(failures, undefined, 1));

await writeFile(join(demo, 'demo.snapshot.gz'), await encodeSnapshot(await takeSnapshot({ kubeconfig }, EVERYTHING)));
process.stdout.write(`recorded ${demo}\n`);
