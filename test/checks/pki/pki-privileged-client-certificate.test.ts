import check from '../../../src/checks/pki/pki-privileged-client-certificate.ts';
import { clusterRoles, roles } from '../../../src/evidence/sources/rbac.ts';
import { SERVER_TRUST, authority, made, pkiCluster, type PkiParts } from '../../support/pki.ts';
import { describeCheck } from '../../support/describe-check.ts';
import type { Manifest } from '../../support/cluster.ts';

const rbac = 'rbac.authorization.k8s.io/v1';
const everything: Manifest = { apiVersion: rbac, kind: 'ClusterRole', metadata: { name: 'cluster-admin' }, rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, { verbs: ['*'], nonResourceURLs: ['*'] }] };
const impersonate: Manifest = { apiVersion: rbac, kind: 'ClusterRole', metadata: { name: 'act-as' }, rules: [{ verbs: ['impersonate'], apiGroups: [''], resources: ['users', 'groups'] }] };
const reader: Manifest = { apiVersion: rbac, kind: 'ClusterRole', metadata: { name: 'reader' }, rules: [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['configmaps'] }] };
const bind = (role: string, kind: string, name: string, namespace?: string): Manifest => ({
  apiVersion: rbac, kind: namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding', metadata: { name: `${name}-${role}`, ...(namespace === undefined ? {} : { namespace }) },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role }, subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind, name }],
});
const namespace: Manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } };
const cluster = (parts: PkiParts, ...objects: readonly Manifest[]): ReturnType<typeof pkiCluster> => pkiCluster({ nodes: [], ...parts, objects: [everything, impersonate, reader, namespace, ...objects] });
const kubeadmAdmin = made({ commonName: 'kubernetes-admin', organizations: ['kubeadm:cluster-admins'], use: 'client' }, authority);

describeCheck(check, {
  fails: {
    'a group of the certificate': [cluster({}, bind('cluster-admin', 'Group', 'sre')), 'high Component/kubeconfig User/ana'],
    'its user': [cluster({}, bind('cluster-admin', 'User', 'ana')), 'high Component/kubeconfig User/ana'],
    'a way over the rights of others': [cluster({}, bind('act-as', 'Group', 'sre')), 'high Component/kubeconfig User/ana'],
    "the name of kubeadm's file in another group": [cluster({ login: made({ commonName: 'kubernetes-admin', organizations: ['sre'], use: 'client' }, authority) }, bind('cluster-admin', 'Group', 'sre')), 'high Component/kubeconfig User/kubernetes-admin'],
  },
  passes: {
    'a reader': cluster({}, bind('reader', 'Group', 'sre')),
    'everything in one namespace': cluster({}, bind('cluster-admin', 'Group', 'sre', 'shop')),
    'another group': cluster({}, bind('cluster-admin', 'Group', 'sres')),
    "kubeadm's own file, as a remark": [cluster({ login: kubeadmAdmin }, bind('cluster-admin', 'Group', 'kubeadm:cluster-admins')), 'info Component/kubeconfig User/kubernetes-admin platform'],
  },
  notApplicable: {
    'a member of system:masters, who has a check of its own': cluster({ login: made({ commonName: 'ana', organizations: ['system:masters'], use: 'client' }, authority) }),
    'what no authority of clients issued': cluster({ login: made({ commonName: 'ana', organizations: ['sre'], use: 'client' }) }, bind('cluster-admin', 'Group', 'sre')),
  },
  answerableWithout: Object.fromEntries([
    'a reader', 'everything in one namespace', 'another group', "kubeadm's own file, as a remark", 'a member of system:masters, who has a check of its own', 'what no authority of clients issued',
  ].map(name => [name, name.startsWith('a member') ? [...SERVER_TRUST, roles, clusterRoles] : [...SERVER_TRUST, roles]])),
});
