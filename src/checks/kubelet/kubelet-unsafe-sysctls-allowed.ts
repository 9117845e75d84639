import { changeKubelet, defineKubeletCheck } from '../define-kubelet-check.ts';

export default defineKubeletCheck({
  id: 'kubelet-unsafe-sysctls-allowed',
  title: 'Kubelet allows unsafe sysctls',
  severity: 'low',
  rationale:
    'A pod may then set kernel parameters that were not shown to stay within the pod: it can disturb its neighbours, and with some of them get at memory or limits of the node.',
  remediation: {
    change: changeKubelet('`allowedUnsafeSysctls` to an empty list, or to the few names that a workload cannot do without'),
    mayBreak: 'Pods that ask for one of them are refused by the node (SysctlForbidden): look for `securityContext.sysctls` in pod specifications first.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K01' },
    { framework: 'owasp-2025', version: '2025', id: 'K01' },
  ],
  references: ['https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/', 'https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/'],

  judge({ allowedUnsafeSysctls }) {
    return allowedUnsafeSysctls.length === 0 ? undefined : { does: `lets pods set ${allowedUnsafeSysctls.join(', ')}`, settings: { allowedUnsafeSysctls } };
  },
});
