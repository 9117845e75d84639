import check from '../../../src/checks/pki/pki-authority-key-in-secret.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../../src/evidence/sources/rbac.ts';
import { snapshotOf, type Manifest } from '../../support/cluster.ts';

import { describeCheck } from '../../support/describe-check.ts';
import { inDays } from '../../support/pki.ts';
import { leaf, root, serves, tlsSecret } from '../../support/tls.ts';

const rbac = 'rbac.authorization.k8s.io/v1';
const issuer: Manifest = { apiVersion: 'cert-manager.io/v1', kind: 'Issuer', metadata: { name: 'internal', namespace: 'shop' }, spec: { ca: { secretName: 'ca' } } };
const clusterIssuer: Manifest = { apiVersion: 'cert-manager.io/v1', kind: 'ClusterIssuer', metadata: { name: 'internal' }, spec: { ca: { secretName: 'ca' } } };
const role = (namespace: string, rule: object): Manifest => ({ apiVersion: rbac, kind: 'Role', metadata: { name: 'reader', namespace }, rules: [{ apiGroups: [''], resources: ['secrets'], ...rule }] });
const binding = (namespace: string, ...subjects: readonly object[]): Manifest => ({ apiVersion: rbac, kind: 'RoleBinding', metadata: { name: 'reader', namespace }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' }, subjects });
const user = (name: string): object => ({ kind: 'User', name, apiGroup: 'rbac.authorization.k8s.io' });
const group = (name: string): object => ({ kind: 'Group', name, apiGroup: 'rbac.authorization.k8s.io' });
const reads = { verbs: ['get'] };
const kubeadm = (days: number): Manifest => tlsSecret('kube-system', 'kubeadm-certs', { crt: '', key: '', type: 'Opaque', created: inDays(days).toISOString() });

const RIGHTS = [clusterRoles, roles, clusterRoleBindings, roleBindings];

describeCheck(check, {
  fails: {
    'an authority that was seen, and one reader': [snapshotOf(serves('shop', 'any', root), role('shop', reads), binding('shop', user('ana'))), 'low Secret/shop/any'],
    'what an Issuer names, and three readers': [snapshotOf(issuer, role('shop', { verbs: ['list'] }), binding('shop', user('ana'), user('bob'), user('eve'))), 'medium Secret/shop/ca'],
    'a reader of that very Secret': [snapshotOf(issuer, role('shop', { verbs: ['get'], resourceNames: ['ca'] }), binding('shop', user('ana'))), 'low Secret/shop/ca'],
    'every service account': [snapshotOf(issuer, role('shop', { verbs: ['watch'] }), binding('shop', group('system:serviceaccounts'))), 'high Secret/shop/ca'],
    'a ClusterIssuer, in the namespace of cert-manager': [snapshotOf(clusterIssuer, role('cert-manager', reads), binding('cert-manager', user('ana'))), 'low Secret/cert-manager/ca'],
    'what kubeadm left': [snapshotOf(kubeadm(-1)), 'low Secret/kube-system/kubeadm-certs'],
  },
  passes: {
    'nobody else reads it': snapshotOf(issuer),
    'readers of another namespace': snapshotOf(issuer, role('other', reads), binding('other', user('ana'))),
    'readers of another Secret': snapshotOf(issuer, role('shop', { verbs: ['get'], resourceNames: ['registry'] }), binding('shop', user('ana'))),
    'writers': snapshotOf(issuer, role('shop', { verbs: ['create', 'delete'] }), binding('shop', user('ana'))),
    'kubeadm is at work': snapshotOf(kubeadm(-0.05)),
  },
  notApplicable: {
    'no authority': snapshotOf(serves('shop', 'web', leaf), role('shop', reads), binding('shop', user('ana'))),
    'an authority without its key': snapshotOf(serves('shop', 'ca', root, { key: '' }), role('shop', reads), binding('shop', user('ana'))),
    'a Secret of that name elsewhere': snapshotOf(tlsSecret('shop', 'kubeadm-certs', { crt: '', key: '', type: 'Opaque' })),
  },
  // No binding of the case names a role of that kind; where there is no authority nobody's rights count.
  answerableWithout: {
    'nobody else reads it': [clusterRoles, roles], 'kubeadm is at work': [clusterRoles, roles], 'readers of another namespace': [clusterRoles], 'readers of another Secret': [clusterRoles], writers: [clusterRoles],
    'no authority': RIGHTS, 'an authority without its key': RIGHTS, 'a Secret of that name elsewhere': RIGHTS,
  },
});
