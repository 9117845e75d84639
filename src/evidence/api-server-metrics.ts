import { formatSeries, parsePrometheusText, type MetricSeries } from './prometheus-text.ts';

/**
 * What is kept of an API server's /metrics, each family with the labels that its series must have. `secrets` alone is
 * kept where a family has a series for each resource.
 */
const FAMILIES = {
  /** How long the client certificates that it took still held, each counted when it was shown; buckets in seconds. */
  apiserver_client_certificate_expiration_seconds_bucket: {},
  /** Values encrypted and decrypted; 1.32 added the label `resource`. Only resources that an encryption configuration names. */
  apiserver_storage_transformation_operations_total: {},
  // Always exported, with 0 where nothing is encrypted: they prove that this part of the metrics was not filtered out.
  apiserver_storage_data_key_generation_failures_total: {},
  apiserver_storage_envelope_transformation_cache_misses_total: {},
  /** 1.34: one series with the digest of the configuration file where there is one. */
  apiserver_encryption_config_controller_last_config_info: {},
  /** 1.30: changed configurations taken over without a restart. */
  apiserver_encryption_config_controller_automatic_reloads_total: {},
  /** How often this replica read all Secrets into its watch cache: once, unless it lost its watch. */
  apiserver_watch_cache_initializations_total: { resource: 'secrets' },
  // Secrets that came out of etcd into this replica since it started.
  apiserver_init_events_total: { resource: 'secrets' },
  apiserver_storage_events_received_total: { resource: 'secrets' },
  apiserver_storage_list_fetched_objects_total: { resource: 'secrets' },
  // How many Secrets there are; both lag by up to a minute, and -1 stands for "could not be counted".
  apiserver_resource_objects: { resource: 'secrets' },
  apiserver_storage_objects: { resource: 'secrets' },
  // Requests to webhooks and to extension API servers whose certificate names no server, or is signed with SHA-1; always exported.
  apiserver_webhooks_x509_missing_san_total: {},
  apiserver_webhooks_x509_insecure_sha1_total: {},
  apiserver_kube_aggregator_x509_missing_san_total: {},
  apiserver_kube_aggregator_x509_insecure_sha1_total: {},
  /** Which authorizers have decided anything since the start, by type. */
  apiserver_authorization_decisions_total: {},
  /** Metric families that the operator switched off by flag. */
  disabled_metrics_total: {},
  kubernetes_build_info: {},
  process_start_time_seconds: {},
} as const satisfies Record<string, Readonly<Record<string, string>>>;

export type MetricFamily = keyof typeof FAMILIES;

/** The families that are kept, with the labels that a series must have, as words for a page. */
export function keptSeries(): string {
  return Object.entries(FAMILIES)
    .map(([family, labels]) => `\`${family}${formatLabels(labels)}\``)
    .join(', ');
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const words = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
  return words.length === 0 ? '' : `{${words.join(',')}}`;
}

export function isKeptFamily(name: string): name is MetricFamily {
  return Object.hasOwn(FAMILIES, name);
}

/** The kept families of one API server replica; a family that it does not export is absent. */
export type ApiServerMetrics = { readonly [family in MetricFamily]?: readonly MetricSeries[] };

/**
 * Reads the body of /metrics.
 * @throws {Error} where it is cut off or not Prometheus text. Families come in the order of their names, so the start
 * time being there shows that nothing before it is missing.
 */
export function parseApiServerMetrics(body: string): ApiServerMetrics {
  const families = parsePrometheusText(body, isKeptFamily);
  const kept = Object.entries(families).flatMap(([name, series]) => {
    const wanted = Object.entries(FAMILIES[name as MetricFamily]);
    const matching = series.filter(({ labels }) => wanted.every(([label, value]) => labels[label] === value));
    return matching.length === 0 ? [] : [[name, matching] as const];
  });
  const metrics: ApiServerMetrics = Object.fromEntries(kept);
  if (startTimeOf(metrics) === undefined) throw new Error('the metrics do not say when the process started, so they are not whole');
  return metrics;
}

/** Tells replicas apart: each process has its own start time, to a hundredth of a second. */
export function replicaKey(metrics: ApiServerMetrics): string {
  return String(startTimeOf(metrics));
}

/** Seconds since 1970. */
export function startTimeOf(metrics: ApiServerMetrics): number | undefined {
  return metrics.process_start_time_seconds?.[0]?.value;
}

/** `v1.37.1`: the version of the very replica that answered; undefined where it does not say. */
export function gitVersionOf(metrics: ApiServerMetrics): string | undefined {
  return metrics.kubernetes_build_info?.[0]?.labels['git_version'];
}

/** A series of a kept family as /metrics prints it. */
export function seriesName(family: MetricFamily, series: MetricSeries): string {
  return formatSeries(family, series.labels);
}
