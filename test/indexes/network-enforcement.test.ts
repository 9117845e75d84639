import { describe, expect, it } from 'vitest';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import type { Snapshot } from '../../src/evidence/snapshot.ts';
import { ciliumConfig, daemonSets, vpcCniConfig } from '../../src/evidence/sources/network.ts';
import { clusterRoleBindings } from '../../src/evidence/sources/rbac.ts';
import { pods } from '../../src/evidence/sources/workloads.ts';
import { networkEnforcement } from '../../src/indexes/network-enforcement.ts';
import { forbidden, snapshotWith, type ClusterOptions, type Manifest } from '../support/cluster.ts';
import { awsNode, awsNodeAgent, calicoNode, ciliumAgent, daemonSet, kubeFlannel, mayReadPolicies, podOf } from '../support/network.ts';
import { eksNode, node } from '../support/versions.ts';

const version = (gitVersion: string): object => ({ gitVersion, major: '1', minor: '37' });
const absent = { exists: false };
const sources = { serverversion: version('v1.37.1'), apigroups: ['apps'], ciliumconfig: absent, vpccniconfig: absent };

function cluster(objects: readonly Manifest[], options: ClusterOptions = {}): Snapshot {
  return snapshotWith({ ...options, sources: { ...sources, ...options.sources } }, ...objects);
}

/** One line a node: `worker: enforced (Calico; network Calico)`. */
function statesOf(snapshot: Snapshot): readonly string[] {
  const resolved = createEvaluator(snapshot).resolve(networkEnforcement);
  if (!('value' in resolved)) throw new Error('not resolved');
  return resolved.value.nodes.map(({ node: name, state, enforcer = 'nobody', networking }) => `${name}: ${state} (${enforcer}; network ${networking.join('+') || 'unknown'})`);
}

function howOf(snapshot: Snapshot): string | undefined {
  const resolved = createEvaluator(snapshot).resolve(networkEnforcement);
  return 'value' in resolved ? resolved.value.nodes[0]?.how : undefined;
}

const worker = node('worker', 'v1.37.1');
/** What every kubeadm cluster has, and by which it is known. */
const kubeadm: Manifest = {
  apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'kubeadm:kubelet-bootstrap' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:node-bootstrapper' },
  subjects: [{ kind: 'Group', name: 'system:bootstrappers:kubeadm:default-node-token' }],
};
const kubeProxy = daemonSet('kube-proxy', [{ name: 'kube-proxy', image: 'registry.k8s.io/kube-proxy:v1.37.1' }]);

