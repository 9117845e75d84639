import { PROGRAMS, type Program } from '../evidence/command-flags.ts';
import type { ListeningPorts } from '../evidence/listening-ports.ts';
import type { ControlPlanePod } from '../evidence/sources/control-plane.ts';
import type { ListeningProgram, NodePort } from '../evidence/sources/node-ports.ts';
import type { NodeEvidence } from '../evidence/sources/platform.ts';

/** Where kubeadm lets them listen, which is also their own default. */
const DEFAULTS: Readonly<Record<ListeningProgram, number>> = {
  'kubelet': 10250, 'kube-apiserver': 6443, 'kube-controller-manager': 10257, 'kube-scheduler': 10259, 'etcd': 2379, 'etcd-peer': 2380,
};

/** The name by which an API server calls itself. */
const LOOPBACK_NAME = 'apiserver-loopback-client';

/**
 * The ports of a node that are worth a look: the kubelet's, and those of the control plane where the node is part of
 * one, by its label or by its static pods. A port is where a pod's flags say, else where it is by default.
 */
export function portsOf(node: NodeEvidence, pods: readonly ControlPlanePod[], kubeletPort: number | undefined, withPeers: boolean): readonly NodePort[] {
  const own = pods.filter(({ spec }) => spec?.nodeName === node.metadata.name && spec.hostNetwork === true).flatMap(({ spec }) => spec?.containers.map(({ command, args }) => ({ ...args, ...command })) ?? []);
  const { labels = {} } = node.metadata;
  const isControlPlane = PROGRAMS.some(name => own.some(({ program }) => program === name)) || 'node-role.kubernetes.io/control-plane' in labels || 'node-role.kubernetes.io/master' in labels;
  const kubelet: NodePort = { program: 'kubelet', port: kubeletPort ?? DEFAULTS.kubelet };
  if (!isControlPlane) return [kubelet];
  const portsOfProgram = (wanted: Program): ListeningPorts | undefined => own.find(({ program }) => program === wanted);
  const secure = (program: 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler'): number => portsOfProgram(program)?.securePort ?? DEFAULTS[program];
  const { clientPorts, peerPorts } = portsOfProgram('etcd') ?? {};
  return [
    kubelet,
    { program: 'kube-apiserver', port: secure('kube-apiserver') },
    { program: 'kube-apiserver', port: secure('kube-apiserver'), serverName: LOOPBACK_NAME },
    { program: 'kube-controller-manager', port: secure('kube-controller-manager') },
    { program: 'kube-scheduler', port: secure('kube-scheduler') },
    ...(clientPorts ?? [DEFAULTS.etcd]).map(port => ({ program: 'etcd' as const, port })),
    ...(withPeers ? (peerPorts ?? [DEFAULTS['etcd-peer']]).map(port => ({ program: 'etcd-peer' as const, port })) : []),
  ];
}
