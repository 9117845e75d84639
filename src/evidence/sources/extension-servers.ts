import type { Gap, Permission } from '../gap.ts';
import type { OptIn, PerResult, Source } from '../source.ts';
import { services } from './exposure.ts';
import { PODS_PORTFORWARD, shownServer, type ShownServer } from './node-ports.ts';
import { apiServices, mutatingWebhooks, validatingWebhooks } from './pki.ts';
import { customResourceDefinitions } from './trust.ts';
import { pods } from './workloads.ts';

/** What one pod behind the Service of a webhook or an extension API server shows to who connects. */
export interface ExtensionServer {
  readonly pod: string;
  /** Of the pod, not of the Service. */
  readonly port: number;
  readonly shown: ShownServer;
}

/** The pods that were looked at behind one Service. */
export type ExtensionServers = readonly PerResult<ExtensionServer>[];

const LISTS: readonly Permission[] = [{ apiGroup: '', resource: 'services', verb: 'list' }, { apiGroup: '', resource: 'pods', verb: 'list' }];

/**
 * What the API server meets when it calls a webhook or an extension API server, by Service (extension-services.ts has its key): the certificates of the pods behind it, seen through tunnels.
 */
export const extensionServers: Source<readonly PerResult<ExtensionServers>[]> = {
  type: 'source',
  id: 'extensionservers',
  title: 'servers of webhooks and extension APIs',
  projectionVersion: 1,
  read: { how: 'extensionServers', project: shownServer },
  permissions: [...PODS_PORTFORWARD, ...LISTS],
  addOnRole: 'pods-portforward',
  optIn: { flag: '--tunnel', detail: 'no tunnel to the servers of webhooks and extension APIs was opened' } satisfies OptIn,
  after: [validatingWebhooks, mutatingWebhooks, apiServices, customResourceDefinitions, services, pods],
  skippedWithNamespace: true,
};

/** Why nothing was seen of one Service. */
export function unseen(detail: string, kind: 'gap' | 'notObservable' = 'gap'): Gap {
  return { kind, reason: 'notSeen', source: extensionServers.id, detail };
}
