import type { BaselineRole, RbacBaseline } from './rbac-bootstrap.ts';

function rule(verbs: string, apiGroups: string, resources: string): BaselineRole['rules'][number] {
  return { verbs: verbs.split(' '), apiGroups: apiGroups.split(',').map(each => (each === 'core' ? '' : each)), resources: resources.split(' ') };
}

/** A ClusterRole and the binding of the same name to one subject. */
function bound(name: string, subject: RbacBaseline['bindings'][number]['subjects'][number], ...rules: BaselineRole['rules']): { readonly role: BaselineRole; readonly binding: RbacBaseline['bindings'][number] } {
  return {
    role: { kind: 'ClusterRole', name, rules },
    binding: { kind: 'ClusterRoleBinding', name, roleRef: { kind: 'ClusterRole', name }, subjects: [subject] },
  };
}

function baseline(of: string, date: string, ...all: readonly ReturnType<typeof bound>[]): RbacBaseline {
  return { of, date, roles: all.map(({ role }) => role), bindings: all.map(({ binding }) => binding) };
}

const inKubeSystem = (name: string) => ({ kind: 'ServiceAccount', namespace: 'kube-system', name });

/**
 * What EKS puts into every cluster with managed node groups, as far as AWS has written it down: `eks:node-manager` from the EKS
 * user guide, "Fixing AccessDenied errors for managed node groups" (awsdocs/amazon-eks-user-guide doc_source/troubleshooting.md,
 * commit 4ed2c5d), `aws-node` from aws/amazon-vpc-cni-k8s charts/aws-vpc-cni (commit 2268dd4), without the write to pods that an
 * option adds. The other `eks:` roles are named there without their rules.
 */
const eks = baseline(
  'EKS', '2026-11-30',
  bound('eks:node-manager', { kind: 'User', name: 'eks:node-manager' }, rule('get list watch delete', 'core', 'pods'), rule('get list watch patch', 'core', 'nodes'), rule('create', 'core', 'pods/eviction')),
  bound(
    'aws-node', inKubeSystem('aws-node'), rule('list watch get', 'crd.k8s.amazonaws.com', 'eniconfigs'), rule('list watch get', 'core', 'namespaces'), rule('list watch get', 'core', 'pods'),
    rule('list watch get update', 'core', 'nodes'), rule('create patch list', 'core,events.k8s.io', 'events'),
  ),
);

/** What AKS takes from kubernetes-sigs/cloud-provider-azure examples/out-of-tree/cloud-node-manager.yaml (commit 001e96b). Its own roles Microsoft has not written down. */
const aks = baseline('AKS', '2026-11-30', bound('cloud-node-manager', inKubeSystem('cloud-node-manager'), rule('watch list get update patch', 'core', 'nodes'), rule('patch', 'core', 'nodes/status')));

/**
 * Roles of clouds of which the content is public: some of EKS and AKS, none of GKE, whose roles are listed by name alone. Whatever
 * is not here is told as a user's, and so is a grant of these that gives more than is written here.
 */
export const cloudBaselines: readonly RbacBaseline[] = [eks, aks];
