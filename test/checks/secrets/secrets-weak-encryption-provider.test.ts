import check from '../../../src/checks/secrets/secrets-weak-encryption-provider.ts';
import type { ApiServerMetrics } from '../../../src/evidence/api-server-metrics.ts';
import { apiServerMetrics, flagz, readyz, secretCount } from '../../../src/evidence/sources/api-server.ts';
import { controlPlanePods } from '../../../src/evidence/sources/control-plane.ts';
import { serverVersion } from '../../../src/evidence/sources/versions.ts';
import { forbidden, snapshotWith } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { recordedMetrics, replica, replicas } from '../../support/recordings.ts';

const snapshot = (...all: readonly ApiServerMetrics[]): ReturnType<typeof snapshotWith> =>
  snapshotWith({ sources: { apiservermetrics: all.length === 1 ? all.map(metrics => replica(metrics)) : replicas(...all) } });
const metrics = (...names: readonly string[]): ReturnType<typeof snapshotWith> => snapshot(...names.map(name => recordedMetrics(name)));

/** A server that wrote Secrets with these providers, in the form of the recorded ones: a key service is not to be had here. */
const writing = (...prefixes: readonly string[]): ApiServerMetrics => ({
  ...recordedMetrics('aescbc'),
  apiserver_storage_transformation_operations_total: prefixes.flatMap(transformer_prefix =>
    ['to_storage', 'from_storage'].map(transformation_type => ({
      labels: { resource: 'secrets', status: 'OK', transformation_type, transformer_prefix },
      value: 2,
    }))),
});

/** One that took over a changed configuration since it counted these. */
const reloaded = (name: string): ReturnType<typeof snapshotWith> => snapshot({
  ...recordedMetrics(name),
  apiserver_encryption_config_controller_automatic_reloads_total: [{ labels: { status: 'success' }, value: 1 }],
});

const finding = (severity: string, provider: string): string => `${severity} Component/kube-apiserver (${provider})`;

describeCheck(check, {
  fails: {
    'aescbc, no more than low': [metrics('aescbc'), finding('low', 'aescbc')],
    'aesgcm with a static key': [metrics('aesgcm'), finding('medium', 'aesgcm')],
    'kms v1': [snapshot(writing('k8s:enc:kms:v1:vault:')), finding('medium', 'kms v1')],
    'aescbc that was read, nothing written yet': [metrics('aescbc-restarted'), finding('low', 'aescbc')],
    'aescbc on both of two replicas, once': [metrics('aescbc', 'automatic-reload'), finding('low', 'aescbc')],
    'two providers on two replicas': [metrics('aescbc', 'aesgcm'), finding('low', 'aescbc'), finding('medium', 'aesgcm')],
    'two plugins of kms v1, once': [snapshot(writing('k8s:enc:kms:v1:old:', 'k8s:enc:kms:v1:new:')), finding('medium', 'kms v1')],
  },
  passes: {
    'secretbox, as a remark': [metrics('secretbox'), finding('info', 'secretbox')],
    'kms v2': snapshot(writing('k8s:enc:kms:v2:vault:')),
    'kms v2 for new Secrets, aescbc for those of before': snapshot({
      ...recordedMetrics('aescbc'),
      apiserver_storage_transformation_operations_total: [
        ...(writing('k8s:enc:kms:v2:vault:').apiserver_storage_transformation_operations_total ?? []),
        ...(recordedMetrics('aescbc-restarted').apiserver_storage_transformation_operations_total ?? []),
      ],
    }),
  },
  notApplicable: {
    'no configuration': metrics('none'),
    'identity first, with aescbc behind it': metrics('identity-first'),
  },
  notAssessed: {
    'a provider that is newer than this program': [snapshot(writing('k8s:enc:chacha:v9:')), 'unknown API server'],
    'two providers in turn on one replica': [snapshot(writing('k8s:enc:aescbc:v1:', 'k8s:enc:kms:v2:vault:')), 'unknown API server'],
    'nothing encrypted or decrypted yet': [metrics('aescbc-after-none'), 'unknown API server'],
    'a configuration that was changed since aescbc was seen': [reloaded('aescbc'), 'unknown API server'],
    'old plain text and a changed configuration': [reloaded('aescbc-after-none-written'), 'unknown API server'],
    'metrics that may not be read': [snapshotWith({ gaps: { apiservermetrics: forbidden(apiServerMetrics) } }), 'unknown API server'],
  },
  dispensable: [apiServerMetrics, controlPlanePods, flagz, readyz, secretCount, serverVersion],
});
