import { describe, expect, it } from 'vitest';
import type { ApiServerMetrics, MetricFamily } from '../../src/evidence/api-server-metrics.ts';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import type { Gap } from '../../src/evidence/gap.ts';
import type { MetricSeries } from '../../src/evidence/prometheus-text.ts';
import { parseFlagz } from '../../src/evidence/flagz.ts';
import { parseReadyz } from '../../src/evidence/readyz.ts';
import { apiServerMetrics, secretCount } from '../../src/evidence/sources/api-server.ts';
import { encryptionAtRest, type EncryptionAtRest } from '../../src/indexes/encryption-at-rest.ts';
import type { ReplicaEncryption } from '../../src/indexes/encryption-verdict.ts';
import { forbidden, snapshotWith, type Manifest } from '../support/cluster.ts';
import { recordedMetrics, recording, replica, replicas } from '../support/recordings.ts';

type Sources = Readonly<Record<string, unknown>>;

function judge(sources: Sources, gaps: Readonly<Record<string, Gap>> = {}, ...objects: readonly Manifest[]): EncryptionAtRest {
  const attempted = createEvaluator(snapshotWith({ sources, gaps }, ...objects)).resolve(encryptionAtRest);
  if ('gaps' in attempted) throw new Error(JSON.stringify(attempted.gaps));
  return attempted.value;
}

/** The verdict on one replica whose metrics these are. */
function verdictOn(metrics: ApiServerMetrics, sources: Sources = {}): ReplicaEncryption {
  const [only, ...more] = judge({ apiservermetrics: [replica(metrics)], ...sources }).replicas;
  if (only === undefined || more.length > 0) throw new Error('one replica in, one out');
  return only;
}

function without(metrics: ApiServerMetrics, ...families: readonly MetricFamily[]): ApiServerMetrics {
  return Object.fromEntries(Object.entries(metrics).filter(([family]) => !families.includes(family as MetricFamily)));
}

function withVersion(metrics: ApiServerMetrics, version: string): ApiServerMetrics {
  return { ...metrics, kubernetes_build_info: [{ labels: { git_version: version }, value: 1 }] };
}

/** A transformation as a server of 1.32 and later counts it. */
function transformed(type: 'to_storage' | 'from_storage', prefix: string, value = 1, status = 'OK', resource = 'secrets'): MetricSeries {
  return { labels: { resource, status, transformation_type: type, transformer_prefix: prefix }, value };
}

const TRANSFORMATIONS = 'apiserver_storage_transformation_operations_total';
const none = recordedMetrics('none');
const aescbc = recordedMetrics('aescbc');

describe('one replica of Kubernetes 1.37.1, as recorded', () => {
  it.each([
    ['none', 'notConfigured', 'plain'],
    // Nothing is stored yet, and the next Secret would be in plain text.
    ['none-no-secret', 'notConfigured', 'plain'],
    ['aescbc', 'encrypted', 'encrypted'],
    ['aescbc-no-secret', 'unknown', 'unseen'],
    // Three seconds old: the watch cache has read every Secret before the server is ready.
    ['aescbc-restarted', 'encryptedWritesUnseen', 'unseen'],
    ['aescbc-after-none', 'plaintextRemains', 'unseen'],
    ['aescbc-after-none-written', 'plaintextRemains', 'encrypted'],
    ['secretbox', 'encrypted', 'encrypted'],
    ['aesgcm', 'encrypted', 'encrypted'],
    ['automatic-reload', 'encrypted', 'encrypted'],
    ['identity-first', 'identityFirst', 'plain'],
    // What is stored is encrypted, and nothing shows that the next one will not be: this is never plainly encrypted.
    ['identity-first-after-aescbc', 'encryptedWritesUnseen', 'unseen'],
    ['configmaps-only', 'notCovered', 'plain'],
    ['configmaps-only-restarted', 'notCovered', 'plain'],
    // It wrote both ways, and the counters do not say which came last.
    ['reloaded', 'unknown', 'unseen'],
  ])('%s is %s', (name, verdict, writes) => {
    expect(verdictOn(recordedMetrics(name))).toMatchObject({ verdict, writes, gitVersion: 'v1.37.1' });
  });

  it('names provider and key, with how often each was used', () => {
    expect(verdictOn(aescbc)).toMatchObject({
      providers: [{ id: 'aescbc', wrote: 1, read: 1 }],
      keys: [{ name: 'key1', wrote: 1, read: 1 }],
    });
    expect(verdictOn(recordedMetrics('secretbox')).providers.map(({ id }) => id)).toEqual(['secretbox']);
  });

  it('cites lines that are in the answer of the server', () => {
    for (const name of ['none', 'aescbc', 'identity-first', 'configmaps-only', 'aescbc-after-none', 'reloaded']) {
      const lines = recording(`kube-1.37.1/${name}/metrics.txt`).split('\n');
      const exact = verdictOn(recordedMetrics(name)).evidence.filter(({ grade }) => grade === 'exact');
      expect(exact.length).toBeGreaterThan(0);
      expect(exact.filter(({ path, value }) => !lines.includes(`${path} ${String(value)}`))).toEqual([]);
    }
  });

  it('says what it searched for in vain, as inferred', () => {
    const absent = (name: string): string[] => verdictOn(recordedMetrics(name)).evidence.filter(({ grade }) => grade === 'inferred').map(({ path }) => path);
    expect(absent('none')).toEqual(['apiserver_encryption_config_controller_last_config_info']);
    expect(absent('configmaps-only')).toEqual([`${TRANSFORMATIONS}{resource="secrets"}`]);
    expect(absent('aescbc')).toEqual([]);
  });
});

