import check from '../../../src/checks/secrets/secrets-unencrypted-at-rest.ts';
import { parseFlagz } from '../../../src/evidence/flagz.ts';
import type { Gap } from '../../../src/evidence/gap.ts';
import { apiServerMetrics, flagz, readyz, secretCount } from '../../../src/evidence/sources/api-server.ts';
import { controlPlanePods } from '../../../src/evidence/sources/control-plane.ts';
import { serverVersion } from '../../../src/evidence/sources/versions.ts';
import { forbidden, snapshotWith } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { recordedMetrics, recording, replica, replicas } from '../../support/recordings.ts';

const denied = { apiservermetrics: forbidden(apiServerMetrics) };
const notSeen: Gap = { kind: 'gap', reason: 'notSeen', detail: '2 API server replicas hold a lease and only 1 answered' };
const metrics = (...names: readonly string[]): ReturnType<typeof snapshotWith> =>
  snapshotWith({ sources: { apiservermetrics: names.length === 1 ? names.map(name => replica(recordedMetrics(name))) : replicas(...names.map(name => recordedMetrics(name))) } });

const staticPod = (...flags: readonly string[]): Parameters<typeof snapshotWith>[1] => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'kube-apiserver-cp',
    namespace: 'kube-system',
    labels: { component: 'kube-apiserver', tier: 'control-plane' },
    ...{ annotations: { 'kubernetes.io/config.mirror': '5fb7' } },
  },
  spec: { containers: [{ name: 'kube-apiserver', command: ['kube-apiserver', ...flags] }] },
});

const high = 'high Component/kube-apiserver';

describeCheck(check, {
  fails: {
    'no configuration': [metrics('none'), high],
    'no configuration, and no Secret yet': [metrics('none-no-secret'), high],
    'identity first': [metrics('identity-first'), high],
    'a configuration for ConfigMaps only': [metrics('configmaps-only'), high],
    'one replica of two': [metrics('aescbc', 'none'), high],
    'two replicas for different reasons, once': [metrics('identity-first', 'none'), high],
    'one replica, and another that was not seen': [
      snapshotWith({ sources: { apiservermetrics: [replica(recordedMetrics('none'), 'API server replica 1 of 2'), { of: 'API server replica 2 of 2', gap: notSeen }] } }),
      high,
      'unknown API server replica 2 of 2',
    ],
    'a static pod without the flag, where the metrics cannot be read': [snapshotWith({ gaps: denied }, staticPod('--secure-port=6443')), high],
    'a server whose /flagz has no file, where the metrics cannot be read': [
      snapshotWith({ gaps: denied, sources: { flagz: parseFlagz(recording('kube-1.37.1/none/flagz.json')) } }),
      high,
    ],
  },
  passes: {
    aescbc: metrics('aescbc'),
    secretbox: metrics('secretbox'),
    'both of two replicas': metrics('aescbc', 'secretbox'),
    'old plain text, which is a check of its own': metrics('aescbc-after-none-written'),
    'everything encrypted that was read, and nothing written yet': [metrics('aescbc-restarted'), 'info Component/kube-apiserver'],
  },
  notAssessed: {
    'nothing stored and a configuration that shows nothing of itself': [metrics('aescbc-no-secret'), 'unknown API server'],
    'old plain text and nothing written yet: identity may stand first': [metrics('aescbc-after-none'), 'unknown API server'],
    'both ways of writing since the start': [metrics('reloaded'), 'unknown API server'],
    'an encrypting replica beside one that was not seen': [
      snapshotWith({ sources: { apiservermetrics: [replica(recordedMetrics('aescbc'), 'API server replica 1 of 2'), { of: 'API server replica 2 of 2', gap: notSeen }] } }),
      'unknown API server replica 2 of 2',
    ],
    'a flag without metrics': [
      snapshotWith({ gaps: denied }, staticPod('--encryption-provider-config=/etc/kubernetes/enc.yaml')),
      'unknown API server pod kube-apiserver-cp',
    ],
    nothing: [snapshotWith({ gaps: denied }), 'unknown API server'],
  },
  dispensable: [apiServerMetrics, controlPlanePods, flagz, readyz, secretCount, serverVersion],
});
