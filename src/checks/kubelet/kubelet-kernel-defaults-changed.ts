import { changeKubelet, defineKubeletCheck } from '../define-kubelet-check.ts';

export default defineKubeletCheck({
  id: 'kubelet-kernel-defaults-changed',
  title: 'Kubelet may change kernel settings of the node',
  severity: 'low',
  rationale:
    'The kubelet overwrites kernel settings that differ from what it expects, settings that were made to harden the node among them, instead of refusing to start.',
  remediation: {
    change: changeKubelet('`protectKernelDefaults: true`'),
    mayBreak: 'The kubelet refuses to start where vm.overcommit_memory is not 1, vm.panic_on_oom not 0, kernel.panic not 10 or kernel.panic_on_oops not 1: set those with sysctl on the node first.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K09' },
    { framework: 'owasp-2025', version: '2025', id: 'K07' },
  ],
  references: ['https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/', 'https://kubernetes.io/docs/reference/command-line-tools-reference/kubelet/'],

  // The default everywhere, and newer benchmarks have dropped it: low, not more.
  judge({ protectKernelDefaults }) {
    return protectKernelDefaults ? undefined : { does: 'overwrites kernel settings that are not as it expects', settings: { protectKernelDefaults: false } };
  },
});
