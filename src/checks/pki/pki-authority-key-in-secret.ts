import { authorityKeys, type AuthorityKey } from '../../indexes/authority-keys.ts';
import { formatSubject } from '../../evidence/subject.ts';
import { defineCheck, unknownTarget, type Severity } from '../define-check.ts';

/** Readers that are named; more are counted. */
const NAMED = 2;
/** kubeadm promises to delete its copy after two hours. */
const KUBEADM_HOURS = 2;

export default defineCheck({
  id: 'pki-authority-key-in-secret',
  title: 'Private key of a certificate authority lies in a Secret that others may read',
  severity: 'high',
  rationale:
    'Whoever reads it can issue a certificate for any name that those who trust the authority will take, without a trace in the cluster and until the authority ends. The right to read Secrets of a namespace is given away more easily than that.',
  remediation: {
    change: 'Keep the Secret in a namespace of its own, with no other use, and take the right to read Secrets there, or everywhere, from whoever does not issue certificates: `kubectl secaudit rbac who-can get secrets -n NAMESPACE` names them. What kubeadm left is deleted with `kubectl delete secret -n kube-system kubeadm-certs` once no node is joining.',
    mayBreak: 'Programs that read other Secrets of the same namespace by the same right. An authority that may have been read by somebody has to be replaced, which takes everything that trusts it.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K08' },
    { framework: 'owasp-2025', version: '2025', id: 'K03' },
    { framework: 'cis', version: '1.12', id: '5.1.2' },
  ],
  references: ['https://cert-manager.io/docs/configuration/ca/', 'https://kubernetes.io/docs/reference/setup-tools/kubeadm/kubeadm-init/#uploading-control-plane-certificates-to-the-cluster'],
  scope: 'namespace',

  needs: { authorities: authorityKeys },
  *targets({ authorities: { keys, unread } }) {
    yield* keys;
    for (const { of, gaps } of unread) yield unknownTarget(of, gaps);
  },

  inspect(key, _evidence, { now }) {
    const severity = severityOf(key, Date.parse(now));
    if (severity === undefined) return undefined;
    const { secret, words, evidence } = key;
    return {
      resource: secret,
      severity,
      message: `Secret ${secret.namespace}/${secret.name} holds ${words}${readerWords(key)}`,
      evidence: [{ resource: secret, ...evidence }],
      cause: `authority in Secret ${secret.namespace}/${secret.name}`,
    };
  },
});

/** What nobody but the platform and cluster-admins may read lies where it has to. */
function severityOf({ how, readers, isPublic, created }: AuthorityKey, now: number): Severity | undefined {
  if (isPublic) return 'high';
  if (how === 'kubeadm') {
    // Encrypted, but under a key that stands in somebody's terminal; what was made just now is in use.
    return created !== undefined && now - Date.parse(created) < KUBEADM_HOURS * 3_600_000 ? undefined : 'low';
  }
  return readers.length === 0 ? undefined : readers.length > NAMED ? 'medium' : 'low';
}

function readerWords({ readers, how }: AuthorityKey): string {
  if (readers.length === 0) return how === 'kubeadm' ? '; kubeadm deletes it after two hours, and did not' : '';
  const more = readers.length - NAMED;
  return `; beside what the platform ships, ${readers.slice(0, NAMED).map(formatSubject).join(' and ')}${more > 0 ? ` and ${more} more` : ''} may read it`;
}
