/**
 * Records the cluster that "npm run demo" and the README's sample show: a real API server with the faults of
 * fixtures/demo/faults.yaml, its raw answers, and a snapshot of it made by the program itself. Secrets are recorded as
 * the metadata that their number is known from.
 *
 *     npm run record-demo
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { EVERYTHING, takeSnapshot } from '../../src/audit.ts';
import { encodeSnapshot } from '../../src/commands/snapshot-on-disk.ts';
import { DISCOVERY_ACCEPT } from '../../src/evidence/api-discovery.ts';
import { startApiServer } from './api-server.ts';

const demo = join(import.meta.dirname, '../../fixtures/demo');

const LISTS = [
  '/api/v1/namespaces',
  '/api/v1/nodes',
  '/api/v1/pods',
  '/api/v1/serviceaccounts',
  '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
  '/apis/rbac.authorization.k8s.io/v1/clusterroles',
  '/apis/rbac.authorization.k8s.io/v1/rolebindings',
  '/apis/rbac.authorization.k8s.io/v1/roles',
  '/apis/coordination.k8s.io/v1/leases',
];
const TEXTS = ['/version', '/apis', '/readyz?verbose'];
const FLAGZ = 'application/json;as=Flagz;v=v1beta1;g=config.k8s.io';

await using ground = await startApiServer({ controllerManager: true, encryption: 'identity-first' });

async function kubectl(args: readonly string[], input?: string): Promise<string> {
  const result = await ground.kubectl(args, { input });
  if (result.code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${result.stderr}`);
  return result.stdout;
}

async function save(path: string, text: string): Promise<void> {
  const file = join(demo, 'api', path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

const faults = await readFile(join(demo, 'faults.yaml'), 'utf8');
await kubectl(['apply', '--server-side', '-f', '-'], faults);
// What a node says of itself is its status, which an apply of the object leaves alone.
for (const node of parseAllDocuments(faults).map(document => document.toJS() as { kind: string; metadata: { name: string }; status?: { nodeInfo: { kubeletVersion: string } } })) {
  if (node.kind !== 'Node' || node.status === undefined) continue;
  const nodeInfo = {
    architecture: 'amd64', bootID: '', containerRuntimeVersion: 'containerd://2.3.7', kernelVersion: '6.1.0-31-amd64', kubeProxyVersion: '',
    kubeletVersion: node.status.nodeInfo.kubeletVersion, machineID: '', operatingSystem: 'linux', osImage: 'Debian GNU/Linux 12 (bookworm)', systemUUID: '',
  };
  await kubectl(['patch', 'node', node.metadata.name, '--subresource=status', '--type=merge', '-p', JSON.stringify({ status: { nodeInfo } })]);
}

await rm(join(demo, 'api'), { recursive: true, force: true });
for (const path of LISTS) await save(`${path}.json`, await kubectl(['get', '--raw', path]));
for (const path of TEXTS) {
  const text = await kubectl(['get', '--raw', path]);
  await save(`${path.replace('?verbose', '')}.${text.startsWith('{') ? 'json' : 'txt'}`, text);
}

// The auditor has the role that we ship, except one right: the demo shows what is said of it.
const shipped = parse(await readFile(join(import.meta.dirname, '../../deploy/clusterrole.yaml'), 'utf8')) as { rules: { resources?: string[] }[] };
const role = JSON.stringify({ ...shipped, rules: shipped.rules.filter(({ resources }) => resources?.includes('leases') !== true) });
await kubectl(['apply', '-f', '-'], role);
await kubectl(['create', 'clusterrolebinding', 'secaudit', '--clusterrole=secaudit', '--user=auditor']);
const kubeconfig = await ground.kubeconfigFor({ user: 'auditor', groups: ['security'] });

// The counters of stored Secrets lag by up to a minute.
const deadline = Date.now() + 90_000;
let metrics = '';
do {
  metrics = await kubectl(['get', '--raw', '/metrics']);
  if (/^apiserver_resource_objects\{group="",resource="secrets"\} [1-9]/m.test(metrics)) break;
  await new Promise(resolve => setTimeout(resolve, 2000));
} while (Date.now() < deadline);
const WANTED = /^(# (HELP|TYPE) )?(apiserver_storage_transformation|apiserver_storage_data_key|apiserver_storage_envelope|apiserver_envelope|apiserver_encryption|apiserver_resource_objects|apiserver_storage_objects|process_start_time_seconds|kubernetes_build_info)/;
await save('metrics.txt', `${metrics.split('\n').filter(line => WANTED.test(line)).join('\n')}\n`);
await save('flagz.json', await typed('/flagz', FLAGZ));
for (const path of ['/api', '/apis']) await save(`discovery${path}.json`, await typed(path, DISCOVERY_ACCEPT));
for (const path of LISTS.filter(each => each.includes('rbac'))) await save(`${path}.json`, await kubectl(['get', '--raw', path]));
const secrets = JSON.parse(await kubectl(['get', '--raw', '/api/v1/secrets'])) as { items: { metadata: object }[] };
await save('api/v1/secrets.json', JSON.stringify({ apiVersion: 'v1', kind: 'SecretList', metadata: {}, items: secrets.items.map(({ metadata }) => ({ metadata })) }));

const snapshot = await takeSnapshot({ kubeconfig }, EVERYTHING);
await writeFile(join(demo, 'demo.snapshot.gz'), await encodeSnapshot(snapshot));
process.stdout.write(`recorded ${demo}\n`);

/** kubectl cannot ask for a media type, so these are asked by the program's own client. */
async function typed(path: string, accept: string): Promise<string> {
  const { connect } = await import('../../src/cluster/connect.ts');
  const client = await connect({ kubeconfig: ground.kubeconfig.admin });
  try {
    return (await client.get(path, { accept })).body;
  } finally {
    client.close();
  }
}
