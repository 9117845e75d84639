import type { ApiClient } from '../cluster/api-client.ts';
import type { PerResult, Read, Source } from '../evidence/source.ts';
import { addressesOf, hostsOf, servedKey, type IngressEvidence, type ServedHost } from '../evidence/sources/ingress-servers.ts';
import type { ShownServer } from '../evidence/sources/node-ports.ts';
import { createPortRun } from './look-through-tunnels.ts';
import { lookAt } from './probe-nodes.ts';

/** Where Ingresses are served with TLS; another port is a matter of the controller, and nothing in the object says it. */
const PORT = 443;

/** Makes a TLS handshake with each address of an Ingress for each of its hosts, each pair once. Nothing else is sent. */
export async function lookAtIngresses(client: ApiClient, source: Source, read: Extract<Read, { how: 'ingressServers' }>, ingresses: readonly IngressEvidence[], run = createPortRun()): Promise<PerResult<ShownServer>[]> {
  const places = ingresses.flatMap(item => [...hostsOf(item).keys()].flatMap(host => addressesOf(item).map((address): ServedHost => ({ host, address }))));
  const wanted = new Map(places.map(each => [servedKey(each), each]));
  return Promise.all([...wanted].map(async ([of, { host, address }]): Promise<PerResult<ShownServer>> => {
    const seen = await lookAt(client, source, read, address, { port: PORT, serverName: host }, run);
    return 'gap' in seen ? { of, gap: seen.gap } : { of, value: seen.shown };
  }));
}