describe('an agent that enforces', () => {
  it.each<[string, Manifest, string]>([
    ['Calico', daemonSet('calico-node', [calicoNode]), 'Calico; network Calico'],
    ['Calico from a mirror', daemonSet('calico-node', [{ name: 'x', image: 'mirror.example:5000/rancher/mirrored-calico-node:v3@sha256:00' }]), 'Calico; network Calico'],
    ['Calico whose image has another name', daemonSet('calico-node', [{ name: 'calico-node', image: 'mirror.example/net:1' }]), 'Calico; network Calico'],
    ['canal, flannel and Calico in one', daemonSet('canal', [calicoNode, kubeFlannel]), 'Calico; network Calico+flannel'],
    ['flannel with the container that enforces', daemonSet('kube-flannel-ds', [kubeFlannel, { name: 'kube-network-policies', image: 'registry.k8s.io/networking/kube-network-policies:v0.9.2' }]), 'kube-network-policies; network flannel'],
    ['Cilium without a switch', daemonSet('cilium', [ciliumAgent]), 'Cilium; network Cilium'],
    ['kube-router', daemonSet('kube-router', [{ name: 'kube-router', image: 'docker.io/cloudnativelabs/kube-router', args: ['--run-router=true'] }]), 'kube-router; network kube-router'],
    ['kindnet of the first release that does', daemonSet('kindnet', [{ name: 'kindnet-cni', image: 'docker.io/kindest/kindnetd:v20240813-c6f155d6' }]), 'kindnet; network kindnet'],
    ['Antrea, whose controller reads the policies', daemonSet('antrea-agent', [{ name: 'antrea-agent', image: 'projects.example/tkg/antrea/antrea-debian:v0.13.3' }]), 'Antrea; network Antrea'],
  ])('%s', (_name, set, expected) => {
    expect(statesOf(cluster([worker, set, podOf(set, 'worker'), ...mayReadPolicies(set.metadata.name)]))).toEqual([`worker: enforced (${expected})`]);
  });

  const calico = daemonSet('calico-node', [calicoNode]);
  it('does so only where it has a pod', () => {
    const snapshot = cluster([worker, node('other', 'v1.37.1'), calico, podOf(calico, 'worker'), ...mayReadPolicies('calico-node')]);
    expect(statesOf(snapshot)).toEqual(['other: none (nobody; network unknown)', 'worker: enforced (Calico; network Calico)']);
  });
  it('is not known to while its pod is not ready', () => {
    expect(statesOf(cluster([worker, calico, podOf(calico, 'worker', false), ...mayReadPolicies('calico-node')]))).toEqual(['worker: unknown (Calico; network Calico)']);
  });
  it('is not known to where pods cannot be read', () => {
    expect(statesOf(cluster([worker, calico, ...mayReadPolicies('calico-node')], { gaps: { pods: forbidden(pods) } }))).toEqual(['worker: unknown (Calico; network Calico)']);
  });
  const router = daemonSet('kube-router', [{ name: 'kube-router', image: 'cloudnativelabs/kube-router:v2' }]);
  it('does not if it may not read the policies', () => {
    const blind = cluster([worker, router, podOf(router, 'worker'), ...mayReadPolicies('kube-router', 'kube-system', ['list'])]);
    expect(statesOf(blind)).toEqual(['worker: off (kube-router; network kube-router)']);
    expect(howOf(blind)).toBe('the service account of kube-router, kube-system/kube-router, may not list and watch NetworkPolicies');
  });
  it('need not read them where its controllers do', () => {
    expect(statesOf(cluster([worker, calico, podOf(calico, 'worker')]))).toEqual(['worker: enforced (Calico; network Calico)']);
  });
  it('is not known to where RBAC could not be read', () => {
    const snapshot = cluster([worker, router, podOf(router, 'worker')], { gaps: { clusterrolebindings: forbidden(clusterRoleBindings) } });
    expect(statesOf(snapshot)).toEqual(['worker: unknown (kube-router; network kube-router)']);
  });
});

