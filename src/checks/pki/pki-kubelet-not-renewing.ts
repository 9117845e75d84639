import type { EvidenceItem } from '../../evidence/evidence-item.ts';
import { RENEW_ERRORS, TTL } from '../../evidence/kubelet-metrics.ts';
import { componentRef } from '../../evidence/resource-ref.ts';
import { refOf } from '../../evidence/source.ts';
import { signingRequests } from '../../evidence/sources/pki.ts';
import { kubeletRenewals, troubleOf, type KubeletRenewal, type RenewalTrouble } from '../../indexes/kubelet-renewal.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';

export default defineCheck({
  id: 'pki-kubelet-not-renewing',
  title: 'Kubelet cannot renew its certificate',
  severity: 'high',
  rationale:
    'A kubelet renews its certificates well before they end. Where that fails it goes on with the old one until its day and is lost then; the counter of failures says so months before. Without a serving certificate it takes no connection at all.',
  remediation: {
    change:
      'Read why in the log of the kubelet (`Failed while requesting a signed certificate`, `Certificate request was not signed`) and in `kubectl get csr`. Where a request is refused or waits, look at the bindings that let nodes ask and have client certificates approved (kubeadm: `kubeadm:node-autoapprove-certificate-rotation`), at the signing flags of the controller manager, and for serving certificates at whoever approves them: Kubernetes itself does not.',
    mayBreak: 'Nothing: the kubelet tries again by itself. Approve a request only if its name and addresses are those of the node. The counter starts anew with the kubelet.',
  },
  controls: [
    { framework: 'cis', version: '1.12', id: '4.2.10' },
    { framework: 'cis', version: '1.12', id: '4.2.11' },
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/', 'https://kubernetes.io/docs/tasks/tls/certificate-rotation/'],
  scope: 'cluster',

  needs: { kubelets: kubeletRenewals },
  *targets({ kubelets }, { now }) {
    for (const renewal of kubelets.renewals) {
      const trouble = troubleOf(renewal, now);
      const of = `${renewal.usage === 'client' ? 'client' : 'serving'} certificate of the kubelet of ${renewal.node}`;
      yield trouble !== undefined && 'gaps' in trouble ? unknownTarget(of, trouble.gaps) : { renewal, trouble };
    }
    for (const { node, gaps } of kubelets.unread) yield unknownTarget(`kubelet of ${node}`, gaps);
  },

  inspect({ renewal, trouble }) {
    if (trouble === undefined) return undefined;
    return {
      resource: renewal.resource,
      severity: trouble.severity,
      message: `the kubelet of ${renewal.node} ${trouble.words}`,
      evidence: [evidenceOf(renewal, trouble)],
      cause: renewal.usage === 'client' ? 'client certificates of kubelets' : 'serving certificates of kubelets',
      discriminator: renewal.usage,
    };
  },
});

function evidenceOf({ node, usage, errors, pending, isDirect, isRefused }: KubeletRenewal, { by }: RenewalTrouble): EvidenceItem {
  const request = 'value' in pending ? pending.value : undefined;
  // A kubelet without a certificate tells nobody anything; its request is there to be seen.
  if (request !== undefined && by !== 'errors') {
    const { name, creationTimestamp } = request.metadata;
    return {
      resource: refOf(signingRequests, request), path: 'metadata.creationTimestamp', value: creationTimestamp, grade: 'exact',
      reproduce: ['kubectl', 'get', 'certificatesigningrequests.certificates.k8s.io', '-o', 'jsonpath={.metadata.creationTimestamp} {.status}', '--', name],
    };
  }
  if (by === 'missing' && isRefused) {
    return { resource: componentRef('kubelet'), path: 'GET /metrics', value: 'tls: internal error', grade: 'inferred', derivation: 'the API server passes on the TLS alert of the kubelet, which is what one sends that has no certificate to show' };
  }
  const item = { resource: componentRef('kubelet'), ...(by === 'errors' ? { path: RENEW_ERRORS[usage], value: errors } : { path: TTL[usage], value: '+Inf' }), grade: 'exact' } as const;
  return isDirect
    ? { ...item, derivation: 'read from /metrics of the kubelet itself, on port 10250 of the node, by a caller who may get nodes/metrics' }
    : { ...item, reproduce: ['kubectl', 'get', '--raw', `/api/v1/nodes/${encodeURIComponent(node)}/proxy/metrics`] };
}
