import { parseKubernetesVersion } from '../data/kubernetes-version.ts';
import { gitVersionOf, seriesName, type ApiServerMetrics, type MetricFamily } from '../evidence/api-server-metrics.ts';
import type { EvidenceItem } from '../evidence/evidence-item.ts';
import type { Gap } from '../evidence/gap.ts';
import type { MetricSeries } from '../evidence/prometheus-text.ts';
import { hasReadAllSecrets, observeEncryption, secretsLoaded, type ObservedEncryption, type ObservedProvider } from './encryption-observed.ts';

/**
 * How one API server replica keeps Secrets:
 * - `encrypted`: writes them encrypted, and found none in plain text
 * - `encryptedWritesUnseen`: found all of them encrypted, and wrote none yet
 * - `plaintextRemains`: a configuration covers them, and some were found in plain text
 * - `identityFirst`: a configuration covers them, and they are written in plain text all the same
 * - `notCovered`: no configuration names them, whatever else one may name
 * - `notConfigured`: there is no configuration
 */
export type EncryptionVerdict =
  | 'encrypted'
  | 'encryptedWritesUnseen'
  | 'plaintextRemains'
  | 'identityFirst'
  | 'notCovered'
  | 'notConfigured'
  | 'unknown';

/** What one API server replica does with Secrets, and what that is known from. */
export interface ReplicaEncryption {
  /** `API server`, `API server replica 2 of 3`, or the name of its pod. */
  readonly of: string;
  readonly verdict: EncryptionVerdict;
  /** How a Secret written now would be stored, as far as writes were seen. */
  readonly writes: 'encrypted' | 'plain' | 'unseen';
  readonly providers: readonly ObservedProvider[];
  /** Names of the keys in the configuration file that were in use, never the keys. */
  readonly keys: ObservedEncryption['keys'];
  readonly evidence: readonly EvidenceItem[];
  /** Why it is unknown; empty otherwise. */
  readonly gaps: readonly Gap[];
  readonly gitVersion?: string;
  /** SHA-256 of the configuration file it last took over (1.34 and later). */
  readonly configuration?: string;
  /** Whether it has read every Secret since it started, so that "none in plain text" is about all of them. */
  readonly hasReadAll: boolean;
  /** Whether it took over a changed configuration since it started. */
  readonly wasReloaded: boolean;
}

/** How many Secrets there are; `atLeast` where they were not counted one by one. */
export type StoredSecrets =
  | { readonly count: number; readonly atLeast: boolean; readonly from: 'list' | 'metrics' }
  | { readonly gaps: readonly Gap[] };

const TRANSFORMATIONS = 'apiserver_storage_transformation_operations_total';
const LAST_CONFIG = 'apiserver_encryption_config_controller_last_config_info';
const RELOADS = 'apiserver_encryption_config_controller_automatic_reloads_total';
const CONTROLS = [
  'apiserver_storage_data_key_generation_failures_total',
  'apiserver_storage_envelope_transformation_cache_misses_total',
] as const satisfies readonly MetricFamily[];

type Judged = Pick<ReplicaEncryption, 'verdict' | 'writes' | 'evidence' | 'gaps'>;

/**
 * Judges one replica by its own counters.
 *
 * What follows from a series that is there needs nothing else. What follows from one that is not there needs proof that
 * it would be there: the replica got Secrets out of etcd, and nothing hides the metric. That proof replaces a minimum
 * uptime: an API server fills its watch cache before it is ready, so one that is three seconds old can be judged, and
 * one that runs without a watch cache is not judged however old it is.
 */
export function judgeReplica(of: string, metrics: ApiServerMetrics, stored: StoredSecrets): ReplicaEncryption {
  const observed = observeEncryption(metrics);
  const gitVersion = gitVersionOf(metrics);
  const configuration = metrics[LAST_CONFIG]?.[0]?.labels['hash'];
  const wasReloaded = (metrics[RELOADS] ?? []).some(({ labels, value }) => labels['status'] === 'success' && value > 0);
  return {
    of,
    providers: observed.providers,
    keys: observed.keys,
    hasReadAll: hasReadAllSecrets(metrics),
    wasReloaded,
    ...(gitVersion === undefined ? {} : { gitVersion }),
    ...(configuration === undefined ? {} : { configuration }),
    ...(observed.isCounted ? judgeCounted(of, observed, metrics, wasReloaded) : judgeAbsent(of, metrics, stored, wasReloaded)),
  };
}

