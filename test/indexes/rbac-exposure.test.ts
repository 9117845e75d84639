import { describe, expect, it } from 'vitest';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import type { Snapshot } from '../../src/evidence/snapshot.ts';
import { services } from '../../src/evidence/sources/exposure.ts';
import { exposureOf, exposureWords, rbacExposure, type Exposures } from '../../src/indexes/rbac-exposure.ts';
import { forbidden, type Manifest } from '../support/cluster.ts';
import { account, clusterOf, clusterWith } from '../support/escalation.ts';

const GATEWAY_API = 'gateway.networking.k8s.io';

function exposures(snapshot: Snapshot): Exposures {
  const resolved = createEvaluator(snapshot).resolve(rbacExposure);
  if ('gaps' in resolved) throw new Error(resolved.gaps[0]?.detail);
  return resolved.value;
}

/** What is said of the service account shop/web. */
function ofWeb(...objects: readonly Manifest[]): string | undefined {
  const found = exposures(clusterOf(account('shop', 'web'), ...objects)).ofAccount.get('shop/web');
  return found && exposureWords(found);
}

function web(name = 'web-1', more: { readonly labels?: Readonly<Record<string, string>>; readonly spec?: object; readonly status?: object; readonly namespace?: string } = {}): Manifest {
  const { labels = { app: 'web', tier: 'front' }, spec = {}, status = { phase: 'Running' }, namespace = 'shop' } = more;
  return { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, labels }, spec: { serviceAccountName: 'web', containers: [{ name: 'main' }], ...spec }, status };
}

function service(spec: object, { name = 'web', namespace = 'shop', status = {} } = {}): Manifest {
  return { apiVersion: 'v1', kind: 'Service', metadata: { namespace, name }, spec: { type: 'ClusterIP', selector: { app: 'web' }, ports: [{ port: 80 }], ...spec }, status };
}

function ingress(spec: object, namespace = 'shop'): Manifest {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { namespace, name: 'front' }, spec };
}

const toWeb = { service: { name: 'web', port: { number: 80 } } };

function route(backend: object, { kind = 'HTTPRoute', namespace = 'shop', parent = {}, status = {} } = {}): Manifest {
  return { apiVersion: `${GATEWAY_API}/v1`, kind, metadata: { namespace, name: 'front' }, spec: { parentRefs: [{ name: 'edge', namespace: 'infra', ...parent }], rules: [{ backendRefs: [backend] }] }, status };
}

function grant(from: object = {}, to: object = {}): Manifest {
  return { apiVersion: `${GATEWAY_API}/v1`, kind: 'ReferenceGrant', metadata: { namespace: 'shop', name: 'edge' }, spec: { from: [{ group: GATEWAY_API, kind: 'HTTPRoute', namespace: 'edge', ...from }], to: [{ group: '', kind: 'Service', ...to }] } };
}

const spec = (value: object): { readonly spec: object } => ({ spec: value });
const port = (value: object): object => ({ containers: [{ name: 'main', ports: [{ containerPort: 80, ...value }] }] });
const through = (what: string): string => `pod shop/web-1 is reachable from outside through ${what}`;

