import type { Snapshot } from '../../src/evidence/snapshot.ts';
import { snapshotWith, type ClusterOptions, type Manifest } from './cluster.ts';

/** A cluster of which everything was read that escalation hangs on: version 1.37, no extra API groups. */
export function clusterOf(...objects: readonly Manifest[]): Snapshot {
  return clusterWith({}, ...objects);
}

export function clusterWith(options: ClusterOptions, ...objects: readonly Manifest[]): Snapshot {
  return snapshotWith({ ...options, sources: { serverversion: { gitVersion: 'v1.37.1', major: '1', minor: '37' }, apigroups: ['apps', 'batch'], ...options.sources } }, ...objects);
}

export function account(namespace: string, name: string): Manifest {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace, name } };
}

/** @param enforce the level of Pod Security */
export function namespace(name: string, enforce?: string): Manifest {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, ...(enforce === undefined ? {} : { labels: { 'pod-security.kubernetes.io/enforce': enforce } }) } };
}

export function node(name: string, labels: Readonly<Record<string, string>> = {}): Manifest {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } };
}

/** A pod that runs and has its token mounted. */
export function pod(where: string, name: string, serviceAccountName: string, nodeName: string, privileged = false): Manifest {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { namespace: where, name }, spec: { serviceAccountName, nodeName, containers: [{ name: 'main', securityContext: { privileged } }] } };
}
