import check from '../../../src/checks/pki/pki-etcd-shares-authority.ts';
import { apiServerLeases, flagz } from '../../../src/evidence/sources/api-server.ts';
import { controlPlanePods } from '../../../src/evidence/sources/control-plane.ts';
import { nodes } from '../../../src/evidence/sources/platform.ts';
import { clusterRoleBindings } from '../../../src/evidence/sources/rbac.ts';
import { apiGroups, serverVersion } from '../../../src/evidence/sources/versions.ts';
import { snapshotWith, type Manifest } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { staticPod } from '../../support/static-pod.ts';
import type { Snapshot } from '../../../src/evidence/snapshot.ts';

const CA = '/etc/kubernetes/pki/ca.crt';
const ETCD_CA = '/etc/kubernetes/pki/etcd/ca.crt';
const server = (node: string, etcd = ETCD_CA): Manifest => staticPod('kube-apiserver', node, `--client-ca-file=${CA}`, `--etcd-cafile=${etcd}`);
const etcd = (node: string, file = ETCD_CA): Manifest => staticPod('etcd', node, '--client-cert-auth=true', `--trusted-ca-file=${file}`);
const cluster = (objects: readonly Manifest[], flags?: Readonly<Record<string, string>>): Snapshot => snapshotWith({
  sources: {
    serverversion: { gitVersion: 'v1.37.1', major: '1', minor: '37' }, apigroups: ['apps'],
    ...(flags === undefined ? {} : { flagz: { names: Object.keys(flags), values: flags } }),
  },
}, ...objects);
const lease = (name: string): Manifest => ({
  apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace: 'kube-system', labels: { 'apiserver.kubernetes.io/identity': 'kube-apiserver' } },
  spec: { holderIdentity: name, leaseDurationSeconds: 3600, renewTime: '2026-11-21T11:59:55.000000Z' },
});
const PLATFORM = [clusterRoleBindings, apiGroups, serverVersion, nodes];

describeCheck(check, {
  fails: {
    'one file for both': [cluster([server('cp-1', CA), etcd('cp-1')]), 'critical Component/kube-apiserver (cp-1)'],
    'what etcd itself trusts': [cluster([server('cp-1'), etcd('cp-1', CA)]), 'critical Component/etcd (cp-1)'],
    'what the controller manager signs with': [
      cluster([server('cp-1'), etcd('cp-1', '/pki/sign.crt'), staticPod('kube-controller-manager', 'cp-1', '--cluster-signing-cert-file=/pki/sign.crt')]), 'critical Component/etcd (cp-1)',
    ],
    'by /flagz': [cluster([lease('a')], { 'client-ca-file': CA, 'etcd-cafile': CA }), 'critical Component/kube-apiserver'],
  },
  passes: {
    'as kubeadm starts them': cluster([server('cp-1'), etcd('cp-1')]),
    'the same path on another node, where it may be another file': cluster([server('cp-1'), staticPod('etcd', 'etcd-1', `--trusted-ca-file=${CA}`)]),
    'by /flagz': cluster([lease('a')], { 'client-ca-file': CA, 'etcd-cafile': ETCD_CA }),
  },
  notAssessed: {
    'one of two API servers answered': [cluster([lease('a'), lease('b')], { 'client-ca-file': CA, 'etcd-cafile': ETCD_CA }), 'unknown flags of the API servers'],
    'a part of the flags is a variable': [cluster([staticPod('kube-apiserver', 'cp-1', '$(FLAGS)')]), 'unknown static pod kube-apiserver-cp-1'],
    'nothing to see': [cluster([]), 'unknown flags of the API servers'],
  },
  notApplicable: { 'etcd without TLS, or none': cluster([staticPod('kube-apiserver', 'cp-1', `--client-ca-file=${CA}`)]) },
  answerableWithout: Object.fromEntries(['as kubeadm starts them', 'the same path on another node, where it may be another file', 'etcd without TLS, or none'].map(name => [name, [flagz, apiServerLeases, ...PLATFORM]]).concat([['by /flagz', [controlPlanePods, ...PLATFORM]]])),
});
