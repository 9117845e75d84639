import { attempt, defineIndex } from '../evidence/need.ts';
import { extensionServers } from '../evidence/sources/extension-servers.ts';
import { sightingsOf, type Place, type Sightings } from './certificate-sighting.ts';

/** Certificates that the servers behind webhooks and extension API servers show. That nobody asked for them is no hole in what was read. */
export const sightingsOfExtensionServers = defineIndex({
  id: 'sightings-of-extension-servers',
  needs: { servers: attempt(extensionServers) },
  build({ servers }): Sightings {
    const sightings = sightingsOf('certificates of webhooks and extension API servers', extensionServers, servers, list => list.flatMap(({ of: service, ...seen }) => ('value' in seen ? seen.value : []).flatMap(server => {
      if (!('value' in server)) return [];
      const { pod, port, shown } = server.value;
      const [namespace = ''] = service.split('/');
      const place: Place = {
        as: 'used', role: 'extension-serving', where: `pod ${namespace}/${pod}, through a tunnel`, resource: { apiVersion: 'v1', kind: 'Service', ...nameOf(service) },
        shown: { derivation: `with kubectl port-forward -n ${namespace} pod/${pod} ${port} open, openssl s_client -showcerts -connect 127.0.0.1:${port} shows it` },
      };
      return [{ found: shown.chain.slice(0, 1).map(certificate => ({ ...place, path: `ports[${port}].chain[0]`, certificate })), broken: [] }];
    })));
    return { ...sightings, unread: sightings.unread.filter(({ gaps }) => !gaps.every(({ kind, reason }) => kind === 'notRequested' || reason === 'notInSnapshot')) };
  },
});

/** `NAMESPACE/NAME:PORT` without its port. */
function nameOf(service: string): { readonly namespace: string; readonly name: string } {
  const [namespace = '', name = ''] = service.replace(/:\d+$/, '').split('/');
  return { namespace, name };
}
