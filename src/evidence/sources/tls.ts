import type { V1Ingress, V1Secret } from '@kubernetes/client-node';
import { takesBytes } from '../fields.ts';
import { identity, listSource, type ListedMeta } from '../list-source.ts';
import { tlsContents } from '../tls-contents.ts';

/** Annotations that say who made a Secret and renews it. No other annotation is kept. */
const KEPT_ANNOTATIONS: ReadonlySet<string> = new Set([
  'cert-manager.io/certificate-name',
  'cert-manager.io/issuer-name',
  'cert-manager.io/issuer-kind',
  'cert-manager.io/issuer-group',
  'auth.openshift.io/certificate-issuer',
  'auth.openshift.io/certificate-not-after',
  'service.beta.openshift.io/originating-service-name',
  'service.alpha.openshift.io/originating-service-name',
]);

/**
 * Secrets of type kubernetes.io/tls: their certificates, and of each key whether it fits. Kubernetes has no right to read
 * part of a Secret, so that this takes the right to read all of them.
 */
export const tlsSecrets = listSource<V1Secret>()({
  id: 'tlssecrets',
  title: 'TLS Secrets',
  apiVersion: 'v1',
  kind: 'Secret',
  resource: 'secrets',
  namespaced: true,
  projectionVersion: 1,
  fieldSelector: 'type=kubernetes.io/tls',
  pageSize: 250,
  wiped: true,
  addOnRole: 'secrets',
  optIn: { flag: '--tls-secrets', detail: 'Secrets of type kubernetes.io/tls were not read' },
  fields: { metadata: { ...identity, annotations: keepOrigin }, data: takesBytes(tlsContents) },
});

/** One TLS Secret as this source keeps it. */
export type TlsSecret = NonNullable<(typeof tlsSecrets)['evidence']>[number];

/**
 * Which Secrets there are, by name alone: what other objects refer to is there or not. Releases of Helm and tokens of
 * service accounts can hold no certificate to serve with.
 */
export const secretNames = listSource<V1Secret>()({
  id: 'secretnames',
  title: 'names of Secrets',
  apiVersion: 'v1',
  kind: 'Secret',
  resource: 'secrets',
  namespaced: true,
  projectionVersion: 1,
  fieldSelector: 'type!=helm.sh/release.v1,type!=kubernetes.io/service-account-token',
  metadataOnly: true,
  addOnRole: 'secrets',
  fields: { metadata: { name: true, namespace: true, creationTimestamp: true } },
});

const backend = { service: { name: true } } as const;

/** What people reach from outside, as far as it names the Secrets that hold the certificates and the Services that it leads to. */
export const ingresses = listSource<V1Ingress>()({
  id: 'ingresses',
  title: 'Ingresses',
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  resource: 'ingresses',
  namespaced: true,
  projectionVersion: 2,
  fields: {
    metadata: { name: true, namespace: true },
    spec: { tls: [{ hosts: true, secretName: true }], defaultBackend: backend, rules: [{ http: { paths: [{ backend }] } }] },
    status: { loadBalancer: { ingress: [{ ip: true, hostname: isGiven }] } },
  },
});

/** A Gateway as its CRD has it (gateway-api v1), as far as it is looked at. */
interface Gateway {
  readonly metadata: ListedMeta;
  readonly spec: {
    readonly listeners?: {
      readonly name: string;
      readonly hostname?: string;
      readonly tls?: { readonly mode?: string; readonly certificateRefs?: { readonly group?: string; readonly kind?: string; readonly name: string; readonly namespace?: string }[] };
    }[];
  };
}

/** The listeners of Gateway API, as far as they name certificates. */
export const gateways = listSource<Gateway>()({
  id: 'gateways',
  title: 'Gateways',
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'Gateway',
  resource: 'gateways',
  namespaced: true,
  projectionVersion: 1,
  optional: true,
  fields: {
    metadata: { name: true, namespace: true },
    spec: { listeners: [{ name: true, hostname: true, tls: { mode: true, certificateRefs: [{ group: true, kind: true, name: true, namespace: true }] } }] },
  },
});

/** Whether there is a name; which one is not kept. */
function isGiven(name: string): boolean {
  return typeof name === 'string' && name !== '';
}

/** Who made it and renews it. */
function keepOrigin(annotations: { readonly [name: string]: string }): Readonly<Record<string, string>> | undefined {
  const kept = Object.entries(annotations).filter(([name, value]) => KEPT_ANNOTATIONS.has(name) && typeof value === 'string' && value !== '');
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
