import { snapshotWith, type ClusterOptions, type Manifest } from './cluster.ts';
import type { Snapshot } from '../../src/evidence/snapshot.ts';

/** What of a Node matters to versions and platforms. */
export interface NodeOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly providerID?: string;
  readonly osImage?: string;
}

/** A Node as the API server stores it; without a kubelet version one that never reported. */
export function node(name: string, kubeletVersion?: string, options: NodeOptions = {}): Manifest {
  const { labels = {}, annotations = {}, providerID, osImage = 'Debian GNU/Linux 12 (bookworm)' } = options;
  const nodeInfo = {
    machineID: 'm', systemUUID: 's', bootID: 'b', operatingSystem: 'linux', architecture: 'amd64', kubeProxyVersion: '',
    kernelVersion: '6.1.0-26-amd64', containerRuntimeVersion: 'containerd://2.2.1', osImage, kubeletVersion,
  };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels, annotations } as Manifest['metadata'],
    spec: providerID === undefined ? {} : { providerID },
    status: kubeletVersion === undefined ? {} : { nodeInfo },
  };
}

/** Nodes as each provider makes them, reduced to what they are known by. */
export const eksNode = (name: string, version: string): Manifest =>
  node(name, version, { labels: { 'eks.amazonaws.com/nodegroup': 'blue' }, providerID: 'aws:///eu-west-1b/i-0123456789abcdef0' });
export const gkeNode = (name: string, version: string): Manifest =>
  node(name, version, { labels: { 'cloud.google.com/gke-nodepool': 'default' }, providerID: 'gce://project/zone/machine' });
export const aksNode = (name: string, version: string): Manifest =>
  node(name, version, {
    labels: { 'kubernetes.azure.com/cluster': 'MC_group', 'kubernetes.azure.com/mode': 'system' },
    providerID: 'azure:///subscriptions/0/resourceGroups/g',
  });

export interface VersionsOptions extends Omit<ClusterOptions, 'sources'> {
  /** More or other API groups than a plain server has. */
  readonly groups?: readonly string[];
  readonly sources?: ClusterOptions['sources'];
}

/** A cluster whose API server says this version, with these objects. */
export function clusterAt(gitVersion: string, objects: readonly Manifest[] = [], options: VersionsOptions = {}): Snapshot {
  const { groups = ['apps', 'rbac.authorization.k8s.io'], sources = {}, ...rest } = options;
  const [, major = '', minor = ''] = /^v?(\d+)\.(\d+)/.exec(gitVersion) ?? [];
  return snapshotWith(
    { ...rest, sources: { serverversion: { gitVersion, major, minor }, apiservermetrics: [replica('API server', gitVersion)], apigroups: groups, ...sources } },
    ...objects,
  );
}

/** What one API server replica says of its version in its metrics. */
export function replica(of: string, gitVersion: string): object {
  return { of, value: { kubernetes_build_info: [{ labels: { git_version: gitVersion }, value: 1 }] } };
}
