import type { Manifest } from './cluster.ts';

/** A static pod of the control plane as the kubelet of a node shows it to the API server (kubeadm's labels). */
export function staticPod(program: string, node: string, ...flags: readonly string[]): Manifest {
  return {
    apiVersion: 'v1', kind: 'Pod',
    metadata: { name: `${program}-${node}`, namespace: 'kube-system', labels: { component: program, tier: 'control-plane' }, annotations: { 'kubernetes.io/config.source': 'file', 'kubernetes.io/config.mirror': 'x' } } as Manifest['metadata'],
    spec: { nodeName: node, containers: [{ name: program, image: 'i', command: [program, ...flags] }] },
  };
}
