import type { Gap } from '../../evidence/gap.ts';
import { apiServerRef } from '../../evidence/resource-ref.ts';
import { encryptionAtRest, evidenceOfReplicas } from '../../indexes/encryption-at-rest.ts';
import type { ReplicaEncryption } from '../../indexes/encryption-verdict.ts';
import { VERDICT_WORDS, whichReplicas } from '../../indexes/encryption-words.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';

export default defineCheck({
  id: 'secrets-unencrypted-at-rest',
  title: 'Secrets are stored in etcd unencrypted',
  severity: 'high',
  rationale:
    'Whoever gets at an etcd data directory, a volume snapshot or a backup of it reads every password, token and key of the cluster, without asking the API server.',
  remediation: {
    change:
      'Write an EncryptionConfiguration that names secrets, with a kms v2 or secretbox provider first and identity last, give it to every API server with --encryption-provider-config, restart them one by one, and then rewrite all Secrets with `kubectl get secrets --all-namespaces -o json | kubectl replace -f -`. On RKE2, k3s, OpenShift and managed clusters use the own switch of the distribution instead.',
    mayBreak:
      'An API server that lacks the file or a key cannot read what another one encrypted: while the replicas are restarted, let the new provider stand second everywhere before it stands first anywhere. Backups of etcd are worthless without the keys, so keep both, apart from each other.',
  },
  controls: [
    { framework: 'cis', version: '1.12', id: '1.2.27' },
    { framework: 'cis', version: '1.12', id: '1.2.28' },
    { framework: 'owasp-2022', version: '2022', id: 'K08' },
    { framework: 'owasp-2025', version: '2025', id: 'K03' },
  ],
  references: [
    'https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/',
    'https://kubernetes.io/docs/tasks/administer-cluster/kms-provider/',
  ],
  scope: 'cluster',

  needs: { encryption: encryptionAtRest },
  *targets({ encryption: { replicas } }) {
    const known = replicas.filter(isJudged);
    if (known.length > 0) yield known;
    for (const replica of replicas) {
      if (!isJudged(replica)) yield unknownTarget(replica.of, replica.verdict === 'unknown' ? replica.gaps : [noWrite(replica)], replica.evidence);
    }
  },

  inspect(known, { encryption: { replicas } }) {
    const plain = known.filter(({ writes }) => writes === 'plain');
    // What is stored is encrypted; that the next Secret will be too is not proven as long as none was written.
    const unseen = known.filter(({ verdict }) => verdict === 'encryptedWritesUnseen');
    const worst = plain.length > 0 ? plain : unseen;
    const [first, ...more] = evidenceOfReplicas(worst);
    if (first === undefined) return undefined;
    const verdicts = [...new Set(worst.map(({ verdict }) => VERDICT_WORDS[verdict]))];
    return {
      resource: apiServerRef,
      ...(plain.length > 0 ? {} : { severity: 'info' as const }),
      message: `${whichReplicas(worst, replicas)} ${verdicts.join(', or ')}`,
      evidence: [first, ...more],
      cause: 'API server encryption configuration',
    };
  },
});

/** Whether it is known how a Secret is stored that is written now, or at least how all of them are stored. */
function isJudged({ verdict, writes }: ReplicaEncryption): boolean {
  return verdict !== 'unknown' && (writes !== 'unseen' || verdict === 'encryptedWritesUnseen');
}

/** Identity may stand first or last: both read what is there in plain text. What is stored so is a finding of its own check. */
function noWrite({ of, wasReloaded }: ReplicaEncryption): Gap {
  const detail = wasReloaded
    ? `${of} took over a changed encryption configuration since it started, so whether it would encrypt a Secret now cannot be told until it restarts`
    : `${of} has written no Secret since it started, so whether it would encrypt one cannot be told`;
  return { kind: 'gap', reason: 'notSeen', source: 'apiservermetrics', detail };
}
