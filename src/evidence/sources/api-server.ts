import type { V1Lease } from '@kubernetes/client-node';
import { keptSeries, parseApiServerMetrics, replicaKey, type ApiServerMetrics } from '../api-server-metrics.ts';
import { KEPT_FLAG_VALUES } from '../command-flags.ts';
import { FLAGZ_ACCEPT, parseFlagz, type Flagz } from '../flagz.ts';
import { parseReadyz, type Readyz } from '../readyz.ts';
import { listSource } from '../list-source.ts';
import { getSource, perReplicaSource, type Source } from '../source.ts';

/** What each API server counts about itself: encryption at rest, its version, its start. */
export const apiServerMetrics = perReplicaSource<ApiServerMetrics>({
  id: 'apiservermetrics',
  title: 'API server metrics',
  projectionVersion: 2,
  path: '/metrics',
  permissions: [{ nonResourceURL: '/metrics', verb: 'get' }],
  keeps: `the series of ${keptSeries()}`,
  parse: parseApiServerMetrics,
  replicaKey,
});

/** One lease for each API server replica, kept alive by the replica itself (1.26 and later). */
export const apiServerLeases = listSource<V1Lease>()({
  id: 'apiserverleases',
  title: 'API server leases',
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  resource: 'leases',
  namespaced: true,
  namespace: 'kube-system',
  labelSelector: 'apiserver.kubernetes.io/identity=kube-apiserver',
  projectionVersion: 1,
  fields: {
    metadata: { name: true, namespace: true },
    spec: { holderIdentity: true, leaseDurationSeconds: true, renewTime: true },
  },
});

type ApiServerLease = NonNullable<(typeof apiServerLeases)['evidence']>[number];

/**
 * How many API server replicas there are. A lease that has run out belongs to one that is gone; one that says nothing
 * of its time counts, since a replica too many is a gap and a replica too few would be a pass about something unread.
 *
 * @param now RFC 3339, by the API server's own clock
 */
export function liveReplicas(leases: readonly ApiServerLease[], now: string): number {
  return leases.filter(({ spec }) => {
    if (spec?.renewTime === undefined || spec.leaseDurationSeconds === undefined) return true;
    const expires = Date.parse(spec.renewTime) + spec.leaseDurationSeconds * 1000;
    return !(expires < Date.parse(now));
  }).length;
}

/** The health checks of the API server that answers. Readable without credentials by default, also while it is not ready. */
export const readyz = getSource<Readyz>({
  id: 'readyz',
  title: 'API server health checks',
  projectionVersion: 1,
  path: '/readyz?verbose',
  alsoOk: [500],
  permissions: [{ nonResourceURL: '/readyz', verb: 'get' }],
  keeps: 'the name of each health check and whether it passes',
  parse: parseReadyz,
});

/** The flags of the API server that answers; served by default from 1.36. */
export const flagz = getSource<Flagz>({
  id: 'flagz',
  title: 'API server flags',
  projectionVersion: 3,
  path: '/flagz',
  accept: FLAGZ_ACCEPT,
  permissions: [{ nonResourceURL: '/flagz', verb: 'get' }],
  keeps: `the names of all flags, and the values of ${[...KEPT_FLAG_VALUES].sort().map(name => `\`${name}\``).join(', ')}`,
  parse: parseFlagz,
});

/** How many Secrets there are, by metadata of one of them. No value leaves the API server. */
export const secretCount: Source<{
  readonly count: number;
  /** False where the server only says that there are more. */
  readonly exact: boolean;
}> = {
  type: 'source',
  id: 'secretcount',
  title: 'number of Secrets',
  projectionVersion: 1,
  read: { how: 'count', apiVersion: 'v1', resource: 'secrets', namespaced: true },
  permissions: [{ apiGroup: '', resource: 'secrets', verb: 'list' }],
  addOnRole: 'secrets',
  skippedWithNamespace: true,
};
