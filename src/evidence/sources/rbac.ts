import type { V1ClusterRole, V1ClusterRoleBinding, V1Role, V1RoleBinding } from '@kubernetes/client-node';
import { identity, listSource } from '../source.ts';

const group = 'rbac.authorization.k8s.io/v1';
const rule = { verbs: true, apiGroups: true, resources: true, resourceNames: true, nonResourceURLs: true } as const;
const roleRef = { apiGroup: true, kind: true, name: true } as const;
const subject = { kind: true, name: true, namespace: true, apiGroup: true } as const;

export const clusterRoles = listSource<V1ClusterRole>()({
  id: 'clusterroles',
  title: 'ClusterRoles',
  apiVersion: group,
  kind: 'ClusterRole',
  resource: 'clusterroles',
  namespaced: false,
  projectionVersion: 1,
  // RoleBindings refer to them.
  readWithNamespace: true,
  // The rules of an aggregated role are there already: the controller writes them into the live object.
  fields: { metadata: identity, rules: [rule] },
});

export const roles = listSource<V1Role>()({
  id: 'roles',
  title: 'Roles',
  apiVersion: group,
  kind: 'Role',
  resource: 'roles',
  namespaced: true,
  projectionVersion: 1,
  fields: { metadata: identity, rules: [rule] },
});

export const clusterRoleBindings = listSource<V1ClusterRoleBinding>()({
  id: 'clusterrolebindings',
  title: 'ClusterRoleBindings',
  apiVersion: group,
  kind: 'ClusterRoleBinding',
  resource: 'clusterrolebindings',
  namespaced: false,
  projectionVersion: 1,
  fields: { metadata: identity, roleRef, subjects: [subject] },
});

export const roleBindings = listSource<V1RoleBinding>()({
  id: 'rolebindings',
  title: 'RoleBindings',
  apiVersion: group,
  kind: 'RoleBinding',
  resource: 'rolebindings',
  namespaced: true,
  projectionVersion: 1,
  fields: { metadata: identity, roleRef, subjects: [subject] },
});
