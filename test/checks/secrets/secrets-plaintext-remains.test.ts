import check from '../../../src/checks/secrets/secrets-plaintext-remains.ts';
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
const { apiserver_watch_cache_initializations_total: _, ...withoutWatchCache } = recordedMetrics('aescbc');

const medium = 'medium Component/kube-apiserver';

describeCheck(check, {
  fails: {
    'Secrets of the time before': [metrics('aescbc-after-none'), medium],
    'with new ones encrypted': [metrics('aescbc-after-none-written'), medium],
    'seen by one replica of two': [metrics('aescbc-after-none-written', 'aescbc'), medium],
  },
  passes: {
    'all encrypted from the start': metrics('aescbc'),
    'all encrypted as far as read, which is all of them': metrics('aescbc-restarted'),
    'one replica that encrypts nothing, which is a check of its own': metrics('aescbc', 'none'),
  },
  notApplicable: {
    'no configuration': metrics('none'),
    'identity first': metrics('identity-first'),
    'ConfigMaps only': metrics('configmaps-only'),
  },
  notAssessed: {
    'nothing stored': [metrics('aescbc-no-secret'), 'unknown API server'],
    'a replica that has not read all Secrets': [snapshot(withoutWatchCache), 'unknown API server'],
    'metrics that may not be read': [snapshotWith({ gaps: { apiservermetrics: forbidden(apiServerMetrics) } }), 'unknown API server'],
  },
  dispensable: [apiServerMetrics, controlPlanePods, flagz, readyz, secretCount, serverVersion],
});