describe('what is not there proves nothing', () => {
  it.each([
    ['without the counters that every server has', without(none, 'apiserver_storage_data_key_generation_failures_total')],
    ['without the other one', without(none, 'apiserver_storage_envelope_transformation_cache_misses_total')],
    ['where a metric is switched off', { ...none, disabled_metrics_total: [{ labels: {}, value: 1 }] }],
    ['where resources are not named', { ...none, [TRANSFORMATIONS]: [transformed('to_storage', 'k8s:enc:aescbc:v1:', 1, 'OK', 'unexpected')] }],
  ])('%s', (_, metrics) => {
    expect(verdictOn(metrics)).toMatchObject({ verdict: 'unknown', gaps: [{ kind: 'notObservable', reason: 'notProven' }] });
  });

  it('where no Secret was read: before 1.34 a missing configuration shows only by Secrets that were read', () => {
    const empty = withVersion(recordedMetrics('none-no-secret'), 'v1.33.13');
    expect(verdictOn(empty)).toMatchObject({ verdict: 'unknown', gaps: [{ kind: 'gap', reason: 'notSeen' }] });
    expect(verdictOn(withVersion(none, 'v1.33.13')).verdict).toBe('notCovered');
  });

  it('where no Secret is stored, however old the server is', () => {
    const old = { ...withVersion(recordedMetrics('none-no-secret'), 'v1.33.13'), process_start_time_seconds: [{ labels: {}, value: 1 }] };
    expect(verdictOn(old, { secretcount: { count: 0, exact: true } })).toMatchObject({
      verdict: 'unknown',
      gaps: [{ kind: 'notObservable', reason: 'notProven', detail: expect.stringContaining('no Secret is stored') as string }],
    });
  });

  it('where the version is not known', () => {
    expect(verdictOn(without(recordedMetrics('none-no-secret'), 'kubernetes_build_info')).verdict).toBe('unknown');
  });

  it('by Secrets of another API group', () => {
    const other: MetricSeries = { labels: { group: 'example.com', resource: 'secrets' }, value: 9 };
    const metrics = without(withVersion(none, 'v1.33.13'), 'apiserver_init_events_total', 'apiserver_storage_list_fetched_objects_total');
    expect(verdictOn({ ...metrics, apiserver_storage_events_received_total: [other] }).verdict).toBe('unknown');
  });
});