describe('a switch', () => {
  const enforcer = (set: Manifest, read: ClusterOptions['sources'] = {}, gaps: ClusterOptions['gaps'] = {}): readonly string[] =>
    statesOf(cluster([worker, set, podOf(set, 'worker'), ...mayReadPolicies(set.metadata.name)], { sources: Object.fromEntries(Object.entries(read).filter(([id]) => !(id in gaps))), gaps }));
  const cilium = daemonSet('cilium', [ciliumAgent]);
  const kept = (values: object): object => ({ exists: true, ...values });

  it.each<[string, object, string]>([
    ['the default', kept({ enablePolicy: 'default', enableK8sNetworkPolicy: 'true' }), 'enforced'],
    ['always', kept({ enablePolicy: 'always' }), 'enforced'],
    ['never', kept({ enablePolicy: 'never' }), 'off'],
    ['not for NetworkPolicy', kept({ enableK8sNetworkPolicy: 'false' }), 'off'],
    ['a word that nobody knows', kept({ enablePolicy: 'sometimes' }), 'unknown'],
    ['audit only', kept({ policyAuditMode: 'true' }), 'off'],
  ])('of Cilium: %s', (_name, config, state) => {
    expect(enforcer(cilium, { ciliumconfig: config })).toEqual([`worker: ${state} (Cilium; network Cilium)`]);
  });
  it('of Cilium, unread', () => {
    const snapshot = snapshotWith({ sources: { serverversion: version('v1.37.1'), apigroups: ['apps'], vpccniconfig: absent }, gaps: { ciliumconfig: forbidden(ciliumConfig) } },
      worker, cilium, podOf(cilium, 'worker'), ...mayReadPolicies('cilium'));
    expect(statesOf(snapshot)).toEqual(['worker: unknown (Cilium; network Cilium)']);
  });
  it('of Cilium in a namespace whose configuration is not read', () => {
    const elsewhere = daemonSet('cilium', [ciliumAgent], { namespace: 'cilium' });
    expect(statesOf(cluster([worker, elsewhere, podOf(elsewhere, 'worker'), ...mayReadPolicies('cilium', 'cilium')]))).toEqual(['worker: unknown (Cilium; network Cilium)']);
  });
  it.each<[string, readonly string[], object, string]>([
    ['both on', ['--enable-network-policy=true'], kept({ enableNetworkPolicyController: 'true' }), 'enforced'],
    ['the last argument counts', ['--enable-network-policy=false', '--enable-network-policy'], kept({ enableNetworkPolicyController: 'true' }), 'enforced'],
    ['the agent off', ['--enable-network-policy=false'], kept({ enableNetworkPolicyController: 'true' }), 'off'],
    ['the agent without the argument', [], kept({ enableNetworkPolicyController: 'true' }), 'off'],
    ['the controller off', ['--enable-network-policy=true'], kept({ enableNetworkPolicyController: 'false' }), 'off'],
    ['no ConfigMap', ['--enable-network-policy=true'], absent, 'off'],
  ])('of the Amazon VPC CNI: %s', (_name, args, config, state) => {
    const set = daemonSet('aws-node', [awsNode, awsNodeAgent(...args)]);
    expect(enforcer(set, { vpccniconfig: config })).toEqual([`worker: ${state} (AWS network policy agent; network Amazon VPC CNI)`]);
  });
  it('of the Amazon VPC CNI, half of it unread', () => {
    const set = daemonSet('aws-node', [awsNode, awsNodeAgent('--enable-network-policy=true')]);
    const snapshot = snapshotWith({ sources: { serverversion: version('v1.37.1'), apigroups: ['apps'], ciliumconfig: absent }, gaps: { vpccniconfig: forbidden(vpcCniConfig) } }, worker, set, podOf(set, 'worker'));
    expect(statesOf(snapshot)).toEqual(['worker: unknown (AWS network policy agent; network Amazon VPC CNI)']);
  });
  it.each([['--run-firewall=false', 'off'], ['--run-firewall=true', 'enforced'], ['--run-firewall', 'enforced'], ['--run-router=false', 'enforced'], ['--run-firewall=0', 'off'], ['--run-firewall=T', 'enforced'], ['--run-firewall=$(FIREWALL)', 'unknown'], ['exec kube-router --run-firewall=false', 'unknown']])('of kube-router: %s', (argument, state) => {
    const set = daemonSet('kube-router', [{ name: 'kube-router', image: 'cloudnativelabs/kube-router:v2', args: [argument] }]);
    expect(enforcer(set)).toEqual([`worker: ${state} (kube-router; network kube-router)`]);
  });
  it.each([['kindest/kindnetd:v20240513-cd2ac642', 'off'], ['kindest/kindnetd:v20260101-aaaaaaaa', 'enforced'], ['kindest/kindnetd:latest', 'unknown']])('of kindnet, its release: %s', (image, state) => {
    expect(enforcer(daemonSet('kindnet', [{ name: 'kindnet-cni', image }]))).toEqual([`worker: ${state} (kindnet; network kindnet)`]);
  });
});

