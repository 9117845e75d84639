import { changeKubelet, defineKubeletCheck } from '../define-kubelet-check.ts';

export default defineKubeletCheck({
  id: 'kubelet-log-query-enabled',
  title: 'Kubelet gives out the logs of the node',
  severity: 'low',
  rationale:
    'Whoever may get nodes/proxy or nodes/log reads the journal of the node through the API server: the messages of sshd, containerd and of every service of the machine.',
  remediation: {
    change: changeKubelet('`enableSystemLogQuery: false`'),
    mayBreak: 'Plugins and collectors that read the logs of nodes with `?query=` stop working.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K09' },
    { framework: 'owasp-2025', version: '2025', id: 'K07' },
  ],
  references: ['https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/', 'https://kubernetes.io/docs/concepts/cluster-administration/system-logs/#log-query'],

  judge({ enableSystemLogQuery, enableDebuggingHandlers }) {
    // Without the debugging handlers there is no way to ask.
    if (!enableSystemLogQuery || enableDebuggingHandlers === false) return undefined;
    return { does: 'answers queries for the logs of the node', settings: { enableSystemLogQuery: true } };
  },
});