describe('what is there', () => {
  it('of a failed write or read counts for nothing', () => {
    const failing = [transformed('to_storage', 'k8s:enc:kms:v2:vault:', 4, 'Unavailable'), transformed('from_storage', 'k8s:enc:kms:v2:vault:', 4, 'unknown-non-grpc')];
    expect(verdictOn({ ...aescbc, [TRANSFORMATIONS]: failing })).toMatchObject({ verdict: 'unknown', gaps: [{ kind: 'gap', reason: 'notProven' }] });
  });

  it('names a KMS plugin, and a provider that is newer than this program by its prefix', () => {
    const series = [transformed('to_storage', 'k8s:enc:kms:v2:vault-eu:', 2), transformed('from_storage', 'k8s:enc:chacha:v9:')];
    expect(verdictOn({ ...aescbc, [TRANSFORMATIONS]: series })).toMatchObject({
      verdict: 'encrypted',
      providers: [{ id: 'k8s:enc:chacha:v9:', wrote: 0, read: 1 }, { id: 'kms v2', name: 'vault-eu', wrote: 2, read: 0 }],
    });
  });

  it('of reads alone is no verdict where the replica keeps no watch cache and has not read all of them', () => {
    const metrics = without(recordedMetrics('aescbc-restarted'), 'apiserver_watch_cache_initializations_total');
    expect(verdictOn(metrics)).toMatchObject({ verdict: 'unknown', hasReadAll: false });
  });

  it('is old plain text where Secrets were read before the configuration that may name them was taken over', () => {
    const reloads: MetricSeries[] = [{ labels: { status: 'success', apiserver_id_hash: 'sha256:0' }, value: 1 }];
    const metrics = { ...recordedMetrics('configmaps-only-restarted'), apiserver_encryption_config_controller_automatic_reloads_total: reloads };
    expect(verdictOn(metrics)).toMatchObject({ verdict: 'plaintextRemains', writes: 'unseen', wasReloaded: true });
  });

  it.each([
    // Identity may have been put first since, or Secrets were named only after they were read into the watch cache.
    ['aescbc', 'unknown'],
    ['aescbc-restarted', 'unknown'],
    ['identity-first', 'plaintextRemains'],
    ['aescbc-after-none-written', 'plaintextRemains'],
  ])('of %s shows nothing of a configuration that was taken over since', (name, verdict) => {
    const reloads: MetricSeries[] = [{ labels: { status: 'success', apiserver_id_hash: 'sha256:0' }, value: 1 }];
    const metrics = { ...recordedMetrics(name), apiserver_encryption_config_controller_automatic_reloads_total: reloads };
    expect(verdictOn(metrics)).toMatchObject({ verdict, writes: 'unseen', wasReloaded: true });
  });
});

describe('one replica of Kubernetes 1.31.14, as recorded', () => {
  it.each([
    ['none', 'notCovered'],
    ['aescbc', 'unknown'],
    // Something is encrypted, and it is not the Secrets: nothing in the counters tells this from aescbc.
    ['configmaps-only', 'unknown'],
    ['identity-first', 'plaintextRemains'],
  ])('%s is %s', (name, verdict) => {
    expect(verdictOn(recordedMetrics(name, '1.31.14'))).toMatchObject({ verdict, gitVersion: 'v1.31.14' });
  });
});

describe('before Kubernetes 1.32', () => {
  const old = (...series: MetricSeries[]): ApiServerMetrics => ({
    ...withVersion(without(none, TRANSFORMATIONS), 'v1.31.14'),
    ...(series.length === 0 ? {} : { [TRANSFORMATIONS]: series.map(({ labels: { resource: _, ...labels }, value }) => ({ labels, value })) }),
  });

  it('no series at all is no encryption of Secrets', () => {
    expect(verdictOn(old()).verdict).toBe('notCovered');
  });

  it('encryption of something is not encryption of Secrets', () => {
    expect(verdictOn(old(transformed('to_storage', 'k8s:enc:aescbc:v1:'), transformed('from_storage', 'k8s:enc:aescbc:v1:')))).toMatchObject({
      verdict: 'unknown',
      gaps: [{ kind: 'notObservable', reason: 'notProven' }],
      providers: [{ id: 'aescbc' }],
    });
  });

  it('where nothing is encrypted, Secrets are not', () => {
    expect(verdictOn(old(transformed('to_storage', ''), transformed('from_storage', 'identity')))).toMatchObject({ verdict: 'plaintextRemains', writes: 'unseen' });
  });
});

