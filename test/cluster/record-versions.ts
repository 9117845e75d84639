/**
 * Records the examples of the versions checks on a real API server:
 *
 *     node test/cluster/record-versions.ts
 *
 * /version and /apis are the server's own answers; the Nodes are stored by it, with versions as old kubelets report them.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { parseApiServerMetrics } from '../../src/evidence/api-server-metrics.ts';
import { project } from '../../src/evidence/fields.ts';
import type { Source } from '../../src/evidence/source.ts';
import { apiServerMetrics } from '../../src/evidence/sources/api-server.ts';
import { apiGroups, serverVersion } from '../../src/evidence/sources/versions.ts';
import { nodes } from '../../src/evidence/sources/platform.ts';
import { startApiServer, type Ground } from './api-server.ts';
import { registerNode, type NodeReport } from './register-node.ts';

interface Example {
  readonly comment: string;
  readonly nodes: readonly NodeReport[];
}

const aks = {
  labels: { 'kubernetes.azure.com/cluster': 'MC_shop_westeurope', 'kubernetes.azure.com/mode': 'user' },
  providerID: 'azure:///subscriptions/0/resourceGroups/shop/providers/Microsoft.Compute/virtualMachines/0',
};

const examples: Readonly<Record<string, Example>> = {
  'versions-unsupported/fails': {
    comment: 'On 2026-11-21 upstream supports 1.35 to 1.37; this node was left behind.',
    nodes: [{ name: 'worker-1', kubeletVersion: 'v1.34.4' }],
  },
  'versions-unsupported/passes': {
    comment: 'On 2026-11-21 upstream supports 1.35 to 1.37.',
    nodes: [{ name: 'worker-1', kubeletVersion: 'v1.35.9' }],
  },
  'versions-support-ending/fails': {
    comment: 'On 2026-11-21 community support of 1.34 on AKS has nine days left.',
    nodes: [{ name: 'aks-user-0', kubeletVersion: 'v1.34.4', ...aks }],
  },
  'versions-support-ending/passes': {
    comment: 'On 2026-11-21 community support of 1.35 on AKS has four months left.',
    nodes: [{ name: 'aks-user-0', kubeletVersion: 'v1.35.6', ...aks }],
  },
};

for (const [name, example] of Object.entries(examples)) {
  await using ground = await startApiServer();
  for (const report of example.nodes) await registerNode(ground, report);
  const documents = [await answer(ground, serverVersion), await buildInfo(ground), await answer(ground, apiGroups), ...(await storedNodes(ground))];
  const file = path.join(import.meta.dirname, '../../fixtures/checks', `${name}.yaml`);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `# ${example.comment}\n${documents.map(document => stringify(document)).join('---\n')}`);
  process.stdout.write(`recorded ${name}\n`);
}

/** What the program keeps of a GET, as a document of the test cluster. */
async function answer(ground: Ground, source: Source): Promise<unknown> {
  if (source.read.how !== 'get') throw new Error(`${source.id} is no GET`);
  const { stdout, stderr, code } = await ground.kubectl(['get', '--raw', source.read.path]);
  if (code !== 0) throw new Error(`${source.read.path} could not be read: ${stderr.trim()}`);
  return { apiVersion: 'secaudit.test/v1', kind: 'Source', id: source.id, value: source.read.parse(stdout) };
}

/** What the one replica says of its version in its metrics; the rest of them is about encryption. */
async function buildInfo(ground: Ground): Promise<unknown> {
  const { stdout, stderr, code } = await ground.kubectl(['get', '--raw', '/metrics']);
  if (code !== 0) throw new Error(`/metrics could not be read: ${stderr.trim()}`);
  const { kubernetes_build_info } = parseApiServerMetrics(stdout);
  return { apiVersion: 'secaudit.test/v1', kind: 'Source', id: apiServerMetrics.id, value: [{ of: 'API server', value: { kubernetes_build_info } }] };
}

/** The Nodes as they are stored, reduced to what the program looks at: the page shows them. */
async function storedNodes(ground: Ground): Promise<readonly unknown[]> {
  const { stdout, stderr, code } = await ground.kubectl(['get', 'nodes', '-o', 'json']);
  if (code !== 0) throw new Error(`Nodes could not be read: ${stderr.trim()}`);
  const { items } = JSON.parse(stdout) as { items: readonly { readonly spec: Readonly<Record<string, unknown>> }[] };
  return items.map(item => {
    const { metadata, status } = project(nodes.read.fields, item);
    // The provider id as stored: the projection would have cut it already, and a reader expects a whole one.
    const { providerID } = item.spec;
    return { apiVersion: 'v1', kind: 'Node', metadata, ...(providerID === undefined ? {} : { spec: { providerID } }), status };
  });
}
