import type { apiServices, mutatingWebhooks, validatingWebhooks } from './sources/pki.ts';
import type { customResourceDefinitions } from './sources/trust.ts';

/** A port of a Service that the API server calls. */
export interface ServicePort {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/** A Service as an object refers to it. */
export interface ServiceReference {
  readonly namespace?: string;
  readonly name?: string;
  readonly port?: number;
}

/** The objects by which the API server calls Services; what could not be read is left out. */
export interface Extensions {
  readonly validating: NonNullable<(typeof validatingWebhooks)['evidence']>;
  readonly mutating: NonNullable<(typeof mutatingWebhooks)['evidence']>;
  readonly services: NonNullable<(typeof apiServices)['evidence']>;
  readonly definitions: NonNullable<(typeof customResourceDefinitions)['evidence']>;
}

/** Undefined where a reference names no Service. The port is 443 where none is given (admissionregistration.k8s.io/v1, apiregistration.k8s.io/v1). */
export function servicePortOf({ namespace, name, port = 443 }: ServiceReference = {}): ServicePort | undefined {
  return namespace === undefined || name === undefined ? undefined : { namespace, name, port };
}

/** The name that the API server verifies the server behind a Service by (apiserver pkg/util/webhook, kube-aggregator). */
export function calledAs({ namespace, name }: ServicePort): string {
  return `${name}.${namespace}.svc`;
}

/** `NAMESPACE/NAME:PORT`. */
export function servicePortKey({ namespace, name, port }: ServicePort): string {
  return `${namespace}/${name}:${port}`;
}

/** Every Service that the API server calls for somebody else, each once, by its key. */
export function servicesOfExtensions({ validating, mutating, services, definitions }: Extensions): ReadonlyMap<string, ServicePort> {
  const references = [
    ...[...validating, ...mutating].flatMap(({ webhooks = [] }) => webhooks.map(({ clientConfig }) => clientConfig.service)),
    ...services.map(({ spec }) => spec?.service),
    ...definitions.map(({ spec: { conversion } }) => (conversion?.strategy === 'Webhook' ? conversion.webhook?.clientConfig?.service : undefined)),
  ];
  return new Map(references.flatMap(reference => servicePortOf(reference) ?? []).map(each => [servicePortKey(each), each]));
}
