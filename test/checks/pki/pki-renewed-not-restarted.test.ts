import check from '../../../src/checks/pki/pki-renewed-not-restarted.ts';
import type { NodeFile } from '../../../src/evidence/node-files.ts';
import type { Gap } from '../../../src/evidence/gap.ts';
import type { Snapshot } from '../../../src/evidence/snapshot.ts';
import { apiServerHandshake } from '../../../src/evidence/sources/handshake.ts';
import type { Manifest } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { authority, inDays, login, made, pkiCluster, serving, servingFields } from '../../support/pki.ts';

const STARTED = '2026-11-21T10:10:00Z';
const renewed = made({ ...servingFields, notAfter: inDays(700) }, authority);
const older = made({ ...servingFields, notAfter: inDays(30) }, authority);

function pod(component: string, node: string, startedAt: string | undefined = STARTED): Manifest {
  return {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: `${component}-${node}`, namespace: 'kube-system', labels: { tier: 'control-plane', component } }, spec: { nodeName: node },
    status: { containerStatuses: [{ name: component, state: startedAt === '' ? { waiting: { reason: 'CrashLoopBackOff' } } : { running: { startedAt } } }] },
  };
}

function kubeconfig(name: string, writtenAt?: string, more: Partial<NodeFile> = {}): NodeFile {
  return { path: `/etc/kubernetes/${name}.conf`, kind: 'kubeconfig', certificates: { certificates: [login.kept], malformed: [] }, ...(writtenAt === undefined ? {} : { writtenAt }), ...more };
}

function certificate(path: string, kept: typeof serving): NodeFile {
  return { path, kind: 'certificates', certificates: { certificates: [kept.kept], malformed: [] }, writtenAt: '2026-11-21T11:00:00Z' };
}

const BOTH = [pod('kube-controller-manager', 'a'), pod('kube-scheduler', 'a')];

function clusterWith(objects: readonly Manifest[], nodes: Readonly<Record<string, readonly NodeFile[] | Gap>>): Snapshot {
  const nodefiles = Object.entries(nodes).map(([of, files]) =>
    ('kind' in files ? { of, gap: files } : { of, value: { files, directories: ['/etc/kubernetes'], unread: [], isCut: false, image: 'docker.io/library/busybox:1' } }));
  return pkiCluster({ objects, sources: { nodefiles } });
}

const dead: Gap = { kind: 'gap', reason: 'unreachable', source: 'nodefiles', detail: 'the node is not ready, so no pod was created on it' };

describeCheck(check, {
  fails: {
    'a kubeconfig that was written after the start': [
      clusterWith(BOTH, { a: [kubeconfig('controller-manager', '2026-11-21T10:10:01Z'), kubeconfig('scheduler', '2026-11-21T10:00:00Z')] }),
      'high Component/kube-controller-manager (a)',
    ],
    'the same on one of two nodes': [
      clusterWith([...BOTH, pod('kube-scheduler', 'b')], { a: [kubeconfig('scheduler', '2026-11-21T10:00:00Z')], b: [kubeconfig('scheduler', '2026-11-21T11:00:00Z')] }),
      'high Component/kube-scheduler (b)',
    ],
    'a node that could not be looked at beside it': [
      clusterWith(BOTH, { a: [kubeconfig('scheduler', '2026-11-21T11:00:00Z')], b: dead }),
      'high Component/kube-scheduler (a)', 'unknown certificate files of node b',
    ],
    'an API server that shows an older certificate than its file': [
      clusterWith(BOTH, { a: [certificate('/etc/kubernetes/pki/apiserver.crt', renewed)] }),
      'high Component/kube-apiserver (a)',
    ],
  },
  passes: {
    'kubeconfigs from before the start': clusterWith(BOTH, { a: [kubeconfig('controller-manager', STARTED), kubeconfig('scheduler', '2026-11-21T10:00:00Z')] }),
    'the certificate that is shown': clusterWith(BOTH, { a: [certificate('/etc/kubernetes/pki/apiserver.crt', serving)] }),
    'a file that is older than what is shown: nothing was renewed': clusterWith(BOTH, { a: [certificate('/etc/kubernetes/pki/apiserver.crt', older)] }),
  },
  notApplicable: {
    'files that are read again and again': clusterWith(BOTH, { a: [certificate('/etc/kubernetes/pki/etcd/server.crt', renewed), certificate('/var/lib/kubelet/pki/kubelet-client-current.pem', renewed)] }),
    'a kubeconfig that only names its certificate': clusterWith(BOTH, { a: [kubeconfig('scheduler', '2026-11-21T11:00:00Z', { certificates: { certificates: [], malformed: [] }, clientCertificatePaths: ['/x.pem'] })] }),
    'two API servers, of which one answered': clusterWith(BOTH, { a: [certificate('/etc/kubernetes/pki/apiserver.crt', renewed)], b: [certificate('/etc/kubernetes/pki/apiserver.crt', renewed)] }),
  },
  notAssessed: {
    'no time of the file': [clusterWith(BOTH, { a: [kubeconfig('scheduler')] }), 'unknown kube-scheduler on a'],
    'no start of the component': [clusterWith([pod('kube-scheduler', 'a', '')], { a: [kubeconfig('scheduler', '2026-11-21T11:00:00Z')] }), 'unknown kube-scheduler on a'],
  },
  // Of a component that shows nothing in handshakes they say nothing.
  answerableWithout: {
    'a kubeconfig that was written after the start': [apiServerHandshake],
    'the same on one of two nodes': [apiServerHandshake],
    'a node that could not be looked at beside it': [apiServerHandshake],
    'kubeconfigs from before the start': [apiServerHandshake],
    'files that are read again and again': [apiServerHandshake],
    'a kubeconfig that only names its certificate': [apiServerHandshake],
  },
});
