import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex, type Attempted } from '../evidence/need.ts';
import { formatRef, type ResourceRef } from '../evidence/resource-ref.ts';
import { refOf } from '../evidence/source.ts';
import { grpcRoutes, httpRoutes, openShiftRoutes, referenceGrants, services, tcpRoutes, tlsRoutes } from '../evidence/sources/exposure.ts';
import { ingresses } from '../evidence/sources/tls.ts';
import { pods, serviceAccounts, type PodEvidence } from '../evidence/sources/workloads.ts';
import { doorsOf, type Door, type DoorEvidence } from './rbac-exposure-doors.ts';
import { accountOf, isTokenMounted } from './rbac-surroundings.ts';
import type { Subject } from '../evidence/subject.ts';

/** How pods that hold the token of a service account can be reached from outside the cluster. */
export interface Exposure {
  /** `published`: something leads to a port of the pod. `possible`: the pod shares the network of its node, and what it listens on there is not known. */
  readonly degree: 'published' | 'possible';
  /** One of the pods, by the most public way in. */
  readonly pod: ResourceRef;
  /** What leads to it, from outside inwards, with the value that says so. */
  readonly through: readonly DoorStep[];
  /** How many pods that hold the token can be reached in that degree. */
  readonly pods: number;
}

/** A value in an object that lets somebody in. */
export interface DoorStep {
  readonly resource: ResourceRef;
  readonly path: string;
  readonly value: unknown;
}

/** Which service accounts can be come at from outside. */
export interface Exposures {
  /** By `NAMESPACE/NAME`; whoever is not there has no such pod, as far as was read. */
  readonly ofAccount: ReadonlyMap<string, Exposure>;
  /** All accounts of a namespace together; those of the whole cluster under the empty name. */
  readonly ofNamespace: ReadonlyMap<string, Exposure>;
  /** What may lead to more pods and could not be read. */
  readonly unread: readonly { readonly of: string; readonly gaps: readonly Gap[] }[];
}

