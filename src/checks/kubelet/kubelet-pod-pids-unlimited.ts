import { changeKubelet, defineKubeletCheck } from '../define-kubelet-check.ts';

export default defineKubeletCheck({
  id: 'kubelet-pod-pids-unlimited',
  title: 'Kubelet sets no limit to the processes of a pod',
  severity: 'low',
  rationale:
    'One pod that goes on forking takes all process ids of the node, and the node with every pod on it stops working.',
  remediation: {
    change: changeKubelet('`podPidsLimit` to a number such as 4096'),
    mayBreak: 'A pod that needs more processes or threads than that cannot start new ones: look at `kubectl exec POD -- cat /sys/fs/cgroup/pids.current` of the largest first. It counts for pods that start afterwards.',
  },
  controls: [
    { framework: 'cis', version: '1.12', id: '4.2.13' },
    { framework: 'owasp-2022', version: '2022', id: 'K01' },
    { framework: 'owasp-2025', version: '2025', id: 'K01' },
  ],
  references: ['https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/', 'https://kubernetes.io/docs/concepts/policy/pid-limiting/'],

  judge({ podPidsLimit }) {
    // Kubelets below 1.20 may not say it; they too set no limit unless told.
    return podPidsLimit !== undefined && podPidsLimit > 0 ? undefined : { does: 'lets a pod have as many processes as the node has room for', settings: { podPidsLimit: podPidsLimit ?? null } };
  },
});
