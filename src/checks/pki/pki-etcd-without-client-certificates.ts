import { componentRef } from '../../evidence/resource-ref.ts';
import { etcdServers } from '../../indexes/etcd-servers.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';
import { portEvidence } from './port-evidence.ts';

const etcd = componentRef('etcd');

export default defineCheck({
  id: 'pki-etcd-without-client-certificates',
  title: 'etcd takes clients without a certificate',
  severity: 'critical',
  rationale:
    'Whoever reaches the port reads and writes every object of the cluster, Secrets included, past the API server: no right, no admission and no audit log applies. Only users of etcd itself would stand in the way, and Kubernetes sets none up.',
  remediation: {
    change: 'Start etcd with --client-cert-auth=true and --trusted-ca-file set to an authority of its own, and give the API servers a certificate of it (--etcd-certfile, --etcd-keyfile).',
    mayBreak: 'Every client without a certificate of that authority is refused, backups and monitoring too. The plain port for metrics (--listen-metrics-urls) is meant to be without and is not asked.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://etcd.io/docs/v3.6/op-guide/security/', 'https://kubernetes.io/docs/tasks/administer-cluster/configure-upgrade-etcd/#limiting-access-of-etcd-clusters'],
  scope: 'cluster',

  needs: { etcds: etcdServers },
  *targets({ etcds }) {
    for (const server of etcds.servers) {
      const { clientCertificate } = server.shown;
      if (typeof clientCertificate === 'string') yield server;
      else yield unknownTarget(`etcd on ${server.at.node}`, [{ kind: 'gap', reason: 'notProven', source: server.at.source.id, detail: clientCertificate.unknown }]);
    }
    for (const { of, gaps } of etcds.unseen) yield unknownTarget(of, gaps);
  },

  inspect({ at, shown: { clientCertificate } }) {
    if (clientCertificate === 'required') return undefined;
    const how = clientCertificate === 'requested' ? 'asks for a client certificate and goes on without one' : 'does not ask for a client certificate';
    return {
      resource: etcd,
      message: `etcd at port ${at.port.port} of ${at.node} ${how}`,
      evidence: [portEvidence(at, etcd, 'clientCertificate', clientCertificate)],
      cause: 'access to etcd',
      discriminator: at.node,
    };
  },
});
