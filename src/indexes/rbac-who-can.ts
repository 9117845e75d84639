import { attempt, defineIndex, type Index } from '../evidence/need.ts';
import { formatSubject, type Subject } from '../evidence/subject.ts';
import { platformOf } from './rbac-expected.ts';
import { rbacGrants, type Grant, type RbacGrants } from './rbac-grants.ts';
import { ruleAllows, type AccessRequest, type PolicyRule } from './rbac-matcher.ts';
import { rbacOutside } from './rbac-outside.ts';
import { compareText, rowsOf, unseenOf, type Unseen } from './rbac-rows.ts';
import { ROWS, type RbacRows } from './rbac-view.ts';
import { coversOf, createRows, type Match, type WhoCanRow } from './rbac-who-can-rows.ts';
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

/** What `kubectl secaudit rbac who-can` shows. */
export interface WhoCanView {
  readonly question: WhoCanQuestion;
  /** Subjects with the widest reach first. */
  readonly answers: RbacRows<WhoCanRow>;
  /** How many of the answers are the platform's own. */
  readonly expected: number;
  readonly unseen: RbacRows<Unseen>;
}

/** What every question needs: grants by their rules, since thousands of bindings may share a role, and all subjects by name. */
interface Holders {
  readonly byRules: readonly { readonly rules: readonly PolicyRule[]; readonly grants: readonly Grant[]; readonly subjects: Int32Array; readonly expected: Uint8Array }[];
  /** In the order of their names; `byRules` has their places here, and which grants a platform made. */
  readonly subjects: readonly Subject[];
}

const holders = defineIndex({
  id: 'rbac-holders',
  needs: { rbac: rbacGrants },
  build({ rbac }): Holders {
    const named = [...new Set(rbac.grants.map(grant => grant.subject))].map(subject => ({ subject, key: formatSubject(subject) }));
    named.sort((a, b) => compareText(a.key, b.key));
    const places = new Map(named.map(({ subject }, at) => [subject, at]));
    const byRules = [...Map.groupBy(rbac.grants, grant => grant.rules)]
      .map(([rules, grants]) => ({ rules, grants, subjects: Int32Array.from(grants, ({ subject }) => places.get(subject) ?? 0), expected: Uint8Array.from(grants, grant => (platformOf(grant) === undefined ? 0 : 1)) }));
    return { byRules, subjects: named.map(({ subject }) => subject) };
  },
});

/** The view that answers one question. */
export function whoCanView(question: WhoCanQuestion): Index<WhoCanView> {
  return defineIndex({
    id: 'rbac-who-can',
    // The catalogue is no need of the answer: its gaps have been said in the question's notes. A snapshot for it has it.
    needs: { rbac: rbacGrants, holders, outside: rbacOutside, catalogue: attempt(apiCatalogue) },
    build: ({ rbac, holders: known, outside }) => answer(question, rbac, known, outside),
  });
}

function answer(question: WhoCanQuestion, rbac: RbacGrants, { byRules, subjects }: Holders, outside: readonly Unseen[]): WhoCanView {
  const rows = createRows(subjects.length);
  // Asked once for the question: there may be tens of thousands of grants.
  const isAboutThem = isAboutNamespaces(question);
  const mastersAt = subjects.findIndex(isMasters);
  const reached = byReach(question);
  for (const { rules, grants, subjects: places, expected } of byRules) {
    // Where the binding stands only changes what a rule about Namespace objects means.
    const everywhere = matchOf(rules, question);
    if (everywhere === undefined && !isAboutThem) continue;
    for (let at = 0; at < grants.length; at += 1) {
      const grant = grants[at];
      const place = places[at] ?? 0;
      if (grant === undefined || place === mastersAt || !reached(grant.namespace)) continue;
      const match = grant.namespace !== undefined && isAboutThem ? matchInNamespace(rules, question, grant.namespace) : everywhere;
      if (match !== undefined) rows.add(grant, match, place, expected[at] === 1);
    }
  }
  const { total, expected, first } = rows.list();
  return {
    question,
    answers: rowsOf([mastersRow, ...first], ROWS, total + 1),
    expected: expected + 1,
    unseen: rowsOf([...unseenOf(rbac, aboutOneNamespace(question) ?? question.namespace, bound => bound.isClusterWide || (canBeNamespaced(question) && (bound.namespace === undefined || reached(bound.namespace)))), ...outside]),
  };
}

/** Which rule of a role lets it through: for any object, or for some names only where the question names none. */
function matchOf(rules: readonly PolicyRule[], question: WhoCanQuestion): Match | undefined {
  const requests = requestsOf(question);
  const ruleIndex = rules.findIndex(rule => requests.some(request => ruleAllows(rule, request)));
  if (ruleIndex >= 0) return { ruleIndex };
  if (!canNameObject(question)) return undefined;
  const indexes = rules.flatMap((rule, at) => ((rule.resourceNames ?? []).length > 0 && requests.some(request => ruleAllows({ ...rule, resourceNames: [] }, request)) ? [at] : []));
  const [first] = indexes;
  if (first === undefined) return undefined;
  const names = [...new Set(indexes.flatMap(at => rules[at]?.resourceNames ?? []))].sort();
  return { ruleIndex: first, names, namesKey: JSON.stringify(names) };
}

/** A request for one Namespace object is a request in that namespace; no other is (apiserver pkg/endpoints/request/requestinfo.go). */
function matchInNamespace(rules: readonly PolicyRule[], question: WhoCanQuestion, namespace: string): Match | undefined {
  if ('nonResourceURL' in question || ['list', 'watch', 'create', 'deletecollection'].includes(question.verb)) return undefined;
  if (question.name !== undefined && question.name !== namespace) return undefined;
  const match = matchOf(rules, { ...question, name: namespace });
  return match === undefined || question.name !== undefined ? match : { ...match, names: [namespace], namesKey: JSON.stringify([namespace]) };
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
function byReach(question: WhoCanQuestion): (namespace: string | undefined) => boolean {
  const inNamespaces = canBeNamespaced(question);
  const only = isAboutNamespaces(question) ? undefined : question.namespace;
  return namespace => namespace === undefined || (inNamespaces && (only === undefined || only === namespace));
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

const masters: Subject = { kind: 'Group', name: 'system:masters' };

function isMasters({ kind, name }: Subject): boolean {
  return kind === masters.kind && name === masters.name;
}

/** Members of system:masters are let through before any authorizer is asked, whatever is bound. */
const mastersRow: WhoCanRow = { subject: masters, ...coversOf(masters), through: rowsOf([]), expected: true };
