import { isIn, support, type ComponentIn } from '../../indexes/support.ts';
import { defineCheck, unknownTarget, type Severity } from '../define-check.ts';

/** Days: less leaves one upgrade window at most, the other about one release cycle of upstream. */
const SOON = 30;
const IN_SIGHT = 90;

export default defineCheck({
  id: 'versions-support-ending',
  title: 'Support of the Kubernetes version ends soon',
  severity: 'medium',
  rationale:
    'After that day this version gets no more fixes, or only for an extra charge. ' +
    'An upgrade takes preparation, and a minor cannot be skipped in the control plane.',
  remediation: {
    change:
      'Plan the upgrade to the next minor before the date: `kubeadm upgrade plan`, `aws eks list-cluster-versions`, ' +
      '`gcloud container get-server-config`, `az aks get-upgrades` or `oc adm upgrade` say which versions can be had.',
    mayBreak:
      'Newer minors remove API versions: `kubectl get --raw /metrics` lists the ones still asked for as apiserver_requested_deprecated_apis. ' +
      'The control plane goes first; a kubelet is never newer than the API server.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K10' },
    { framework: 'owasp-2025', version: '2025', id: 'K07' },
  ],
  references: ['https://kubernetes.io/releases/', 'https://kubernetes.io/releases/patch-releases/'],
  scope: 'cluster',
  needs: { support },
  // A component whose support is over has nothing that could still end: that is another check's finding.
  *targets({ support: { components, undecided } }) {
    yield* components.filter(isIn('supported'));
    for (const { of, gaps, evidence } of undecided) yield unknownTarget(of, gaps, evidence);
  },
  inspect(component) {
    const ending = endingOf(component);
    if (ending === undefined) return undefined;
    return {
      resource: component.resource,
      severity: ending.severity,
      message: `${component.title} runs ${component.version}: ${ending.words}`,
      evidence: component.evidence,
      cause: `${component.kind} ${component.version}`,
    };
  },
});

function endingOf({ verdict: { calendar, support: { row, phase, phaseDaysLeft, endOfLife, daysLeft, further } } }: ComponentIn<'supported'>):
  | { readonly severity: Severity; readonly words: string }
  | undefined {
  const minor = row.product ?? row.minor;
  if (daysLeft <= IN_SIGHT) {
    const after = further === undefined ? '' : `, later only with ${further.onlyWith ?? further.name} (until ${further.until})`;
    return { severity: daysLeft <= SOON ? 'medium' : 'low', words: `${calendar.title} support of ${minor} ends on ${endOfLife}, in ${days(daysLeft)}${after}` };
  }
  if (phase.paid === true) {
    return { severity: 'info', words: `${calendar.title} charges ${phase.name} of ${minor} until ${phase.until}` };
  }
  const next = row.phases[row.phases.indexOf(phase) + 1];
  // Where the next phase costs nothing and still brings security fixes, its begin is no deadline.
  if (next?.paid !== true || phaseDaysLeft > IN_SIGHT) return undefined;
  return { severity: 'low', words: `${calendar.title} ${phase.name} of ${minor} ends on ${phase.until}, in ${days(phaseDaysLeft)}; ${next.name} follows and is charged` };
}

function days(count: number): string {
  return count === 1 ? '1 day' : `${count} days`;
}
