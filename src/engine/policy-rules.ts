import type { Permission } from '../evidence/gap.ts';

/** One rule of a Role or ClusterRole, ready for YAML. */
export interface PolicyRule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

/** Every authenticated user may ask about itself, through the built-in role system:basic-user. */
const GRANTED_TO_EVERYBODY = new Set(['authentication.k8s.io/selfsubjectreviews', 'authorization.k8s.io/selfsubjectaccessreviews']);

/** Permissions as the fewest rules, in a fixed order. A namespace is dropped: a ClusterRole cannot name one. */
export function policyRules(permissions: readonly Permission[]): PolicyRule[] {
  const groups = new Map<string, { rule: PolicyRule; resources: Set<string> }>();
  const urls = new Map<string, Set<string>>();
  for (const permission of permissions) {
    if ('nonResourceURL' in permission) {
      urls.set(permission.verb, (urls.get(permission.verb) ?? new Set()).add(permission.nonResourceURL));
      continue;
    }
    const { apiGroup, resource, verb, resourceName } = permission;
    if (GRANTED_TO_EVERYBODY.has(`${apiGroup}/${resource}`)) continue;
    const key = JSON.stringify([apiGroup, verb, resourceName ?? '']);
    const group = groups.get(key) ?? {
      rule: { apiGroups: [apiGroup], ...(resourceName === undefined ? {} : { resourceNames: [resourceName] }), verbs: [verb] },
      resources: new Set<string>(),
    };
    group.resources.add(resource);
    groups.set(key, group);
  }
  const resourceRules = [...groups.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { rule, resources }]) => ({
      ...(rule.apiGroups === undefined ? {} : { apiGroups: rule.apiGroups }),
      resources: [...resources].sort(),
      ...(rule.resourceNames === undefined ? {} : { resourceNames: rule.resourceNames }),
      verbs: rule.verbs,
    }));
  const urlRules = [...urls.entries()].map(([verb, paths]) => ({ nonResourceURLs: [...paths].sort(), verbs: [verb] }));
  return [...resourceRules, ...urlRules];
}
