import { setTimeout as sleep } from 'node:timers/promises';
import type { OpenedCluster } from './opened-cluster.ts';

interface Conditioned {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Waits until every node of the cluster and every pod of kube-system is ready, kube-proxy on each node among them; throws after three minutes. */
export async function untilReady(cluster: OpenedCluster, approveServingCertificates: boolean): Promise<void> {
  const deadline = Date.now() + 180_000;
  for (;;) {
    if (approveServingCertificates) await approveServing(cluster);
    const nodes = await list(cluster, ['nodes']);
    const pods = await list(cluster, ['pods', '--namespace', 'kube-system']);
    const late = [...nodes, ...pods].filter(object => !isReady(object)).map(object => object.metadata.name);
    const proxies = pods.filter(pod => pod.metadata.name.startsWith('kube-proxy-'));
    if (late.length === 0 && nodes.length === cluster.nodes.length && proxies.length === nodes.length) return;
    if (Date.now() > deadline) {
      const described = await cluster.kubectl(['describe', 'nodes']);
      throw new Error(`After three minutes these were not ready: ${late.join(', ')}; there were ${nodes.length} nodes, ${pods.length} pods.\n${described.stdout}`);
    }
    await sleep(250);
  }
}

function isReady({ status }: Conditioned): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
}

async function list(cluster: OpenedCluster, what: readonly string[]): Promise<readonly Conditioned[]> {
  const { code, stdout } = await cluster.kubectl(['get', ...what, '-o', 'json']);
  return code === 0 ? (JSON.parse(stdout) as { items: Conditioned[] }).items : [];
}

/** No controller approves these: a kubelet could ask for any name (kubelet-serving certificates, TLS bootstrapping). */
async function approveServing(cluster: OpenedCluster): Promise<void> {
  const { stdout } = await cluster.kubectl([
    'get', 'csr', '-o', 'jsonpath={range .items[?(@.spec.signerName=="kubernetes.io/kubelet-serving")]}{.metadata.name} {.status.conditions[0].type}{"\\n"}{end}',
  ]);
  const pending = stdout.split('\n').map(line => line.split(' ')).filter(([name = '', condition = '']) => name !== '' && condition === '').map(([name = '']) => name);
  if (pending.length > 0) await cluster.kubectl(['certificate', 'approve', ...pending]);
}
