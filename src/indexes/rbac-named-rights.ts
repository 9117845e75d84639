import { ruleAllows, type PolicyRule } from './rbac-matcher.ts';

/** A right on named objects that leads to just those: the id of the step, and the names. */
export interface NamedRight {
  readonly step: string;
  readonly names: readonly string[];
}

const rbac = 'rbac.authorization.k8s.io';
const kinds = [
  { step: 'secrets-list', verb: 'get', apiGroup: '', resource: 'secrets' },
  { step: 'secrets-list', verb: 'list', apiGroup: '', resource: 'secrets' },
  { step: 'impersonate-users', verb: 'impersonate', apiGroup: '', resource: 'users' },
  { step: 'impersonate-groups', verb: 'impersonate', apiGroup: '', resource: 'groups' },
  { step: 'impersonate-service-accounts', verb: 'impersonate', apiGroup: '', resource: 'serviceaccounts' },
  { step: 'token-request', verb: 'create', apiGroup: '', resource: 'serviceaccounts', subresource: 'token' },
  { step: 'pod-exec', verb: 'create', apiGroup: '', resource: 'pods', subresource: 'exec' },
  { step: 'pod-ephemeral-container', verb: 'patch', apiGroup: '', resource: 'pods', subresource: 'ephemeralcontainers' },
  { step: 'node-proxy', verb: 'get', apiGroup: '', resource: 'nodes', subresource: 'proxy' },
  { step: 'node-proxy', verb: 'create', apiGroup: '', resource: 'nodes', subresource: 'proxy' },
  { step: 'bind-in-cluster', verb: 'bind', apiGroup: rbac, resource: 'clusterroles' },
  { step: 'bind-in-namespace', verb: 'bind', apiGroup: rbac, resource: 'clusterroles' },
] as const;

/** The rights of rules that are limited to names, one for each step and list of names. */
export function namedRights(rules: readonly PolicyRule[]): readonly NamedRight[] {
  const named = rules.filter(rule => (rule.resourceNames ?? []).length > 0);
  return [
    ...named.flatMap(rule => kinds.flatMap(({ step, ...request }) => {
      const names = (rule.resourceNames ?? []).filter(name => ruleAllows(rule, { ...request, name }));
      return names.length === 0 ? [] : [{ step, names }];
    })),
    ...escalations(rules, named),
  ];
}

/** Roles that rules let their holder edit past its own rights. */
function escalations(rules: readonly PolicyRule[], named: readonly PolicyRule[]): NamedRight[] {
  const allows = (verb: string, name: string): boolean => rules.some(rule => ruleAllows(rule, { verb, apiGroup: rbac, resource: 'clusterroles', name }));
  const names = new Set(named.flatMap(rule => rule.resourceNames ?? [])
    .filter(name => allows('escalate', name) && (allows('update', name) || allows('patch', name))));
  return names.size === 0 ? [] : [{ step: 'escalate-clusterrole', names: [...names] }];
}
