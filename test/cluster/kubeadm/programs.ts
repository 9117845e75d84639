import path from 'node:path';
import { controlPlaneBinaries, controlPlaneVersion, type ControlPlaneBinaries } from '../binaries.ts';
import { builtPrograms, kubernetesBuildFlags, requiredVersion } from '../go-programs.ts';

type NodeProgram = 'kubelet' | 'kubeadm' | 'kube-scheduler' | 'kube-proxy' | 'pause';
type ContainerdProgram = 'containerd' | 'containerd-shim-runc-v2' | 'ctr';

/** Absolute paths of all that is built for a kubeadm cluster; all of it is linked statically. */
export type ClusterPrograms = ControlPlaneBinaries & Readonly<Record<NodeProgram | ContainerdProgram, string>>;

/**
 * The programs of a kubeadm cluster, from the cache or built. Those of a control plane alone come from their own module,
 * so that whoever needs no nodes does not build a kubelet. containerd has a module of its own because it and Kubernetes
 * would raise each other's dependencies.
 *
 * @throws if one cannot be built.
 */
export async function clusterPrograms(): Promise<ClusterPrograms> {
  const version = controlPlaneVersion();
  const nodePrograms = path.join(import.meta.dirname, 'node-programs');
  const containerd = path.join(import.meta.dirname, 'containerd');
  // One after the other: a link takes 2 GB.
  return {
    ...await controlPlaneBinaries(),
    ...await builtPrograms<NodeProgram>({
      name: 'node-programs',
      title: 'nodes',
      version,
      moduleDir: nodePrograms,
      flags: kubernetesBuildFlags(version),
      packages: {
        kubelet: 'k8s.io/kubernetes/cmd/kubelet',
        kubeadm: 'k8s.io/kubernetes/cmd/kubeadm',
        'kube-scheduler': 'k8s.io/kubernetes/cmd/kube-scheduler',
        'kube-proxy': 'k8s.io/kubernetes/cmd/kube-proxy',
        pause: './pause',
      },
    }),
    ...await builtPrograms<ContainerdProgram>({
      name: 'containerd',
      title: 'containerd',
      version: requiredVersion(containerd, 'github.com/containerd/containerd/v2'),
      moduleDir: containerd,
      // What is left out wants C headers, and no node uses it.
      flags: ['-trimpath', '-tags', 'no_btrfs,no_devmapper,no_zfs', '-ldflags', '-s -w'],
      packages: {
        containerd: 'github.com/containerd/containerd/v2/cmd/containerd',
        'containerd-shim-runc-v2': 'github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2',
        ctr: 'github.com/containerd/containerd/v2/cmd/ctr',
      },
    }),
  };
}