export const rbacExposure = defineIndex({
  id: 'rbac-exposure',
  needs: {
    pods: attempt(pods), accounts: attempt(serviceAccounts), services: attempt(services), ingresses: attempt(ingresses),
    httpRoutes: attempt(httpRoutes), grpcRoutes: attempt(grpcRoutes), tlsRoutes: attempt(tlsRoutes), tcpRoutes: attempt(tcpRoutes),
    grants: attempt(referenceGrants), openShiftRoutes: attempt(openShiftRoutes),
  },
  build({ pods: read, accounts, grants, ...evidence }): Exposures {
    const lists = {
      services: listOf(evidence.services), ingresses: listOf(evidence.ingresses), openShiftRoutes: listOf(evidence.openShiftRoutes), grants: listOf(grants),
      routes: ([[httpRoutes, evidence.httpRoutes], [grpcRoutes, evidence.grpcRoutes], [tlsRoutes, evidence.tlsRoutes], [tcpRoutes, evidence.tcpRoutes]] as const)
        .flatMap(([source, routes]) => listOf(routes).map(route => ({ ref: refOf(source, route), route }))),
    } satisfies DoorEvidence;
    const unmounted = new Set(listOf(accounts).filter(each => each.automountServiceAccountToken === false).map(({ metadata: { namespace = '', name } }) => `${namespace}/${name}`));
    // A pod that has ended answers nobody.
    const holding = listOf(read).filter(pod => pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed' && isTokenMounted(pod, unmounted));
    const unread = [
      ['Services', evidence.services], ['Ingresses', evidence.ingresses], ['HTTPRoutes', evidence.httpRoutes], ['GRPCRoutes', evidence.grpcRoutes], ['TLSRoutes', evidence.tlsRoutes],
      ['TCPRoutes', evidence.tcpRoutes], ['ReferenceGrants', grants], ['Routes of OpenShift', evidence.openShiftRoutes], ['pods', read],
    ] as const;
    const ofAccount = exposuresOf(holding, doorsOf(lists));
    return {
      ofAccount,
      ofNamespace: new Map([...Map.groupBy(ofAccount, ([account]) => account.slice(0, account.indexOf('/'))), ...(ofAccount.size > 0 ? [['', [...ofAccount]] as const] : [])].map(([namespace, all]) => [namespace, together(all)])),
      unread: unread.flatMap(([of, list]) => ('gaps' in list ? [{ of, gaps: list.gaps }] : [])),
    };
  },
});

function listOf<T>(read: Attempted<readonly T[]>): readonly T[] {
  return 'value' in read ? read.value : [];
}

function exposuresOf(holding: readonly PodEvidence[], doors: readonly Door[]): ReadonlyMap<string, Exposure> {
  const best = new Map<PodEvidence, Door>();
  const offer = (pod: PodEvidence, door: Door): void => {
    const before = best.get(pod);
    if (before === undefined || isBefore(door, before)) best.set(pod, door);
  };
  const byNamespace = Map.groupBy(holding, pod => pod.metadata.namespace ?? '');
  const byLabel = new Map<string, ReadonlyMap<string, readonly PodEvidence[]>>();
  for (const door of doors) {
    const wanted = Object.entries(door.selector);
    const [first] = wanted;
    // A Service without a selector selects nothing.
    if (first === undefined) continue;
    // Found by one label, and only these are compared with the others: a namespace may have thousands of pods and Services.
    const key = `${door.namespace}/${first[0]}`;
    let byValue = byLabel.get(key);
    if (byValue === undefined) byLabel.set(key, (byValue = Map.groupBy(byNamespace.get(door.namespace) ?? [], pod => pod.metadata.labels?.[first[0]] ?? '')));
    for (const pod of byValue.get(first[1]) ?? []) {
      const { labels = {} } = pod.metadata;
      if (wanted.every(([name, value]) => Object.hasOwn(labels, name) && labels[name] === value)) offer(pod, door);
    }
  }
  for (const pod of holding) for (const door of ownDoors(pod)) offer(pod, door);

  const found = new Map<string, Exposure>();
  const byAccount = Map.groupBy(best, ([pod]) => { const { namespace, name } = accountOf(pod); return `${namespace}/${name}`; });
  for (const [account, reached] of byAccount) {
    const [first] = reached.toSorted(([a, doorA], [b, doorB]) => (isBefore(doorA, doorB) ? -1 : isBefore(doorB, doorA) ? 1 : a.metadata.name < b.metadata.name ? -1 : 1));
    if (first === undefined) continue;
    const [pod, { degree, through }] = first;
    found.set(account, { degree, through, pod: refOf(pods, pod), pods: reached.filter(([, door]) => door.degree === degree).length });
  }
  return found;
}

/** Ports of the node that lead to the pod, and the node's own network. */
function ownDoors(pod: PodEvidence): Door[] {
  const ref = refOf(pods, pod);
  const door = (degree: Door['degree'], rank: number, path: string, value: unknown): Door => ({ degree, rank, namespace: pod.metadata.namespace ?? '', selector: {}, through: [{ resource: ref, path, value }] });
  // On the node's own network a port in the spec says little: the API server writes it for every port, and the program may listen on the loopback alone.
  if (pod.spec?.hostNetwork === true) return [door('possible', 7, 'spec.hostNetwork', true)];
  return (['containers', 'initContainers'] as const).flatMap(list => (pod.spec?.[list] ?? []).flatMap(({ ports = [] }, at) =>
    ports.flatMap(({ hostPort = 0, hostIP = '' }, index) => (hostPort === 0 || isLoopback(hostIP) ? [] : [door('published', 6, `spec.${list}[${at}].ports[${index}].hostPort`, hostPort)]))));
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

function isBefore(a: Door, b: Door): boolean {
  return a.rank !== b.rank ? a.rank < b.rank : keyOf(a) < keyOf(b);
}

function keyOf({ through }: Door): string {
  return through.map(({ resource, path }) => `${formatRef(resource)} ${path}`).join(' ');
}

/** Of several accounts the most public, and how many pods are as public as it is. */
function together(accounts: readonly (readonly [account: string, exposure: Exposure])[]): Exposure {
  const inOrder = accounts.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, exposure]) => exposure);
  const [first] = [...inOrder.filter(({ degree }) => degree === 'published'), ...inOrder];
  if (first === undefined) throw new Error('accounts without one');
  return { ...first, pods: inOrder.filter(({ degree }) => degree === first.degree).reduce((sum, each) => sum + each.pods, 0) };
}

/** How a subject can be come at from outside: a service account by its pods, a group of service accounts by those of all of them. */
export function exposureOf({ ofAccount, ofNamespace }: Exposures, { kind, namespace = '', name }: Subject): Exposure | undefined {
  if (kind === 'ServiceAccount') return ofAccount.get(`${namespace}/${name}`);
  if (kind !== 'Group') return undefined;
  if (name === 'system:serviceaccounts' || name === 'system:authenticated') return ofNamespace.get('');
  return name.startsWith('system:serviceaccounts:') ? ofNamespace.get(name.slice('system:serviceaccounts:'.length)) : undefined;
}

/** Whether pods lend their rights to a subject, so that it matters how exposed they are. */
export function isOfPods({ kind, name }: Subject): boolean {
  return kind === 'ServiceAccount' || (kind === 'Group' && (name === 'system:authenticated' || /^system:serviceaccounts(:|$)/.test(name)));
}

/** `pod shop/web-1 is reachable from outside through Ingress/shop/front and Service/shop/web`, without a full stop. */
export function exposureWords({ degree, pod, through, pods: count }: Exposure): string {
  const others = count === 1 ? '' : ` and ${count - 1} more`;
  const who = `pod ${pod.namespace ?? ''}/${pod.name}${others}`;
  if (degree === 'possible') return `${who} ${count === 1 ? 'shares' : 'share'} the network of the node, so that what ${count === 1 ? 'it listens' : 'they listen'} on may be reachable from outside`;
  return `${who} ${count === 1 ? 'is' : 'are'} reachable from outside through ${through.map(stepWords).join(' and ')}`;
}

function stepWords({ resource, path, value }: DoorStep): string {
  if (resource.kind === 'Pod') return `port ${String(value)} of the node`;
  const name = formatRef(resource);
  if (path === 'spec.type') return `${name} of type ${String(value)}`;
  return path === 'spec.externalIPs' ? `the external IPs of ${name}` : name;
}