describe('pods that are reachable from outside', () => {
  it.each<[string, string, readonly Manifest[]]>([
    ['an Ingress by a path', 'Ingress/shop/front and Service/shop/web', [web(), service({}), ingress({ rules: [{ http: { paths: [{ backend: toWeb }] } }] })]],
    ['an Ingress by its default backend', 'Ingress/shop/front and Service/shop/web', [web(), service({}), ingress({ defaultBackend: toWeb })]],
    ['an HTTPRoute', 'HTTPRoute/shop/front and Service/shop/web', [web(), service({}), route({ name: 'web' })]],
    ['a GRPCRoute', 'GRPCRoute/shop/front and Service/shop/web', [web(), service({}), route({ name: 'web' }, { kind: 'GRPCRoute' })]],
    ['a route of another namespace that is granted', 'HTTPRoute/edge/front and Service/shop/web', [web(), service({}), route({ name: 'web', namespace: 'shop' }, { namespace: 'edge' }), grant()]],
    ['a route that a gateway has taken in', 'HTTPRoute/shop/front and Service/shop/web', [web(), service({}), route({ name: 'web' }, { status: { parents: [{ conditions: [{ type: 'Accepted', status: 'True' }] }] } })]],
    ['a Route of OpenShift', 'Route/shop/front and Service/shop/web', [web(), service({}), { apiVersion: 'route.openshift.io/v1', kind: 'Route', metadata: { namespace: 'shop', name: 'front' }, spec: { to: { kind: 'Service', name: 'web' } } }]],
    ['a load balancer', 'Service/shop/web of type LoadBalancer', [web(), service({ type: 'LoadBalancer', ports: [{ port: 80, nodePort: 30080 }] })]],
    ['a load balancer without ports of nodes', 'Service/shop/web of type LoadBalancer', [web(), service({ type: 'LoadBalancer' }, { status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } })]],
    ['external IPs', 'the external IPs of Service/shop/web', [web(), service({ externalIPs: ['192.0.2.1'] })]],
    ['ports of nodes', 'Service/shop/web of type NodePort', [web(), service({ type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] })]],
    ['a port of its node', 'port 8080 of the node', [web('web-1', spec(port({ hostPort: 8080 })))]],
    ['the most public of several ways', 'Ingress/shop/front and Service/shop/web', [web('web-1', spec(port({ hostPort: 8080 }))), service({ type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] }), ingress({ defaultBackend: toWeb })]],
    ['a selector of several labels', 'Service/shop/web of type LoadBalancer', [web(), service({ type: 'LoadBalancer', selector: { tier: 'front', app: 'web' }, ports: [{ port: 80, nodePort: 30080 }] })]],
  ])('by %s', (_, words, objects) => {
    expect(ofWeb(...objects)).toBe(through(words));
  });

  it('are told from those on the network of their node, of which nobody knows', () => {
    expect(ofWeb(web('web-1', spec({ hostNetwork: true, ...port({ hostPort: 80 }) })))).toBe('pod shop/web-1 shares the network of the node, so that what it listens on may be reachable from outside');
  });
  it('are counted', () => {
    expect(ofWeb(web('web-2'), web('web-1'), web('web-3', { labels: { app: 'other' } }), service({}), ingress({ defaultBackend: toWeb })))
      .toBe('pod shop/web-1 and 1 more are reachable from outside through Ingress/shop/front and Service/shop/web');
  });
  it('make everybody reachable whose group their account is in', () => {
    const found = exposures(clusterOf(account('shop', 'web'), web(), service({}), ingress({ defaultBackend: toWeb })));
    const groups = ['system:serviceaccounts:shop', 'system:serviceaccounts', 'system:authenticated', 'system:serviceaccounts:bank', 'sre'];
    expect(groups.filter(name => exposureOf(found, { kind: 'Group', name }) !== undefined)).toEqual(groups.slice(0, 3));
    expect(exposureOf(found, { kind: 'User', name: 'ana' })).toBeUndefined();
  });
});

describe('pods that nobody outside reaches', () => {
  const open = { type: 'LoadBalancer', ports: [{ port: 80, nodePort: 30080 }] };
  it.each<[string, readonly Manifest[]]>([
    ['a Service inside the cluster', [web(), service({})]],
    ['a Service with an empty selector', [web(), service({ ...open, selector: {} })]],
    ['a Service without a selector', [web(), service({ ...open, selector: undefined })]],
    ['a Service of another namespace', [web(), service(open, { namespace: 'bank' })]],
    ['a selector of which one label differs', [web(), service({ ...open, selector: { app: 'web', tier: 'back' } })]],
    ['a selector that asks for an empty label where there is none', [web(), service({ ...open, selector: { canary: '' } })]],
    ['a name in DNS', [web(), service({ type: 'ExternalName', externalName: 'web.example.com' }), ingress({ defaultBackend: toWeb })]],
    ['a load balancer that waits for its address', [web(), service({ type: 'LoadBalancer' })]],
    ['an Ingress of another namespace', [web(), service({}), ingress({ defaultBackend: toWeb }, 'bank')]],
    ['an Ingress to another Service', [web(), service({}), ingress({ defaultBackend: { service: { name: 'other' } } })]],
    ['a route of another namespace without a grant', [web(), service({}), route({ name: 'web', namespace: 'shop' }, { namespace: 'edge' })]],
    ['a grant for another namespace', [web(), service({}), route({ name: 'web', namespace: 'shop' }, { namespace: 'edge' }), grant({ namespace: 'bank' })]],
    ['a grant for another kind of route', [web(), service({}), route({ name: 'web', namespace: 'shop' }, { namespace: 'edge' }), grant({ kind: 'TCPRoute' })]],
    ['a grant to another Service', [web(), service({}), route({ name: 'web', namespace: 'shop' }, { namespace: 'edge' }), grant({}, { name: 'other' })]],
    ['a route that hangs on a Service', [web(), service({}), route({ name: 'web' }, { parent: { group: '', kind: 'Service' } })]],
    ['a route that every gateway refused', [web(), service({}), route({ name: 'web' }, { status: { parents: [{ conditions: [{ type: 'Accepted', status: 'False' }] }] } })]],
    ['a route with the weight 0', [web(), service({}), route({ name: 'web', weight: 0 })]],
    ['a port of the loopback', [web('web-1', spec(port({ hostPort: 8080, hostIP: '127.0.0.1' })))]],
    ['a pod that has ended', [web('web-1', { status: { phase: 'Succeeded' } }), service(open)]],
    ['a pod that holds no token', [web('web-1', spec({ automountServiceAccountToken: false })), service(open)]],
  ])('behind %s', (_, objects) => {
    expect(ofWeb(...objects)).toBeUndefined();
  });

  it('are not claimed to be unreachable where Services were not read', () => {
    const found = exposures(clusterWith({ gaps: { [services.id]: forbidden(services) } }, account('shop', 'web'), web()));
    expect(found.ofAccount.size).toBe(0);
    expect(found.unread.map(({ of }) => of)).toEqual(['Services']);
  });
});
