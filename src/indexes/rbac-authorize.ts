import type { Gap } from '../evidence/gap.ts';
import type { Grant, RbacGrants } from './rbac-grants.ts';
import { isMatch, type Identity } from './rbac-identity.ts';
import { isResourceRequest, ruleAllows, type AccessRequest, type PolicyRule } from './rbac-matcher.ts';

/** RBAC's answer. It never forbids: another authorizer may still allow what is denied here. */
export type Authorization =
  | {
      readonly answer: 'allowed';
      /** The grant and the rule; absent for system:masters, which needs neither. */
      readonly by?: { readonly grant: Grant; readonly rule: PolicyRule; readonly ruleIndex: number };
    }
  | { readonly answer: 'denied' }
  /** Nothing that was read allows it, and something that was not read might. */
  | { readonly answer: 'unknown'; readonly gaps: readonly Gap[] };

/**
 * What RBAC says to a request, in the order of upstream: ClusterRoleBindings, then RoleBindings of the request's
 * namespace. Paths that are no resources have no namespace, so only ClusterRoleBindings count for them. Members of
 * system:masters are let through before any authorizer is asked.
 */
export function authorize(rbac: RbacGrants, identity: Identity, request: AccessRequest): Authorization {
  if (identity.groups.includes('system:masters')) return { answer: 'allowed' };
  const namespace = namespaceOf(request);
  const isAsked = (bound: { readonly namespace?: string }): boolean =>
    bound.namespace === undefined || bound.namespace === namespace;

  for (const grant of inOrder(rbac.grants)) {
    if (!isAsked(grant) || !isMatch(grant.subject, identity)) continue;
    const ruleIndex = grant.rules.findIndex(rule => ruleAllows(rule, request));
    const rule = grant.rules[ruleIndex];
    if (rule !== undefined) return { answer: 'allowed', by: { grant, rule, ruleIndex } };
  }

  const gaps = [
    ...rbac.unresolved.filter(each => isAsked(each) && isMatch(each.subject, identity)).flatMap(each => each.gaps),
    ...[...rbac.unread, ...rbac.outOfScope]
      .filter(each => each.isClusterWide || namespace !== undefined)
      .flatMap(each => each.gaps),
    ...otherNamespace(rbac, namespace),
  ];
  return gaps.length === 0 ? { answer: 'denied' } : { answer: 'unknown', gaps: [...new Set(gaps)] };
}

/**
 * The namespace that the API server looks for RoleBindings in. A request for one Namespace object is a request in that
 * namespace (apiserver pkg/endpoints/request/requestinfo.go); a list or watch has its name from a field selector, and
 * has no namespace.
 */
export function namespaceOf(request: AccessRequest): string | undefined {
  if (!isResourceRequest(request)) return undefined;
  const { namespace, resource, apiGroup, verb, name } = request;
  if (namespace !== undefined && namespace !== '') return namespace;
  const isOneNamespace = apiGroup === '' && resource === 'namespaces' && verb !== 'list' && verb !== 'watch';
  return isOneNamespace && name !== '' ? name : undefined;
}

function inOrder(grants: readonly Grant[]): readonly Grant[] {
  return [...grants.filter(grant => grant.namespace === undefined), ...grants.filter(grant => grant.namespace !== undefined)];
}

function otherNamespace(rbac: RbacGrants, asked: string | undefined): Gap[] {
  if (rbac.namespace === undefined || asked === undefined || asked === rbac.namespace) return [];
  const detail = `RoleBindings in namespace ${asked} were not read, since only namespace ${rbac.namespace} was asked for`;
  return [{ kind: 'outOfScope', reason: 'namespaceOnly', detail }];
}
