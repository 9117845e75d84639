import { componentRef } from '../../evidence/resource-ref.ts';
import { clientTrust } from '../../evidence/sources/pki.ts';
import { isIssuedBy } from '../../indexes/certificate-chain.ts';
import { etcdServers } from '../../indexes/etcd-servers.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';
import { portEvidence } from './port-evidence.ts';
import { trustEvidence } from './trust-evidence.ts';

const etcd = componentRef('etcd');

export default defineCheck({
  id: 'pki-etcd-trusts-cluster-authority',
  title: 'etcd takes client certificates of the authority of the cluster',
  severity: 'critical',
  rationale:
    'Every client certificate of that authority, of a kubelet or a person with few rights too, is then a login to etcd, which reads and writes every object past the API server. Rights in the cluster mean nothing there.',
  remediation: {
    change: 'Give etcd an authority of its own (kubeadm: etcd/ca.crt), let it alone stand in --trusted-ca-file, and issue the certificates of etcd and of its clients by it.',
    mayBreak: 'While it is changed, etcd must trust both, or the API servers lose their store; certificates of the old authority that backups or monitoring use end with it.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/setup/best-practices/certificates/#single-root-ca', 'https://kubernetes.io/docs/tasks/administer-cluster/configure-upgrade-etcd/#limiting-access-of-etcd-clusters'],
  scope: 'cluster',

  needs: { etcds: etcdServers, trust: clientTrust },
  *targets({ etcds }) {
    for (const server of etcds.servers) {
      const { clientAuthorities } = server.shown;
      if ('names' in clientAuthorities) yield server;
      else yield unknownTarget(`etcd on ${server.at.node}`, [{ kind: 'notObservable', reason: 'notSeen', source: server.at.source.id, detail: clientAuthorities.unknown }]);
    }
    for (const { of, gaps } of etcds.unseen) yield unknownTarget(of, gaps);
  },

  inspect({ at, shown, sharedAuthorityFile }, { trust }) {
    const authorities = trust.exists ? (trust.clientAuthorities?.certificates ?? []) : [];
    const names = 'names' in shown.clientAuthorities ? shown.clientAuthorities.names : [];
    const shared = authorities.find(({ subject }) => subject !== '' && names.includes(subject));
    if (shared === undefined) return undefined;
    const [own] = shown.chain;
    // A handshake shows names alone, and two authorities can have one name.
    const proof = sharedAuthorityFile !== undefined
      ? `, and both read it from ${sharedAuthorityFile}`
      : own !== undefined && isIssuedBy(own, [shared]) ? ', and the same authority issued what etcd serves with' : '; that the key is the same too, a handshake does not show';
    return {
      resource: etcd,
      message: `etcd at port ${at.port.port} of ${at.node} takes client certificates of an authority called ${shared.subject}, and so do the API servers${proof}`,
      evidence: [portEvidence(at, etcd, 'clientAuthorities', names), trustEvidence('client-ca-file', shared.subject)],
      cause: 'access to etcd',
      discriminator: at.node,
    };
  },
});
