import check from '../../../src/checks/pki/pki-certificate-approver.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { snapshotOf, type Manifest } from '../../support/cluster.ts';
import { clusterRoles, roleBindings, roles } from '../../../src/evidence/sources/rbac.ts';

const RBAC = 'rbac.authorization.k8s.io/v1';
interface Rule { readonly verbs: readonly string[]; readonly resources: readonly string[]; readonly resourceNames?: readonly string[]; readonly apiGroups?: readonly string[] }
const role = (name: string, ...rules: readonly Rule[]): Manifest => ({ apiVersion: RBAC, kind: 'ClusterRole', metadata: { name }, rules: rules.map(rule => ({ apiGroups: ['certificates.k8s.io'], ...rule })) });
const bound = (name: string, to: string, user = 'eva'): Manifest => ({ apiVersion: RBAC, kind: 'ClusterRoleBinding', metadata: { name }, roleRef: { kind: 'ClusterRole', name: to }, subjects: [{ kind: 'User', name: user }] });
const boundIn = (namespace: string, to: string): Manifest => ({ apiVersion: RBAC, kind: 'RoleBinding', metadata: { namespace, name: 'b' }, roleRef: { kind: 'ClusterRole', name: to }, subjects: [{ kind: 'User', name: 'eva' }] });

const approval: Rule = { verbs: ['update'], resources: ['certificatesigningrequests/approval'] };
const status: Rule = { verbs: ['patch'], resources: ['certificatesigningrequests/status'] };
const create: Rule = { verbs: ['create'], resources: ['certificatesigningrequests'] };
const signers = (verb: string, ...resourceNames: readonly string[]): Rule => ({ verbs: [verb], resources: ['signers'], ...(resourceNames.length === 0 ? {} : { resourceNames }) });
const LOGINS = 'kubernetes.io/kube-apiserver-client';
const kcm: Manifest = {
  apiVersion: RBAC, kind: 'ClusterRoleBinding', metadata: { name: 'system:controller:certificate-controller' }, roleRef: { kind: 'ClusterRole', name: 'system:controller:certificate-controller' },
  subjects: [{ kind: 'ServiceAccount', name: 'certificate-controller', namespace: 'kube-system' }],
};
const kcmRole = role('system:controller:certificate-controller',
  { verbs: ['update'], resources: ['certificatesigningrequests/approval', 'certificatesigningrequests/status'] },
  signers('approve', 'kubernetes.io/kube-apiserver-client-kubelet'), signers('sign', LOGINS, 'kubernetes.io/kubelet-serving'));

describeCheck(check, {
  fails: {
    'approves logins and asks for them': [snapshotOf(role('r', create, approval, signers('approve', LOGINS)), bound('b', 'r')), 'high ClusterRoleBinding/b User/eva (approve)'],
    'approves every signer': [snapshotOf(role('r', approval, signers('approve')), bound('b', 'r')), 'medium ClusterRoleBinding/b User/eva (approve)'],
    'by the domain of the signers': [snapshotOf(role('r', approval, signers('approve', 'kubernetes.io/*')), bound('b', 'r')), 'medium ClusterRoleBinding/b User/eva (approve)'],
    'the two rights come through two bindings': [snapshotOf(role('r', approval), role('s', signers('approve', LOGINS)), bound('b', 'r'), bound('c', 's')), 'medium ClusterRoleBinding/c User/eva (approve)'],
    'approves kubelets as servers': [snapshotOf(role('r', approval, signers('approve', 'kubernetes.io/kubelet-serving')), bound('b', 'r')), 'low ClusterRoleBinding/b User/eva (approve)'],
    'signs and approves': [
      snapshotOf(role('r', approval, status, { verbs: ['*'], resources: ['signers'] }), bound('b', 'r')),
      'medium ClusterRoleBinding/b User/eva (approve)', 'medium ClusterRoleBinding/b User/eva (sign)',
    ],
    'a stranger bound to a role of the platform': [snapshotOf(kcmRole, bound('mine', 'system:controller:certificate-controller')), 'medium ClusterRoleBinding/mine User/eva (approve)', 'medium ClusterRoleBinding/mine User/eva (sign)'],
  },
  passes: {
    'the controller manager': [
      snapshotOf(kcmRole, kcm), 'info ClusterRoleBinding/system:controller:certificate-controller ServiceAccount/kube-system/certificate-controller (approve) platform',
      'info ClusterRoleBinding/system:controller:certificate-controller ServiceAccount/kube-system/certificate-controller (sign) platform',
    ],
  },
  notApplicable: {
    'cluster-admin, who is another finding': snapshotOf(role('r', { verbs: ['*'], resources: ['*'], apiGroups: ['*'] }), bound('b', 'r')),
    'one right of two': snapshotOf(role('r', approval), role('s', signers('approve', LOGINS)), bound('b', 'r'), bound('c', 's', 'ana')),
    'the signer of somebody else': snapshotOf(role('r', approval, signers('approve', 'example.com/mesh')), bound('b', 'r')),
    'in a namespace, where there are no requests': snapshotOf(role('r', create, approval, signers('approve')), boundIn('shop', 'r')),
    'a star that stands for nothing': snapshotOf(role('r', approval, signers('approve', '*')), bound('b', 'r')),
  },
  answerableWithout: {
    ...Object.fromEntries(['the controller manager', 'cluster-admin, who is another finding', 'one right of two', 'the signer of somebody else', 'a star that stands for nothing'].map(name => [name, [roles, roleBindings]])),
    'in a namespace, where there are no requests': [roles, roleBindings, clusterRoles],
  },
});
