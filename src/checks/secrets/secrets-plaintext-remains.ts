import type { Gap } from '../../evidence/gap.ts';
import { apiServerRef } from '../../evidence/resource-ref.ts';
import { encryptionAtRest, evidenceOfReplicas } from '../../indexes/encryption-at-rest.ts';
import type { EncryptionVerdict, ReplicaEncryption } from '../../indexes/encryption-verdict.ts';
import { VERDICT_WORDS, whichReplicas } from '../../indexes/encryption-words.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';

export default defineCheck({
  id: 'secrets-plaintext-remains',
  title: 'Secrets from before encryption was configured are still stored in plain text',
  severity: 'medium',
  rationale:
    'Turning encryption on changes nothing that is stored: each Secret stays in plain text in etcd and its backups until it is written again, so the oldest credentials stay unprotected longest.',
  remediation: {
    change:
      'Rewrite every Secret with `kubectl get secrets --all-namespaces -o json | kubectl replace -f -` (or a StorageVersionMigration for secrets), repeat it for those that were refused because they changed meanwhile, and restart the API servers one by one: their counters then begin anew and show whether any is left.',
    mayBreak:
      'All Secret values pass through the machine that runs the command, so run it where that is acceptable and keep no output. Every Secret gets a new resourceVersion, which wakes whatever watches Secrets. Backups of etcd made before still hold the plain text.',
  },
  // CIS asks for a configuration and its first provider only, and both may be right here.
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K08' },
    { framework: 'owasp-2025', version: '2025', id: 'K03' },
  ],
  references: [
    'https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/#ensure-all-secrets-are-encrypted',
    'https://kubernetes.io/docs/tasks/manage-kubernetes-objects/storage-version-migration/',
  ],
  scope: 'cluster',

  needs: { encryption: encryptionAtRest },
  *targets({ encryption: { replicas } }) {
    const encrypting = replicas.filter(({ verdict }) => !PLAIN_ANYWAY.has(verdict));
    const known = encrypting.filter(isJudged);
    if (known.length > 0) yield known;
    for (const replica of encrypting) {
      if (!isJudged(replica)) yield unknownTarget(replica.of, replica.verdict === 'unknown' ? replica.gaps : [notAllRead(replica)], replica.evidence);
    }
  },

  inspect(known, { encryption: { replicas } }) {
    const found = known.filter(({ verdict }) => verdict === 'plaintextRemains');
    const [first, ...more] = evidenceOfReplicas(found);
    if (first === undefined) return undefined;
    return {
      resource: apiServerRef,
      // Counters only rise: a Secret that was rewritten since is still counted until the replica restarts.
      message: `${whichReplicas(found, replicas)} ${VERDICT_WORDS.plaintextRemains}, or were so since it started`,
      evidence: [first, ...more],
      cause: 'Secrets not rewritten',
    };
  },
});

/** Where nothing is encrypted, that old Secrets are not is no fault of its own. */
const PLAIN_ANYWAY: ReadonlySet<EncryptionVerdict> = new Set<EncryptionVerdict>(['identityFirst', 'notCovered', 'notConfigured']);

/** Found some in plain text, or has looked at all of them. */
function isJudged({ verdict, hasReadAll }: ReplicaEncryption): boolean {
  return verdict === 'plaintextRemains' || (verdict !== 'unknown' && hasReadAll);
}

function notAllRead({ of }: ReplicaEncryption): Gap {
  const detail = `${of} keeps no watch cache of Secrets, so it has not read all of them since it started`;
  return { kind: 'notObservable', reason: 'notProven', source: 'apiservermetrics', detail };
}
