import type { ObservedProvider } from './encryption-observed.ts';
import type { EncryptionVerdict, ReplicaEncryption } from './encryption-verdict.ts';

/** What each verdict says of a replica, as the end of a sentence that begins with its name. */
export const VERDICT_WORDS: Readonly<Record<EncryptionVerdict, string>> = {
  encrypted: 'writes Secrets encrypted and found none in plain text',
  encryptedWritesUnseen: 'found every Secret encrypted, and has written none since it started',
  plaintextRemains: 'found Secrets in plain text that a configuration should have encrypted',
  identityFirst: 'writes Secrets in plain text, because the identity provider stands first in its encryption configuration',
  notCovered: 'stores Secrets in plain text, because no encryption configuration of it names them',
  notConfigured: 'stores Secrets in plain text, because it has no encryption configuration',
  unknown: 'cannot be judged',
};

/** `the API server`, or how many of the replicas: `2 of 3 API server replicas`. */
export function whichReplicas(some: readonly ReplicaEncryption[], all: readonly ReplicaEncryption[]): string {
  return all.length === 1 ? 'the API server' : `${some.length} of ${all.length} API server replicas`;
}

/** `aescbc`, `kms v2 (plugin vault)`. */
export function providerWords({ id, name }: ObservedProvider): string {
  return name === undefined ? id : `${id} (plugin ${name})`;
}
