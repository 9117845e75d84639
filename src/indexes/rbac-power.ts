import { covers, has, ruleAllows, type PolicyRule } from './rbac-matcher.ts';
import { takeovers, type Leg } from './rbac-takeovers.ts';

/**
 * What a power amounts to, worst first:
 * - `takeover`: leads to the rights of others, or to everything
 * - `write`: changes objects
 * - `read`: reads objects
 * - `paths`: reads paths of the API server that are no resources and not meant for everybody
 * - `public`: discovery, version, health, and questions about oneself: what every user has by default
 */
export const IMPACTS = ['takeover', 'write', 'read', 'paths', 'public'] as const;
export type Impact = (typeof IMPACTS)[number];

/** Something that a set of rules lets its holder do. */
export interface Power {
  /** Stable. */
  readonly id: string;
  readonly impact: Impact;
  /** What the holder can do, to be read after "can". */
  readonly words: string;
  /** The rules that it follows from, in order. */
  readonly ruleIndexes: readonly number[];
  /** Among the powers of its impact, 0 is the strongest. */
  readonly rank: number;
}

/** How far a grant reaches: what only exists at the cluster has no effect through a RoleBinding. */
export type Reach = 'cluster' | 'namespace';

const read = ['get', 'list', 'watch'] as const;
const write = ['create', 'update', 'patch', 'delete', 'deletecollection'] as const;

/** How far a grant reaches, from the namespace that it is limited to. */
export function reachOf(grant: { readonly namespace?: string }): Reach {
  return grant.namespace === undefined ? 'cluster' : 'namespace';
}

/** What cluster-admin consists of: it covers everything that exists or ever will. */
const everything: PolicyRule = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };

/** Whether rules amount to cluster-admin, whatever the role is called. */
export function isEverything(rules: readonly PolicyRule[]): boolean {
  return covers(rules, [everything]);
}

/** What rules let their holder do, strongest first; empty where they have no effect at this reach. */
export function powersOf(rules: readonly PolicyRule[], reach: Reach): Power[] {
  if (isEverything(rules)) {
    const ruleIndexes = indexesWhere(rules, rule => covers([rule], [everything]));
    return [{ id: 'everything', impact: 'takeover', words: 'do anything', ruleIndexes, rank: 0 }];
  }
  const powers: Power[] = [];
  for (const [position, known] of takeovers.entries()) {
    const ruleIndexes = known.ways
      .filter(way => way.reach === undefined || way.reach === reach)
      .flatMap(way => rulesFor(way.legs, rules));
    if (ruleIndexes.length === 0) continue;
    powers.push({ id: known.id, impact: 'takeover', words: known.words, ruleIndexes: distinct(ruleIndexes), rank: position + 1 });
  }
  return [...powers, ...plainPowers(rules, reach)];
}

/** The rules that together hold every leg; empty where a leg is missing. */
function rulesFor(legs: readonly Leg[], rules: readonly PolicyRule[]): number[] {
  const found = legs.map(each => indexesWhere(rules, rule => isHeld(each, rule)));
  return found.every(indexes => indexes.length > 0) ? found.flat() : [];
}

/** Limited to names it is held too, for those objects; but a create carries no name, so a rule with names allows none. */
function isHeld({ verbs, group, resources }: Leg, rule: PolicyRule): boolean {
  const isNamed = (rule.resourceNames ?? []).length > 0;
  const anyName: PolicyRule = { ...rule, resourceNames: [] };
  return resources.some(path => {
    const [resource = '', subresource] = path.split('/');
    return verbs.some(verb =>
      !(isNamed && verb === 'create' && subresource === undefined)
      && ruleAllows(anyName, { verb, apiGroup: group, resource, ...(subresource === undefined ? {} : { subresource }) }));
  });
}

/** Everything else: writing, reading, paths. */
function plainPowers(rules: readonly PolicyRule[], reach: Reach): Power[] {
  const powers: Power[] = [];
  const add = (id: string, impact: Impact, verb: string, what: (rule: PolicyRule) => readonly string[]): void => {
    const ruleIndexes = indexesWhere(rules, rule => what(rule).length > 0);
    if (ruleIndexes.length === 0) return;
    powers.push({ id, impact, words: `${verb} ${listed(distinct(rules.flatMap(what)))}`, ruleIndexes, rank: 0 });
  };
  add('write', 'write', 'change', rule => (hasWriteVerb(rule) ? liveResources(rule, reach) : []));
  add('read', 'read', 'read', rule => (read.some(verb => hasVerb(rule, verb)) ? liveResources(rule, reach) : []));
  add('review', 'read', 'create', rule => (hasVerb(rule, 'create') && reach === 'cluster' ? named(rule, reviews) : []));
  if (reach === 'namespace') return powers;
  add('paths', 'paths', 'ask for the paths', rule => (hasMethod(rule) ? (rule.nonResourceURLs ?? []).filter(url => !publicPaths.has(url)) : []));
  add('public-paths', 'public', 'ask for the public paths', rule => (hasMethod(rule) ? (rule.nonResourceURLs ?? []).filter(url => publicPaths.has(url)) : []));
  add('self-review', 'public', 'create', rule => (hasVerb(rule, 'create') ? named(rule, selfReviews) : []));
  return powers;
}

