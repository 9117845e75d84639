import { KUBELET_CONFIGURATION_FIELDS, parseConfigz, type KubeletConfigz } from '../kubelet-configuration.ts';
import { parseIntended, type IntendedKubelet } from '../kubelet-intended.ts';
import { parseKubeletMetrics, type KubeletMetrics } from '../kubelet-metrics.ts';
import { getSource, perNodeSource, type PerResult, type Source } from '../source.ts';
import { pods } from './workloads.ts';

/** The configuration that each kubelet really runs with: file, flags and defaults together. */
export const kubeletConfigz = perNodeSource<KubeletConfigz>({
  id: 'kubeletconfigz',
  title: 'kubelet configurations',
  projectionVersion: 1,
  path: '/configz',
  keeps: KUBELET_CONFIGURATION_FIELDS,
  parse: parseConfigz,
});

/**
 * What each kubelet counts about certificates. The API server shows every kubelet the same client certificate, so a few
 * nodes are enough for the step between two scrapes.
 */
export const kubeletMetrics = perNodeSource<KubeletMetrics>({
  id: 'kubeletmetrics',
  title: 'kubelet metrics',
  projectionVersion: 3,
  path: '/metrics',
  accept: 'text/plain',
  againOf: 4,
  keeps: 'how long its certificates are still good, how often it failed to renew them and since when it runs, how often it was shown a client certificate and how long those were good in all, its version, and on k3s the subject and usages of each certificate of the node with how long it is still good',
  parse: parseKubeletMetrics,
});

/** How a kubelet takes a request that carries no credential. */
export interface KubeletProbe {
  /** The pod on the node's own network that led to the kubelet. */
  readonly pod: { readonly namespace: string; readonly name: string };
  /**
   * `refused`: anonymous authentication is off (401). `forbidden`: it is on, and the authorizer says no to
   * system:anonymous (403). `granted`: it is on, and the authorizer lets system:anonymous ask for health, and no more is
   * known. `allowed`: it is on, and system:anonymous has the right that reaches everything. Absent: no telling answer.
   */
  readonly anonymous?: 'refused' | 'forbidden' | 'granted' | 'allowed';
  /** Whether port 10255, which asks nobody who they are, answers. Absent: no telling answer. */
  readonly readOnlyPort?: 'open' | 'closed';
}

/**
 * What a request without a credential gets, tried out. The API server takes its own certificate along to kubelets, but
 * not to pods: through a pod on the node's network it comes to the kubelet as a stranger.
 */
export const kubeletProbe: Source<readonly PerResult<KubeletProbe>[]> = {
  type: 'source',
  id: 'kubeletprobe',
  title: 'kubelet probe',
  projectionVersion: 1,
  read: { how: 'kubeletProbe' },
  per: 'node',
  permissions: [
    { apiGroup: '', resource: 'pods/proxy', verb: 'get' },
    { apiGroup: '', resource: 'nodes', verb: 'list' },
    { apiGroup: '', resource: 'pods', verb: 'list' },
  ],
  addOnRole: 'pods-proxy',
  optIn: { flag: '--probe-anonymous', detail: 'no request without a credential was sent to the kubelets' },
  after: [pods],
  skippedWithNamespace: true,
};

/** What kubeadm writes into the configuration of each node that joins: an intention, not what a node runs with. */
export const kubeletIntended = getSource<IntendedKubelet>({
  id: 'kubeletintended',
  title: 'kubelet configuration of kubeadm',
  projectionVersion: 1,
  path: '/api/v1/namespaces/kube-system/configmaps/kubelet-config',
  permissions: [{ apiGroup: '', resource: 'configmaps', verb: 'get', resourceName: 'kubelet-config', namespace: 'kube-system' }],
  keeps: 'whether it asks for anonymous access, the mode of authorization and the read-only port',
  parse: parseIntended,
});
