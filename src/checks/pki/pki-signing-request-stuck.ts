import { refOf } from '../../evidence/source.ts';
import { signingRequests, type SigningRequest } from '../../evidence/sources/pki.ts';
import { defineCheck, type Finding } from '../define-check.ts';

/** Minutes: kubelets ask again and again, and whoever approves does so within seconds. */
const PENDING_MINUTES = 60;
/** The signer of the controller manager answers at once. */
const SIGNING_MINUTES = 10;

const KUBELET_SIGNERS: ReadonlySet<string> = new Set(['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet']);

export default defineCheck({
  id: 'pki-signing-request-stuck',
  title: 'Request for a certificate is stuck',
  severity: 'medium',
  rationale:
    'A kubelet whose request nobody approves or signs goes on with its old certificate until that ends, and then its node is lost; without a serving certificate nobody can verify it, and logs and metrics of its pods are read unverified or not at all.',
  remediation: {
    change:
      'Look at what it asks for with `kubectl get csr NAME -o yaml`: approve it with `kubectl certificate approve NAME` if the name and addresses are those of the node, deny it otherwise. For serving certificates of kubelets install something that approves them, since Kubernetes itself does not.',
    mayBreak: 'An approved request is a certificate that cannot be revoked. Approve nothing whose requester and subject you cannot explain.',
  },
  controls: [
    { framework: 'cis', version: '1.12', id: '4.2.11' },
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/', 'https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/'],
  scope: 'cluster',

  needs: { requests: signingRequests },
  targets: ({ requests }) => requests,
  inspect(request, _evidence, { now }) {
    const stuck = stuckWords(request, now);
    if (stuck === undefined) return undefined;
    const { signerName, username } = request.spec;
    const isOfKubelet = KUBELET_SIGNERS.has(signerName);
    const resource = refOf(signingRequests, request);
    return {
      resource,
      severity: isOfKubelet ? 'medium' : 'low',
      message: `the request of ${username ?? 'somebody'} to ${signerName} for ${request.spec.request?.subject ?? 'an unreadable subject'} ${stuck.words}`,
      evidence: [stuck.evidence(resource.name)],
      cause: isOfKubelet ? `requests to ${signerName}` : `request of ${username ?? 'somebody'}`,
    };
  },
});

interface Stuck {
  readonly words: string;
  readonly evidence: (name: string) => Finding['evidence'][number];
}

function stuckWords({ metadata, status }: SigningRequest, now: string): Stuck | undefined {
  const conditions = status?.conditions ?? [];
  const minutes = (since: string | undefined): number => (since === undefined ? 0 : (Date.parse(now) - Date.parse(since)) / 60_000);
  const at = (path: string, value: unknown): Stuck['evidence'] => name => ({
    path, value, grade: 'exact', reproduce: ['kubectl', 'get', 'certificatesigningrequests.certificates.k8s.io', '-o', `jsonpath={.${path}}`, '--', name],
  });
  const bad = conditions.findIndex(({ type }) => type === 'Denied' || type === 'Failed');
  if (bad >= 0) {
    const type = conditions[bad]?.type ?? '';
    return { words: type === 'Denied' ? 'was denied' : 'failed when it was signed', evidence: at(`status.conditions[${bad}].type`, type) };
  }
  const approved = conditions.findIndex(({ type }) => type === 'Approved');
  const hasCertificate = status?.certificate !== undefined;
  if (hasCertificate) return undefined;
  if (approved >= 0) {
    const since = conditions[approved]?.lastUpdateTime;
    return minutes(since) < SIGNING_MINUTES ? undefined : { words: 'was approved, and nobody has signed it', evidence: at(`status.conditions[${approved}].lastUpdateTime`, since) };
  }
  return minutes(metadata.creationTimestamp) < PENDING_MINUTES ? undefined : { words: 'waits for an approval since more than an hour', evidence: at('metadata.creationTimestamp', metadata.creationTimestamp) };
}
