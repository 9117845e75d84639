import { parseKubeletMetrics, type KubeletMetrics } from '../kubelet-metrics.ts';
import { perNodeSource } from '../source.ts';

/**
 * What each kubelet counts about certificates. The API server shows every kubelet the same client certificate, so a few
 * nodes are enough for the step between two scrapes.
 */
export const kubeletMetrics = perNodeSource<KubeletMetrics>({
  id: 'kubeletmetrics',
  title: 'kubelet metrics',
  projectionVersion: 1,
  path: '/metrics',
  againOf: 4,
  parse: parseKubeletMetrics,
});
