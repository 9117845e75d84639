// One measured process: `plain`, `protobuf`, `json` or `judge`, the folder with the pages, and how many Secrets they hold.
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiClient, StreamedAnswer } from '../../src/cluster/api-client.ts';

const [, , what = '', folder = '', count = ''] = process.argv;

/** A server that holds the pages. */
function clientOf(encoding: 'pb' | 'json', first = '0'): ApiClient {
  return {
    getStream(path: string): Promise<StreamedAnswer> {
      const body = readFileSync(join(folder, `${/continue=(\d+)/.exec(path)?.[1] ?? first}.${encoding}`));
      const type = encoding === 'json' ? 'application/json' : 'application/vnd.kubernetes.protobuf';
      return Promise.resolve({ status: 200, headers: { 'content-type': type }, chunks: (async function* () {
        for (let at = 0; at < body.length; at += 65_536) yield await Promise.resolve(body.subarray(at, at + 65_536));
      })(), bytes: () => body.length, cancel: () => undefined });
    },
  } as unknown as ApiClient;
}

async function measured(): Promise<number> {
  if (what === 'plain') {
    const files = readdirSync(folder).filter(name => name.endsWith('.pem')).map(name => readFileSync(join(folder, name), 'utf8'));
    const ders = files.flatMap(text => text.split('-----END CERTIFICATE-----')).map(block => Buffer.from(block.replaceAll(/-----[^-]*-----|\s/g, ''), 'base64')).filter(({ length }) => length > 0);
    const begun = process.cpuUsage();
    for (const der of ders) new X509Certificate(der);
    return since(begun);
  }
  const { readList } = await import('../../src/collect/read-list.ts');
  const { tlsSecrets } = await import('../../src/evidence/sources/tls.ts');
  await import('../../src/collect/protobuf-fields.ts');
  await import('../../src/collect/protobuf-list-reader.ts');
  // What is loaded when the first page comes is no part of what a Secret costs.
  const encoding = what === 'json' ? 'json' : 'pb';
  await readList(clientOf(encoding, 'warm'), tlsSecrets, tlsSecrets.read);
  const begun = process.cpuUsage();
  const items = await readList(clientOf(encoding), tlsSecrets, tlsSecrets.read);
  const reading = since(begun);
  if (items.length !== Number(count)) throw new Error(`${items.length} Secrets were read`);
  if (what !== 'judge') return reading;
  const { judge } = await import('../../src/audit.ts');
  const collected = { projectionVersion: 1, readAt: '2026-11-21T12:00:00Z', cost: { requests: 20, bytes: 0, seconds: 1 }, value: items };
  const snapshot = { tool: 'bench', connection: { server: 'https://127.0.0.1', context: 'bench' }, collectedAt: '2026-11-21T12:00:00Z', clockSkewSeconds: 0, durationSeconds: 1, scope: {}, sources: { [tlsSecrets.id]: collected } };
  const report = judge(snapshot, { selection: { families: ['pki'] }, views: ['pki'] });
  if (report.checks.length === 0) throw new Error('nothing was judged');
  return since(begun);
}

function since(begun: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1e6;
}

void measured().then(seconds => {
  process.stdout.write(JSON.stringify({ seconds, peakMiB: process.resourceUsage().maxRSS / 1024 }));
});
