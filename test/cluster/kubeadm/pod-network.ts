import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OpenedCluster } from './opened-cluster.ts';

/**
 * Gives every node a CNI configuration for the /24 that the controller manager has given it, and routes to the others'.
 * It is Debian's bridge plugin, which knows nothing of NetworkPolicies.
 *
 * @throws if a node has no /24 after two minutes.
 */
export async function connectPods(cluster: OpenedCluster): Promise<void> {
  const ranges = await podRanges(cluster);
  for (const node of cluster.nodes) {
    const routes = cluster.nodes.filter(other => other !== node)
      .map(other => `route add ${ranges.get(other.name) ?? ''} via ${other.address}\n`).join('');
    const routed = await node.run(['ip', '-batch', '-'], { input: routes });
    if (routed.code !== 0) throw new Error(`Node ${node.name} did not take its routes: ${routed.stderr.trim()}`);
    writeFileSync(path.join(node.files, 'etc/cni/net.d/10-bridge.conflist'), JSON.stringify({
      cniVersion: '1.0.0',
      name: 'ground',
      plugins: [
        {
          type: 'bridge', bridge: 'cni0', isGateway: true, hairpinMode: true,
          ipam: { type: 'host-local', ranges: [[{ subnet: ranges.get(node.name) }]], routes: [{ dst: '0.0.0.0/0' }] },
        },
        { type: 'portmap', capabilities: { portMappings: true } },
      ],
    }));
  }
}

/** The pod CIDR of each node, by name. */
async function podRanges(cluster: OpenedCluster): Promise<ReadonlyMap<string, string>> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const asked = await cluster.kubectl(['get', 'nodes', '-o', 'jsonpath={range .items[*]}{.metadata.name} {.spec.podCIDR}{"\\n"}{end}']);
    const ranges = new Map(asked.stdout.trim().split('\n').map(line => line.split(' ') as [string, string]));
    if (cluster.nodes.every(({ name }) => (ranges.get(name) ?? '') !== '')) return ranges;
    if (Date.now() > deadline) throw new Error(`Not every node had a pod CIDR after two minutes: ${asked.stdout}${asked.stderr}`);
    await sleep(250);
  }
}
