import { refOf } from '../evidence/source.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import { openShiftRoutes, services, type referenceGrants, type RouteEvidence, type ServiceEvidence } from '../evidence/sources/exposure.ts';
import { ingresses } from '../evidence/sources/tls.ts';
import type { DoorStep, Exposure } from './rbac-exposure.ts';

/** A way from outside the cluster to the pods of one namespace that a selector finds. */
export interface Door extends Pick<Exposure, 'degree' | 'through'> {
  readonly namespace: string;
  /** Of the Service; nothing is selected by an empty one. */
  readonly selector: Readonly<Record<string, string>>;
  /** Lower is more public: host names first, ports of nodes last. */
  readonly rank: number;
}

type ItemOf<S> = S extends { readonly evidence?: readonly (infer T)[] } ? T : never;

/** What doors are worked out from; what could not be read is empty here and named elsewhere. */
export interface DoorEvidence {
  readonly services: readonly ServiceEvidence[];
  readonly ingresses: readonly ItemOf<typeof ingresses>[];
  readonly openShiftRoutes: readonly ItemOf<typeof openShiftRoutes>[];
  readonly routes: readonly { readonly ref: ResourceRef; readonly route: RouteEvidence }[];
  readonly grants: readonly ItemOf<typeof referenceGrants>[];
}

/** A place that sends requests on to a Service. */
interface Backend extends DoorStep {
  readonly rank: number;
  readonly namespace: string;
  readonly service: string;
}

/** Every way in that leads over a Service, by what the Service is itself and by what sends requests on to it. */
export function doorsOf(evidence: DoorEvidence): readonly Door[] {
  const byService = Map.groupBy(
    [...evidence.ingresses.flatMap(inIngress), ...evidence.routes.flatMap(each => inRoute(each, evidence.grants)), ...evidence.openShiftRoutes.flatMap(inOpenShiftRoute)],
    ({ namespace, service }) => `${namespace}/${service}`,
  );
  return evidence.services.flatMap(service => {
    const { metadata: { namespace = '', name }, spec } = service;
    const { selector } = spec ?? {};
    // A name in DNS leads to no pod of the cluster by itself.
    if (selector === undefined || spec?.type === 'ExternalName') return [];
    const ref = refOf(services, service);
    const door = (rank: number, ...through: readonly DoorStep[]): Door => ({ degree: 'published', namespace, selector, rank, through });
    return [
      ...ownSteps(service).map(([rank, step]) => door(rank, step)),
      ...(byService.get(`${namespace}/${name}`) ?? []).map(({ rank, resource, path, value }) => door(rank, { resource, path, value }, { resource: ref, path: 'spec.selector', value: selector })),
    ];
  });
}

/** By which ports of its own a Service is open: a load balancer, its external IPs, ports of nodes. */
function ownSteps(service: ServiceEvidence): (readonly [rank: number, step: DoorStep])[] {
  const { spec, status } = service;
  const resource = refOf(services, service);
  const hasNodePort = spec?.ports?.some(({ nodePort = 0 }) => nodePort !== 0) === true;
  // Waiting for an address and without ports of nodes, a load balancer is none yet.
  const isBalanced = spec?.type === 'LoadBalancer' && (hasNodePort || status?.loadBalancer?.ingress === true);
  const byType: DoorStep = { resource, path: 'spec.type', value: spec?.type };
  return [
    ...(isBalanced ? [[3, byType] as const] : []),
    ...((spec?.externalIPs ?? []).length > 0 ? [[4, { resource, path: 'spec.externalIPs', value: spec?.externalIPs }] as const] : []),
    ...(spec?.type === 'NodePort' && hasNodePort ? [[5, byType] as const] : []),
  ];
}

/** An Ingress leads to Services of its own namespace only. */
function inIngress(item: DoorEvidence['ingresses'][number]): Backend[] {
  const { namespace = '' } = item.metadata;
  const to = (path: string, service: string | undefined): Backend[] =>
    (service === undefined ? [] : [{ rank: 0, namespace, service, resource: refOf(ingresses, item), path, value: service }]);
  return [
    ...to('spec.defaultBackend.service.name', item.spec?.defaultBackend?.service?.name),
    ...(item.spec?.rules ?? []).flatMap((rule, at) => (rule.http?.paths ?? []).flatMap((each, index) => to(`spec.rules[${at}].http.paths[${index}].backend.service.name`, each.backend.service?.name))),
  ];
}

const GATEWAY_API = 'gateway.networking.k8s.io';

/**
 * A route of Gateway API that hangs on a gateway, unless every gateway has refused it; one that hangs on a Service is for traffic
 * inside the cluster. To a Service of another namespace it leads where a ReferenceGrant there lets it.
 */
function inRoute({ ref, route }: DoorEvidence['routes'][number], grants: DoorEvidence['grants']): Backend[] {
  const own = ref.namespace ?? '';
  const isOnGateway = route.spec.parentRefs?.some(({ group = GATEWAY_API, kind = 'Gateway' }) => group === GATEWAY_API && kind === 'Gateway') === true;
  if (!isOnGateway || route.status?.parents === false) return [];
  return (route.spec.rules ?? []).flatMap(({ backendRefs = [] }, at) => backendRefs.flatMap(({ group = '', kind = 'Service', name, namespace = own, weight = 1 }, index): Backend[] => {
    if (group !== '' || kind !== 'Service' || weight === 0) return [];
    if (namespace !== own && !grants.some(grant => isGranted(grant, { from: ref, namespace, name }))) return [];
    return [{ rank: 1, namespace, service: name, resource: ref, path: `spec.rules[${at}].backendRefs[${index}].name`, value: name }];
  }));
}

function isGranted({ metadata, spec }: DoorEvidence['grants'][number], { from, namespace, name }: { readonly from: ResourceRef; readonly namespace: string; readonly name: string }): boolean {
  return metadata.namespace === namespace
    && spec.from.some(each => each.group === GATEWAY_API && each.kind === from.kind && each.namespace === from.namespace)
    && spec.to.some(each => each.group === '' && each.kind === 'Service' && (each.name === undefined || each.name === '' || each.name === name));
}

/** OpenShift's own, to Services of its namespace. */
function inOpenShiftRoute(item: DoorEvidence['openShiftRoutes'][number]): Backend[] {
  const { namespace = '' } = item.metadata;
  const to = (path: string, target: { readonly kind?: string; readonly name: string } | undefined): Backend[] =>
    (target === undefined || (target.kind ?? 'Service') !== 'Service' ? [] : [{ rank: 2, namespace, service: target.name, resource: refOf(openShiftRoutes, item), path, value: target.name }]);
  return [...to('spec.to.name', item.spec.to), ...(item.spec.alternateBackends ?? []).flatMap((each, at) => to(`spec.alternateBackends[${at}].name`, each))];
}
