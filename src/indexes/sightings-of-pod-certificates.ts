import { attempt, defineIndex } from '../evidence/need.ts';
import { refOf } from '../evidence/source.ts';
import { podCertificateRequests } from '../evidence/sources/trust.ts';
import { firstOf, sightingsIn, sightingsOf, type Sightings } from './certificate-sighting.ts';

/** Certificates that were issued to pods. The requests are removed soon after, so that none being there proves nothing. */
export const sightingsOfPodCertificates = defineIndex({
  id: 'sightings-of-pod-certificates',
  needs: { requests: attempt(podCertificateRequests) },
  build: ({ requests }): Sightings => sightingsOf('certificates of pods', podCertificateRequests, requests, list => list.map(item => {
    const { name, namespace = '' } = item.metadata;
    const reproduce = ['kubectl', 'get', 'podcertificaterequests.certificates.k8s.io', '-n', namespace, '-o', 'jsonpath={.status.certificateChain}', '--', name];
    return sightingsIn(firstOf(item.status?.certificateChain), { as: 'issued', where: `PodCertificateRequest ${namespace}/${name}`, resource: refOf(podCertificateRequests, item), shown: { reproduce } }, 'status.certificateChain.certificates');
  })),
});
