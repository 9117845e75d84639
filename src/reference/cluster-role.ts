import { policyRules, type PolicyRule } from '../engine/policy-rules.ts';
import type { Source } from '../evidence/source.ts';

/** A ClusterRole as plain data, ready for YAML. */
export interface ClusterRole {
  readonly apiVersion: 'rbac.authorization.k8s.io/v1';
  readonly kind: 'ClusterRole';
  readonly metadata: { readonly name: string };
  readonly rules: readonly PolicyRule[];
}

/** The least a principal must be allowed for these sources to be read: the base role, or one add-on role. */
export function clusterRoleFor(name: string, sources: Iterable<Source>, addOnRole?: Source['addOnRole']): ClusterRole {
  const permissions = [...sources].filter(source => source.addOnRole === addOnRole).flatMap(source => source.permissions);
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules: policyRules(permissions) };
}
