import check from '../../../src/checks/pki/pki-kubelet-authority-unset.ts';
import { apiServerLeases, flagz } from '../../../src/evidence/sources/api-server.ts';
import { controlPlanePods } from '../../../src/evidence/sources/control-plane.ts';
import { clusterRoleBindings } from '../../../src/evidence/sources/rbac.ts';
import { apiGroups, serverVersion } from '../../../src/evidence/sources/versions.ts';
import { nodes } from '../../../src/evidence/sources/platform.ts';
import { snapshotWith, type Manifest } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { staticPod } from '../../support/static-pod.ts';
import { eksNode } from '../../support/versions.ts';
import type { Snapshot } from '../../../src/evidence/snapshot.ts';

const SET = '--kubelet-certificate-authority=/etc/kubernetes/pki/ca.crt';
const cluster = (objects: readonly Manifest[], flags?: string, gitVersion = 'v1.37.1'): Snapshot => snapshotWith({
  sources: {
    serverversion: { gitVersion, major: '1', minor: '37' }, apigroups: ['apps'],
    ...(flags === undefined ? {} : { flagz: { names: ['kubelet-certificate-authority'], values: { 'kubelet-certificate-authority': flags } } }),
  },
}, ...objects);
/** Whoever runs the control plane: where its flags are seen, nobody does but the person. */
const lease = (name: string): Manifest => ({
  apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace: 'kube-system', labels: { 'apiserver.kubernetes.io/identity': 'kube-apiserver' } },
  spec: { holderIdentity: name, leaseDurationSeconds: 3600, renewTime: '2026-11-21T11:59:55.000000Z' },
});
const PLATFORM = [clusterRoleBindings, apiGroups, serverVersion, nodes];
const anybody = { ...staticPod('kube-apiserver', 'cp-1'), metadata: { name: 'x', namespace: 'kube-system', labels: { tier: 'control-plane' } } };

describeCheck(check, {
  fails: {
    'as kubeadm starts it': [cluster([staticPod('kube-apiserver', 'cp-1', '--client-ca-file=/etc/kubernetes/pki/ca.crt')]), 'medium Component/kube-apiserver (cp-1)'],
    'one of two': [cluster([staticPod('kube-apiserver', 'cp-1', SET), staticPod('kube-apiserver', 'cp-2')]), 'medium Component/kube-apiserver (cp-2)'],
    'by /flagz': [cluster([lease('a')], ''), 'medium Component/kube-apiserver'],
    'set to nothing': [cluster([staticPod('kube-apiserver', 'cp-1', '--kubelet-certificate-authority=')]), 'medium Component/kube-apiserver (cp-1)'],
  },
  passes: { 'it is set': cluster([staticPod('kube-apiserver', 'cp-1', SET)]), 'it is set, by /flagz': cluster([lease('a')], '/etc/kubernetes/pki/ca.crt') },
  notAssessed: {
    'one of two API servers answered': [cluster([lease('a'), lease('b')], '/ca.crt'), 'unknown flags of the API servers'],
    'a part of the flags is a variable': [cluster([staticPod('kube-apiserver', 'cp-1', '$(FLAGS)')]), 'unknown static pod kube-apiserver-cp-1'],
    'a pod that anybody may have made': [cluster([anybody]), 'unknown flags of the API servers'],
    'nothing to see': [cluster([staticPod('etcd', 'cp-1')]), 'unknown flags of the API servers'],
  },
  notApplicable: { 'a provider runs it': cluster([eksNode('blue-1', 'v1.37.1-eks-0a1b2c3')], undefined, 'v1.37.1-eks-0a1b2c3') },
  answerableWithout: {
    'it is set': [flagz, apiServerLeases, ...PLATFORM], 'it is set, by /flagz': [controlPlanePods, ...PLATFORM],
    'a provider runs it': [flagz, apiServerLeases, controlPlanePods, apiGroups, clusterRoleBindings, serverVersion],
  },
});
