/** A name that a distribution itself gives out, with the groups that go with it. Source: kubeadm certlist.go, k3s deps.go, minikube certs.go. */
interface Standard {
  readonly user: string;
  readonly groups: readonly string[];
  readonly of: string;
}

const STANDARDS: readonly Standard[] = [
  { user: 'kubernetes-admin', groups: ['kubeadm:cluster-admins'], of: "kubeadm's admin.conf" },
  { user: 'kubernetes-admin', groups: ['system:masters'], of: "kubeadm's admin.conf as it was before 1.29" },
  { user: 'kubernetes-super-admin', groups: ['system:masters'], of: "kubeadm's super-admin.conf" },
  { user: 'system:admin', groups: ['system:masters'], of: "the admin of k3s, RKE2 or OpenShift" },
  { user: 'minikube-user', groups: ['system:masters'], of: "minikube's user" },
  { user: 'minikube', groups: ['system:masters'], of: "minikube's API server" },
  { user: 'kube-apiserver-kubelet-client', groups: ['kubeadm:cluster-admins'], of: 'API server, to kubelets' },
  { user: 'kube-apiserver-kubelet-client', groups: ['system:masters'], of: 'API server, to kubelets, as kubeadm made it before 1.29' },
  { user: 'system:kube-controller-manager', groups: [], of: 'controller manager' },
  { user: 'system:kube-scheduler', groups: [], of: 'scheduler' },
  { user: 'system:kube-proxy', groups: [], of: 'kube-proxy' },
];

/** What a user and its groups are by name, in a few words; undefined where it is no standard identity, or has other groups than that. */
export function standardIdentityOf(user: string, groups: readonly string[]): string | undefined {
  if (user.startsWith('system:node:') && isSame(groups, ['system:nodes'])) return `kubelet of node ${user.slice('system:node:'.length)}`;
  return STANDARDS.find(each => each.user === user && isSame(groups, each.groups))?.of;
}

/** Whether the name belongs to a component, whatever groups come with it. */
export function isComponentName(user: string): boolean {
  return user.startsWith('system:node:') || STANDARDS.some(each => each.user === user && (each.user.startsWith('system:kube-') || each.user.startsWith('kube-apiserver')));
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every(each => b.includes(each));
}
