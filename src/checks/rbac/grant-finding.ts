import { apiGroupOf, formatRef, type ResourceRef } from '../../evidence/resource-ref.ts';
import { formatSubject } from '../../evidence/subject.ts';
import type { BoundTo, Grant, RbacGrants } from '../../indexes/rbac-grants.ts';
import { platformOf } from '../../indexes/rbac-expected.ts';
import { unknownTarget, type Argv, type EvidenceItem, type Finding, type Severity, type UnknownTarget } from '../define-check.ts';

/**
 * The grants to judge, and as unknown targets what might hide more: bindings whose role could not be read, and lists of
 * bindings that could not be read. A binding to a role that does not exist grants nothing, and is no target.
 *
 * @param canMatter whether a binding could give a finding, were its role known
 */
export function* grantTargets(
  rbac: Pick<RbacGrants, 'grants' | 'unresolved' | 'unread'>,
  canMatter: (bound: BoundTo) => boolean = () => true,
): Iterable<Grant | UnknownTarget> {
  yield* rbac.grants;
  // Judged too: whatever the role says, there is no finding.
  yield* rbac.unresolved.filter(each => !canMatter(each)).map(each => ({ ...each, rules: [] }));
  const unresolved = Map.groupBy(rbac.unresolved.filter(canMatter), each => formatRef(each.binding));
  for (const [binding, subjects] of unresolved) yield unknownTarget(binding, subjects[0]?.gaps ?? []);
  for (const { of, gaps } of rbac.unread) yield unknownTarget(of, gaps);
}

/** A finding about one subject of one binding; of severity info where the platform itself put the grant there. */
export function grantFinding(
  grant: Grant,
  verdict: { readonly severity: Severity; readonly message: string; readonly ruleIndexes: readonly number[] },
): Finding {
  const { binding, subject } = grant;
  const about = {
    resource: binding,
    subject,
    message: verdict.message,
    evidence: evidenceOf(grant, verdict.ruleIndexes),
    cause: `${binding.kind} ${binding.namespace === undefined ? '' : `${binding.namespace}/`}${binding.name}`,
  };
  return platformOf(grant) === undefined
    ? { ...about, severity: verdict.severity, ...fixOf(grant) }
    : { ...about, severity: 'info', origin: 'platform' };
}

/** `in the whole cluster`, `in namespace shop`. */
export function reachWords({ namespace }: BoundTo): string {
  return namespace === undefined ? 'in the whole cluster' : `in namespace ${namespace}`;
}

/** `Group/sre, through ClusterRole/ops`: how a message ends. */
export function throughRole(grant: Grant): string {
  return `${formatSubject(grant.subject)}, through ${formatRef(grant.role)}`;
}

/** The subject's entry in the binding, and rules of the role. */
export function evidenceOf({ binding, entries, subjectIndexes, role, rules, outside }: Grant, ruleIndexes: readonly number[]): Finding['evidence'] {
  if (outside !== undefined) return [{ resource: binding, ...outside, grade: 'inferred' }];
  const [first] = subjectIndexes;
  return [itemOf(binding, `subjects[${first}]`, entries[first]), ...ruleIndexes.map(at => itemOf(role, `rules[${at}]`, rules[at]))];
}

/** A value in a role or binding, with the command that shows it. */
export function itemOf(resource: ResourceRef, path: string, value: unknown): EvidenceItem {
  const reproduce = ['kubectl', 'get', ...whereOf(resource), '-o', `jsonpath={.${path}}`, '--', resource.name];
  return { resource, path, value, grade: 'exact', reproduce };
}

/** How to take the grant away, where a binding gives it. */
export function fixOf(grant: Grant): Pick<Finding, 'fix'> {
  return grant.outside === undefined ? { fix: [removalOf(grant)] } : {};
}

/**
 * The command that takes the subject out of the binding. Each entry is tested before any is removed, so that a binding
 * that has changed meanwhile is left alone; and the last is removed first, so that places do not move.
 */
function removalOf({ binding, entries, subjectIndexes }: Grant): Argv {
  if (subjectIndexes.length === entries.length) return ['kubectl', 'delete', ...whereOf(binding), '--', binding.name];
  const patch = [
    ...subjectIndexes.map(at => ({ op: 'test', path: `/subjects/${at}`, value: entries[at] })),
    ...subjectIndexes.toReversed().map(at => ({ op: 'remove', path: `/subjects/${at}` })),
  ];
  return ['kubectl', 'patch', ...whereOf(binding), '--type=json', '-p', JSON.stringify(patch), '--', binding.name];
}

/** How kubectl is told of the kind and namespace of an object. */
export function whereOf({ apiVersion, kind, namespace }: ResourceRef): string[] {
  const group = apiGroupOf(apiVersion);
  // Of the kinds that are cited here only Ingress has a plural of its own.
  const plural = `${kind.toLowerCase()}${kind.endsWith('s') ? 'es' : 's'}`;
  return [group === '' ? plural : `${plural}.${group}`, ...(namespace === undefined ? [] : ['-n', namespace])];
}
