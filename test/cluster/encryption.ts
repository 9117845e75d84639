import { randomBytes } from 'node:crypto';

/**
 * What encrypts what at rest:
 * - `none`: no configuration at all
 * - `aescbc`, `secretbox`: Secrets
 * - `identity-first`: Secrets are configured for aescbc, yet written in plain text, since identity stands first
 * - `configmaps-only`: ConfigMaps by aescbc, Secrets not at all
 */
export type EncryptionKind = (typeof encryptionKinds)[number];

export const encryptionKinds = ['none', 'aescbc', 'secretbox', 'identity-first', 'configmaps-only'] as const;

/** Keys for the providers, base64: kept for the life of a ground, so that a changed order can still read what was written. */
export interface EncryptionKeys {
  readonly aescbc: string;
  readonly secretbox: string;
}

/** Fresh random keys. */
export function createEncryptionKeys(): EncryptionKeys {
  return { aescbc: randomBytes(32).toString('base64'), secretbox: randomBytes(32).toString('base64') };
}

/** The EncryptionConfiguration object of a kind; undefined for `none`. */
export function encryptionConfiguration(kind: EncryptionKind, keys: EncryptionKeys): object | undefined {
  const keyed = (secret: string): object => ({ keys: [{ name: 'key1', secret }] });
  const aescbc = { aescbc: keyed(keys.aescbc) };
  const secretbox = { secretbox: keyed(keys.secretbox) };
  const identity = { identity: {} };
  const configuration = (resource: string, ...providers: object[]): object => ({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [{ resources: [resource], providers }],
  });
  switch (kind) {
    case 'none': return undefined;
    case 'aescbc': return configuration('secrets', aescbc, identity);
    case 'secretbox': return configuration('secrets', secretbox, identity);
    case 'identity-first': return configuration('secrets', identity, aescbc);
    case 'configmaps-only': return configuration('configmaps', aescbc, identity);
  }
}
