import type { V1Pod } from '@kubernetes/client-node';
import { readCommandFlags } from '../command-flags.ts';
import { listSource } from '../list-source.ts';

/**
 * Programs of the control plane that run as static pods, by the label that kubeadm (kind, minikube), RKE2, Talos and their
 * kin give them: how they are started, which directories of their node they use, and since when they run.
 */
export const controlPlanePods = listSource<V1Pod>()({
  id: 'controlplanepods',
  title: 'control-plane Pods',
  apiVersion: 'v1',
  kind: 'Pod',
  resource: 'pods',
  namespaced: true,
  namespace: 'kube-system',
  labelSelector: 'tier=control-plane',
  projectionVersion: 1,
  fields: {
    metadata: { name: true, namespace: true, labels: componentOf, annotations: isMirror },
    spec: {
      nodeName: true,
      hostNetwork: true,
      containers: [{ command: readCommandFlags, args: readCommandFlags }],
      volumes: [{ hostPath: { path: certificatePath, type: true } }],
    },
    status: { containerStatuses: [{ state: { running: { startedAt: true } } }] },
  },
});

/** One such Pod as this source keeps it. */
export type ControlPlanePod = NonNullable<(typeof controlPlanePods)['evidence']>[number];

/** What a kubelet made from a file. Only that is a program of the control plane: anybody may give a pod the label. */
export function staticPods(pods: readonly ControlPlanePod[]): readonly ControlPlanePod[] {
  return pods.filter(({ metadata }) => metadata.annotations === true);
}

/** The API servers among them, however they are started. */
export function apiServerPods(pods: readonly ControlPlanePod[]): readonly ControlPlanePod[] {
  return staticPods(pods).filter(({ metadata }) => metadata.labels?.component === 'kube-apiserver');
}

/** The directories of certificates that a pod mounts; of a mounted file its directory. */
export function certificateDirectories({ spec }: ControlPlanePod): readonly string[] {
  const found = (spec?.volumes ?? []).flatMap(({ hostPath: { path, type } = {} }) =>
    path === undefined ? [] : type?.startsWith('File') === true ? path.replace(/\/[^/]*$/, '') : path.replace(/\/$/, ''));
  return [...new Set(found)].sort();
}

/** Which component of the control plane it is. */
function componentOf(labels: { readonly [name: string]: string }): { readonly component?: string } {
  const component: unknown = labels['component'];
  return typeof component === 'string' && /^[a-z][a-z0-9-]{0,62}$/.test(component) ? { component } : {};
}

/** Whether the kubelet made it from a file, and nothing else of its annotations. */
function isMirror(annotations: { readonly [name: string]: string }): boolean {
  return typeof annotations['kubernetes.io/config.mirror'] === 'string';
}

/** What holds the authorities of the operating system, or data, and no certificate of the cluster. */
const NOT_OURS = /^\/(etc\/(ssl\/certs|ca-certificates|pki)|usr|var\/lib\/etcd|var\/log|var\/db)(\/|$)|flexvolume|volume\/exec|\/manifests(\/|$)|\/db(\/|$)/;

/** A path that certificates may lie below; of any other mount nothing stays. */
function certificatePath(path: string): string | undefined {
  return typeof path === 'string' && !NOT_OURS.test(path) && /kube|pki|tls|cert|ssl|rancher/.test(path) ? path : undefined;
}
