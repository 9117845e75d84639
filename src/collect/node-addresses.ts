import type { V1Node } from '@kubernetes/client-node';
import type { ApiClient } from '../cluster/api-client.ts';
import { listSource } from '../evidence/list-source.ts';
import { readList } from './read-list.ts';

/** Where the nodes are. It serves the connection alone, so it is no evidence and no snapshot holds it. */
const nodeAddresses = listSource<V1Node>()({
  id: 'nodeaddresses',
  title: 'addresses of Nodes',
  apiVersion: 'v1',
  kind: 'Node',
  resource: 'nodes',
  namespaced: false,
  projectionVersion: 1,
  fields: {
    metadata: { name: true },
    status: { addresses: [{ type: true, address: true }], daemonEndpoints: { kubeletEndpoint: { Port: true } } },
  },
});

/** What a node says of where it is. */
export interface NodePlace {
  /** Its first InternalIP, as it stands: a node may write anything there. Absent where it names none. */
  readonly host?: string;
  /** Absent where it says none, or none that can be. */
  readonly kubeletPort?: number;
}

/** Where each node is, by name. @throws {Unread} where the list cannot be read */
export async function readNodePlaces(client: ApiClient): Promise<ReadonlyMap<string, NodePlace>> {
  const list = (await readList(client, nodeAddresses, nodeAddresses.read)) as NonNullable<typeof nodeAddresses.evidence>;
  return new Map(list.map(({ metadata, status }) => {
    const host = status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
    const port = status?.daemonEndpoints?.kubeletEndpoint?.Port;
    return [metadata.name, {
      ...(host === undefined ? {} : { host }),
      ...(port !== undefined && Number.isInteger(port) && port > 0 && port < 65_536 ? { kubeletPort: port } : {}),
    }];
  }));
}
