/**
 * What an RBAC rule allows, exactly as the API server decides it: pkg/apis/rbac/v1/evaluation_helpers.go and
 * plugin/pkg/auth/authorizer/rbac/rbac.go of kubernetes, auth/rbac/validation/policy_comparator.go of component-helpers.
 */

/** A rule of a Role or ClusterRole. A list that is missing is an empty one, and allows nothing. */
export interface PolicyRule {
  readonly verbs?: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  /** Empty or missing: any name. */
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

/** A request for a resource. The core group is the empty string; a version is no part of it. */
export interface ResourceRequest {
  readonly verb: string;
  readonly apiGroup: string;
  readonly resource: string;
  readonly subresource?: string;
  /** Absent where the request names no object: create by POST, deletecollection, list and watch without a selector on the name. */
  readonly name?: string;
  readonly namespace?: string;
}

/** A request for a path that is no resource; the verb is the HTTP method in lower case. */
interface NonResourceRequest {
  readonly verb: string;
  readonly nonResourceURL: string;
}

export type AccessRequest = ResourceRequest | NonResourceRequest;

export function isResourceRequest(request: AccessRequest): request is ResourceRequest {
  return !('nonResourceURL' in request);
}

/**
 * Whether one rule allows a request. Lists of two rules are never mixed, and letter case counts. Where the binding
 * stands is the caller's question.
 */
export function ruleAllows(rule: PolicyRule, request: AccessRequest): boolean {
  if (!has(rule.verbs, '*') && !has(rule.verbs, request.verb)) return false;
  if (!isResourceRequest(request)) {
    return (rule.nonResourceURLs ?? []).some(url => urlCovers(url, request.nonResourceURL));
  }
  const { apiGroup, resource, subresource, name } = request;
  return (has(rule.apiGroups, '*') || has(rule.apiGroups, apiGroup))
    && resourceMatches(rule, resource, subresource)
    && nameMatches(rule, name);
}

/** Whether a list holds exactly this string; a missing list is an empty one. */
export function has(list: readonly string[] | undefined, value: string): boolean {
  return list?.includes(value) === true;
}

/** `*` covers every subresource too. No other form is a pattern: `pods/*` is a string that no request carries. */
function resourceMatches({ resources }: PolicyRule, resource: string, subresource = ''): boolean {
  if (has(resources, '*')) return true;
  if (subresource === '') return has(resources, resource);
  return has(resources, `${resource}/${subresource}`) || has(resources, `*/${subresource}`);
}

/** A star is no pattern here. A request without a name matches no list of names. */
function nameMatches({ resourceNames = [] }: PolicyRule, name = ''): boolean {
  return resourceNames.length === 0 || resourceNames.includes(name);
}

/** A star at the end stands for any rest, the empty one included; anywhere else it is an ordinary character. */
function urlCovers(owner: string, url: string): boolean {
  return owner === url || (owner.endsWith('*') && url.startsWith(owner.replace(/\*+$/, '')));
}

/** Whether everything that one set of rules allows, the other allows too. The API server's own test against escalation. */
export function covers(owner: readonly PolicyRule[], servant: readonly PolicyRule[]): boolean {
  return servant.every(rule => coversRule(owner, rule));
}

/**
 * Whether rules allow everything that one rule allows. The rule is broken into single tuples of group, resource, verb
 * and name, and each must be covered by one owner rule alone. A star is only covered by a star, since it also means
 * what does not exist yet.
 */
export function coversRule(owner: readonly PolicyRule[], servant: PolicyRule): boolean {
  const { verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = servant;
  const names = resourceNames.length === 0 ? [undefined] : resourceNames;
  return verbs.every(verb =>
    nonResourceURLs.every(url => owner.some(rule => coversUrl(rule, verb, url)))
    && apiGroups.every(group => resources.every(resource => names.every(name =>
      owner.some(rule => coversTuple(rule, verb, group, resource, name))))));
}

function coversTuple(rule: PolicyRule, verb: string, group: string, resource: string, name: string | undefined): boolean {
  return coversVerb(rule, verb)
    && (has(rule.apiGroups, '*') || has(rule.apiGroups, group))
    && coversResource(rule, resource)
    && coversName(rule, name);
}

function coversUrl(rule: PolicyRule, verb: string, url: string): boolean {
  return coversVerb(rule, verb)
    && (rule.nonResourceURLs ?? []).some(owner => urlCovers(owner, url))
    // A rule with names covers no tuple without a name, and a URL has none.
    && (rule.resourceNames ?? []).length === 0;
}

function coversVerb({ verbs }: PolicyRule, verb: string): boolean {
  return has(verbs, '*') || has(verbs, verb);
}

function coversResource({ resources }: PolicyRule, resource: string): boolean {
  if (has(resources, '*') || has(resources, resource)) return true;
  const slash = resource.indexOf('/');
  return slash >= 0 && has(resources, `*/${resource.slice(slash + 1)}`);
}

function coversName({ resourceNames = [] }: PolicyRule, name: string | undefined): boolean {
  return resourceNames.length === 0 || (name !== undefined && resourceNames.includes(name));
}
