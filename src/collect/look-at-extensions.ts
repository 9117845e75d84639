import type { ApiClient } from '../cluster/api-client.ts';
import { calledAs, servicePortKey, type ServicePort } from '../evidence/extension-services.ts';
import type { Gap } from '../evidence/gap.ts';
import type { PerResult, Read, Source } from '../evidence/source.ts';
import type { ServiceEvidence } from '../evidence/sources/exposure.ts';
import { unseen, type ExtensionServer, type ExtensionServers } from '../evidence/sources/extension-servers.ts';
import type { PodEvidence } from '../evidence/sources/workloads.ts';
import { createPortRun, lookThroughPod, mayNotOpenTunnels, mayOpenTunnels } from './look-through-tunnels.ts';
import type { KubeletRun } from './read-nodes.ts';

/** Pods behind one Service that are looked at: replicas may hold different certificates. */
const MOST_PODS = 4;

/** What there is to look at, as it was read before. */
export interface ExtensionWays {
  /** The Services that the API server calls. */
  readonly called: Iterable<ServicePort>;
  readonly services: readonly ServiceEvidence[];
  readonly pods: readonly PodEvidence[];
}

/**
 * Makes a TLS handshake with the pods behind each Service that the API server calls for an extension, asking for the name that
 * it asks for. Nothing else is sent.
 */
export async function lookAtExtensions(client: ApiClient, source: Source, read: Extract<Read, { how: 'extensionServers' }>, { called, services, pods }: ExtensionWays, run = createPortRun()): Promise<PerResult<ExtensionServers>[]> {
  const ports = [...called];
  const isAllowed = await allowedIn(client, new Set(ports.map(({ namespace }) => namespace)));
  const ready = Map.groupBy(pods.filter(({ status }) => status?.conditions === true && status.phase !== 'Succeeded' && status.phase !== 'Failed'), ({ metadata }) => metadata.namespace ?? '');
  return Promise.all(ports.map(async (service): Promise<PerResult<ExtensionServers>> => {
    const of = servicePortKey(service);
    if (!isAllowed.has(service.namespace)) return { of, gap: mayNotOpenTunnels(source) };
    const found = podsBehind(service, services, ready.get(service.namespace) ?? []);
    if ('detail' in found) return { of, gap: found };
    const looked = await Promise.all(found.slice(0, MOST_PODS).map(each => lookAt(client, source, read, service, each, run)));
    const more = found.length - looked.length;
    return { of, value: more <= 0 ? looked : [...looked, { of: 'others', gap: unseen(`${more} more behind Service ${service.namespace}/${service.name} were not looked at`, 'notObservable') }] };
  }));
}

/** Those of some namespaces in which the caller may open tunnels. */
async function allowedIn(client: ApiClient, namespaces: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  if (namespaces.size === 0 || await mayOpenTunnels(client)) return namespaces;
  const asked = await Promise.all([...namespaces].map(async namespace => ({ namespace, isAllowed: await mayOpenTunnels(client, namespace) })));
  return new Set(asked.filter(({ isAllowed }) => isAllowed).map(({ namespace }) => namespace));
}

/** One pod with the port of it that a port of a Service leads to. */
interface Behind {
  readonly pod: PodEvidence;
  readonly port: number;
}

/** The ready pods behind a port of a Service, by name; or why there are none. As kube-proxy finds them: by the selector, and by the number or name of the target port. */
function podsBehind({ namespace, name, port }: ServicePort, services: readonly ServiceEvidence[], ready: readonly PodEvidence[]): readonly Behind[] | Gap {
  const service = services.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
  if (service === undefined) return unseen(`there is no Service ${namespace}/${name}`);
  const selector = Object.entries(service.spec?.selector ?? {});
  // What somebody else fills in may lie outside the cluster, where no tunnel leads.
  if (selector.length === 0 || service.spec?.type === 'ExternalName') return unseen(`Service ${namespace}/${name} selects no pods, so no tunnel leads to what is behind it`, 'notObservable');
  const asked = service.spec?.ports?.find(each => each.port === port);
  if (asked === undefined) return unseen(`Service ${namespace}/${name} has no port ${port}`);
  const { targetPort = port } = asked;
  const selected = ready
    .filter(({ metadata: { labels = {} } }) => selector.every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value))
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const behind = selected.flatMap((pod): Behind[] => { const target = targetOf(targetPort, pod); return target === undefined ? [] : [{ pod, port: target }]; });
  if (behind.length > 0) return behind;
  return unseen(selected.length === 0 ? `no pod behind Service ${namespace}/${name} is ready` : `no ready pod behind Service ${namespace}/${name} has a port called ${targetPort}`);
}

/** The name of a target port is that of a port of the pod's containers. */
function targetOf(target: number | string, { spec }: PodEvidence): number | undefined {
  if (typeof target === 'number') return target;
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].flatMap(({ ports = [] }) => ports).find(({ name }) => name === target)?.containerPort;
}

async function lookAt(client: ApiClient, source: Source, read: Extract<Read, { how: 'extensionServers' }>, service: ServicePort, { pod: { metadata: { name } }, port }: Behind, run: KubeletRun): Promise<PerResult<ExtensionServer>> {
  const { seen } = await lookThroughPod(client, source, read, { namespace: service.namespace, name }, { port, serverName: calledAs(service) }, run);
  return 'gap' in seen ? { of: name, gap: seen.gap } : { of: name, value: { pod: name, port, shown: seen.shown } };
}
