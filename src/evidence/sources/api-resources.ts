import { DISCOVERY_ACCEPT, parseApiDiscovery, type ApiDiscovery } from '../api-discovery.ts';
import { getSource } from '../source.ts';

const KEPT = 'names, short names, kinds, verbs and subresources of what is served, and the groups whose own server does not answer';

/** What the core group serves: names, verbs and subresources, and nothing of any object. */
export const coreApiResources = getSource<ApiDiscovery>({
  id: 'coreapiresources',
  title: 'API resources of the core group',
  projectionVersion: 1,
  path: '/api',
  accept: DISCOVERY_ACCEPT,
  permissions: [{ nonResourceURL: '/api', verb: 'get' }],
  readWithNamespace: true,
  keeps: KEPT,
  parse: parseApiDiscovery,
});

/** What every other group serves, custom and aggregated ones too. */
export const apiResources = getSource<ApiDiscovery>({
  id: 'apiresources',
  title: 'API resources',
  projectionVersion: 1,
  path: '/apis',
  accept: DISCOVERY_ACCEPT,
  permissions: [{ nonResourceURL: '/apis', verb: 'get' }],
  readWithNamespace: true,
  keeps: KEPT,
  parse: parseApiDiscovery,
});
