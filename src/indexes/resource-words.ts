import type { ApiResource } from '../evidence/api-discovery.ts';
import type { ApiCatalogue } from './api-catalogue.ts';

/** A verb and what it is done to, as RBAC sees it. */
export interface AskedResource {
  readonly verb: string;
  readonly apiGroup: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly name?: string;
  /** Whether its objects stand in namespaces; absent where discovery does not know the resource. */
  readonly namespaced?: boolean;
  /** What a person should know about the question itself, one sentence each without a full stop. */
  readonly notes: readonly string[];
}

/** A question as a person types it: `get`, `pods/web-0`, `--subresource log`. */
export interface ResourceWords {
  readonly verb: string;
  readonly resource: string;
  readonly subresource?: string;
}

/** Resources that exist for RBAC alone (impersonation, certificate signers), by the group that the API server asks with. */
const VIRTUAL: Readonly<Record<string, { readonly group: string; readonly namespaced: boolean; readonly verbs: readonly string[] }>> = {
  users: { group: '', namespaced: false, verbs: ['impersonate'] },
  groups: { group: '', namespaced: false, verbs: ['impersonate'] },
  uids: { group: 'authentication.k8s.io', namespaced: false, verbs: ['impersonate'] },
  userextras: { group: 'authentication.k8s.io', namespaced: false, verbs: ['impersonate'] },
  signers: { group: 'certificates.k8s.io', namespaced: false, verbs: ['approve', 'sign', 'attest'] },
};

/** What constrained impersonation (on by default since 1.36) asks about, all in group authentication.k8s.io. */
const CONSTRAINED: ReadonlySet<string> = new Set(['users', 'groups', 'uids', 'userextras', 'serviceaccounts', 'nodes']);

/** Verbs that the API server asks RBAC for besides those that a resource serves, by group and resource. */
const VIRTUAL_VERBS: Readonly<Record<string, readonly string[]>> = {
  'rbac.authorization.k8s.io/roles': ['bind', 'escalate'],
  'rbac.authorization.k8s.io/clusterroles': ['bind', 'escalate'],
  '/serviceaccounts': ['impersonate'],
  'security.openshift.io/securitycontextconstraints': ['use'],
  'policy/podsecuritypolicies': ['use'],
};

/**
 * What a person means by a verb and a resource, in kubectl's spelling: plural, singular, short name or kind, with the group behind a
 * dot, with a name or a subresource behind a slash. A string is the one sentence that says why it is not clear.
 */
export function resolveResource(words: ResourceWords, catalogue: ApiCatalogue): AskedResource | string {
  const slash = words.resource.indexOf('/');
  const typed = slash < 0 ? words.resource : words.resource.slice(0, slash);
  const behind = slash < 0 ? undefined : words.resource.slice(slash + 1);
  if (typed === '' || behind === '') return `${words.resource} names no resource; write one such as pods, deployments.apps or pods/web-0`;
  if (typed === '*') return asked(words, { group: '*', resource: '*', namespaced: true }, behind, undefined, []);
  if (words.verb.startsWith('impersonate:') && CONSTRAINED.has(typed)) {
    return asked(words, { group: 'authentication.k8s.io', resource: typed, namespaced: typed === 'serviceaccounts' }, behind, undefined, []);
  }
  const virtual = Object.hasOwn(VIRTUAL, typed) ? VIRTUAL[typed] : undefined;
  const found = matches(typed, catalogue);
  if (virtual !== undefined && (virtual.verbs.includes(words.verb) || found.length === 0)) {
    const notes = virtual.verbs.includes(words.verb) || words.verb === '*' ? [] : [`inert: nobody serves ${words.verb} on ${typed}; the API server only ever asks for ${virtual.verbs.join(', ')}`];
    return asked(words, { group: virtual.group, resource: typed, namespaced: virtual.namespaced }, behind, typed === 'userextras' ? [] : undefined, notes);
  }
  const [first, ...others] = found;
  if (first === undefined) return unserved(words, typed, behind, catalogue);
  const rivals = others.filter(other => other.group !== first.group);
  // As kubectl does: the core group comes before all others.
  if (rivals.length > 0 && first.group !== '') {
    return `${typed} is served by several API groups; write one of ${[first, ...rivals].map(qualified).join(', ')}`;
  }
  const notes = rivals.length === 0 ? [] : [`${qualified(first)} of the core group is meant; there is also ${rivals.map(qualified).join(', ')}`];
  return asked(words, first, behind, first.subresources.map(({ name }) => name), [...notes, ...staleNote(first.group, catalogue)], first);
}

/** `pods`, `deployments.apps`. */
function qualified({ group, resource }: Pick<ApiResource, 'group' | 'resource'>): string {
  return group === '' ? resource : `${resource}.${group}`;
}

