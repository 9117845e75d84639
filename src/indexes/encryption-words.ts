import type { ObservedProvider } from './encryption-observed.ts';
import type { EncryptionVerdict, ReplicaEncryption } from './encryption-verdict.ts';

/** What each verdict says of a replica, as the rest of a sentence that begins with its name. */
export const VERDICT_WORDS: Readonly<Record<EncryptionVerdict, string>> = {
  encrypted: 'writes Secrets encrypted and found none in plain text',
  encryptedWritesUnseen: 'found every Secret encrypted but has written none since it started, so how the next one is stored was not seen',
  plaintextRemains: 'found Secrets that are stored in plain text although encryption is configured',
  identityFirst: 'writes Secrets in plain text, because the identity provider comes first in its encryption configuration',
  notCovered: 'stores Secrets in plain text, because no encryption configuration of it names them',
  notConfigured: 'stores Secrets in plain text, because it has no encryption configuration',
  unknown: 'cannot be judged',
};

/** `the API server`, and how much of it: `the API server (2 of 3 replicas)`. Followed by a verb in the singular. */
export function whichReplicas(some: readonly ReplicaEncryption[], all: readonly ReplicaEncryption[]): string {
  return all.length === 1 ? 'the API server' : `the API server (${some.length} of ${all.length} replicas)`;
}

/** `aescbc`, `kms v2 (plugin vault)`. */
export function providerWords({ id, name }: Pick<ObservedProvider, 'id' | 'name'>): string {
  return name === undefined ? id : `${id} (plugin ${name})`;
}
