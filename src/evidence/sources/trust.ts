import type { V1beta1ClusterTrustBundle, V1beta1PodCertificateRequest, V1ConfigMap, V1CustomResourceDefinition, V1Secret } from '@kubernetes/client-node';
import { certificatesInBase64, certificatesInPem, type CertificateBundle } from '../pem.ts';
import { serviceAccountKeysIn, type ServiceAccountKey } from '../service-account-keys.ts';
import { identity, listSource } from '../list-source.ts';
import { getSource } from '../source.ts';

/**
 * The authority that programs in each namespace verify the API server by. The server is asked for ConfigMaps of this name
 * alone, which takes no right to any other.
 */
export const rootCaCopies = listSource<V1ConfigMap>()({
  id: 'rootcacopies',
  title: 'ConfigMaps kube-root-ca.crt',
  apiVersion: 'v1',
  kind: 'ConfigMap',
  resource: 'configmaps',
  namespaced: true,
  fieldSelector: 'metadata.name=kube-root-ca.crt',
  projectionVersion: 1,
  fields: { metadata: { name: true, namespace: true }, data: authoritiesIn },
});

/** Authorities that a cluster publishes for its programs: of the API itself, or of signers of any kind. */
export const clusterTrustBundles = listSource<V1beta1ClusterTrustBundle>()({
  id: 'clustertrustbundles',
  title: 'cluster trust bundles',
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'ClusterTrustBundle',
  resource: 'clustertrustbundles',
  namespaced: false,
  otherVersions: ['certificates.k8s.io/v1beta1', 'certificates.k8s.io/v1alpha1'],
  projectionVersion: 1,
  fields: { metadata: identity, spec: { signerName: true, trustBundle: certificatesInPem } },
});

/** Certificates that were issued to pods, with when they are to be renewed. */
export const podCertificateRequests = listSource<V1beta1PodCertificateRequest>()({
  id: 'podcertificaterequests',
  title: 'pod certificate requests',
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'PodCertificateRequest',
  resource: 'podcertificaterequests',
  namespaced: true,
  otherVersions: ['certificates.k8s.io/v1beta1', 'certificates.k8s.io/v1alpha1'],
  projectionVersion: 1,
  fields: {
    metadata: identity,
    spec: { signerName: true, podName: true, nodeName: true, serviceAccountName: true },
    status: { certificateChain: certificatesInPem, notBefore: true, notAfter: true, beginRefreshAt: true },
  },
});

/** Custom resources whose versions a webhook converts. Of their schemas, which are most of them, nothing is kept. */
export const customResourceDefinitions = listSource<V1CustomResourceDefinition>()({
  id: 'customresourcedefinitions',
  title: 'CustomResourceDefinitions',
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  resource: 'customresourcedefinitions',
  namespaced: false,
  projectionVersion: 2,
  fields: {
    metadata: identity,
    // Of a URL nothing is kept: it may hold a token.
    spec: { conversion: { strategy: true, webhook: { clientConfig: { caBundle: certificatesInBase64, service: { namespace: true, name: true, port: true } } } } },
  },
});

/** The public keys that tokens of service accounts are verified by, as the API server publishes them. */
export const serviceAccountKeys = getSource<readonly ServiceAccountKey[]>({
  id: 'serviceaccountkeys',
  title: 'keys of service accounts',
  projectionVersion: 1,
  path: '/openid/v1/jwks',
  accept: 'application/jwk-set+json',
  permissions: [{ nonResourceURL: '/openid/v1/jwks', verb: 'get' }],
  keeps: 'for each public key its id, algorithm, size and a hash',
  parse: serviceAccountKeysIn,
});

/**
 * Secrets whose certificates OpenShift renews by itself. The dates stand in annotations, so that metadata is enough and no
 * value leaves the API server.
 */
export const rotatedSecrets = listSource<V1Secret>()({
  id: 'rotatedsecrets',
  title: 'Secrets with certificates that OpenShift renews',
  apiVersion: 'v1',
  kind: 'Secret',
  resource: 'secrets',
  namespaced: true,
  metadataOnly: true,
  onlyWithGroup: 'config.openshift.io',
  addOnRole: 'secrets',
  projectionVersion: 1,
  fields: { metadata: { name: true, namespace: true, annotations: rotationIn } },
});

/** ConfigMaps with authorities that OpenShift renews by itself: what trusts a signer gets it from there. As of the Secrets, metadata is enough. */
export const rotatedConfigMaps = listSource<V1ConfigMap>()({
  id: 'rotatedconfigmaps',
  title: 'ConfigMaps with authorities that OpenShift renews',
  apiVersion: 'v1',
  kind: 'ConfigMap',
  resource: 'configmaps',
  namespaced: true,
  metadataOnly: true,
  onlyWithGroup: 'config.openshift.io',
  addOnRole: 'configmaps',
  projectionVersion: 1,
  fields: { metadata: { name: true, namespace: true, annotations: rotationIn } },
});

/** When a certificate was issued and ends, and after how long it is renewed. */
export interface Rotation {
  /** RFC 3339. */
  readonly notBefore?: string;
  readonly notAfter?: string;
  /** Name of the signer: `openshift-kube-apiserver-operator_aggregator-client-signer@1700000000`. */
  readonly issuer?: string;
  /** Names and addresses that a server's certificate is for. */
  readonly hostnames?: readonly string[];
  /** After so many seconds a new one is issued. */
  readonly refreshSeconds?: number;
}

function rotationIn(annotations: Readonly<Record<string, string>>): Rotation | undefined {
  const text = (name: string): string | undefined => (typeof annotations[name] === 'string' ? annotations[name] : undefined);
  const date = (name: string): string | undefined => {
    const at = Date.parse(text(name) ?? '');
    return Number.isNaN(at) ? undefined : new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
  };
  const notBefore = date('auth.openshift.io/certificate-not-before');
  const notAfter = date('auth.openshift.io/certificate-not-after');
  if (notAfter === undefined) return undefined;
  const issuer = text('auth.openshift.io/certificate-issuer');
  const hostnames = (text('auth.openshift.io/certificate-hostnames') ?? '').split(',').map(name => name.trim()).filter(name => name !== '');
  const refreshSeconds = goDuration(text('certificates.openshift.io/refresh-period') ?? '');
  return {
    notAfter,
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(issuer === undefined ? {} : { issuer }),
    ...(hostnames.length === 0 ? {} : { hostnames }),
    ...(refreshSeconds === undefined ? {} : { refreshSeconds }),
  };
}

/** `7008h0m0s`, as Go writes a duration of a second or more; undefined for anything else. */
function goDuration(text: string): number | undefined {
  const [, hours = '0', minutes = '0', seconds = '0'] = /^(?:(\d{1,7})h)?(?:(\d{1,2})m)?(\d{1,2})(?:\.\d+)?s$/.exec(text) ?? [undefined, undefined, undefined, undefined];
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return total > 0 ? total : undefined;
}

function authoritiesIn(data: Readonly<Record<string, string>>): CertificateBundle {
  const text: unknown = data['ca.crt'];
  return typeof text === 'string' ? readAgain(text) : { certificates: [], malformed: [] };
}

let last: { readonly text: string; readonly bundle: CertificateBundle } | undefined;

/** Nearly every namespace has the same text, so it is read once. */
function readAgain(text: string): CertificateBundle {
  last = last?.text === text ? last : { text, bundle: certificatesInPem(text) };
  return last.bundle;
}