/** What the API server's defaults open to everybody or to every user (system:public-info-viewer, system:discovery, issuer discovery). */
const publicPaths: ReadonlySet<string> = new Set([
  '/healthz', '/livez', '/readyz', '/version', '/version/',
  '/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*', '/.well-known/*',
  '/.well-known/openid-configuration', '/.well-known/openid-configuration/', '/openid/v1/jwks', '/openid/v1/jwks/',
]);

const selfReviews = ['selfsubjectaccessreviews', 'selfsubjectrulesreviews', 'selfsubjectreviews'] as const;
/** Creating one stores nothing; it tells what others may do, or whose a token is. */
const reviews = ['subjectaccessreviews', 'localsubjectaccessreviews', 'tokenreviews'] as const;

/**
 * Built-in kinds without a namespace, by group: a RoleBinding grants nothing on them. Not so `namespaces`, since a request
 * for one Namespace counts as a request in it; and other groups may have kinds of the same name that do have a namespace.
 */
const clusterScoped: Readonly<Record<string, readonly string[]>> = {
  '': ['nodes', 'persistentvolumes', 'componentstatuses', 'users', 'groups'],
  'admissionregistration.k8s.io': [
    'mutatingwebhookconfigurations', 'validatingwebhookconfigurations', 'mutatingadmissionpolicies',
    'mutatingadmissionpolicybindings', 'validatingadmissionpolicies', 'validatingadmissionpolicybindings',
  ],
  'apiextensions.k8s.io': ['customresourcedefinitions'],
  'apiregistration.k8s.io': ['apiservices'],
  'certificates.k8s.io': ['certificatesigningrequests', 'clustertrustbundles', 'signers'],
  'flowcontrol.apiserver.k8s.io': ['flowschemas', 'prioritylevelconfigurations'],
  'networking.k8s.io': ['ingressclasses', 'ipaddresses', 'servicecidrs'],
  'node.k8s.io': ['runtimeclasses'],
  'rbac.authorization.k8s.io': ['clusterroles', 'clusterrolebindings'],
  'resource.k8s.io': ['deviceclasses', 'resourceslices'],
  'scheduling.k8s.io': ['priorityclasses'],
  'storage.k8s.io': ['storageclasses', 'csinodes', 'csidrivers', 'volumeattachments', 'volumeattributesclasses'],
};

/** The resources of a rule that a request can really ask for, in words. */
function liveResources({ apiGroups = [], resources = [] }: PolicyRule, reach: Reach): readonly string[] {
  if (apiGroups.length === 0) return [];
  if (resources.includes('*')) return [apiGroups.includes('*') ? 'everything' : `everything in ${apiGroups.map(groupWords).join(', ')}`];
  return resources.filter(path => {
    const [resource = '', subresource = ''] = path.split('/');
    // `pods/*`, `*/*` and `po*` are strings that no request carries.
    if (subresource.includes('*') || (resource.includes('*') && (resource !== '*' || subresource === ''))) return false;
    if (has(selfReviews, resource) || has(reviews, resource)) return false;
    return reach === 'cluster' || apiGroups.some(group => clusterScoped[group]?.includes(resource) !== true);
  });
}

function groupWords(group: string): string {
  return group === '' ? 'the core group' : group;
}

/** Verbs are in lower case; the virtual ones (bind, impersonate, approve ...) change no object by themselves. */
function hasWriteVerb(rule: PolicyRule): boolean {
  return write.some(verb => hasVerb(rule, verb));
}

function hasMethod(rule: PolicyRule): boolean {
  return ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'].some(verb => hasVerb(rule, verb));
}

function hasVerb({ verbs }: PolicyRule, verb: string): boolean {
  return has(verbs, '*') || has(verbs, verb);
}

function named({ apiGroups = [], resources = [] }: PolicyRule, wanted: readonly string[]): string[] {
  return apiGroups.length === 0 ? [] : resources.filter(resource => wanted.includes(resource));
}

function indexesWhere(rules: readonly PolicyRule[], isWanted: (rule: PolicyRule) => boolean): number[] {
  return rules.flatMap((rule, at) => (isWanted(rule) ? [at] : []));
}

function distinct<T extends string | number>(values: readonly T[]): T[] {
  return [...new Set(values)].sort((a, b) => (a < b ? -1 : 1));
}

/** `pods, services and 4 more`. */
function listed(names: readonly string[]): string {
  if (names.includes('everything')) return 'everything';
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}
