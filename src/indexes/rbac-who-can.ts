import { attempt, defineIndex, type Index } from '../evidence/need.ts';
import { formatRef, type ResourceRef } from '../evidence/resource-ref.ts';
import { formatSubject, type Subject } from '../evidence/subject.ts';
import { platformOf } from './rbac-expected.ts';
import { rbacGrants, type Grant, type RbacGrants } from './rbac-grants.ts';
import { ruleAllows, type AccessRequest, type PolicyRule } from './rbac-matcher.ts';
import { compareText, rowsOf, unseenOf, type Unseen } from './rbac-rows.ts';
import { NAMES, type RbacRows } from './rbac-view.ts';
import { apiCatalogue } from './api-catalogue.ts';
import type { AskedResource } from './resource-words.ts';

/** A path of the API server that is no resource, such as `/metrics`. */
interface AskedPath {
  readonly verb: string;
  readonly nonResourceURL: string;
  readonly notes: readonly string[];
}

/** Who can do this, in one namespace or anywhere. */
export type WhoCanQuestion = (AskedResource | AskedPath) & { readonly namespace?: string };

/** How one binding lets somebody do it. */
export interface Way {
  readonly binding: ResourceRef;
  readonly role: ResourceRef;
  readonly ruleIndex: number;
}

/** One subject that can, with one reach. */
export interface WhoCanRow {
  readonly subject: Subject;
  /** Whom the subject stands for, where that is not its name: `every service account of namespace shop`. */
  readonly covers?: string;
  /** Where: absent for everywhere. */
  readonly namespaces?: RbacRows<string>;
  /** Only these objects, and only in requests that name one; absent for all. */
  readonly names?: RbacRows<string>;
  /** Empty for members of system:masters, who are let through before RBAC is asked. */
  readonly through: RbacRows<Way>;
  /** The platform itself made every one of these bindings. */
  readonly expected: boolean;
}

/** What `kubectl secaudit rbac who-can` shows. */
export interface WhoCanView {
  readonly question: WhoCanQuestion;
  /** Subjects with the widest reach first. */
  readonly answers: RbacRows<WhoCanRow>;
  /** How many of the answers are the platform's own. */
  readonly expected: number;
  readonly unseen: RbacRows<Unseen>;
}

/** Bindings by the rules that they grant. Thousands of bindings may share a role: its rules are looked at once. */
const grantsByRules = defineIndex({
  id: 'rbac-grants-by-rules',
  needs: { rbac: rbacGrants },
  build: ({ rbac }): ReadonlyMap<readonly PolicyRule[], readonly Grant[]> => Map.groupBy(rbac.grants, grant => grant.rules),
});

/** The view that answers one question. */
export function whoCanView(question: WhoCanQuestion): Index<WhoCanView> {
  return defineIndex({
    id: 'rbac-who-can',
    // The catalogue is no need of the answer: its gaps have been said in the question's notes. A snapshot for it has it.
    needs: { rbac: rbacGrants, byRules: grantsByRules, catalogue: attempt(apiCatalogue) },
    build: ({ rbac, byRules }) => answer(question, rbac, byRules),
  });
}

interface Matched extends Way {
  readonly subject: Subject;
  readonly namespace?: string;
  readonly names?: readonly string[];
  readonly expected: boolean;
}

function answer(question: WhoCanQuestion, rbac: RbacGrants, byRules: ReadonlyMap<readonly PolicyRule[], readonly Grant[]>): WhoCanView {
  const matched: Matched[] = [];
  for (const [rules, grants] of byRules) {
    // Where the binding stands only changes what a rule about Namespace objects means.
    const everywhere = matchOf(rules, question);
    if (everywhere === undefined && !isAboutNamespaces(question)) continue;
    for (const grant of grants) {
      if (!reaches(grant.namespace, question)) continue;
      const match = grant.namespace !== undefined && isAboutNamespaces(question) ? matchInNamespace(rules, question, grant.namespace) : everywhere;
      if (match === undefined) continue;
      const { subject, binding, role, namespace } = grant;
      matched.push({ subject, binding, role, ...match, ...(namespace === undefined ? {} : { namespace }), expected: platformOf(grant) !== undefined });
    }
  }
  const answers = withMasters([...Map.groupBy(matched, keyOf).values()].map(rowOf)).sort(byReach);
  return {
    question,
    answers: rowsOf(answers),
    expected: answers.filter(each => each.expected).length,
    unseen: rowsOf(unseenOf(rbac, aboutOneNamespace(question) ?? question.namespace, bound => bound.isClusterWide || (canBeNamespaced(question) && (bound.namespace === undefined || reaches(bound.namespace, question))))),
  };
}

/** Which rule of a role lets it through: for any object, or for some names only where the question names none. */
function matchOf(rules: readonly PolicyRule[], question: WhoCanQuestion): Pick<Matched, 'ruleIndex' | 'names'> | undefined {
  const requests = requestsOf(question);
  const ruleIndex = rules.findIndex(rule => requests.some(request => ruleAllows(rule, request)));
  if (ruleIndex >= 0) return { ruleIndex };
  if (!canNameObject(question)) return undefined;
  const indexes = rules.flatMap((rule, at) => ((rule.resourceNames ?? []).length > 0 && requests.some(request => ruleAllows({ ...rule, resourceNames: [] }, request)) ? [at] : []));
  const [first] = indexes;
  if (first === undefined) return undefined;
  return { ruleIndex: first, names: [...new Set(indexes.flatMap(at => rules[at]?.resourceNames ?? []))].sort() };
}

