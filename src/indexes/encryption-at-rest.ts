import type { ApiServerMetrics } from '../evidence/api-server-metrics.ts';
import type { EvidenceItem } from '../evidence/evidence-item.ts';
import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex, type Attempted } from '../evidence/need.ts';
import type { PerResult } from '../evidence/source.ts';
import { apiServerLeases, apiServerMetrics, flagz, liveReplicas, readyz, secretCount } from '../evidence/sources/api-server.ts';
import { controlPlanePods } from '../evidence/sources/control-plane.ts';
import { serverVersion } from '../evidence/sources/versions.ts';
import { attestedEvidence, judgeFlagz, judgePods, readyzEvidence, unknown } from './encryption-settings.ts';
import { judgeReplica, type ReplicaEncryption, type StoredSecrets } from './encryption-verdict.ts';

/** Whether Secrets are encrypted in etcd, by API server replica: each encrypts by its own configuration file. */
export interface EncryptionAtRest {
  /** Sorted by name; never empty. */
  readonly replicas: readonly ReplicaEncryption[];
  readonly secrets: StoredSecrets;
}

/** The evidence of several replicas in one list, what they have in common once. */
export function evidenceOfReplicas(replicas: readonly ReplicaEncryption[]): EvidenceItem[] {
  return [...new Map(replicas.flatMap(({ evidence }) => evidence).map(item => [JSON.stringify(item), item])).values()];
}

export const encryptionAtRest = defineIndex({
  id: 'encryption-at-rest',
  needs: {
    metrics: attempt(apiServerMetrics),
    pods: attempt(controlPlanePods),
    leases: attempt(apiServerLeases),
    flags: attempt(flagz),
    health: attempt(readyz),
    counted: attempt(secretCount),
    version: attempt(serverVersion),
  },
  build({ metrics, pods, leases, flags, health, counted, version }): EncryptionAtRest {
    const secrets = storedSecrets(counted, metrics);
    const byPods = judgePods('value' in pods ? pods.value : [], 'gaps' in metrics ? metrics.gaps : []);
    if ('value' in metrics && metrics.value.length > 0) {
      const judged = metrics.value.map(result =>
        'gap' in result ? unknown(result.of, [result.gap]) : judgeReplica(result.of, result.value, secrets));
      const replicas = settledByPods(withSharedConfiguration(sorted(judged)), sorted(byPods));
      return { replicas: withUnseen(replicas, leases), secrets };
    }

    const gaps = 'gaps' in metrics ? metrics.gaps : [NO_REPLICA];
    const hints = [
      ...('value' in health ? readyzEvidence(health.value) : []),
      ...('value' in version ? attestedEvidence(version.value.gitVersion) : []),
    ];
    const bySettings = byPods.length > 0 ? byPods : ['value' in flags ? judgeFlagz(flags.value, gaps) : unknown('API server', gaps)];
    const replicas = bySettings.map(replica => (replica.verdict === 'unknown' ? { ...replica, evidence: [...replica.evidence, ...hints] } : replica));
    return { replicas: withUnseen(sorted(replicas), leases), secrets };
  },
});

/** What was read tells of the API servers that it was read from, and there may be more. */
function withUnseen(seen: readonly ReplicaEncryption[], leases: Attempted<NonNullable<(typeof apiServerLeases)['evidence']>>): readonly ReplicaEncryption[] {
  const of = 'other API server replicas';
  if (seen.some(replica => replica.of === of)) return seen;
  if ('gaps' in leases) {
    return [...seen, unknown(of, leases.gaps.map(gap => ({ ...gap, detail: `how many API server replicas there are is not known: ${gap.detail}` })))];
  }
  // By the newest of them, since the report may be judged long after they were read.
  const newest = leases.value.map(({ spec }) => spec?.renewTime ?? '').sort().at(-1) ?? '';
  const live = liveReplicas(leases.value, newest);
  if (live <= seen.length) return seen;
  return [...seen, unknown(of, [{ kind: 'gap', reason: 'notSeen', source: apiServerLeases.id, detail: `${live} API server replicas hold a lease, and the settings of ${seen.length} were read` }])];
}

const NO_REPLICA: Gap = { kind: 'gap', reason: 'notSeen', source: apiServerMetrics.id, detail: 'no API server replica showed its metrics' };

/** By metadata where that may be listed; else by the metric, which lags and therefore only proves that there are some. */
function storedSecrets(
  counted: Attempted<{ readonly count: number; readonly exact: boolean }>,
  metrics: Attempted<readonly PerResult<ApiServerMetrics>[]>,
): StoredSecrets {
  if ('value' in counted) return { count: counted.value.count, atLeast: !counted.value.exact, from: 'list' };
  const seen = ('value' in metrics ? metrics.value : []).flatMap(result => ('value' in result ? [mostSecrets(result.value)] : []));
  const most = Math.max(0, ...seen);
  return most > 0 ? { count: most, atLeast: true, from: 'metrics' } : { gaps: counted.gaps };
}

function mostSecrets(metrics: ApiServerMetrics): number {
  const series = [...(metrics.apiserver_resource_objects ?? []), ...(metrics.apiserver_storage_objects ?? [])];
  return Math.max(0, ...series.filter(({ labels }) => (labels['group'] ?? '') === '').map(({ value }) => value));
}

/**
 * A replica that wrote no Secret yet writes them as another one does that has the same configuration file: the order of
 * providers stands in the file.
 */
function withSharedConfiguration(replicas: readonly ReplicaEncryption[]): ReplicaEncryption[] {
  return replicas.map(replica => {
    if (replica.writes !== 'unseen' || replica.configuration === undefined || replica.verdict === 'unknown') return replica;
    const twin = replicas.find(other => other.configuration === replica.configuration && other.writes !== 'unseen');
    if (twin === undefined) return replica;
    const item: EvidenceItem = {
      path: 'apiserver_encryption_config_controller_last_config_info',
      value: replica.configuration,
      grade: 'inferred',
      derivation: `${twin.of} has the same configuration file and was seen writing Secrets ${twin.writes === 'plain' ? 'in plain text' : 'encrypted'}`,
    };
    const verdict = twin.writes === 'plain' ? 'identityFirst' : replica.verdict === 'encryptedWritesUnseen' ? 'encrypted' : replica.verdict;
    return { ...replica, verdict, writes: twin.writes, evidence: [...replica.evidence, item] };
  });
}

/** Which pod is which replica cannot be told; where no API server pod has the flag, no replica has it. */
function settledByPods(replicas: readonly ReplicaEncryption[], byPods: readonly ReplicaEncryption[]): ReplicaEncryption[] {
  if (byPods.length < replicas.length || byPods.some(({ verdict }) => verdict !== 'notConfigured')) return [...replicas];
  const evidence = byPods.flatMap(pod => pod.evidence);
  return replicas.map(replica =>
    replica.verdict === 'unknown' ? { ...replica, verdict: 'notConfigured', writes: 'plain', gaps: [], evidence: [...replica.evidence, ...evidence] } : replica);
}

function sorted(replicas: readonly ReplicaEncryption[]): ReplicaEncryption[] {
  return replicas.toSorted((a, b) => (a.of < b.of ? -1 : a.of > b.of ? 1 : 0));
}