describe('several replicas', () => {
  it('are judged each for itself', () => {
    const { replicas: judged } = judge({ apiservermetrics: replicas(none, aescbc) });
    expect(judged.map(({ of, verdict }) => [of, verdict])).toEqual([
      ['API server replica 1 of 2', 'notConfigured'],
      ['API server replica 2 of 2', 'encrypted'],
    ]);
  });

  it('with the same configuration file write in the same way', () => {
    // A replica of the server that was recorded: same file, not yet written through.
    const quiet = (name: string): ApiServerMetrics => ({
      ...recordedMetrics(name),
      [TRANSFORMATIONS]: recordedMetrics(name)[TRANSFORMATIONS]?.filter(({ labels }) => labels['transformation_type'] === 'from_storage') ?? [],
    });
    const verdicts = (name: string, other: ApiServerMetrics): string[] =>
      judge({ apiservermetrics: replicas(other, recordedMetrics(name)) }).replicas.map(({ verdict, writes }) => `${verdict} ${writes}`);
    expect(verdicts('aescbc', quiet('aescbc'))).toEqual(['encrypted encrypted', 'encrypted encrypted']);
    expect(verdicts('identity-first', quiet('identity-first'))).toEqual(['identityFirst plain', 'identityFirst plain']);
    expect(verdicts('aescbc-after-none-written', quiet('aescbc-after-none-written'))).toEqual(['plaintextRemains encrypted', 'plaintextRemains encrypted']);
    // Another file says nothing, even with the same provider in it.
    expect(verdicts('aescbc', recordedMetrics('aescbc-restarted'))).toEqual(['encryptedWritesUnseen unseen', 'encrypted encrypted']);
  });

  it('learn nothing from one that took over another file meanwhile', () => {
    const reloads: MetricSeries[] = [{ labels: { status: 'success', apiserver_id_hash: 'sha256:0' }, value: 1 }];
    const changed = { ...aescbc, apiserver_encryption_config_controller_automatic_reloads_total: reloads };
    const quiet = { ...aescbc, [TRANSFORMATIONS]: aescbc[TRANSFORMATIONS]?.filter(({ labels }) => labels['transformation_type'] === 'from_storage') ?? [] };
    expect(judge({ apiservermetrics: replicas(changed, quiet) }).replicas.map(({ writes }) => writes)).toEqual(['unseen', 'unseen']);
  });

  it('of which one was not seen keep its gap', () => {
    const gap: Gap = { kind: 'gap', reason: 'notSeen', detail: '2 API server replicas hold a lease and only 1 answered' };
    const { replicas: judged } = judge({ apiservermetrics: [replica(aescbc, 'API server replica 1 of 2'), { of: 'API server replica 2 of 2', gap }] });
    expect(judged.map(({ verdict, gaps }) => [verdict, gaps])).toEqual([['encrypted', []], ['unknown', [gap]]]);
  });
});

describe('the number of Secrets', () => {
  it('comes from the list, where it may be listed', () => {
    expect(judge({ apiservermetrics: [replica(none)], secretcount: { count: 0, exact: true } }).secrets).toEqual({ count: 0, atLeast: false, from: 'list' });
  });

  it('is at least what the metric says, and never none because the metric lags', () => {
    const counting = (value: number): ApiServerMetrics => ({ ...none, apiserver_resource_objects: [{ labels: { group: '', resource: 'secrets' }, value }] });
    const denied = { secretcount: forbidden(secretCount) };
    expect(judge({ apiservermetrics: replicas(counting(0), counting(4)) }, denied).secrets).toEqual({ count: 4, atLeast: true, from: 'metrics' });
    for (const value of [0, -1]) {
      expect(judge({ apiservermetrics: [replica(counting(value))] }, denied).secrets).toEqual({ gaps: [expect.objectContaining({ reason: 'forbidden' })] });
    }
  });
});