/** What is typed may carry its group, or version and group: `deployments.apps`, `deployments.v1.apps`, `pods.` for the core group. */
function matches(typed: string, { resources }: ApiCatalogue): readonly ApiResource[] {
  const [base = '', ...rest] = typed.split('.');
  const group = rest.length === 0 ? undefined : rest.join('.');
  const isOf = (resource: ApiResource): boolean =>
    group === undefined || resource.group === group || (rest[0] === resource.version && rest.slice(1).join('.') === resource.group);
  const candidates = resources.filter(isOf);
  const word = base.toLowerCase();
  const byPlural = candidates.filter(each => each.resource === word);
  if (byPlural.length > 0) return byPlural;
  return candidates.filter(each => each.singular === word || each.kind.toLowerCase() === word || each.shortNames.includes(word));
}

function unserved(words: ResourceWords, typed: string, behind: string | undefined, catalogue: ApiCatalogue): AskedResource | string {
  const dot = typed.indexOf('.');
  const blind = catalogue.gaps[0];
  // With its group it can be asked for whether it is served or not: rules may name it.
  if (dot > 0) {
    const [resource, group] = [typed.slice(0, dot), typed.slice(dot + 1)];
    const note = blind !== undefined || catalogue.unknownGroups.includes(group)
      ? `whether ${typed} is served is not known: ${blind?.detail ?? `the API server of group ${group} does not answer`}`
      : `inert: this API server serves no ${typed}, so a grant on it has no effect${didYouMean(resource, catalogue)}`;
    return asked(words, { group, resource }, behind, undefined, [note]);
  }
  if (blind !== undefined) return `which API group serves ${typed} is not known, since ${blind.detail}; write it with its group, such as deployments.apps, or pods. for the core group`;
  const silent = catalogue.unknownGroups.length === 0 ? '' : `, unless it belongs to ${catalogue.unknownGroups.join(', ')}, whose API server does not answer`;
  return `this API server serves no resource ${typed}${silent}${didYouMean(typed, catalogue)}`;
}

/** @param subresources those that the resource has; undefined where that is not known or every word is one */
function asked(
  words: ResourceWords,
  of: { readonly group: string; readonly resource: string; readonly namespaced?: boolean },
  behind: string | undefined,
  subresources: readonly string[] | undefined,
  notes: readonly string[],
  served?: ApiResource,
): AskedResource | string {
  const { verb } = words;
  // `pods/exec` as kubectl auth can-i has it, unless --subresource says what the rest of the word is.
  const isSub = behind !== undefined && words.subresource === undefined && (of.resource === 'userextras' || subresources?.includes(behind) === true);
  const subresource = words.subresource ?? (isSub ? behind : undefined);
  const name = isSub ? undefined : behind;
  const inert = served === undefined ? [] : inertNote(verb, served, subresource);
  const nameless = name !== undefined && subresource === undefined && (verb === 'deletecollection')
    ? ['a request to delete a collection carries no name, so the name is left out of the question'] : [];
  return {
    verb,
    apiGroup: of.group,
    resource: of.resource,
    ...(subresource === undefined ? {} : { subresource }),
    ...(name === undefined || nameless.length > 0 ? {} : { name }),
    ...(of.namespaced === undefined ? {} : { namespaced: of.namespaced }),
    notes: [...notes, ...inert, ...nameless],
  };
}

function inertNote(verb: string, served: ApiResource, subresource: string | undefined): string[] {
  const path = subresource === undefined ? qualified(served) : `${qualified(served)}/${subresource}`;
  const sub = served.subresources.find(({ name }) => name === subresource);
  if (subresource !== undefined && sub === undefined) return [`inert: this API server serves no ${path}, so a grant on it has no effect`];
  const verbs = [...(sub ?? served).verbs, ...(subresource === undefined ? VIRTUAL_VERBS[`${served.group}/${served.resource}`] ?? [] : [])];
  // A connecting subresource is opened by GET or POST, whatever discovery lists.
  if (verb === '*' || verbs.includes(verb) || verb.startsWith('impersonate-on:')) return [];
  return [`inert: ${path} does not serve the verb ${verb} (it has ${verbs.join(', ')}), so a grant of it has no effect`];
}

function staleNote(group: string, { unknownGroups }: ApiCatalogue): string[] {
  return unknownGroups.includes(group) ? [`the API server of group ${group} does not answer, so what it serves is what it last said`] : [];
}

function didYouMean(typed: string, { resources }: ApiCatalogue): string {
  const near = resources
    .map(resource => ({ resource, distance: Math.min(...[resource.resource, resource.singular, ...resource.shortNames].map(name => editDistance(typed.toLowerCase(), name))) }))
    .filter(({ distance, resource }) => distance <= 2 || resource.resource.startsWith(typed))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ resource }) => qualified(resource));
  return near.length === 0 ? '' : `; did you mean ${[...new Set(near)].join(' or ')}?`;
}

/** Letters to insert, delete or replace. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
