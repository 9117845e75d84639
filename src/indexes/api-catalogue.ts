import type { ApiResource } from '../evidence/api-discovery.ts';
import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import { apiResources, coreApiResources } from '../evidence/sources/api-resources.ts';

/** What the API server serves, as far as it could be read: each resource of each group once, core first. */
export interface ApiCatalogue {
  readonly resources: readonly ApiResource[];
  /** Groups that an aggregated API server did not answer for. */
  readonly unknownGroups: readonly string[];
  /** Why a part of discovery is missing. */
  readonly gaps: readonly Gap[];
}

/** Discovery of both roots in one. RBAC knows no versions, so the first one of a resource stands for all. */
export const apiCatalogue = defineIndex({
  id: 'api-catalogue',
  needs: { core: attempt(coreApiResources), others: attempt(apiResources) },
  build({ core, others }): ApiCatalogue {
    const roots = [core, others];
    const found = roots.flatMap(root => ('value' in root ? [root.value] : []));
    const resources = new Map<string, ApiResource>();
    for (const resource of found.flatMap(each => each.resources)) {
      const key = `${resource.group}/${resource.resource}`;
      const known = resources.get(key);
      resources.set(key, known === undefined ? resource : merged(known, resource));
    }
    return {
      resources: [...resources.values()],
      unknownGroups: found.flatMap(each => each.unknownGroups),
      gaps: roots.flatMap(root => ('gaps' in root ? root.gaps : [])),
    };
  },
});

/** Another version may have verbs and subresources of its own. */
function merged(first: ApiResource, second: ApiResource): ApiResource {
  const names = [...new Set([...first.subresources, ...second.subresources].map(({ name }) => name))];
  const verbsOf = ({ subresources }: ApiResource, name: string): readonly string[] => subresources.find(each => each.name === name)?.verbs ?? [];
  return {
    ...first,
    verbs: [...new Set([...first.verbs, ...second.verbs])],
    subresources: names.map(name => ({ name, verbs: [...new Set([...verbsOf(first, name), ...verbsOf(second, name)])] })),
  };
}
