import { certificateSettings, type CertificateSettings, type ProgramStart } from '../../indexes/certificate-settings.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';

export default defineCheck({
  id: 'pki-etcd-shares-authority',
  title: 'etcd is started with the authority of the cluster',
  severity: 'critical',
  rationale:
    'etcd asks nobody what a client may do: whoever has a certificate of an authority that it trusts reads and writes everything in the cluster, Secrets included. The authority of the cluster gives certificates to every kubelet, and to whoever has a request approved.',
  remediation: {
    change:
      'Make an authority for etcd alone. Issue the certificates of its servers, peers and of the API server anew with it, trust both authorities for the time of the change, then give etcd --trusted-ca-file and the API server --etcd-cafile with the new one alone.',
    mayBreak: 'An API server whose certificate etcd does not take stops at once. Change one member after the other, and have a backup of etcd.',
  },
  controls: [
    { framework: 'cis', version: '1.12', id: '2.7' },
    { framework: 'owasp-2022', version: '2022', id: 'K06' },
    { framework: 'owasp-2025', version: '2025', id: 'K09' },
  ],
  references: ['https://kubernetes.io/docs/tasks/administer-cluster/configure-upgrade-etcd/#limiting-access-of-etcd-clusters', 'https://etcd.io/docs/latest/op-guide/security/'],
  scope: 'cluster',

  needs: { settings: certificateSettings },
  *targets({ settings: { starts, gaps, isManaged } }) {
    if (isManaged) return;
    // An API server that talks to etcd without TLS, or to something else than etcd, has no authority for it.
    yield* starts.filter(({ program, files }) => (program === 'kube-apiserver' && files['etcd-cafile'] !== undefined) || (program === 'etcd' && files['trusted-ca-file'] !== undefined));
    for (const { program, of, isWhole, files } of starts) {
      if (program === 'kube-apiserver' && !isWhole && files['etcd-cafile'] === undefined) yield unknownTarget(of, [{ kind: 'notObservable', reason: 'notSeen', detail: 'a part of its flags is a variable' }]);
    }
    if (gaps.length > 0) yield unknownTarget('flags of the API servers', gaps);
  },

  inspect(start, { settings }) {
    const flag = start.program === 'etcd' ? 'trusted-ca-file' : 'etcd-cafile';
    const same = sharedWith(start, flag, settings);
    if (same === undefined) return undefined;
    return {
      resource: start.resource,
      message: `the ${start.of} has ${start.files[flag] ?? ''} for --${flag}, which is --${same.flag} of the ${same.start.of} too`,
      evidence: [start.evidenceOf(flag), same.start.evidenceOf(same.flag)],
      cause: `authority of etcd in ${start.files[flag] ?? ''}`,
      ...(start.node === undefined ? {} : { discriminator: start.node }),
    };
  },
});

/** Where the same file is the authority of the cluster: in the same program, or on the same node. */
function sharedWith({ files, node, ...own }: ProgramStart, flag: string, { starts }: CertificateSettings): { readonly start: ProgramStart; readonly flag: string } | undefined {
  for (const start of starts) {
    if (start.of !== own.of && (start.node === undefined || start.node !== node)) continue;
    const same = ['client-ca-file', 'cluster-signing-cert-file'].find(each => start.files[each] !== undefined && start.files[each] === files[flag]);
    if (same !== undefined) return { start, flag: same };
  }
  return undefined;
}