describe('without the metrics', () => {
  const denied = { apiservermetrics: forbidden(apiServerMetrics) };

  function pod(name: string, command: readonly string[], changes: { readonly args?: readonly string[]; readonly isMirror?: boolean } = {}): Manifest {
    const { args, isMirror = true } = changes;
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name,
        namespace: 'kube-system',
        labels: { component: 'kube-apiserver', tier: 'control-plane' },
        annotations: isMirror ? { 'kubernetes.io/config.mirror': '5fb7', 'kubernetes.io/config.source': 'file' } : {},
      } as Manifest['metadata'],
      spec: { containers: [{ name: 'kube-apiserver', image: 'kube-apiserver:v1.37.1', command, ...(args === undefined ? {} : { args }) }] },
    };
  }

  const verdicts = (...pods: readonly Manifest[]): string[] => judge({}, denied, ...pods).replicas.map(({ of, verdict }) => `${of}: ${verdict}`);

  it('a static pod without the flag has no configuration', () => {
    expect(verdicts(pod('kube-apiserver-a', ['kube-apiserver', '--secure-port=6443']))).toEqual(['API server pod kube-apiserver-a: notConfigured']);
  });

  it('the flag alone proves nothing, in command or in args', () => {
    const flag = '--encryption-provider-config=/etc/kubernetes/enc.yaml';
    for (const configured of [pod('kube-apiserver-a', ['kube-apiserver', flag]), pod('kube-apiserver-a', ['kube-apiserver'], { args: [flag] })]) {
      const [only] = judge({}, denied, configured).replicas;
      expect(only).toMatchObject({ verdict: 'unknown', gaps: [{ reason: 'forbidden' }], evidence: [{ value: flag, resource: { kind: 'Pod' } }] });
    }
  });

  it.each([
    ['is no mirror of a file: anybody may make such a pod', pod('a', ['kube-apiserver'], { isMirror: false }), 'API server'],
    ['is started by a shell', pod('a', ['sh', '-c', 'exec kube-apiserver --encryption-provider-config=x']), 'API server pod a'],
    ['has a variable among its words', pod('a', ['kube-apiserver', '$(FLAGS)']), 'API server pod a'],
    ['names no program', pod('a', ['--secure-port=6443']), 'API server pod a'],
  ])('nothing is known of a pod that %s', (_, manifest, of) => {
    expect(verdicts(manifest)).toEqual([`${of}: unknown`]);
  });

  it('each pod is judged for itself', () => {
    expect(verdicts(pod('b', ['kube-apiserver', '--encryption-provider-config=x']), pod('a', ['kube-apiserver']))).toEqual([
      'API server pod a: notConfigured',
      'API server pod b: unknown',
    ]);
  });

  it('pods without the flag settle what the metrics leave open, if there is one for each replica', () => {
    const metrics = { apiservermetrics: [replica(withVersion(recordedMetrics('none-no-secret'), 'v1.33.13'))] };
    expect(judge(metrics, {}, pod('a', ['kube-apiserver'])).replicas.map(({ verdict }) => verdict)).toEqual(['notConfigured']);
    expect(judge(metrics, {}, pod('a', ['kube-apiserver', '--encryption-provider-config=x'])).replicas.map(({ verdict }) => verdict)).toEqual(['unknown']);
    const two = { apiservermetrics: [...metrics.apiservermetrics, { of: 'API server replica 2 of 2', gap: forbidden(apiServerMetrics) }] };
    expect(judge(two, {}, pod('a', ['kube-apiserver'])).replicas.map(({ verdict }) => verdict)).toEqual(['unknown', 'unknown']);
  });

  it('/flagz proves a missing flag, and only that', () => {
    const by = (name: string): ReplicaEncryption[] => [...judge({ flagz: parseFlagz(recording(`kube-1.37.1/${name}/flagz.json`)) }, denied).replicas];
    expect(by('none')).toMatchObject([{ verdict: 'notConfigured', evidence: [{ path: 'flags["encryption-provider-config"]', value: '', grade: 'exact' }] }]);
    expect(by('aescbc')).toMatchObject([{ verdict: 'unknown', evidence: [{ value: '/etc/kubernetes/encryption.json' }] }]);
  });

  it('health checks hint at a configuration, and never prove that there is none', () => {
    const by = (name: string): ReplicaEncryption[] => [...judge({ readyz: parseReadyz(recording(`kube-1.37.1/${name}/readyz.txt`)) }, denied).replicas];
    expect(by('automatic-reload')).toMatchObject([{ verdict: 'unknown' }]);
    expect(by('automatic-reload')[0]?.evidence.map(({ path }) => path)).toEqual([
      'kms-providers',
      'poststarthook/start-encryption-provider-config-automatic-reload',
    ]);
    expect(by('none')).toMatchObject([{ verdict: 'unknown', evidence: [], gaps: [{ reason: 'forbidden' }] }]);
  });

  it.each([
    ['v1.28.15-eks-7f9249a', 1],
    ['v1.34.1-eks-113cf36', 1],
    ['v1.27.16-eks-ce1d5eb', 0],
    ['v1.34.1', 0],
    ['v1.34.1-gke.100', 0],
  ])('%s: the word of a vendor is evidence and no verdict', (gitVersion, count) => {
    const [only] = judge({ serverversion: { gitVersion, major: '1', minor: '34' } }, denied).replicas;
    expect(only?.verdict).toBe('unknown');
    expect(only?.evidence).toHaveLength(count);
  });

  it('a list of no replica at all is a gap', () => {
    expect(judge({ apiservermetrics: [] }).replicas).toMatchObject([{ of: 'API server', verdict: 'unknown', gaps: [{ reason: 'notSeen' }] }]);
  });
});
