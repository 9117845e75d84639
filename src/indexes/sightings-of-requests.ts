import { attempt, defineIndex } from '../evidence/need.ts';
import { refOf } from '../evidence/source.ts';
import { signingRequests } from '../evidence/sources/pki.ts';
import { firstOf, sightingsIn, sightingsOf, type Sightings } from './certificate-sighting.ts';

/** Certificates that were issued on requests which are still there. */
export const sightingsOfRequests = defineIndex({
  id: 'sightings-of-requests',
  needs: { requests: attempt(signingRequests) },
  build({ requests }): Sightings {
    return sightingsOf('certificates of signing requests', signingRequests, requests, list => list.map(request => {
      const { name } = request.metadata;
      const reproduce = ['kubectl', 'get', 'certificatesigningrequests.certificates.k8s.io', '-o', 'jsonpath={.status.certificate}', '--', name];
      const place = { as: 'issued' as const, where: `CertificateSigningRequest ${name}`, resource: refOf(signingRequests, request), shown: { reproduce } };
      return sightingsIn(firstOf(request.status?.certificate), place, 'status.certificate.certificates');
    }));
  },
});
