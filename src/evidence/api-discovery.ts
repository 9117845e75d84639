/** One resource of one version of an API group. */
export interface ApiResource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** The plural name that URLs and RBAC rules use. */
  readonly resource: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly subresources: readonly ApiSubresource[];
}

export interface ApiSubresource {
  readonly name: string;
  readonly verbs: readonly string[];
}

/** What the API server says that it serves, in its order of preference. */
export interface ApiDiscovery {
  readonly resources: readonly ApiResource[];
  /** Groups whose own server does not answer (aggregated APIs): what they serve is not known. */
  readonly unknownGroups: readonly string[];
}

/** The whole of discovery in one answer; v2beta1 (1.27 to 1.29) has the same form. */
export const DISCOVERY_ACCEPT = ['v2', 'v2beta1']
  .map(version => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`)
  .join(',');

/**
 * Reads an APIGroupDiscoveryList (k8s.io/api apidiscovery/v2).
 * @throws where the text is something else
 */
export function parseApiDiscovery(body: string): ApiDiscovery {
  const list = JSON.parse(body) as unknown;
  if (!isRecord(list) || list['kind'] !== 'APIGroupDiscoveryList') throw new Error('the answer is no APIGroupDiscoveryList');
  const resources: ApiResource[] = [];
  const unknownGroups = new Set<string>();
  for (const item of records(list['items'])) {
    const group = text(isRecord(item['metadata']) ? item['metadata']['name'] : undefined);
    for (const served of records(item['versions'])) {
      // The aggregator writes this of a server that it could not ask; what it once served may be listed all the same.
      if (served['freshness'] === 'Stale') unknownGroups.add(group);
      resources.push(...records(served['resources']).map(resource => resourceOf(group, text(served['version']), resource)));
    }
  }
  return { resources, unknownGroups: [...unknownGroups].sort() };
}

function resourceOf(group: string, version: string, resource: Readonly<Record<string, unknown>>): ApiResource {
  const kind = resource['responseKind'];
  return {
    group,
    version,
    resource: text(resource['resource']),
    singular: text(resource['singularResource']),
    kind: text(isRecord(kind) ? kind['kind'] : undefined),
    namespaced: resource['scope'] === 'Namespaced',
    verbs: texts(resource['verbs']),
    shortNames: texts(resource['shortNames']),
    subresources: records(resource['subresources']).map(each => ({ name: text(each['subresource']), verbs: texts(each['verbs']) })),
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function records(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter(each => typeof each === 'string') : [];
}
