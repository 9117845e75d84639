import { componentRef } from '../../evidence/resource-ref.ts';
import { sharedServingKeys } from '../../indexes/shared-serving-keys.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';
import { certificateName } from './certificate-finding.ts';

/** Nodes that are named; more are counted. */
const NAMED = 3;

export default defineCheck({
  id: 'pki-shared-serving-key',
  title: 'Several nodes serve with one private key',
  severity: 'medium',
  rationale:
    'Whoever takes the key from one of the nodes can be each of them to their clients, and a key that was copied once lies wherever it passed. It cannot be replaced on one node alone.',
  remediation: {
    change: 'Issue a certificate with a key of its own on each node (kubeadm makes them so), and take the copies away.',
    mayBreak: 'Clients that pin the certificate, or have its names only, meet another one on each node.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/setup/best-practices/certificates/', 'https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/'],
  scope: 'cluster',

  needs: { keys: sharedServingKeys },
  *targets({ keys }) {
    yield* keys.servers;
    for (const { of, gaps } of keys.unseen) yield unknownTarget(of, gaps);
  },

  inspect({ program, certificate, nodes, shown }) {
    if (nodes.length < 2) return undefined;
    const resource = componentRef(program);
    const words = nodes.length > NAMED ? `${nodes.length} nodes` : nodes.join(', ');
    return {
      resource,
      message: `${program} serves with one key on ${words} (${certificateName(certificate)})`,
      evidence: [{ resource, path: 'publicKeySha256', value: certificate.publicKeySha256, grade: 'exact', ...shown }],
      cause: `key of ${program}`,
      discriminator: certificate.commonName ?? certificate.subject,
    };
  },
});
