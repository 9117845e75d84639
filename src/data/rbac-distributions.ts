import type { BaselineBinding, BaselineRole, RbacBaseline } from './rbac-bootstrap.ts';

const coordination = 'coordination.k8s.io';
const networking = 'networking.k8s.io';

function rule(verbs: string, apiGroup: string, resources: string): BaselineRole['rules'][number] {
  return { verbs: verbs.split(' '), apiGroups: [apiGroup], resources: resources.split(' ') };
}

function role(name: string, ...rules: BaselineRole['rules']): BaselineRole {
  return { kind: 'ClusterRole', name, rules };
}

/** To one user of the distribution's own, which is a program on the server. */
function binding(name: string, roleName: string, user: string): BaselineBinding {
  return { kind: 'ClusterRoleBinding', name, roleRef: { kind: 'ClusterRole', name: roleName }, subjects: [{ kind: 'User', name: user }] };
}

/** Alike in both, under names of their own. */
const cloudController: BaselineRole['rules'] = [
  rule('get create update', coordination, 'leases'), rule('create patch update', '', 'events'), rule('*', '', 'nodes'), rule('patch', '', 'nodes/status'),
  rule('list watch patch update', '', 'services'), rule('create', '', 'serviceaccounts'), rule('get list watch update', '', 'persistentvolumes'), rule('create get list watch update', '', 'endpoints'),
];
const controller: BaselineRole['rules'] = [rule('get', '', 'nodes'), rule('list watch', '', 'namespaces'), rule('list watch', networking, 'networkpolicies'), rule('list watch get', '', 'endpoints pods')];
const kubeletAdmin = binding('kube-apiserver-kubelet-admin', 'system:kubelet-api-admin', 'kube-apiserver');

/** What k3s adds, from k3s-io/k3s manifests/rolebindings.yaml and manifests/ccm.yaml. Its Helm jobs, which are cluster-admin, and its storage provisioner are told all the same. */
const k3s: RbacBaseline = {
  of: 'k3s', date: '2026-11-21',
  roles: [role('system:k3s-controller', ...controller), role('k3s-cloud-controller-manager', ...cloudController)],
  bindings: [kubeletAdmin, binding('system:k3s-controller', 'system:k3s-controller', 'system:k3s-controller'), binding('k3s-cloud-controller-manager', 'k3s-cloud-controller-manager', 'k3s-cloud-controller-manager')],
};

/** What RKE2 adds, from rancher/rke2 pkg/rke2/clusterrole_bootstrap.go. */
const rke2: RbacBaseline = {
  of: 'RKE2', date: '2026-11-21',
  roles: [
    role('system:kube-proxy', rule('get list', '', 'nodes')), role('rke2-cloud-controller-manager', ...cloudController),
    role('system:rke2-controller', ...controller, rule('list get', '', 'secrets'), rule('list get', 'helm.cattle.io', 'helmcharts helmchartconfigs')),
  ],
  bindings: [
    kubeletAdmin, binding('system:kube-proxy', 'system:kube-proxy', 'system:kube-proxy'), binding('system:rke2-controller', 'system:rke2-controller', 'system:rke2-controller'),
    binding('rke2-cloud-controller-manager', 'rke2-cloud-controller-manager', 'rke2-cloud-controller-manager'),
    binding('rke2-cloud-controller-manager-auth-delegator', 'system:auth-delegator', 'rke2-cloud-controller-manager'),
    {
      kind: 'RoleBinding', namespace: 'kube-system', name: 'rke2-cloud-controller-manager-authentication-reader', roleRef: { kind: 'Role', name: 'extension-apiserver-authentication-reader' },
      subjects: [{ kind: 'User', name: 'rke2-cloud-controller-manager' }],
    },
  ],
};

/** Distributions whose own roles and bindings are written down where everybody can read them. */
export const distributionBaselines: readonly RbacBaseline[] = [k3s, rke2];
