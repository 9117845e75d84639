import type { Manifest } from './cluster.ts';

/** What of a DaemonSet matters to the enforcement of NetworkPolicy. */
export interface DaemonSetOptions {
  readonly namespace?: string;
  readonly serviceAccountName?: string;
}

interface ContainerOptions {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
}

/** A DaemonSet as its install manifest has it. */
export function daemonSet(name: string, containers: readonly ContainerOptions[], { namespace = 'kube-system', serviceAccountName = name }: DaemonSetOptions = {}): Manifest {
  return { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name, namespace }, spec: { template: { spec: { serviceAccountName, containers } } } };
}

/** A pod of a DaemonSet on a node. */
export function podOf(owner: Manifest, nodeName: string, isReady = true): Manifest {
  const { name, namespace = '' } = owner.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: `${name}-${nodeName}`, namespace, ownerReferences: [{ apiVersion: 'apps/v1', kind: 'DaemonSet', name, controller: true }] } as Manifest['metadata'],
    spec: { nodeName },
    status: { conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }] },
  };
}

/** The right to read every NetworkPolicy, for the service account of a DaemonSet. */
export function mayReadPolicies(account: string, namespace = 'kube-system', verbs: readonly string[] = ['list', 'watch']): readonly Manifest[] {
  const apiVersion = 'rbac.authorization.k8s.io/v1';
  return [
    { apiVersion, kind: 'ClusterRole', metadata: { name: account }, rules: [{ apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs }] },
    {
      apiVersion, kind: 'ClusterRoleBinding', metadata: { name: account }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: account },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
    },
  ];
}

export function networkPolicy(name = 'default-deny', namespace = 'shop'): Manifest {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace }, spec: { podSelector: {}, policyTypes: ['Ingress'] } };
}

/** The containers of well-known network agents, with the images of their install manifests. */
export const calicoNode: ContainerOptions = { name: 'calico-node', image: 'quay.io/calico/node:v3.32.1' };
export const kubeFlannel: ContainerOptions = { name: 'kube-flannel', image: 'ghcr.io/flannel-io/flannel:v0.28.9' };
export const ciliumAgent: ContainerOptions = { name: 'cilium-agent', image: 'quay.io/cilium/cilium:v1.18.12@sha256:0123456789abcdef' };
export const awsNode: ContainerOptions = { name: 'aws-node', image: '602401143452.dkr.ecr.us-west-2.amazonaws.com/amazon-k8s-cni:v1.23.1' };
export const awsNodeAgent = (...args: readonly string[]): ContainerOptions =>
  ({ name: 'aws-eks-nodeagent', image: '602401143452.dkr.ecr.us-west-2.amazonaws.com/amazon/aws-network-policy-agent:v1.4.2', args });
