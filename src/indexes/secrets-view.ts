import type { EvidenceItem } from '../evidence/evidence-item.ts';
import type { Gap } from '../evidence/gap.ts';
import { defineIndex } from '../evidence/need.ts';
import { encryptionAtRest } from './encryption-at-rest.ts';
import type { EncryptionVerdict, ReplicaEncryption, StoredSecrets } from './encryption-verdict.ts';
import { providerWords, VERDICT_WORDS } from './encryption-words.ts';

/** One API server replica in the table of `kubectl secaudit secrets`. */
export interface ReplicaRow {
  readonly of: string;
  readonly verdict: EncryptionVerdict;
  /** The verdict as the rest of a sentence that begins with the replica. */
  readonly words: string;
  /** What Secrets are encrypted with, as seen; empty where nothing was. Each `aescbc` or `kms v2 (plugin NAME)`. */
  readonly providers: readonly string[];
  /** Names of the keys in use; never a key. */
  readonly keys: readonly string[];
  /** `metrics`: its own counters. `settings`: flags and health checks. `none`: nothing could be read. */
  readonly knownFrom: 'metrics' | 'settings' | 'none';
  readonly version?: string;
  readonly evidence: readonly EvidenceItem[];
  /** What would make it certain, a sentence each; empty where nothing is open. */
  readonly open: readonly string[];
  readonly gaps: readonly Gap[];
}

/** What `kubectl secaudit secrets` shows beside its findings. */
export interface SecretsView {
  readonly replicas: readonly ReplicaRow[];
  /** How many Secrets are stored; why that is not known, where it is not. */
  readonly stored: StoredSecrets;
}

export const secretsView = defineIndex({
  id: 'secrets-view',
  needs: { encryption: encryptionAtRest },
  build({ encryption: { replicas, secrets } }): SecretsView {
    return { replicas: replicas.map(rowOf), stored: secrets };
  },
});

function rowOf(replica: ReplicaEncryption): ReplicaRow {
  const { of, verdict, providers, keys, gitVersion, evidence, gaps } = replica;
  const isMetric = evidence.some(({ path }) => path.startsWith('apiserver_'));
  return {
    of,
    verdict,
    words: VERDICT_WORDS[verdict],
    providers: providers.map(providerWords),
    keys: keys.map(({ name }) => name),
    knownFrom: isMetric ? 'metrics' : evidence.length > 0 ? 'settings' : 'none',
    ...(gitVersion === undefined ? {} : { version: gitVersion }),
    evidence,
    open: openQuestions(replica),
    gaps,
  };
}

function openQuestions({ of, verdict, writes, gaps, wasReloaded }: ReplicaEncryption): string[] {
  if (verdict === 'unknown') return gaps.map(({ detail }) => detail);
  return [
    ...(writes === 'unseen' ? [`How ${of} stores a new Secret shows as soon as one is written through it.`] : []),
    ...(verdict === 'plaintextRemains' ? [`Whether all Secrets were rewritten since shows when ${of} is restarted: its counters begin anew.`] : []),
    ...(wasReloaded ? [`${of} took over a changed configuration since it started; which of its writes came after that cannot be told until it is restarted.`] : []),
  ];
}
