import { lstatSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { runProgram, type CommandResult } from '../run-program.ts';
import { nodeEnvironment, runInNode } from './node.ts';
import type { ClusterPrograms } from './programs.ts';

/** All there is to know of a kubeadm cluster, as plain data: whoever reads its cluster.json can use the cluster. */
export interface KubeadmClusterDescription {
  readonly dir: string;
  /** The process that owns the cluster; a SIGTERM to it ends the cluster. */
  readonly supervisor: number;
  /** Of Kubernetes, such as `v1.37.1`. */
  readonly version: string;
  /** The API server's, reachable from this machine. */
  readonly url: string;
  /** kubeadm's own: `admin` of kubeadm:cluster-admins, `superAdmin` of system:masters. */
  readonly kubeconfig: { readonly admin: string; readonly superAdmin: string };
  readonly programs: Pick<ClusterPrograms, 'kubectl' | 'kubelet' | 'containerd'>;
  /** The control-plane node first. */
  readonly nodes: readonly NodeDescription[];
}

export interface NodeDescription {
  readonly name: string;
  readonly role: 'control-plane' | 'worker';
  /** Its InternalIP, reachable from this machine. */
  readonly address: string;
  /** Its first process, by this machine's count. */
  readonly initPid: number;
  /** The folder under which its /etc/kubernetes, /var/lib/kubelet and /var/lib/etcd lie on this machine. */
  readonly files: string;
  /** The file with its kubelet's configuration. */
  readonly kubeletConfig: string;
}

/** A node that can be entered. */
export interface ClusterNode extends NodeDescription {
  /** The path, on this machine, of a file in the node, such as `/etc/kubernetes/pki/ca.crt`; where a symbolic link leads, if it is one. */
  path(inNode: string): string;
  /** Runs a command in the node's namespaces to its end; a failure is its exit code. */
  run(command: readonly string[], options?: { readonly input?: string | undefined }): Promise<CommandResult>;
}

/** A cluster and what can be done with it, but not its end: that is for whoever started it. */
export interface OpenedCluster extends KubeadmClusterDescription {
  readonly nodes: readonly ClusterNode[];
  /** The node with this name; throws if there is none. */
  node(name: string): ClusterNode;
  /** Runs kubectl to its end, as the admin unless told otherwise; a failure is its exit code, not an exception. */
  kubectl(args: readonly string[], options?: { readonly kubeconfig?: string | undefined; readonly input?: string | undefined }): Promise<CommandResult>;
}

/** Makes a description usable. */
export function openKubeadmCluster(description: KubeadmClusterDescription): OpenedCluster {
  const { programs, dir, kubeconfig } = description;
  const nodes = description.nodes.map((node): ClusterNode => ({
    ...node,
    path: inNode => pathInNode(node, inNode),
    run: (command, { input } = {}) => runInNode(node.initPid, nodeEnvironment(programs), command, input),
  }));
  return {
    ...description,
    nodes,
    node(name) {
      const found = nodes.find(node => node.name === name);
      if (found === undefined) throw new Error(`The cluster has no node ${name}; it has ${nodes.map(node => node.name).join(', ')}.`);
      return found;
    },
    kubectl: (args, { kubeconfig: chosen = kubeconfig.admin, input } = {}) =>
      runProgram(programs.kubectl, args, { KUBECONFIG: chosen, KUBECACHEDIR: path.join(dir, 'kubectl-cache'), NO_PROXY: '*' }, input),
  };
}

/** A link in a node leads to a place in the node, so that from outside it leads nowhere: kubelet-client-current.pem is one. */
function pathInNode(node: NodeDescription, inNode: string): string {
  const outside = path.join(node.files, inNode);
  const isLink = lstatSync(outside, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
  return isLink ? pathInNode(node, path.resolve(path.dirname(inNode), readlinkSync(outside))) : outside;
}
