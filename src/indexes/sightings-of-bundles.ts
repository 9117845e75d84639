import { attempt, defineIndex } from '../evidence/need.ts';
import { refOf } from '../evidence/source.ts';
import { clusterTrustBundles } from '../evidence/sources/trust.ts';
import { sightingsIn, sightingsOf, type Sightings } from './certificate-sighting.ts';

/** The signer of the API servers' own certificates; the bundle is published by the controller manager. */
const API_SERVERS = 'kubernetes.io/kube-apiserver-serving';

/** Authorities that the cluster publishes for whatever program asks for them. */
export const sightingsOfBundles = defineIndex({
  id: 'sightings-of-bundles',
  needs: { bundles: attempt(clusterTrustBundles) },
  build: ({ bundles }): Sightings => sightingsOf('authorities of cluster trust bundles', clusterTrustBundles, bundles, list => list.map(item => {
    const reproduce = ['kubectl', 'get', 'clustertrustbundles.certificates.k8s.io', '-o', 'jsonpath={.spec.trustBundle}', '--', item.metadata.name];
    const as = item.spec.signerName === API_SERVERS ? 'trustedForServer' as const : 'trustedByPrograms' as const;
    return sightingsIn(item.spec.trustBundle, { as, where: `ClusterTrustBundle ${item.metadata.name}`, resource: refOf(clusterTrustBundles, item), shown: { reproduce } }, 'spec.trustBundle.certificates');
  })),
});
