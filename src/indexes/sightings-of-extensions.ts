import { defineIndex } from '../evidence/need.ts';
import { joined, sightingsIn, type Sightings } from './certificate-sighting.ts';
import { extensionBundles } from './extension-bundles.ts';

/** Authorities that the API server verifies webhooks and extension API servers with. */
export const sightingsOfExtensions = defineIndex({
  id: 'sightings-of-extensions',
  needs: { extensions: extensionBundles },
  build({ extensions: { bundles, unread } }): Sightings {
    const seen = joined(bundles.map(({ where, resource, reproduce, bundle, path }) => sightingsIn(bundle, { as: 'trustedForExtension', where, resource, shown: { reproduce } }, `${path}.certificates`)));
    return { ...seen, unread };
  },
});
