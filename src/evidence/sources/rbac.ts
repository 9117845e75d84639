import type { V1ClusterRole, V1ClusterRoleBinding, V1Role, V1RoleBinding } from '@kubernetes/client-node';
import { identity, listSource } from '../list-source.ts';

const group = 'rbac.authorization.k8s.io/v1';
const rule = { verbs: true, apiGroups: true, resources: true, resourceNames: true, nonResourceURLs: true } as const;
const roleRef = { apiGroup: true, kind: true, name: true } as const;
const metadata = { ...identity, annotations: keepAutoupdate } as const;
const subject = { kind: true, name: true, namespace: true, apiGroup: true } as const;

export const clusterRoles = listSource<V1ClusterRole>()({
  id: 'clusterroles',
  title: 'ClusterRoles',
  apiVersion: group,
  kind: 'ClusterRole',
  resource: 'clusterroles',
  namespaced: false,
  projectionVersion: 2,
  // RoleBindings refer to them.
  readWithNamespace: true,
  // The rules of an aggregated role are there already: the controller writes them into the live object.
  fields: {
    metadata: { ...metadata, labels: keepAggregationLabels },
    rules: [rule],
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: true }] },
  },
});

export const roles = listSource<V1Role>()({
  id: 'roles',
  title: 'Roles',
  apiVersion: group,
  kind: 'Role',
  resource: 'roles',
  namespaced: true,
  projectionVersion: 2,
  fields: { metadata, rules: [rule] },
});

export const clusterRoleBindings = listSource<V1ClusterRoleBinding>()({
  id: 'clusterrolebindings',
  title: 'ClusterRoleBindings',
  apiVersion: group,
  kind: 'ClusterRoleBinding',
  resource: 'clusterrolebindings',
  namespaced: false,
  projectionVersion: 2,
  fields: { metadata, roleRef, subjects: [subject] },
});

export const roleBindings = listSource<V1RoleBinding>()({
  id: 'rolebindings',
  title: 'RoleBindings',
  apiVersion: group,
  kind: 'RoleBinding',
  resource: 'rolebindings',
  namespaced: true,
  projectionVersion: 2,
  fields: { metadata, roleRef, subjects: [subject] },
});

/** Labels that put the rules of a ClusterRole into another. No other label is kept. */
function keepAggregationLabels(labels: { readonly [name: string]: string }): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).filter(([name, value]) => /aggregat/i.test(name) && typeof value === 'string'));
}

const AUTOUPDATE = 'rbac.authorization.kubernetes.io/autoupdate';

/** Whether the API server keeps its own roles and bindings as they were; present only where somebody said so. */
function keepAutoupdate(annotations: { readonly [name: string]: string }): Readonly<Record<string, string>> {
  const value: unknown = annotations[AUTOUPDATE];
  return typeof value === 'string' ? { [AUTOUPDATE]: value } : {};
}
