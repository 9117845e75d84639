import { containerdSocket } from './node.ts';

/** Fields of a KubeletConfiguration (kubelet.config.k8s.io/v1beta1). */
export type KubeletSettings = Readonly<Record<string, unknown>>;

/** One node as kubeadm is told of it. */
export interface NodeRegistration {
  readonly name: string;
  readonly address: string;
  /** The folder, in the node, with the patches of its kubelet configuration. */
  readonly patches: string;
}

/** What the whole cluster is told. */
export interface ClusterSettings {
  readonly version: string;
  /** In front of the port 6443 at which the cluster is reached: the first node's, or that of what stands before all of them. */
  readonly address: string;
  /** With which the certificates of the control plane are encrypted for the nodes that join it; absent where there is one such node. */
  readonly certificateKey?: string;
  /** Of bootstrap. */
  readonly token: string;
  /** Of every kubelet that kubeadm sets up. */
  readonly kubelet: KubeletSettings;
  readonly cgroupVersion: 1 | 2;
  /** Flags of the API server over kubeadm's own. */
  readonly apiServerFlags: Readonly<Record<string, string>>;
  /** Flags of the controller manager over kubeadm's own. */
  readonly controllerManagerFlags: Readonly<Record<string, string>>;
}

/** From which every node gets a /24. */
const podSubnet = '10.244.0.0/16';

const api = 'kubeadm.k8s.io/v1beta4';

/** The file for `kubeadm init --config`. */
export function initConfig(cluster: ClusterSettings, node: NodeRegistration): string {
  return documents([
    {
      apiVersion: api, kind: 'InitConfiguration',
      bootstrapTokens: [{ token: cluster.token, ttl: '24h0m0s', usages: ['signing', 'authentication'], groups: ['system:bootstrappers:kubeadm:default-node-token'] }],
      localAPIEndpoint: endpointOf(node),
      ...(cluster.certificateKey === undefined ? {} : { certificateKey: cluster.certificateKey }),
      nodeRegistration: registration(node),
      patches: { directory: node.patches },
      // There is no Go module of it to build from, and nothing here asks for names.
      skipPhases: ['addon/coredns'],
    },
    {
      apiVersion: api, kind: 'ClusterConfiguration',
      kubernetesVersion: cluster.version,
      clusterName: 'ground',
      ...(cluster.certificateKey === undefined ? {} : { controlPlaneEndpoint: `${cluster.address}:6443` }),
      networking: { podSubnet },
      apiServer: { extraArgs: flags(cluster.apiServerFlags) },
      controllerManager: { extraArgs: flags(cluster.controllerManagerFlags) },
      // A ground that dies is thrown away.
      etcd: { local: { extraArgs: flags({ 'unsafe-no-fsync': 'true' }) } },
    },
    {
      apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration',
      cgroupDriver: 'cgroupfs',
      ...(cluster.cgroupVersion === 1 ? { failCgroupV1: false } : {}),
      // The machine is shared with other clusters and with whoever runs the tests.
      enforceNodeAllocatable: [],
      failSwapOn: false,
      // A full disk of this machine is no reason to evict.
      evictionHard: { 'memory.available': '0%', 'nodefs.available': '0%', 'nodefs.inodesFree': '0%', 'imagefs.available': '0%' },
      imageGCHighThresholdPercent: 100,
      ...cluster.kubelet,
    },
    {
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration',
      mode: 'iptables',
      // Zero leaves what belongs to the whole machine as it is.
      conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
    },
  ]);
}

/**
 * The file for `kubeadm join --config`; `caHash` is `sha256:` and the hash of the cluster CA's public key.
 * @param role as what the node joins
 */
export function joinConfig(cluster: ClusterSettings, node: NodeRegistration, caHash: string, role: 'control-plane' | 'worker'): string {
  return documents([{
    apiVersion: api, kind: 'JoinConfiguration',
    discovery: { bootstrapToken: { apiServerEndpoint: `${cluster.address}:6443`, token: cluster.token, caCertHashes: [caHash] } },
    nodeRegistration: registration(node),
    patches: { directory: node.patches },
    ...(role === 'worker' ? {} : { controlPlane: { localAPIEndpoint: endpointOf(node), certificateKey: cluster.certificateKey } }),
  }]);
}

function endpointOf({ address }: NodeRegistration): object {
  return { advertiseAddress: address, bindPort: 6443 };
}

function registration({ name, address }: NodeRegistration): object {
  return {
    name,
    criSocket: `unix://${containerdSocket}`,
    imagePullPolicy: 'Never',
    // They look at what a namespace cannot show: kernel configuration, ports, systemd.
    ignorePreflightErrors: ['all'],
    kubeletExtraArgs: flags({ 'node-ip': address }),
  };
}

function flags(values: Readonly<Record<string, string>>): object[] {
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

/** JSON is YAML. */
function documents(all: readonly object[]): string {
  return all.map(one => `---\n${JSON.stringify(one, undefined, 2)}\n`).join('');
}
