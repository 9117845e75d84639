import { certificateSettings } from '../../indexes/certificate-settings.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';

const FLAG = 'kubelet-certificate-authority';

export default defineCheck({
  id: 'pki-kubelet-authority-unset',
  title: 'API server does not verify kubelets',
  severity: 'medium',
  rationale:
    'The API server takes whoever answers at the address of a node for its kubelet. Who gets between the two reads logs, and what is typed into kubectl exec, and answers in place of the pods.',
  remediation: {
    change:
      'Let kubelets have serving certificates that an authority issues (serverTLSBootstrap: true, and somebody who approves their requests), then set --kubelet-certificate-authority of every API server to that authority.',
    mayBreak: 'kubectl logs, exec and port-forward fail on every node whose kubelet serves with a certificate that it made itself: look at `kubectl secaudit kubelet` first.',
  },
  controls: [
    { framework: 'cis', version: '1.12', id: '1.2.5' },
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/concepts/architecture/control-plane-node-communication/#api-server-to-kubelet', 'https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/'],
  scope: 'cluster',

  needs: { settings: certificateSettings },
  *targets({ settings: { starts, gaps, isManaged } }) {
    if (isManaged) return;
    for (const start of starts) {
      if (start.program !== 'kube-apiserver') continue;
      if (start.isWhole || start.files[FLAG] !== undefined) yield start;
      else yield unknownTarget(start.of, [{ kind: 'notObservable', reason: 'notSeen', detail: 'a part of its flags is a variable' }]);
    }
    if (gaps.length > 0) yield unknownTarget('flags of the API servers', gaps);
  },

  inspect({ of, node, resource, files, evidenceOf }) {
    if (files[FLAG] !== undefined) return undefined;
    return {
      resource,
      message: `the ${of} is started without --${FLAG}, so it verifies no kubelet that it connects to`,
      evidence: [evidenceOf(FLAG)],
      cause: `--${FLAG} of the API server`,
      ...(node === undefined ? {} : { discriminator: node }),
    };
  },
});