/** Some configuration is loaded and at work. */
function judgeCounted(of: string, observed: ObservedEncryption, metrics: ApiServerMetrics, wasReloaded: boolean): Judged {
  const evidence = [...observed.series.map(series => evidenceOf(TRANSFORMATIONS, series)), ...configurationEvidence(metrics)];
  const wrote = observed.providers.some(provider => provider.wrote > 0);
  const read = observed.providers.some(provider => provider.read > 0);
  if (!observed.perResource) return judgeAllResources(of, observed, metrics, evidence);
  if (wrote && observed.wrotePlain > 0) {
    const detail = `${of} wrote Secrets encrypted and in plain text since it started, so its configuration changed in between, and its counters do not say which way`;
    return { verdict: 'unknown', writes: 'unseen', evidence, gaps: [unproven('gap', detail)] };
  }
  if (wasReloaded) return judgeReloaded(of, observed, evidence);
  if (observed.wrotePlain > 0) return { verdict: 'identityFirst', writes: 'plain', evidence, gaps: [] };
  if (observed.readPlain > 0) return { verdict: 'plaintextRemains', writes: wrote ? 'encrypted' : 'unseen', evidence, gaps: [] };
  if (wrote) return { verdict: 'encrypted', writes: 'encrypted', evidence, gaps: [] };
  if (read && hasReadAllSecrets(metrics)) return { verdict: 'encryptedWritesUnseen', writes: 'unseen', evidence, gaps: [] };
  const detail = read
    ? `${of} has written no Secret since it started, and read some encrypted ones but not all`
    : `${of} is configured to transform Secrets, and has neither read nor written one without an error since it started`;
  return { verdict: 'unknown', writes: 'unseen', evidence, gaps: [unproven('gap', detail)] };
}

/**
 * A changed configuration was taken over since the replica started. What it counted may be the old one's doing, so how it
 * writes now is not known; and it filled its watch cache before, so Secrets that the old one did not name were read without
 * being counted. Only that some were in plain text stays true.
 */
function judgeReloaded(of: string, observed: ObservedEncryption, evidence: readonly EvidenceItem[]): Judged {
  if (observed.wrotePlain > 0 || observed.readPlain > 0) return { verdict: 'plaintextRemains', writes: 'unseen', evidence, gaps: [] };
  const detail = `${of} took over a changed encryption configuration since it started, and its counters do not tell what the present one did from what the one before did; they begin anew when it restarts`;
  return { verdict: 'unknown', writes: 'unseen', evidence, gaps: [unproven('gap', detail)] };
}

/** Below 1.32: the counters are about every resource that a configuration names, and Secrets may not be among them. */
function judgeAllResources(of: string, observed: ObservedEncryption, metrics: ApiServerMetrics, evidence: readonly EvidenceItem[]): Judged {
  const loaded = loadedEvidence(metrics);
  // Nothing at all is encrypted, so the Secrets are not, whether the configuration names them or not.
  if (observed.providers.length === 0 && observed.series.length > 0 && loaded.length > 0) {
    return { verdict: 'plaintextRemains', writes: 'unseen', evidence: [...evidence, ...loaded], gaps: [] };
  }
  const detail = `${of} uses an encryption configuration, but before Kubernetes 1.32 its counters do not tell Secrets from other resources`;
  return { verdict: 'unknown', writes: 'unseen', evidence, gaps: [unproven('notObservable', detail)] };
}

