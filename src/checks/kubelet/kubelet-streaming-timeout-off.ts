import { changeKubelet, defineKubeletCheck } from '../define-kubelet-check.ts';

export default defineKubeletCheck({
  id: 'kubelet-streaming-timeout-off',
  title: 'Kubelet keeps idle streams open for ever',
  severity: 'low',
  rationale:
    'An exec or port-forward session that somebody left behind stays open, and can be taken over with the machine that it comes from.',
  remediation: {
    change: changeKubelet('`streamingConnectionIdleTimeout` to a time such as `4h` (0 in the file means the default of four hours; only the flag can say none)'),
    mayBreak: 'Sessions that say nothing for that long are cut.',
  },
  controls: [
    { framework: 'cis', version: '1.12', id: '4.2.5' },
    { framework: 'owasp-2022', version: '2022', id: 'K09' },
    { framework: 'owasp-2025', version: '2025', id: 'K06' },
  ],
  references: ['https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/'],

  judge({ streamingConnectionIdleTimeout: timeout }, { version }) {
    if (timeout === undefined || !/^0[a-zµ]*$/.test(timeout)) return undefined;
    // Since the runtimes serve these streams themselves the kubelet has no use for the setting.
    const minor = Number(/^v1\.(\d+)\./.exec(version ?? '')?.[1] ?? NaN);
    return { does: 'sets no limit to idle streams', ...(minor >= 24 ? { severity: 'info' as const } : {}), settings: { streamingConnectionIdleTimeout: timeout } };
  },
});
