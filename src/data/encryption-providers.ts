/**
 * The providers of an EncryptionConfiguration, by the prefix that each puts before a stored value, and how good they are.
 *
 * Source: k8s.io/apiserver pkg/server/options/encryptionconfig/config.go at v0.37.1 (prefixes), the table of providers in
 * https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/ (strength, key length, where the key is kept).
 * Read 2026-11-21.
 */
export type EncryptionProviderId = 'aescbc' | 'aesgcm' | 'secretbox' | 'kms v1' | 'kms v2';

export interface EncryptionProvider {
  readonly id: EncryptionProviderId;
  /** Every value that it wrote begins with this; a KMS provider adds its own name and a colon. */
  readonly prefix: string;
  /** What speaks against it and how much; absent where nothing does. `info`: worth knowing, no fault. */
  readonly weakness?: { readonly severity: 'medium' | 'low' | 'info'; readonly why: string };
}

export const ENCRYPTION_PROVIDERS: readonly EncryptionProvider[] = [
  {
    id: 'aescbc',
    prefix: 'k8s:enc:aescbc:v1:',
    // The default of RKE2, k3s and OpenShift, and accepted by the CIS benchmark: not more than low.
    weakness: {
      severity: 'low',
      why: 'AES-CBC does not authenticate what it encrypts, which invites padding-oracle attacks, and its key lies in a file beside the API server',
    },
  },
  {
    id: 'aesgcm',
    prefix: 'k8s:enc:aesgcm:v1:',
    weakness: {
      severity: 'medium',
      why: 'AES-GCM with one static key and random nonces is safe for about 200,000 writes only, nothing rotates the key, and it lies in a file beside the API server',
    },
  },
  {
    id: 'secretbox',
    prefix: 'k8s:enc:secretbox:v1:',
    weakness: { severity: 'info', why: 'the cipher is sound, but its key lies in a file beside the API server' },
  },
  {
    id: 'kms v1',
    prefix: 'k8s:enc:kms:v1:',
    weakness: {
      severity: 'medium',
      why: 'KMS v1 is deprecated since Kubernetes 1.28 and off by default since 1.29, so an upgrade may leave the Secrets unreadable',
    },
  },
  { id: 'kms v2', prefix: 'k8s:enc:kms:v2:' },
];

/** What stands before every encrypted value, whatever the provider. */
export const ENCRYPTED_PREFIX = 'k8s:enc:';