/** Nothing was counted for Secrets: either nothing encrypts them, or there was nothing to count. */
function judgeAbsent(of: string, metrics: ApiServerMetrics, stored: StoredSecrets, wasReloaded: boolean): Judged {
  const unknown = (gap: Gap, evidence: readonly EvidenceItem[]): Judged => ({ verdict: 'unknown', writes: 'unseen', evidence, gaps: [gap] });
  const configuration = configurationEvidence(metrics);
  const hidden = whyAbsenceProvesNothing(of, metrics);
  if (hidden !== undefined) return unknown(unproven('notObservable', hidden), configuration);

  const controls = CONTROLS.flatMap(family => (metrics[family] ?? []).map(series => evidenceOf(family, series)));
  const loaded = loadedEvidence(metrics);
  // From 1.34 a configuration that is loaded shows itself, with no Secret stored as well. That there is none is then a
  // fact about the next Secret, and no pass hangs on it: this is a fault even in a cluster that has no Secret yet.
  if (configuration.length === 0 && isAtLeast(metrics, 34) && metrics[TRANSFORMATIONS] === undefined) {
    return { verdict: 'notConfigured', writes: 'plain', evidence: [absent(LAST_CONFIG), ...controls, ...loaded], gaps: [] };
  }
  if (loaded.length > 0) {
    const evidence = [absent(`${TRANSFORMATIONS}{resource="secrets"}`), ...controls, ...loaded, ...configuration];
    // Those that it loaded are in plain text. A configuration that it took over afterwards may name Secrets by now.
    return wasReloaded
      ? { verdict: 'plaintextRemains', writes: 'unseen', evidence, gaps: [] }
      : { verdict: 'notCovered', writes: 'plain', evidence, gaps: [] };
  }
  const none = 'count' in stored && stored.count === 0;
  return none
    ? unknown(unproven('notObservable', 'no Secret is stored, so there is nothing yet to tell by how they are stored'), configuration)
    : unknown(notSeen(`${of} has not read a Secret from etcd since it started, so there is nothing yet to tell by how they are stored`), configuration);
}

/** Why a metric that is missing may have been hidden; undefined where missing means zero. */
function whyAbsenceProvesNothing(of: string, metrics: ApiServerMetrics): string | undefined {
  if (CONTROLS.some(family => metrics[family] === undefined)) {
    return `the metrics of ${of} lack counters that every API server has, so that others are missing proves nothing`;
  }
  if (metrics.disabled_metrics_total?.some(({ value }) => value > 0) === true) {
    return `metrics of ${of} are switched off by flag, so that one is missing proves nothing`;
  }
  // --allow-metric-labels writes this over every label value that is not on its list.
  if (metrics[TRANSFORMATIONS]?.some(({ labels }) => labels['resource'] === 'unexpected') === true) {
    return `${of} is told by flag to leave resources unnamed in its metrics`;
  }
  return undefined;
}

function isAtLeast(metrics: ApiServerMetrics, minor: number): boolean {
  const version = parseKubernetesVersion(gitVersionOf(metrics) ?? '');
  return version !== undefined && (version.major > 1 || version.minor >= minor);
}

function configurationEvidence(metrics: ApiServerMetrics): EvidenceItem[] {
  return ([LAST_CONFIG, RELOADS] as const).flatMap(family => (metrics[family] ?? []).map(series => evidenceOf(family, series)));
}

function loadedEvidence(metrics: ApiServerMetrics): EvidenceItem[] {
  return secretsLoaded(metrics).map(({ family, series }) => evidenceOf(family, series));
}

function evidenceOf(family: MetricFamily, series: MetricSeries): EvidenceItem {
  return { path: seriesName(family, series), value: series.value, grade: 'exact', reproduce: ['kubectl', 'get', '--raw', '/metrics'] };
}

function absent(path: string): EvidenceItem {
  return { path, value: 'not exported', grade: 'inferred', derivation: 'searched for in the output of kubectl get --raw /metrics and not there, while the counters below are' };
}

function unproven(kind: Gap['kind'], detail: string): Gap {
  return { kind, reason: 'notProven', source: 'apiservermetrics', detail };
}

function notSeen(detail: string): Gap {
  return { kind: 'gap', reason: 'notSeen', source: 'apiservermetrics', detail };
}
