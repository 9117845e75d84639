import { changeKubelet, defineKubeletCheck } from '../define-kubelet-check.ts';

export default defineKubeletCheck({
  id: 'kubelet-event-rate-unlimited',
  title: 'Kubelet sends events without a limit',
  severity: 'low',
  rationale:
    'A pod that fails again and again then fills etcd with events and keeps the API server busy.',
  remediation: {
    change: changeKubelet('`eventRecordQPS` to a number such as 50'),
    mayBreak: 'Events beyond the limit are dropped, so that what led to a fault may be missing in `kubectl describe`.',
  },
  controls: [
    { framework: 'cis', version: '1.12', id: '4.2.8' },
    { framework: 'owasp-2022', version: '2022', id: 'K05' },
    { framework: 'owasp-2025', version: '2025', id: 'K10' },
  ],
  references: ['https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/', 'https://github.com/kubernetes/kubernetes/blob/v1.37.1/cmd/kubelet/app/server.go'],

  judge({ eventRecordQPS }, { version }) {
    if (eventRecordQPS !== 0) return undefined;
    // Before 1.37 the client took 0 for "not set" and kept to five a second.
    const minor = Number(/^v1\.(\d+)\./.exec(version ?? '')?.[1] ?? NaN);
    if (minor < 37) return undefined;
    return { does: 'sends events without a limit', settings: { eventRecordQPS: 0 } };
  },
});
