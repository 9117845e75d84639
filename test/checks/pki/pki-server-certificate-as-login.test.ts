import check from '../../../src/checks/pki/pki-server-certificate-as-login.ts';
import { clusterRoles, roles } from '../../../src/evidence/sources/rbac.ts';
import { SERVER_TRUST, authority, made, pkiCluster, servingFields } from '../../support/pki.ts';
import { describeCheck } from '../../support/describe-check.ts';
import type { Manifest } from '../../support/cluster.ts';

const rbac = 'rbac.authorization.k8s.io/v1';
const objects: readonly Manifest[] = [
  { apiVersion: rbac, kind: 'ClusterRole', metadata: { name: 'reader' }, rules: [{ verbs: ['get'], apiGroups: [''], resources: ['secrets'] }] },
  { apiVersion: rbac, kind: 'ClusterRoleBinding', metadata: { name: 'reader' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' }, subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'kube-apiserver' }] },
];
const both = (organizations: readonly string[], issuer = authority): ReturnType<typeof made> => made({ ...servingFields, organizations, use: 'both' }, issuer);
/** Nothing refers to a role. */
const unbound = [...SERVER_TRUST, roles, clusterRoles];
const other = made({ commonName: 'servers', use: 'authority' });

describeCheck(check, {
  fails: {
    'as minikube makes it': [pkiCluster({ serving: both(['system:masters']) }), 'high Component/kube-apiserver User/kube-apiserver'],
    'a binding to its name': [pkiCluster({ serving: both([]), objects }), 'high Component/kube-apiserver User/kube-apiserver'],
  },
  passes: {
    'nothing is bound to its name': pkiCluster({ serving: both([]) }),
    'an authority that issues no logins': pkiCluster({ serving: both(['system:masters'], other) }),
  },
  notApplicable: { 'as kubeadm makes it': pkiCluster({ objects }) },
  answerableWithout: { 'nothing is bound to its name': unbound, 'an authority that issues no logins': [roles, clusterRoles], 'as kubeadm makes it': [...SERVER_TRUST, roles] },
});
