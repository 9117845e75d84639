/** Points at one API object. `namespace` is absent for cluster-scoped objects. */
export interface ResourceRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

/** The API group of an apiVersion: empty for the core group. */
export function apiGroupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** `Kind/name` or `Kind/namespace/name`, for messages, sorting and exception files. */
export function formatRef(ref: ResourceRef): string {
  return ref.namespace === undefined ? `${ref.kind}/${ref.name}` : `${ref.kind}/${ref.namespace}/${ref.name}`;
}

/**
 * The API server as a thing that findings are about. It is no API object, so the group is ours; one reference for all
 * replicas, because their names do not survive a restart and would open new tickets.
 */
export const apiServerRef: ResourceRef = { apiVersion: 'secaudit/v1', kind: 'Component', name: 'kube-apiserver' };

/** The kubeconfig as a thing that findings are about; it is no API object, so the group is ours. */
export const kubeconfigRef: ResourceRef = componentRef('kubeconfig');

/** A component of the control plane or of a node, as a thing that findings are about. */
export function componentRef(name: string): ResourceRef {
  return { apiVersion: 'secaudit/v1', kind: 'Component', name };
}
