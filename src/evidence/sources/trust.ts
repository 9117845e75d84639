import type { V1beta1ClusterTrustBundle, V1beta1PodCertificateRequest, V1ConfigMap, V1CustomResourceDefinition } from '@kubernetes/client-node';
import { certificatesInBase64, certificatesInPem, type CertificateBundle } from '../pem.ts';
import { serviceAccountKeysIn, type ServiceAccountKey } from '../service-account-keys.ts';
import { getSource, identity, listSource } from '../source.ts';

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
  projectionVersion: 1,
  fields: {
    metadata: identity,
    // Of a URL nothing is kept: it may hold a token.
    spec: { conversion: { strategy: true, webhook: { clientConfig: { caBundle: certificatesInBase64, service: { namespace: true, name: true } } } } },
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
