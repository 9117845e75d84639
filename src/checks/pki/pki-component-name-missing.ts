import { componentNames, type ComponentName, type ServingRole } from '../../indexes/component-names.ts';
import { ROLE_TITLES } from '../../indexes/certificate-role.ts';
import { defineCheck, unknownTarget, type Severity } from '../define-check.ts';
import { certificateName } from './certificate-finding.ts';

export default defineCheck({
  id: 'pki-component-name-missing',
  title: 'Certificate of a component names no server that it is asked for',
  severity: 'high',
  rationale:
    'Who verifies what it connects to refuses a certificate that does not name it; a common name counts for nothing. An API server that verifies kubelets can then not show logs or run commands, an etcd that its clients refuse takes the cluster with it, and who collects metrics turns verification off.',
  remediation: {
    change:
      'Issue it anew with the addresses and the name of its node as subject alternative names: of a kubelet by `serverTLSBootstrap: true` and an approved request; of etcd by serverCertSANs and peerCertSANs in the ConfigMap kube-system/kubeadm-config and `kubeadm init phase certs etcd-server` after the old file was moved away; of a controller manager or scheduler in the file that --tls-cert-file names.',
    mayBreak: 'The component reads its certificate when it starts, so it is gone for the seconds of a restart; do it one node at a time.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/setup/best-practices/certificates/', 'https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/'],
  scope: 'cluster',

  needs: { names: componentNames },
  *targets({ names }) {
    for (const server of names.servers) {
      const isKnown = server.seen.certificate.names.length === 0 || server.isNamed !== undefined || !NAMED_BY_NODE.has(server.role);
      yield isKnown ? server : unknownTarget(`${ROLE_TITLES[server.role]} on ${server.node}`, [NO_ADDRESSES]);
    }
    for (const { of, gaps } of names.unseen) yield unknownTarget(of, gaps);
  },

  inspect(server) {
    const { role, node, seen: { certificate }, sighting, wanted } = server;
    const isNameless = certificate.names.length === 0;
    if (!isNameless && server.isNamed !== false) return undefined;
    const said = isNameless ? 'names nothing but its holder' : `names ${certificate.names.slice(0, 3).map(name => name.replace(/^[A-Za-z]+:/, '')).join(', ')}, and neither its node nor an address of it (${wanted.slice(0, 4).join(', ')})`;
    return {
      resource: sighting.resource,
      severity: severityOf(server),
      message: `the certificate of the ${ROLE_TITLES[role]} on ${node} (${certificateName(certificate)}) ${said}`,
      evidence: [{ resource: sighting.resource, path: `${sighting.path}.names`, value: certificate.names, grade: 'exact', ...sighting.shown }],
      cause: `names of the ${ROLE_TITLES[role]}`,
      discriminator: `${role} ${node}`,
    };
  },
});

const NAMED_BY_NODE: ReadonlySet<ServingRole> = new Set(['kubelet-serving', 'etcd-server']);

const NO_ADDRESSES = { kind: 'notObservable', reason: 'notSeen', source: 'nodes', detail: 'the node, or the snapshot, does not say at which addresses it is' } as const;

/** What refuses it: the API server as a client of etcd always, of kubelets where it is told to, and otherwise who collects metrics. */
function severityOf({ role, isVerified }: ComponentName): Severity {
  if (role === 'etcd-server' || role === 'etcd-peer') return 'high';
  return role === 'kubelet-serving' && isVerified === true ? 'high' : 'low';
}
