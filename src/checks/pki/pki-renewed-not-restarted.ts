import { certificateRestarts } from '../../indexes/certificate-restarts.ts';
import { defineCheck } from '../define-check.ts';
import { unreadTargets } from './certificate-finding.ts';

export default defineCheck({
  id: 'pki-renewed-not-restarted',
  title: 'Component still uses the certificate from before its renewal',
  severity: 'high',
  rationale:
    'The renewed certificate lies in its file, every look at the file says that all is well, and the component goes on with the old one until that ends. Then it is refused, all at once and a year after anybody thought of it.',
  remediation: {
    change:
      'Restart the component: on its node move its manifest out of /etc/kubernetes/manifests, wait until the pod is gone, and move it back; one control-plane node after the other.',
    mayBreak: 'While the only controller manager or scheduler is away nothing is scheduled or repaired; what runs goes on. While the only API server is away nobody reaches the cluster.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-certs/#manual-certificate-renewal'],
  scope: 'cluster',

  needs: { restarts: certificateRestarts },
  *targets({ restarts }) {
    yield* restarts.questions;
    yield* unreadTargets(restarts);
  },

  inspect({ component, node, file, certificate, by, isOwed }) {
    if (!isOwed) return undefined;
    const common = { resource: component, cause: `${component.name} before its restart`, discriminator: node };
    if (by.kind === 'handshake') {
      const { shown } = by;
      return {
        ...common,
        message: `${component.name} on ${node} serves with a certificate that ends on ${shown.notAfter.slice(0, 10)}, and ${file} holds another that ends on ${(certificate?.notAfter ?? '').slice(0, 10)}`,
        evidence: [
          { path: 'serving[0].sha256', value: shown.sha256, grade: 'exact', derivation: 'what the API server shows in a handshake' },
          { path: 'certificates[0].sha256', value: certificate?.sha256, grade: 'exact', derivation: `the certificate in the file ${file} of node ${node}` },
        ],
      };
    }
    const { startedAt, writtenAt, pod } = by;
    return {
      ...common,
      message: `${component.name} on ${node} runs since ${startedAt} and reads ${file} at its start alone, which was written at ${writtenAt}: most likely it still logs in with the certificate from before`,
      evidence: [
        { path: 'writtenAt', value: writtenAt, grade: 'inferred', derivation: `when the file ${file} of node ${node} was last written, by the clock of the node` },
        {
          resource: { apiVersion: 'v1', kind: 'Pod', ...pod },
          path: 'status.containerStatuses[0].state.running.startedAt',
          value: startedAt,
          grade: 'exact',
          reproduce: ['kubectl', 'get', 'pods', '-n', pod.namespace, '-o', 'jsonpath={.status.containerStatuses[0].state.running.startedAt}', '--', pod.name],
        },
      ],
    };
  },
});
