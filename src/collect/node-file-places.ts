import { isMountable } from '../cluster/node-files-pod.ts';
import { certificateDirectories, staticPods, type ControlPlanePod } from '../evidence/sources/control-plane.ts';
import type { NodeEvidence } from '../evidence/sources/platform.ts';

/** What is mounted of a node and what of that is walked. */
export interface NodeFilePlaces {
  readonly directories: readonly string[];
  readonly walks: readonly { readonly path: string; readonly depth: number }[];
}

type Walk = NodeFilePlaces['walks'][number];

/** Of the kubelet's directory only what it holds itself: below it are volumes of pods, which are nobody's business here. */
const KUBELET: readonly Walk[] = [{ path: '/var/lib/kubelet', depth: 1 }, { path: '/var/lib/kubelet/pki', depth: 2 }];

/** kubeadm, kind, minikube and kubespray: kubeconfigs, `pki` or `ssl`, and what upgrades put aside. */
const KUBEADM: Walk = { path: '/etc/kubernetes', depth: 5 };

/**
 * Where the certificates of a node lie. A directory that is not there keeps the pod from starting, so only those are named
 * that must be: the kubelet's own, those that static pods of that very node mount, and those that the distribution is
 * known to make on each of its nodes. Sources: kubeadm constants.go, k3s `pkg/daemons/control/deps/deps.go`.
 * @param all control-plane pods of the whole cluster
 */
export function nodeFilePlaces(node: NodeEvidence, all: readonly ControlPlanePod[]): NodeFilePlaces {
  const mirrors = staticPods(all);
  const own = mirrors.filter(({ spec }) => spec?.nodeName === node.metadata.name).flatMap(certificateDirectories);
  const rancher = /\+(k3s|rke2)/.exec(node.status?.nodeInfo?.kubeletVersion ?? '')?.[1];
  const walks: Walk[] = [...KUBELET];
  if (rancher !== undefined) walks.push(...rancherWalks(`/var/lib/rancher/${rancher}`, rancher, isControlPlane(node)));
  // Where one control-plane node is kubeadm's, each node was joined by it and has its kubeconfig there.
  if (mirrors.some(pod => certificateDirectories(pod).some(path => isBelow(path, KUBEADM.path)))) walks.push(KUBEADM);
  walks.push(...own.filter(path => isMountable(path) && !walks.some(known => isBelow(path, known.path))).map(path => ({ path, depth: 3 })));
  const paths = [...new Set(walks.map(({ path }) => path))].sort();
  return { directories: paths.filter(path => !paths.some(other => other !== path && isBelow(path, other))), walks };
}

function rancherWalks(root: string, name: string, isServer: boolean): Walk[] {
  const agent = { path: `${root}/agent`, depth: 1 };
  return isServer ? [agent, { path: `${root}/server/tls`, depth: 3 }, { path: `${root}/server/cred`, depth: 1 }, { path: `/etc/rancher/${name}`, depth: 1 }] : [agent];
}

/** Whether it says so itself, by the label that its distribution gives. */
export function isControlPlane({ metadata: { labels = {} } }: NodeEvidence): boolean {
  return 'node-role.kubernetes.io/control-plane' in labels || 'node-role.kubernetes.io/master' in labels;
}

/** One directory and what is walked of it: for a pod of its own, where all together did not start. */
export function placesOf({ walks }: NodeFilePlaces, directory: string): NodeFilePlaces {
  return { directories: [directory], walks: walks.filter(({ path }) => isBelow(path, directory)) };
}

function isBelow(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}
