import type { V1APIService, V1CertificateSigningRequest, V1MutatingWebhookConfiguration, V1ValidatingWebhookConfiguration } from '@kubernetes/client-node';
import { configMapSource } from '../config-map.ts';
import { certificatesInBase64, certificatesInPem, type CertificateBundle } from '../pem.ts';
import { requestFacts } from '../signing-request.ts';
import { identity, listSource } from '../list-source.ts';
import { getSource } from '../source.ts';

/** What the API servers trust clients by, as they publish it themselves. */
export interface ClientTrust {
  /** `--client-ca-file`; absent where the flag is not set. */
  readonly clientAuthorities?: CertificateBundle;
  /** `--requestheader-client-ca-file`; absent where there is no aggregation. */
  readonly frontProxyAuthorities?: CertificateBundle;
  /** `--requestheader-allowed-names`; empty means every certificate of that authority. */
  readonly frontProxyNames: readonly string[];
}

/** The authority that programs in the cluster verify the API server by: the copy of one namespace. */
export const kubeRootCa = configMapSource({
  id: 'kuberootca',
  title: "ConfigMap with the API server's authority",
  namespace: 'kube-system',
  name: 'kube-root-ca.crt',
  keeps: 'its certificates',
  parse: data => certificatesInPem(data['ca.crt'] ?? ''),
});

/** The authority that kubeadm's new nodes verify the API server by. Of the kubeconfig inside nothing else is kept. */
export const clusterInfo = configMapSource({
  id: 'clusterinfo',
  title: 'ConfigMap cluster-info',
  namespace: 'kube-public',
  name: 'cluster-info',
  keeps: 'the certificates of the kubeconfig in it',
  parse: data => certificatesInBase64(/certificate-authority-data:\s*["']?([A-Za-z0-9+/=]+)/.exec(data['kubeconfig'] ?? '')?.[1] ?? ''),
});

/** Whose client certificates and whose proxy headers the API servers accept. */
export const clientTrust = configMapSource<ClientTrust>({
  id: 'clienttrust',
  title: 'ConfigMap extension-apiserver-authentication',
  namespace: 'kube-system',
  name: 'extension-apiserver-authentication',
  keeps: 'the certificates of both authorities and the names that proxies must have',
  parse: data => ({
    ...(data['client-ca-file'] === undefined ? {} : { clientAuthorities: certificatesInPem(data['client-ca-file']) }),
    ...(data['requestheader-client-ca-file'] === undefined ? {} : { frontProxyAuthorities: certificatesInPem(data['requestheader-client-ca-file']) }),
    frontProxyNames: listIn(data['requestheader-allowed-names']),
  }),
});

/** How kube-proxy logs in, where a ConfigMap says so (kubeadm and its kin). */
export const kubeProxyLogin = configMapSource<{ readonly login: 'token' | 'certificate' | 'other' }>({
  id: 'kubeproxylogin',
  title: 'ConfigMap kube-proxy',
  namespace: 'kube-system',
  name: 'kube-proxy',
  keeps: 'whether it logs in with a token or a certificate',
  parse(data) {
    const kubeconfig = data['kubeconfig.conf'] ?? '';
    // A certificate wins where both are there, since it is sent along in any case.
    return { login: /^[ \t]*client-certificate(-data)?:/m.test(kubeconfig) ? 'certificate' : /^[ \t]*token(File)?:/m.test(kubeconfig) ? 'token' : 'other' };
  },
});

/** The addresses by which programs in the cluster reach the API server. */
export const kubernetesService = getSource<{ readonly addresses: readonly string[] }>({
  id: 'kubernetesservice',
  title: 'Service of the API server',
  projectionVersion: 1,
  path: '/api/v1/namespaces/default/services/kubernetes',
  keeps: 'its addresses',
  permissions: [{ apiGroup: '', resource: 'services', verb: 'get', resourceName: 'kubernetes', namespace: 'default' }],
  parse(body) {
    const { spec } = JSON.parse(body) as { readonly spec?: { readonly clusterIP?: unknown; readonly clusterIPs?: unknown } };
    const addresses = Array.isArray(spec?.clusterIPs) ? spec.clusterIPs : [spec?.clusterIP];
    return { addresses: addresses.filter((address): address is string => typeof address === 'string' && address !== '') };
  },
});

/**
 * Requests for certificates, with the certificates that were issued. Approved, denied and failed ones are removed after an
 * hour and pending ones after a day, so that none being there proves nothing.
 */
export const signingRequests = listSource<V1CertificateSigningRequest>()({
  id: 'signingrequests',
  title: 'certificate signing requests',
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  resource: 'certificatesigningrequests',
  namespaced: false,
  projectionVersion: 1,
  fields: {
    metadata: identity,
    spec: { request: requestFacts, signerName: true, username: true, groups: true, expirationSeconds: true, usages: true },
    status: { certificate: certificatesInBase64, conditions: [{ type: true, status: true, reason: true, lastUpdateTime: true }] },
  },
});

/** One request as this source keeps it. */
export type SigningRequest = NonNullable<(typeof signingRequests)['evidence']>[number];

/** What the API server verifies a server behind it with. Of a URL nothing is kept: it may hold a token. */
const webhook = { name: true, failurePolicy: true, clientConfig: { caBundle: certificatesInBase64, service: { namespace: true, name: true, port: true } } } as const;

export const validatingWebhooks = listSource<V1ValidatingWebhookConfiguration>()({
  id: 'validatingwebhooks',
  title: 'validating webhook configurations',
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  resource: 'validatingwebhookconfigurations',
  namespaced: false,
  projectionVersion: 2,
  fields: { metadata: identity, webhooks: [webhook] },
});

export const mutatingWebhooks = listSource<V1MutatingWebhookConfiguration>()({
  id: 'mutatingwebhooks',
  title: 'mutating webhook configurations',
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  resource: 'mutatingwebhookconfigurations',
  namespaced: false,
  projectionVersion: 2,
  fields: { metadata: identity, webhooks: [webhook] },
});

/** API groups; those with a service are answered by an extension API server. */
export const apiServices = listSource<V1APIService>()({
  id: 'apiservices',
  title: 'APIServices',
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  resource: 'apiservices',
  namespaced: false,
  projectionVersion: 2,
  fields: { metadata: identity, spec: { caBundle: certificatesInBase64, insecureSkipTLSVerify: true, service: { namespace: true, name: true, port: true } } },
});

/** The API server writes lists as JSON in a string. */
function listIn(text: string | undefined): readonly string[] {
  if (text === undefined || text === '') return [];
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) throw new Error('the names are no list');
  return list.filter(name => typeof name === 'string');
}
