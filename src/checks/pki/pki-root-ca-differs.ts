import { rootCaCopies } from '../../indexes/root-ca-copies.ts';
import { defineCheck, unknownTarget, type EvidenceItem } from '../define-check.ts';
import { certificateName } from './certificate-finding.ts';

export default defineCheck({
  id: 'pki-root-ca-differs',
  title: 'Pods of a namespace verify the API server by other authorities',
  severity: 'high',
  rationale:
    'Pods take the authority of the API server from the ConfigMap kube-root-ca.crt of their namespace. With an authority of somebody else in it that one can be the API server to them, and gets the tokens that they send; without the right one they cannot connect, or stop to verify.',
  remediation: {
    change:
      'Delete the ConfigMap kube-root-ca.crt of the namespace: the controller manager writes it anew at once. Find out in the audit log who changed it, and why the controller manager did not put it right by itself.',
    mayBreak: 'Programs read the bundle when they start, most of them again when it changes. What reaches the API server through a proxy with an authority of its own is cut off.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/concepts/storage/projected-volumes/#serviceaccounttoken', 'https://kubernetes.io/docs/tasks/tls/manual-rotation-of-ca-certificates/'],
  scope: 'cluster',

  needs: { published: rootCaCopies },
  *targets({ published }) {
    yield* published.copies;
    for (const { of, gaps } of published.unread) yield unknownTarget(of, gaps);
  },

  inspect({ namespace, resource, certificates, isUseless, strangers }) {
    const [stranger] = strangers.flatMap(at => certificates[at] ?? []);
    if (!isUseless && stranger === undefined) return undefined;
    const shown = (path: string, value: unknown): EvidenceItem => ({ path, value, grade: 'inferred', derivation: 'openssl x509 shows what stands under ca.crt' });
    return {
      resource,
      severity: isUseless ? 'high' : 'medium',
      message: isUseless
        ? `what pods of namespace ${namespace} verify the API server by ${certificates.length === 0 ? 'holds no certificate that can be read' : 'verifies it no longer'}, unlike that of other namespaces`
        : `pods of namespace ${namespace} take ${certificateName(stranger ?? NOBODY)} for an authority of the API server, which nothing else in the cluster does`,
      evidence: [isUseless ? shown('data.certificates', certificates.map(({ subject }) => subject)) : shown(`data.certificates[${strangers[0] ?? 0}].subject`, stranger?.subject)],
      cause: isUseless ? 'ConfigMaps kube-root-ca.crt' : `authority ${certificateName(stranger ?? NOBODY)}`,
    };
  },
});

const NOBODY = { subject: '', sha256: '' };
