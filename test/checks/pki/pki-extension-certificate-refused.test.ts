import check from '../../../src/checks/pki/pki-extension-certificate-refused.ts';
import type { MetricFamily } from '../../../src/evidence/api-server-metrics.ts';
import type { Snapshot } from '../../../src/evidence/snapshot.ts';
import { snapshotWith } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';

const FAMILIES = ['apiserver_webhooks_x509_missing_san_total', 'apiserver_webhooks_x509_insecure_sha1_total', 'apiserver_kube_aggregator_x509_missing_san_total', 'apiserver_kube_aggregator_x509_insecure_sha1_total'] as const satisfies readonly MetricFamily[];
type Counts = { readonly [family in (typeof FAMILIES)[number]]?: number };
const server = (of: string, counts: Counts, left: readonly string[] = []): object => ({
  of,
  value: {
    ...Object.fromEntries(FAMILIES.filter(family => !left.includes(family)).map(family => [family, [{ labels: {}, value: counts[family] ?? 0 }]])),
    process_start_time_seconds: [{ labels: {}, value: 1_795_000_000 }],
  },
});
const servers = (...apiservermetrics: readonly object[]): Snapshot => snapshotWith({ sources: { apiservermetrics } });
const line = (family: string): string => `medium Component/kube-apiserver (${family})`;

describeCheck(check, {
  fails: {
    'a webhook without a name': [servers(server('API server', { apiserver_webhooks_x509_missing_san_total: 3 })), line(FAMILIES[0])],
    'each of the four': [servers(server('API server', Object.fromEntries(FAMILIES.map(family => [family, 1])))), ...FAMILIES.map(family => line(family))],
    'one replica of two': [servers(server('API server 1', {}), server('API server 2', { apiserver_kube_aggregator_x509_insecure_sha1_total: 1 })), line(FAMILIES[3])],
    'beside a replica that did not answer': [
      servers(server('API server 1', { apiserver_webhooks_x509_insecure_sha1_total: 1 }), { of: 'API server 2', gap: { kind: 'gap', reason: 'timeout', detail: 'no answer' } }), line(FAMILIES[1]), 'unknown API server 2',
    ],
  },
  passes: { 'nothing counted': servers(server('API server', {})) },
  notAssessed: {
    'a server that does not count one of them': [servers(server('API server', {}, [FAMILIES[2]])), 'unknown certificates that API server refused'],
    'no server answered': [servers({ of: 'API server', gap: { kind: 'gap', reason: 'timeout', detail: 'no answer' } }), 'unknown API server'],
  },
});
