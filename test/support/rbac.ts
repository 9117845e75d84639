import { evidenceOf, type Snapshot } from '../../src/evidence/snapshot.ts';
import type { Source } from '../../src/evidence/source.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../src/evidence/sources/rbac.ts';
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

interface ReadBinding {
  readonly kind: string;
  readonly roleRef: { readonly kind: string };
  readonly subjects?: readonly SubjectManifest[];
}

/**
 * For each case, the kinds of role that no binding of interest refers to, so that the case can be judged without them:
 * `answerableWithout` of describeCheck. Only cases of which every binding was read.
 *
 * @param isOfInterest whether a binding could matter to the check, were its role known
 */
export function rolesNobodyNeeds(
  cases: Readonly<Record<string, Snapshot | readonly [Snapshot, ...string[]]>>,
  isOfInterest: (subject: SubjectManifest, bindingKind: string) => boolean = () => true,
): Record<string, readonly Source[]> {
  return Object.fromEntries(Object.entries(cases).map(([name, entry]) => {
    const snapshot = 'sources' in entry ? entry : entry[0];
    const needed = [clusterRoleBindings, roleBindings].flatMap(source => {
      const read = evidenceOf(snapshot, source);
      const bindings = 'value' in read ? (read.value as Omit<ReadBinding, 'kind'>[]) : [];
      return bindings.map(each => ({ ...each, kind: source.read.kind })).filter(hasInterest).map(each => each.roleRef.kind);
    });
    return [name, [roles, clusterRoles].filter(source => !needed.includes(source.read.kind))];
  }));

  function hasInterest({ kind, subjects = [] }: ReadBinding): boolean {
    return subjects.some(subject =>
      ['User', 'Group', 'ServiceAccount'].includes(subject.kind)
      && (subject.kind !== 'ServiceAccount' || subject.namespace !== undefined || kind === 'RoleBinding')
      && isOfInterest(subject, kind));
  }
}

function bound(kind: string, name: string, subjects: readonly SubjectManifest[]): object {
  return { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name }, ...(subjects.length === 0 ? {} : { subjects }) };
}
