import { attempt, defineIndex } from '../evidence/need.ts';
import { refOf } from '../evidence/source.ts';
import { apiServices, mutatingWebhooks, validatingWebhooks } from '../evidence/sources/pki.ts';
import { joined, sightingsIn, sightingsOf, type Sightings } from './certificate-sighting.ts';

/** Authorities that the API server verifies webhooks and extension API servers with. */
export const sightingsOfExtensions = defineIndex({
  id: 'sightings-of-extensions',
  needs: { validating: attempt(validatingWebhooks), mutating: attempt(mutatingWebhooks), services: attempt(apiServices) },
  build({ validating, mutating, services }): Sightings {
    return joined([
      ...([
        [validatingWebhooks, validating, 'validatingwebhookconfigurations.admissionregistration.k8s.io'],
        [mutatingWebhooks, mutating, 'mutatingwebhookconfigurations.admissionregistration.k8s.io'],
      ] as const).map(([source, attempted, resource]) => sightingsOf(`authorities of ${source.title}`, source, attempted, list =>
        list.flatMap(item => (item.webhooks ?? []).map(({ name, clientConfig }, at) => {
          const reproduce = ['kubectl', 'get', resource, '-o', `jsonpath={.webhooks[${at}].clientConfig.caBundle}`, '--', item.metadata.name];
          const place = { as: 'trustedForExtension' as const, where: `${source.read.kind} ${item.metadata.name}, ${name}`, resource: refOf(source, item), shown: { reproduce } };
          return sightingsIn(clientConfig.caBundle, place, `webhooks[${at}].clientConfig.caBundle.certificates`);
        })))),
      sightingsOf('authorities of extension API servers', apiServices, services, list => list.map(item => {
        const reproduce = ['kubectl', 'get', 'apiservices.apiregistration.k8s.io', '-o', 'jsonpath={.spec.caBundle}', '--', item.metadata.name];
        const place = { as: 'trustedForExtension' as const, where: `APIService ${item.metadata.name}`, resource: refOf(apiServices, item), shown: { reproduce } };
        return sightingsIn(item.spec?.caBundle, place, 'spec.caBundle.certificates');
      })),
    ]);
  },
});