describe('a node on which nothing is seen to enforce', () => {
  const flannel = daemonSet('kube-flannel-ds', [kubeFlannel], { namespace: 'kube-flannel', serviceAccountName: 'flannel' });

  it('enforces nothing where flannel is alone', () => {
    expect(statesOf(cluster([worker, flannel, podOf(flannel, 'worker')]))).toEqual(['worker: none (nobody; network flannel)']);
  });
  it('enforces nothing on kubeadm, where whatever enforces would show', () => {
    expect(statesOf(cluster([worker, kubeadm, kubeProxy, podOf(kubeProxy, 'worker')]))).toEqual(['worker: none (nobody; network unknown)']);
  });
  it('is unknown on kubeadm where a controller reads the policies, since it may tell the nodes', () => {
    const controller: Manifest = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'controller-0', namespace: 'cni' }, spec: { serviceAccountName: 'controller', nodeName: 'worker' } };
    const snapshot = cluster([worker, kubeadm, kubeProxy, podOf(kubeProxy, 'worker'), controller, ...mayReadPolicies('controller', 'cni')]);
    expect(statesOf(snapshot)).toEqual(['worker: unknown (nobody; network unknown)']);
    expect(statesOf(cluster([worker, kubeadm, kubeProxy, podOf(kubeProxy, 'worker'), controller]))).toEqual(['worker: none (nobody; network unknown)']);
  });
  it('is unknown on a distribution that may enforce by itself', () => {
    expect(statesOf(cluster([worker, kubeProxy, podOf(kubeProxy, 'worker')]))).toEqual(['worker: unknown (nobody; network unknown)']);
  });
  it('is unknown where a DaemonSet runs that may read NetworkPolicies', () => {
    const agent = daemonSet('agent', [{ name: 'agent', image: 'example.org/agent:1' }]);
    const snapshot = cluster([worker, kubeadm, agent, podOf(agent, 'worker'), ...mayReadPolicies('agent')]);
    expect(statesOf(snapshot)).toEqual(['worker: unknown (nobody; network unknown)']);
    expect(howOf(snapshot)).toContain('DaemonSet kube-system/agent may read NetworkPolicies');
  });
  it('enforces nothing where that DaemonSet runs on other nodes only', () => {
    const agent = daemonSet('agent', [{ name: 'agent', image: 'example.org/agent:1' }]);
    const snapshot = cluster([worker, node('other', 'v1.37.1'), kubeadm, agent, podOf(agent, 'other'), ...mayReadPolicies('agent')]);
    expect(statesOf(snapshot)).toEqual(['other: unknown (nobody; network unknown)', 'worker: none (nobody; network unknown)']);
  });
  it('is unknown where DaemonSets cannot be read', () => {
    expect(statesOf(cluster([worker, kubeadm], { gaps: { daemonsets: forbidden(daemonSets) } }))).toEqual(['worker: unknown (nobody; network unknown)']);
  });
  it('is unknown where RBAC cannot be read', () => {
    expect(statesOf(cluster([worker, flannel, podOf(flannel, 'worker'), kubeProxy], { gaps: { clusterrolebindings: forbidden(clusterRoleBindings) } }))).toEqual(['worker: unknown (nobody; network flannel)']);
  });
  it.each<[string, Manifest, string]>([
    ['Windows', node('worker', 'v1.37.1', { labels: { 'kubernetes.io/os': 'windows' } }), 'unknown'],
    ['virtual', node('worker', 'v1.37.1', { labels: { type: 'virtual-kubelet' } }), 'unknown'],
    ['EKS Auto Mode', node('worker', 'v1.37.1', { labels: { 'eks.amazonaws.com/compute-type': 'auto' } }), 'unknown'],
    ['Fargate', node('worker', 'v1.37.1', { labels: { 'eks.amazonaws.com/compute-type': 'fargate' } }), 'none'],
  ])('%s, while another node enforces', (_name, special, state) => {
    const calico = daemonSet('calico-node', [calicoNode]);
    const snapshot = cluster([special, eksNode('other', 'v1.37.1-eks-0a1b2c3'), calico, podOf(calico, 'other'), ...mayReadPolicies('calico-node')]);
    expect(statesOf(snapshot)).toEqual(['other: enforced (Calico; network Calico)', `worker: ${state} (nobody; network unknown)`]);
  });
});

describe('an image', () => {
  it('with a digest that never ends takes no time', () => {
    const image = `x/kindest/kindnetd:v20240813-${'@'.repeat(200_000)}\n/x`;
    const set = daemonSet('kindnet', [{ name: 'kindnet-cni', image }]);
    expect(statesOf(cluster([worker, set, podOf(set, 'worker'), ...mayReadPolicies('kindnet')]))).toEqual(['worker: enforced (kindnet; network kindnet)']);
  }, 2_000);
});

describe('k3s', () => {
  const server = (...flags: readonly string[]): Manifest => node('server', 'v1.37.1+k3s1', { annotations: { 'k3s.io/node-args': JSON.stringify(['server', ...flags]) } });
  const agent = node('agent', 'v1.37.1+k3s1', { annotations: { 'k3s.io/node-args': '["agent"]' } });
  const k3s = { sources: { serverversion: version('v1.37.1+k3s1') } };
  it.each<[string, readonly string[], string]>([
    ['unless told otherwise', [], 'enforced'],
    ['not when told not to', ['--disable-network-policy'], 'off'],
    ['when told not not to', ['--disable-network-policy=false'], 'enforced'],
  ])('enforces by itself: %s', (_name, flags, state) => {
    expect(statesOf(cluster([server(...flags), agent], k3s))).toEqual([`agent: ${state} (k3s; network unknown)`, `server: ${state} (k3s; network unknown)`]);
  });
  it('is unknown where no server shows its arguments', () => {
    expect(statesOf(cluster([agent], k3s))).toEqual(['agent: unknown (nobody; network unknown)']);
  });
});
