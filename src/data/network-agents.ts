/**
 * The programs that give pods their network, and those that enforce NetworkPolicy, as they appear in a cluster: by the
 * last segments of the image's repository, since mirrors change what stands before, or by the names that their install
 * manifests give to the container and its DaemonSet.
 *
 * Compiled 2026-11-21 from each project's install manifest (calico, canal, cilium, flannel, kube-network-policies, kind,
 * amazon-vpc-cni-k8s, azure-container-networking, antrea, kube-router, ovn-kubernetes, kube-ovn, weave, multus).
 */
export interface NetworkAgent {
  /** Stable. */
  readonly id: string;
  /** As a table shows it. */
  readonly title: string;
  readonly does: readonly ('networking' | 'enforcement')[];
  /** Ends of an image's repository, whole segments: `calico/node` matches `quay.io/calico/node`. */
  readonly images: readonly string[];
  /** The container's name and the DaemonSets that have it, where the image has been renamed. */
  readonly named?: { readonly container: string; readonly daemonSets: readonly string[] };
  /** Whether enforcement can be switched off, and where the switch is. */
  readonly switch?: EnforcementSwitch;
  /** Its own DaemonSet's service account must read NetworkPolicies; where another program reads them for it, absent. */
  readonly readsPolicies?: true;
  /** What of NetworkPolicy it leaves out, for people. */
  readonly limits?: string;
}

export type EnforcementSwitch =
  /** An argument of the container, `--NAME=true`. */
  | { readonly at: 'argument'; readonly name: string; readonly byDefault: boolean }
  /** The ConfigMap kube-system/cilium-config. */
  | { readonly at: 'ciliumConfig' }
  /** The argument of the agent and the ConfigMap kube-system/amazon-vpc-cni, both. */
  | { readonly at: 'vpcCni'; readonly name: string }
  /** Only images built from this day on enforce; the day is in the tag, `vYYYYMMDD-...`. */
  | { readonly at: 'imageDate'; readonly since: string }
  /** Somewhere that is not read. */
  | { readonly at: 'unread'; readonly where: string };

export const NETWORK_AGENTS_DATE = '2026-11-21';

const both = ['networking', 'enforcement'] as const;

export const networkAgents: readonly NetworkAgent[] = [
  {
    // With etcd for its datastore its controllers read the policies for it.
    id: 'calico', title: 'Calico', does: both,
    images: ['calico/node', 'mirrored-calico-node', 'hardened-calico'],
    named: { container: 'calico-node', daemonSets: ['calico-node', 'canal', 'rke2-canal'] },
  },
  {
    id: 'cilium', title: 'Cilium', does: both, readsPolicies: true, switch: { at: 'ciliumConfig' },
    images: ['cilium/cilium', 'mirrored-cilium-cilium', 'cilium/cilium-distroless'],
    named: { container: 'cilium-agent', daemonSets: ['cilium', 'anetd'] },
    limits: 'ipBlock never matches pods; SCTP ports are ignored unless enabled',
  },
  {
    id: 'flannel', title: 'flannel', does: ['networking'],
    images: ['flannel-io/flannel', 'flannel/flannel', 'coreos/flannel', 'flannelcni/flannel', 'mirrored-flannelcni-flannel', 'hardened-flannel'],
    named: { container: 'kube-flannel', daemonSets: ['kube-flannel-ds', 'kube-flannel', 'canal', 'rke2-canal'] },
  },
  {
    id: 'kube-network-policies', title: 'kube-network-policies', does: ['enforcement'], readsPolicies: true,
    images: ['networking/kube-network-policies'],
    named: { container: 'kube-network-policies', daemonSets: ['kube-network-policies', 'kube-flannel-ds'] },
  },
  {
    id: 'kindnetd', title: 'kindnet', does: both, readsPolicies: true, switch: { at: 'imageDate', since: '20240813' },
    images: ['kindest/kindnetd'],
  },
  {
    id: 'kindnet', title: 'kindnet', does: both, readsPolicies: true,
    images: ['networking/kindnet', 'aojea/kindnetd'],
  },
  {
    id: 'aws-vpc-cni', title: 'Amazon VPC CNI', does: ['networking'],
    images: ['amazon-k8s-cni'],
    named: { container: 'aws-node', daemonSets: ['aws-node'] },
  },
  {
    id: 'aws-network-policy-agent', title: 'AWS network policy agent', does: ['enforcement'], switch: { at: 'vpcCni', name: 'enable-network-policy' },
    images: ['aws-network-policy-agent'],
    named: { container: 'aws-eks-nodeagent', daemonSets: ['aws-node'] },
  },
  {
    id: 'azure-cns', title: 'Azure CNI', does: ['networking'],
    images: ['containernetworking/azure-cns'],
    named: { container: 'cns-container', daemonSets: ['azure-cns'] },
  },
  {
    id: 'azure-npm', title: 'Azure Network Policy Manager', does: ['enforcement'], readsPolicies: true,
    images: ['containernetworking/azure-npm'],
    named: { container: 'azure-npm', daemonSets: ['azure-npm', 'azure-npm-win'] },
    limits: 'on Windows without except in ipBlock, named ports and SCTP',
  },
  {
    id: 'antrea', title: 'Antrea', does: both,
    images: ['antrea/antrea-agent-ubuntu', 'antrea/antrea-agent-ubi', 'antrea/antrea-ubuntu', 'antrea/antrea-debian'],
    named: { container: 'antrea-agent', daemonSets: ['antrea-agent'] },
  },
  {
    id: 'kube-router', title: 'kube-router', does: both, readsPolicies: true, switch: { at: 'argument', name: 'run-firewall', byDefault: true },
    images: ['cloudnativelabs/kube-router'],
    named: { container: 'kube-router', daemonSets: ['kube-router'] },
  },
  {
    id: 'ovn-kubernetes', title: 'OVN-Kubernetes', does: both,
    images: ['ovn-kube-ubuntu', 'ovn-kube-fedora', 'ovn-kube-u', 'ovn-kube-f'],
    named: { container: 'ovnkube-controller', daemonSets: ['ovnkube-node'] },
  },
  {
    id: 'openshift-sdn', title: 'OpenShift SDN', does: both,
    images: [],
    named: { container: 'sdn', daemonSets: ['sdn'] },
    limits: 'egress rules are ignored, and an ipBlock with except too',
  },
  {
    id: 'kube-ovn', title: 'Kube-OVN', does: both, switch: { at: 'unread', where: 'the argument --enable-np of the Deployment kube-ovn-controller' },
    images: ['kubeovn/kube-ovn'],
    named: { container: 'cni-server', daemonSets: ['kube-ovn-cni'] },
  },
  {
    id: 'weave', title: 'Weave Net', does: ['networking'],
    images: ['weaveworks/weave-kube'],
    named: { container: 'weave', daemonSets: ['weave-net'] },
  },
  {
    id: 'weave-npc', title: 'Weave network policy controller', does: ['enforcement'], readsPolicies: true,
    images: ['weaveworks/weave-npc'],
    named: { container: 'weave-npc', daemonSets: ['weave-net'] },
    limits: 'endPort and SCTP ports are ignored; the project was archived in 2022',
  },
  {
    id: 'spiderpool', title: 'Spiderpool', does: ['networking'],
    images: ['spiderpool/spiderpool-agent'],
    named: { container: 'spiderpool-agent', daemonSets: ['spiderpool-agent'] },
  },
];
