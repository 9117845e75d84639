import type { RoleId } from './certificate-role.ts';

const KUBELET_ROTATED = '/var/lib/kubelet/pki/kubelet-server-current.pem';
const KUBELET_OWN = '/var/lib/kubelet/pki/kubelet.crt';

/** What kubeadm and its kin keep in one directory, by the names of the files. Source: kubernetes cmd/kubeadm/app/constants/constants.go. */
const KUBEADM_FILES: readonly (readonly [string, RoleId])[] = [
  ['apiserver.crt', 'apiserver-serving'],
  ['apiserver-kubelet-client.crt', 'apiserver-kubelet-client'],
  ['apiserver-etcd-client.crt', 'apiserver-etcd-client'],
  ['front-proxy-client.crt', 'front-proxy-client'],
  ['front-proxy-ca.crt', 'front-proxy-authority'],
  ['ca.crt', 'cluster-authority'],
  ['etcd/ca.crt', 'etcd-authority'],
  ['etcd/server.crt', 'etcd-server'],
  ['etcd/peer.crt', 'etcd-peer'],
  ['etcd/healthcheck-client.crt', 'etcd-healthcheck-client'],
  // minikube's own names (minikube pkg/minikube/bootstrapper/certs.go).
  ['proxy-client.crt', 'front-proxy-client'],
  ['proxy-client-ca.crt', 'front-proxy-authority'],
];

/** k3s and RKE2, below their `server/tls`. Source: k3s pkg/daemons/control/deps/deps.go. */
const RANCHER_FILES: readonly (readonly [string, RoleId])[] = [
  ['serving-kube-apiserver.crt', 'apiserver-serving'],
  ['client-kube-apiserver.crt', 'apiserver-kubelet-client'],
  ['client-auth-proxy.crt', 'front-proxy-client'],
  ['request-header-ca.crt', 'front-proxy-authority'],
  ['server-ca.crt', 'server-authority'],
  ['client-ca.crt', 'client-authority'],
  ['client-admin.crt', 'admin'],
  ['client-controller.crt', 'controller-manager-client'],
  ['client-scheduler.crt', 'scheduler-client'],
  ['etcd/server-ca.crt', 'etcd-authority'],
  ['etcd/peer-ca.crt', 'etcd-authority'],
  ['etcd/server-client.crt', 'etcd-server'],
  ['etcd/peer-server-client.crt', 'etcd-peer'],
  ['etcd/client.crt', 'apiserver-etcd-client'],
];

const KUBECONFIGS: readonly (readonly [string, RoleId])[] = [
  ['/etc/kubernetes/admin.conf', 'admin'],
  ['/etc/kubernetes/super-admin.conf', 'super-admin'],
  ['/etc/kubernetes/controller-manager.conf', 'controller-manager-client'],
  ['/etc/kubernetes/scheduler.conf', 'scheduler-client'],
  ['/etc/kubernetes/kubelet.conf', 'kubelet-client'],
  ['/etc/rancher/k3s/k3s.yaml', 'admin'],
  ['/etc/rancher/rke2/rke2.yaml', 'admin'],
];

const RANCHER_AGENT: readonly (readonly [string, RoleId])[] = [
  ['client-kubelet.crt', 'kubelet-client'],
  ['serving-kubelet.crt', 'kubelet-serving'],
  ['client-kube-proxy.crt', 'kube-proxy-client'],
];

/**
 * What each path is used for. kubespray's `ssl` is kubeadm's directory under another name, with etcd's files on the host
 * beside it; the kubelet's are the same everywhere, and what it rotates lies behind links.
 */
const ROLES: ReadonlyMap<string, RoleId> = new Map([
  ...['/etc/kubernetes/pki', '/etc/kubernetes/ssl', '/var/lib/minikube/certs'].flatMap(directory => KUBEADM_FILES.map(([file, role]) => [`${directory}/${file}`, role] as const)),
  ...['k3s', 'rke2'].flatMap(name => [
    ...RANCHER_FILES.map(([file, role]) => [`/var/lib/rancher/${name}/server/tls/${file}`, role] as const),
    ...RANCHER_AGENT.map(([file, role]) => [`/var/lib/rancher/${name}/agent/${file}`, role] as const),
  ]),
  ...KUBECONFIGS,
  ['/etc/ssl/etcd/ssl/ca.pem', 'etcd-authority'] as const,
  ['/var/lib/kubelet/pki/kubelet-client-current.pem', 'kubelet-client'] as const,
  [KUBELET_ROTATED, 'kubelet-serving'] as const,
  [KUBELET_OWN, 'kubelet-serving'] as const,
]);

/**
 * What the certificate in a file of a node is used for; undefined where nothing says so.
 * @param others paths of all files of that node
 */
export function roleOfNodeFile(path: string, node: string, others: ReadonlySet<string>): RoleId | undefined {
  // A kubelet that was given a serving certificate leaves the one lying that it made before.
  if (path === KUBELET_OWN && others.has(KUBELET_ROTATED)) return undefined;
  if (path === `/etc/ssl/etcd/ssl/member-${node}.pem`) return 'etcd-server';
  if (path === `/etc/ssl/etcd/ssl/node-${node}.pem`) return 'apiserver-etcd-client';
  return ROLES.get(path);
}
