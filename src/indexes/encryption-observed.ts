import { ENCRYPTED_PREFIX, ENCRYPTION_PROVIDERS, type EncryptionProviderId } from '../data/encryption-providers.ts';
import type { ApiServerMetrics, MetricFamily } from '../evidence/api-server-metrics.ts';
import type { MetricSeries } from '../evidence/prometheus-text.ts';

const TRANSFORMATIONS = 'apiserver_storage_transformation_operations_total';

/** A provider that encrypted or decrypted values since the replica started, and how often. */
export interface ObservedProvider {
  /** The prefix itself for a provider newer than this program. */
  readonly id: EncryptionProviderId | (string & {});
  /** The name of a KMS plugin in the configuration. */
  readonly name?: string;
  readonly wrote: number;
  readonly read: number;
}

/** What one replica's counters say about Secrets; every number counts since its process started. */
export interface ObservedEncryption {
  /** Whether the counters tell resources apart (1.32 and later); below, the numbers are about all resources together. */
  readonly perResource: boolean;
  /** Whether an encryption configuration names Secrets: only then is anything counted for them. */
  readonly isCounted: boolean;
  readonly providers: readonly ObservedProvider[];
  /** Names of the keys in a configuration file, never the keys. */
  readonly keys: readonly { readonly name: string; readonly wrote: number; readonly read: number }[];
  /** Values written in plain text because identity stands first. */
  readonly wrotePlain: number;
  /** Values found in plain text although a configuration covers them. */
  readonly readPlain: number;
  /** The series that all of this was read from. */
  readonly series: readonly MetricSeries[];
}

/**
 * Reads the transformer counters (k8s.io/apiserver pkg/storage/value: transformer.go, metrics.go). Only resources that
 * an encryption configuration names have any; the plain storage of all others counts nothing.
 */
export function observeEncryption(metrics: ApiServerMetrics): ObservedEncryption {
  const all = metrics[TRANSFORMATIONS] ?? [];
  const perResource = all.every(({ labels }) => labels['resource'] !== undefined);
  const counted = perResource ? all.filter(({ labels }) => labels['resource'] === 'secrets') : all;
  // A write or read that failed says nothing about what is stored.
  const series = counted.filter(({ labels, value }) => labels['status'] === 'OK' && value > 0);
  const prefixes = [...new Set(series.map(prefixOf))].sort();
  const wrote = (prefix: string): number => sum(series, 'to_storage', prefix);
  const read = (prefix: string): number => sum(series, 'from_storage', prefix);
  return {
    perResource,
    isCounted: counted.length > 0,
    providers: prefixes
      .filter(prefix => prefix.startsWith(ENCRYPTED_PREFIX))
      .map(prefix => ({ ...describePrefix(prefix), wrote: wrote(prefix), read: read(prefix) })),
    keys: prefixes
      .filter(prefix => prefix.endsWith(':') && !prefix.startsWith(ENCRYPTED_PREFIX))
      .map(prefix => ({ name: prefix.slice(0, -1), wrote: wrote(prefix), read: read(prefix) })),
    wrotePlain: wrote(''),
    readPlain: read('identity'),
    series,
  };
}

/** The counters that prove that this replica got Secrets out of etcd, and how many at least. */
export function secretsLoaded(metrics: ApiServerMetrics): readonly { readonly family: MetricFamily; readonly series: MetricSeries }[] {
  // What the watch cache handed to its watchers as their first events, what etcd announced since, what lists fetched.
  // All of it passed through the transformer of Secrets on its way, where there is one.
  const families = [
    'apiserver_init_events_total',
    'apiserver_storage_events_received_total',
    'apiserver_storage_list_fetched_objects_total',
  ] as const;
  return families.flatMap(family => ofCoreGroup(metrics[family]).map(series => ({ family, series })));
}

/** Whether this replica has read every Secret at least once: without its watch cache it reads those only that are asked for. */
export function hasReadAllSecrets(metrics: ApiServerMetrics): boolean {
  return ofCoreGroup(metrics.apiserver_watch_cache_initializations_total).length > 0;
}

/** Another API group may have a resource of the same name. */
function ofCoreGroup(family: readonly MetricSeries[] = []): MetricSeries[] {
  return family.filter(({ labels, value }) => (labels['group'] ?? '') === '' && value > 0);
}

function describePrefix(prefix: string): { id: ObservedProvider['id']; name?: string } {
  const provider = ENCRYPTION_PROVIDERS.find(each => prefix.startsWith(each.prefix));
  if (provider === undefined) return { id: prefix };
  const name = prefix.slice(provider.prefix.length).replace(/:$/, '');
  return name === '' ? { id: provider.id } : { id: provider.id, name };
}

function sum(series: readonly MetricSeries[], type: 'to_storage' | 'from_storage', prefix: string): number {
  return series
    .filter(each => each.labels['transformation_type'] === type && prefixOf(each) === prefix)
    .reduce((total, { value }) => total + value, 0);
}

function prefixOf({ labels }: MetricSeries): string {
  return labels['transformer_prefix'] ?? '';
}
