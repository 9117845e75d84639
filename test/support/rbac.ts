import type { Manifest } from './cluster.ts';

const apiVersion = 'rbac.authorization.k8s.io/v1';

/** A rule as a manifest has it. */
export interface RuleManifest {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

/** A subject as a manifest has it. */
export interface SubjectManifest {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

export function clusterRole(name: string, ...rules: readonly RuleManifest[]): Manifest {
  return { apiVersion, kind: 'ClusterRole', metadata: { name }, rules };
}

export function role(namespace: string, name: string, ...rules: readonly RuleManifest[]): Manifest {
  return { apiVersion, kind: 'Role', metadata: { namespace, name }, rules };
}

export function clusterRoleBinding(name: string, roleName: string, ...subjects: readonly SubjectManifest[]): Manifest {
  return { apiVersion, kind: 'ClusterRoleBinding', metadata: { name }, ...bound('ClusterRole', roleName, subjects) };
}

/** A RoleBinding to a Role of its namespace. */
export function roleBinding(namespace: string, name: string, roleName: string, ...subjects: readonly SubjectManifest[]): Manifest {
  return { apiVersion, kind: 'RoleBinding', metadata: { namespace, name }, ...bound('Role', roleName, subjects) };
}

/** A RoleBinding to a ClusterRole. */
export function roleBindingToClusterRole(
  namespace: string,
  name: string,
  roleName: string,
  ...subjects: readonly SubjectManifest[]
): Manifest {
  return { apiVersion, kind: 'RoleBinding', metadata: { namespace, name }, ...bound('ClusterRole', roleName, subjects) };
}

export function user(name: string): SubjectManifest {
  return { kind: 'User', name };
}

export function group(name: string): SubjectManifest {
  return { kind: 'Group', name };
}

/** Without a namespace, as a RoleBinding may have it. */
export function serviceAccount(name: string, namespace?: string): SubjectManifest {
  return namespace === undefined ? { kind: 'ServiceAccount', name } : { kind: 'ServiceAccount', namespace, name };
}

/** A rule on resources. */
export function on(apiGroups: readonly string[], resources: readonly string[], ...verbs: readonly string[]): RuleManifest {
  return { apiGroups, resources, verbs };
}

function bound(kind: string, name: string, subjects: readonly SubjectManifest[]): object {
  return { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name }, ...(subjects.length === 0 ? {} : { subjects }) };
}
