import { ENCRYPTION_PROVIDERS, type EncryptionProvider } from '../../data/encryption-providers.ts';
import type { Gap } from '../../evidence/gap.ts';
import { apiServerRef } from '../../evidence/resource-ref.ts';
import { encryptionAtRest, evidenceOfReplicas } from '../../indexes/encryption-at-rest.ts';
import type { ReplicaEncryption } from '../../indexes/encryption-verdict.ts';
import { providerWords, whichReplicas } from '../../indexes/encryption-words.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';

export default defineCheck({
  id: 'secrets-weak-encryption-provider',
  title: 'Secrets are encrypted with a weak provider',
  severity: 'medium',
  rationale:
    'A key in a file on the control-plane host lies beside the data that it protects, and some of the ciphers have limits that nobody watches.',
  remediation: {
    change:
      'Put a kms v2 provider first in the EncryptionConfiguration (or secretbox where no key service is at hand), keep the present provider behind it so that old values can be read, restart the API servers one by one, rewrite all Secrets with `kubectl get secrets --all-namespaces -o json | kubectl replace -f -`, and only then take the old provider out.',
    mayBreak:
      'With KMS the API servers cannot read Secrets while the key service cannot be reached at their start: run its plugin on each control-plane node and watch the kms-providers health check. Taking the old provider out before all Secrets are rewritten makes the rest unreadable.',
  },
  // Not CIS 1.2.28: the benchmark accepts aescbc, which is a finding of low severity here.
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K08' },
    { framework: 'owasp-2025', version: '2025', id: 'K03' },
  ],
  references: ['https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/#providers'],
  scope: 'cluster',

  needs: { encryption: encryptionAtRest },
  *targets({ encryption: { replicas } }) {
    // Where new Secrets are written in plain text, the provider behind identity is not what is wrong.
    const encrypting = replicas.filter(({ writes, verdict }) => writes !== 'plain' || verdict === 'unknown');
    const byProvider = new Map<EncryptionProvider, Target>();
    for (const replica of encrypting) {
      const provider = providerOf(replica);
      if ('gaps' in provider) {
        yield unknownTarget(replica.of, provider.gaps, replica.evidence);
        continue;
      }
      const before = byProvider.get(provider.rating) ?? { rating: provider.rating, words: [], replicas: [] };
      byProvider.set(provider.rating, {
        ...before,
        words: [...new Set([...before.words, ...provider.words])],
        replicas: [...before.replicas, replica],
      });
    }
    yield* byProvider.values();
  },

  inspect({ rating: { id, prefix, weakness }, words, replicas }, { encryption }) {
    const [first, ...more] = evidenceOfReplicas(replicas).filter(({ path }) => path.includes(`"${prefix}`));
    if (weakness === undefined || first === undefined) return undefined;
    return {
      resource: apiServerRef,
      severity: weakness.severity,
      message: `${whichReplicas(replicas, encryption.replicas)} encrypts Secrets with ${words.join(' and ')}: ${weakness.why}`,
      evidence: [first, ...more],
      cause: `encryption provider ${id}`,
      discriminator: id,
    };
  },
});

interface Target {
  readonly rating: EncryptionProvider;
  readonly words: readonly string[];
  readonly replicas: readonly ReplicaEncryption[];
}

/** What new Secrets are written with; where none was written, what the stored ones were read with. */
function providerOf(replica: ReplicaEncryption): Pick<Target, 'rating' | 'words'> | { readonly gaps: readonly Gap[] } {
  const { of, verdict, gaps, providers, wasReloaded } = replica;
  if (verdict === 'unknown') return { gaps };
  const wrote = providers.filter(provider => provider.wrote > 0);
  const inUse = wrote.length > 0 ? wrote : providers;
  const [id, ...others] = new Set(inUse.map(provider => provider.id));
  const base = { kind: 'gap', source: 'apiservermetrics' } as const;
  if (wasReloaded) return { gaps: [{ ...base, reason: 'notProven', detail: `${of} took over a changed encryption configuration since it started, and which provider comes first in it cannot be told until it restarts` }] };
  if (id === undefined) return { gaps: [{ ...base, reason: 'notSeen', detail: `${of} has neither encrypted nor decrypted a Secret since it started` }] };
  if (others.length > 0) {
    return { gaps: [{ ...base, reason: 'notProven', detail: `${of} used several encryption providers since it started, and which one comes first cannot be told` }] };
  }
  const rating = ENCRYPTION_PROVIDERS.find(provider => provider.id === id);
  return rating === undefined
    ? { gaps: [{ ...base, kind: 'notObservable', reason: 'newerThanData', detail: `${of} encrypts with ${id}, which this program does not know` }] }
    : { rating, words: inUse.map(providerWords) };
}
