// One measured process: collects the bench's sources (or the pods alone) and prints seconds, peak memory and counts. It is
// bundled first, as the program is, so that nothing of it is compiled from TypeScript while it runs.
import { readFileSync } from 'node:fs';
import { connect } from '../../src/cluster/connect.ts';
import { collect } from '../../src/collect/collect.ts';
import type { WireSchema } from '../../src/collect/protobuf-schema.ts';
import { benchPods, benchSources } from './reading-sources.ts';

const [, , schemaFile = '', kubeconfig = '', what = 'all'] = process.argv;

async function main(): Promise<void> {
  const schema = JSON.parse(readFileSync(schemaFile, 'utf8')) as WireSchema;
  const begun = performance.now();
  const client = await connect({ kubeconfig });
  const { sources } = await collect(client, what === 'pods' ? [benchPods] : benchSources, { tool: 'bench', collectedAt: new Date().toISOString(), clockSkewSeconds: 0, schema });
  client.close();
  const objects = Object.values(sources).map(collected => {
    if ('gap' in collected) throw new Error(collected.gap.detail);
    return (collected.value as readonly unknown[]).length;
  });
  process.stdout.write(JSON.stringify({
    seconds: (performance.now() - begun) / 1000, peakMiB: process.resourceUsage().maxRSS / 1024,
    objects: objects.reduce((sum, count) => sum + count, 0), wireMiB: Object.values(sources).reduce((sum, { cost }) => sum + cost.bytes, 0) / 1024 ** 2,
  }));
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