/** A request for one Namespace object is a request in that namespace; no other is (apiserver pkg/endpoints/request/requestinfo.go). */
function matchInNamespace(rules: readonly PolicyRule[], question: WhoCanQuestion, namespace: string): Pick<Matched, 'ruleIndex' | 'names'> | undefined {
  if ('nonResourceURL' in question || ['list', 'watch', 'create', 'deletecollection'].includes(question.verb)) return undefined;
  if (question.name !== undefined && question.name !== namespace) return undefined;
  const match = matchOf(rules, { ...question, name: namespace });
  return match === undefined || question.name !== undefined ? match : { ...match, names: [namespace] };
}

/** The API server asks twice about a signer: by its name, and by its domain with a star (plugin/pkg/admission/certificates). */
function requestsOf(question: WhoCanQuestion): AccessRequest[] {
  if ('nonResourceURL' in question) return [{ verb: question.verb, nonResourceURL: question.nonResourceURL }];
  const { verb, apiGroup, resource, subresource, name } = question;
  const request = { verb, apiGroup, resource, ...(subresource === undefined ? {} : { subresource }) };
  if (name === undefined) return [request];
  const domain = resource === 'signers' && apiGroup === 'certificates.k8s.io' ? [`${name.split('/')[0] ?? ''}/*`] : [];
  return [name, ...domain].map(each => ({ ...request, name: each }));
}

/** Whether a request of this kind can carry a name although the question has none. */
function canNameObject(question: WhoCanQuestion): boolean {
  if ('nonResourceURL' in question || question.name !== undefined) return false;
  return question.verb !== 'deletecollection' && !(question.verb === 'create' && question.subresource === undefined);
}

/** Whether a binding in this namespace, or a ClusterRoleBinding where there is none, counts for the question. */
function reaches(namespace: string | undefined, question: WhoCanQuestion): boolean {
  if (namespace === undefined) return true;
  if (!canBeNamespaced(question)) return false;
  return question.namespace === undefined || isAboutNamespaces(question) || question.namespace === namespace;
}

/** A RoleBinding grants nothing on what stands in no namespace, save Namespaces themselves and `bind`, which is asked in the namespace of the new binding. */
function canBeNamespaced(question: WhoCanQuestion): boolean {
  if ('nonResourceURL' in question) return false;
  const { verb, apiGroup, resource, subresource } = question;
  const isBind = verb === 'bind' && apiGroup === 'rbac.authorization.k8s.io' && resource === 'clusterroles' && subresource === undefined;
  return question.namespaced !== false || isAboutNamespaces(question) || isBind;
}

function isAboutNamespaces(question: WhoCanQuestion): boolean {
  return 'resource' in question && question.apiGroup === '' && question.resource === 'namespaces';
}

/** The only namespace whose RoleBindings count for a question about one Namespace. */
function aboutOneNamespace(question: WhoCanQuestion): string | undefined {
  return isAboutNamespaces(question) && 'name' in question ? question.name : undefined;
}

function keyOf({ subject, namespace, names }: Matched): string {
  return JSON.stringify([formatSubject(subject), namespace === undefined, names ?? null]);
}

function rowOf(same: readonly Matched[]): WhoCanRow {
  const [first] = same;
  if (first === undefined) throw new Error('a row without a way');
  const namespaces = [...new Set(same.flatMap(({ namespace }) => namespace ?? []))].sort();
  const ways = same.map(({ binding, role, ruleIndex }) => ({ binding, role, ruleIndex })).sort((a, b) => compareText(formatRef(a.binding), formatRef(b.binding)));
  return {
    subject: first.subject,
    ...coversOf(first.subject),
    ...(first.namespace === undefined ? {} : { namespaces: rowsOf(namespaces, NAMES) }),
    ...(first.names === undefined ? {} : { names: rowsOf(first.names, NAMES) }),
    through: rowsOf(ways, NAMES),
    expected: same.every(each => each.expected),
  };
}

/** Members of system:masters are let through before any authorizer is asked, whatever is bound. */
function withMasters(rows: readonly WhoCanRow[]): WhoCanRow[] {
  const subject: Subject = { kind: 'Group', name: 'system:masters' };
  const isMasters = (row: WhoCanRow): boolean => formatSubject(row.subject) === formatSubject(subject);
  return [{ subject, ...coversOf(subject), through: rowsOf([]), expected: true }, ...rows.filter(row => !isMasters(row))];
}

function coversOf({ kind, name }: Subject): { readonly covers?: string } {
  const covers = kind === 'Group' ? groupWords(name) : undefined;
  return covers === undefined ? {} : { covers };
}

/** Whom a group that the API server itself fills stands for. */
function groupWords(name: string): string | undefined {
  const accounts = /^system:serviceaccounts:(.+)$/.exec(name)?.[1];
  if (accounts !== undefined) return `every service account of namespace ${accounts}`;
  return Object.hasOwn(FILLED_GROUPS, name) ? FILLED_GROUPS[name] : undefined;
}

const FILLED_GROUPS: Readonly<Record<string, string>> = {
  'system:masters': 'allowed before any authorizer is asked; certificates and tokens say who, and nobody lists those',
  'system:authenticated': 'everybody who can log in, service accounts too',
  'system:unauthenticated': 'anyone who reaches the API server',
  'system:serviceaccounts': 'every service account',
  'system:nodes': 'every node',
  'system:bootstrappers': 'every bootstrap token',
};

function byReach(a: WhoCanRow, b: WhoCanRow): number {
  const rank = (row: WhoCanRow): number => (row.through.total === 0 ? 0 : 1) + (row.namespaces === undefined ? 0 : 2) + (row.names === undefined ? 0 : 4);
  return rank(a) - rank(b) || compareText(formatSubject(a.subject), formatSubject(b.subject));
}
