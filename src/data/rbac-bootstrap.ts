import { cloudBaselines } from './rbac-clouds.ts';
import { distributionBaselines } from './rbac-distributions.ts';
import recorded from './rbac-bootstrap.json' with { type: 'json' };

/** A role that a platform makes by itself. */
export interface BaselineRole {
  readonly kind: 'ClusterRole' | 'Role';
  readonly namespace?: string;
  readonly name: string;
  readonly rules: readonly {
    readonly verbs?: readonly string[];
    readonly apiGroups?: readonly string[];
    readonly resources?: readonly string[];
    readonly resourceNames?: readonly string[];
    readonly nonResourceURLs?: readonly string[];
  }[];
}

/** A binding that a platform makes by itself, with its exact subjects. */
export interface BaselineBinding {
  readonly kind: 'ClusterRoleBinding' | 'RoleBinding';
  readonly namespace?: string;
  readonly name: string;
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[];
}

/** What one platform makes by itself, in one version. */
export interface RbacBaseline {
  /** Whose it is: `kube-apiserver 1.37.1`. */
  readonly of: string;
  /** When it was recorded, `YYYY-MM-DD`. */
  readonly date: string;
  readonly roles: readonly BaselineRole[];
  readonly bindings: readonly BaselineBinding[];
}

const bootstrapTokens = { kind: 'Group', name: 'system:bootstrappers:kubeadm:default-node-token' } as const;
const nodes = { kind: 'Group', name: 'system:nodes' } as const;

function clusterRoleBinding(name: string, role: string, ...subjects: BaselineBinding['subjects']): BaselineBinding {
  return { kind: 'ClusterRoleBinding', name, roleRef: { kind: 'ClusterRole', name: role }, subjects };
}

/** A Role that lets its subjects get one object, and the RoleBinding of the same name. */
function readerOf(resource: 'configmaps' | 'secrets', namespace: string, name: string, object: string, ...subjects: BaselineBinding['subjects']) {
  return {
    role: {
      kind: 'Role', namespace, name,
      rules: [{ verbs: ['get'], apiGroups: [''], resources: [resource], resourceNames: [object] }],
    },
    binding: { kind: 'RoleBinding', namespace, name, roleRef: { kind: 'Role', name }, subjects },
  } as const;
}

const readers = [
  readerOf('configmaps', 'kube-public', 'kubeadm:bootstrap-signer-clusterinfo', 'cluster-info', { kind: 'User', name: 'system:anonymous' }),
  readerOf('configmaps', 'kube-system', 'kube-proxy', 'kube-proxy', bootstrapTokens),
  readerOf('configmaps', 'kube-system', 'kubeadm:kubelet-config', 'kubelet-config', nodes, bootstrapTokens),
  readerOf('configmaps', 'kube-system', 'kubeadm:nodes-kubeadm-config', 'kubeadm-config', nodes, bootstrapTokens),
  // Where certificates are uploaded for more nodes of the control plane: whoever joins needs them, and the key to them.
  readerOf('secrets', 'kube-system', 'kubeadm:kubeadm-certs', 'kubeadm-certs', bootstrapTokens),
];

/**
 * What `kubeadm init` adds, from kubernetes cmd/kubeadm/app/phases: kubeconfig/kubeconfig.go,
 * bootstraptoken/node/tlsbootstrap.go, bootstraptoken/clusterinfo/clusterinfo.go, kubelet/config.go,
 * uploadconfig/uploadconfig.go, copycerts/copycerts.go, addons/dns/manifests.go, addons/proxy/proxy.go. The roles that a binding refers to and
 * that are not here are the API server's own.
 */
const kubeadm: RbacBaseline = {
  of: 'kubeadm 1.37.1',
  date: '2026-11-21',
  roles: [
    { kind: 'ClusterRole', name: 'kubeadm:get-nodes', rules: [{ verbs: ['get'], apiGroups: [''], resources: ['nodes'] }] },
    {
      kind: 'ClusterRole',
      name: 'system:coredns',
      rules: [
        { verbs: ['list', 'watch'], apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'] },
        { verbs: ['list', 'watch'], apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'] },
      ],
    },
    ...readers.map(each => each.role),
  ],
  bindings: [
    clusterRoleBinding('kubeadm:cluster-admins', 'cluster-admin', { kind: 'Group', name: 'kubeadm:cluster-admins' }),
    clusterRoleBinding('kubeadm:get-nodes', 'kubeadm:get-nodes', bootstrapTokens),
    clusterRoleBinding('kubeadm:kubelet-bootstrap', 'system:node-bootstrapper', bootstrapTokens),
    clusterRoleBinding(
      'kubeadm:node-autoapprove-bootstrap', 'system:certificates.k8s.io:certificatesigningrequests:nodeclient', bootstrapTokens),
    clusterRoleBinding(
      'kubeadm:node-autoapprove-certificate-rotation',
      'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
      nodes,
    ),
    clusterRoleBinding(
      'kubeadm:apiserver-kubelet-client', 'system:kubelet-api-admin', { kind: 'User', name: 'kube-apiserver-kubelet-client' }),
    clusterRoleBinding(
      'kubeadm:node-proxier', 'system:node-proxier', { kind: 'ServiceAccount', namespace: 'kube-system', name: 'kube-proxy' }),
    clusterRoleBinding('system:coredns', 'system:coredns', { kind: 'ServiceAccount', namespace: 'kube-system', name: 'coredns' }),
    ...readers.map(each => each.binding),
  ],
};

/** Minor versions of 1.x whose kubeadm named the configuration of kubelets after the version; clusters that were upgraded still have the older ones. */
const VERSIONED = Array.from({ length: 13 }, (_, at) => 11 + at);
const versionedReaders = VERSIONED.map(minor => readerOf('configmaps', 'kube-system', `kubeadm:kubelet-config-1.${minor}`, `kubelet-config-1.${minor}`, nodes, bootstrapTokens));

/** What kubeadm before 1.24 added otherwise, from the same files at v1.21: kubelet/config.go (configMapRBACName) and addons/dns/manifests.go, whose CoreDNS also got nodes. */
const olderKubeadm: RbacBaseline = {
  of: 'kubeadm before 1.24',
  date: '2026-11-30',
  roles: [{ kind: 'ClusterRole', name: 'system:coredns', rules: [{ verbs: ['get'], apiGroups: [''], resources: ['nodes'] }] }, ...versionedReaders.map(each => each.role)],
  bindings: versionedReaders.map(each => each.binding),
};

/** The file as it is: whatever several versions have alike stands there once, with the places of its versions. */
export interface RecordedDefaults {
  readonly versions: readonly Pick<RbacBaseline, 'of' | 'date'>[];
  readonly roles: readonly (BaselineRole & { readonly in: readonly number[] })[];
  readonly bindings: readonly (BaselineBinding & { readonly in: readonly number[] })[];
}

const defaults = recorded as RecordedDefaults;

/**
 * What API servers make by themselves: recorded from real ones by test/cluster/record-rbac-bootstrap.ts, or taken from the test
 * data of Kubernetes' own policy by test/cluster/derive-rbac-bootstrap.ts. An object that several versions have is one here too.
 */
const bootstrapBaselines: readonly RbacBaseline[] = defaults.versions.map((version, at) => ({
  ...version, roles: defaults.roles.filter(each => each.in.includes(at)), bindings: defaults.bindings.filter(each => each.in.includes(at)),
}));

/** Every baseline that a cluster's own grants are compared with. */
export const rbacBaselines: readonly RbacBaseline[] = [...bootstrapBaselines, kubeadm, olderKubeadm, ...distributionBaselines, ...cloudBaselines];
