import { changeKubelet, defineKubeletCheck } from '../define-kubelet-check.ts';

export default defineKubeletCheck({
  id: 'kubelet-seccomp-default-off',
  title: 'Kubelet runs containers without a seccomp profile',
  severity: 'low',
  rationale:
    'A container whose pod names no seccomp profile may make every system call, also the rare ones that most escapes to the node go through.',
  remediation: {
    change: changeKubelet('`seccompDefault: true`'),
    mayBreak: 'Containers that need an unusual system call (debuggers, some storage and eBPF programs) fail with EPERM: try it on one node, and give those pods `seccompProfile: {type: Unconfined}`. Privileged containers are not concerned.',
  },
  controls: [
    { framework: 'cis', version: '1.12', id: '4.2.14' },
    { framework: 'owasp-2022', version: '2022', id: 'K01' },
    { framework: 'owasp-2025', version: '2025', id: 'K01' },
  ],
  references: ['https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/', 'https://kubernetes.io/docs/tutorials/security/seccomp/'],

  judge({ seccompDefault }) {
    return seccompDefault ? undefined : { does: 'gives containers that name no seccomp profile none', settings: { seccompDefault: false } };
  },
});
