import { isIn, support, type ComponentIn } from '../../indexes/support.ts';
import { minorOf, parseKubernetesVersion } from '../../data/kubernetes-version.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';

export default defineCheck({
  id: 'versions-unsupported',
  title: 'Kubernetes version is past the end of its support',
  // Never critical: that a version is old says that holes stay open, not that one can be used here. Known
  // vulnerabilities, with their conditions, are judged by themselves.
  severity: 'high',
  rationale:
    'Nobody publishes fixes for this version any more, so every vulnerability found since its support ended stays open ' +
    'in this cluster, and the next upgrade gets longer with each release.',
  remediation: {
    change:
      'Upgrade one minor at a time, control plane first, then every node: `kubeadm upgrade plan` and `kubeadm upgrade apply` ' +
      '(then `kubeadm upgrade node` and the kubelet package on each node); `aws eks update-cluster-version` and then the node groups; ' +
      '`gcloud container clusters upgrade`; `az aks upgrade`; `oc adm upgrade`; for k3s and RKE2 the new binary on servers first, then on agents.',
    mayBreak:
      'Newer minors remove API versions: `kubectl get --raw /metrics` lists the ones still asked for as apiserver_requested_deprecated_apis. ' +
      'A kubelet may be at most three minors older than the API server (two below 1.25) and never newer, ' +
      'so nodes that are too old must be upgraded before the next step of the control plane.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K10' },
    { framework: 'owasp-2025', version: '2025', id: 'K07' },
  ],
  references: ['https://kubernetes.io/releases/', 'https://kubernetes.io/releases/version-skew-policy/'],
  scope: 'cluster',
  needs: { support },
  *targets({ support: { components, undecided } }) {
    for (const component of components) if (component.verdict.state !== 'unknown') yield component;
    for (const { of, gaps, evidence } of undecided) yield unknownTarget(of, gaps, evidence);
  },
  inspect(component) {
    if (!isIn('ended')(component)) return undefined;
    return {
      resource: component.resource,
      message: `${component.title} runs ${component.version}, and ${endedWords(component)}`,
      evidence: component.evidence,
      cause: `${component.kind} ${component.version}`,
    };
  },
});

function endedWords({ version, verdict: { calendar, support: ended, supplier } }: ComponentIn<'ended'>): string {
  const parsed = parseKubernetesVersion(version);
  const minor = ended.row?.product ?? (parsed === undefined ? version : minorOf(parsed));
  const when = ended.isBound ? `by ${ended.endOfLife}` : `on ${ended.endOfLife}`;
  const own = supplier === undefined ? '' : `, longer ago than any supplier in these tables keeps a minor; the dates of ${supplier} are not among them`;
  return `${calendar.title} support of ${minor} ended ${when}${own}`;
}
