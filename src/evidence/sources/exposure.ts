import type { V1Service } from '@kubernetes/client-node';
import { listSource, type ListedMeta } from '../list-source.ts';

/** Services, as far as they say which pods they lead to, and who outside the cluster comes to them. */
export const services = listSource<V1Service>()({
  id: 'services',
  title: 'Services',
  apiVersion: 'v1',
  kind: 'Service',
  resource: 'services',
  namespaced: true,
  projectionVersion: 1,
  fields: {
    metadata: { name: true, namespace: true },
    spec: { type: true, selector: true, externalIPs: true, ports: [{ port: true, targetPort: true, nodePort: true }] },
    status: { loadBalancer: { ingress: isGiven } },
  },
});

/** One Service as this source keeps it. */
export type ServiceEvidence = NonNullable<(typeof services)['evidence']>[number];

/** What a route of Gateway API names, as far as it is looked at. */
interface RouteReference {
  readonly group?: string;
  readonly kind?: string;
  readonly name: string;
  readonly namespace?: string;
}

/** A route of Gateway API as its CRD has it; those of each protocol are alike in this. */
interface Route {
  readonly metadata: ListedMeta;
  readonly spec: {
    readonly parentRefs?: RouteReference[];
    readonly rules?: { readonly backendRefs?: (RouteReference & { readonly weight?: number })[] }[];
  };
  readonly status?: { readonly parents?: RouteParent[] };
}

interface RouteParent {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

const reference = { group: true, kind: true, name: true, namespace: true } as const;

function routes(kind: string, title: string, ...versions: readonly [string, ...string[]]) {
  const [apiVersion, ...otherVersions] = versions.map(version => `gateway.networking.k8s.io/${version}`);
  const resource = `${kind.toLowerCase()}s`;
  return listSource<Route>()({
    id: resource,
    title,
    apiVersion: apiVersion ?? '',
    otherVersions,
    onlyWithGroup: 'gateway.networking.k8s.io',
    kind,
    resource,
    namespaced: true,
    projectionVersion: 1,
    fields: {
      metadata: { name: true, namespace: true },
      spec: { parentRefs: [reference], rules: [{ backendRefs: [{ ...reference, weight: true }] }] },
      status: { parents: isAccepted },
    },
  });
}

export const httpRoutes = routes('HTTPRoute', 'HTTPRoutes', 'v1', 'v1beta1');
export const grpcRoutes = routes('GRPCRoute', 'GRPCRoutes', 'v1', 'v1alpha2');
export const tlsRoutes = routes('TLSRoute', 'TLSRoutes', 'v1', 'v1alpha3', 'v1alpha2');
export const tcpRoutes = routes('TCPRoute', 'TCPRoutes', 'v1', 'v1alpha2');

/** One route as these sources keep it. */
export type RouteEvidence = NonNullable<(typeof httpRoutes)['evidence']>[number];

/** A ReferenceGrant as its CRD has it. */
interface ReferenceGrant {
  readonly metadata: ListedMeta;
  readonly spec: {
    readonly from: { readonly group: string; readonly kind: string; readonly namespace: string }[];
    readonly to: { readonly group: string; readonly kind: string; readonly name?: string }[];
  };
}

/** Which routes may lead to Services of another namespace than their own. */
export const referenceGrants = listSource<ReferenceGrant>()({
  id: 'referencegrants',
  title: 'ReferenceGrants',
  apiVersion: 'gateway.networking.k8s.io/v1',
  otherVersions: ['gateway.networking.k8s.io/v1beta1', 'gateway.networking.k8s.io/v1alpha2'],
  onlyWithGroup: 'gateway.networking.k8s.io',
  kind: 'ReferenceGrant',
  resource: 'referencegrants',
  namespaced: true,
  projectionVersion: 1,
  fields: { metadata: { name: true, namespace: true }, spec: { from: [{ group: true, kind: true, namespace: true }], to: [{ group: true, kind: true, name: true }] } },
});

interface RouteTarget {
  readonly kind?: string;
  readonly name: string;
}

/** A Route as OpenShift has it (route.openshift.io/v1). */
interface OpenShiftRoute {
  readonly metadata: ListedMeta;
  readonly spec: { readonly to?: RouteTarget; readonly alternateBackends?: RouteTarget[] };
}

/** What OpenShift's routers let in. */
export const openShiftRoutes = listSource<OpenShiftRoute>()({
  id: 'openshiftroutes',
  title: 'Routes of OpenShift',
  apiVersion: 'route.openshift.io/v1',
  onlyWithGroup: 'route.openshift.io',
  kind: 'Route',
  resource: 'routes',
  namespaced: true,
  projectionVersion: 1,
  fields: { metadata: { name: true, namespace: true }, spec: { to: { kind: true, name: true }, alternateBackends: [{ kind: true, name: true }] } },
});

/** Whether a load balancer has an address; which one is not kept. */
function isGiven(addresses: readonly unknown[]): boolean {
  return Array.isArray(addresses) && addresses.length > 0;
}

/** Whether some gateway has taken the route in; undefined where none has said anything yet. */
function isAccepted(parents: readonly RouteParent[]): boolean | undefined {
  if (!Array.isArray(parents) || parents.length === 0) return undefined;
  return parents.some((parent: { readonly conditions?: unknown } | null) => Array.isArray(parent?.conditions)
    && parent.conditions.some((each: { readonly type?: unknown; readonly status?: unknown } | null) => each?.type === 'Accepted' && each.status === 'True'));
}
