import { ROLE_TITLES, type RoleId } from './certificate-role.ts';

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
  { user: 'kube-apiserver-kubelet-client', groups: [], of: 'API server, to kubelets' },
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

/** Whom a component's certificate may name, over all distributions. Sources: kubeadm certlist.go, k3s deps.go, minikube bootstrapper/certs.go, kubespray. */
interface AcceptSet {
  /** Common names. */
  readonly names: readonly (string | RegExp)[];
  /** Every other name will do too, but for one that belongs to another role ({@link OWNERS}). */
  readonly isOpen?: true;
  /** Of a node's own certificate: names that fit this node, or any. */
  readonly ofNode?: (user: string, node: string | undefined) => boolean;
  /** Absent where no group makes a difference. */
  readonly groups?: readonly (readonly string[])[];
  /** Groups that a distribution gives it, or gave it once and keeps at every renewal, with which. */
  readonly known?: readonly { readonly groups: readonly string[]; readonly of: string }[];
}

const isNodeUser = (user: string, node: string | undefined): boolean => (node === undefined ? user.startsWith('system:node:') : user === `system:node:${node}`);

const BEFORE_129 = { groups: ['system:masters'], of: 'kubeadm before 1.29, whose groups every renewal keeps' } as const;

const ACCEPTED: Partial<Readonly<Record<RoleId, AcceptSet>>> = {
  'controller-manager-client': { names: ['system:kube-controller-manager'], groups: [[]] },
  'scheduler-client': { names: ['system:kube-scheduler'], groups: [[]] },
  'kube-proxy-client': { names: ['system:kube-proxy'], groups: [[], ['system:node-proxier']] },
  'kubelet-client': { names: [], ofNode: isNodeUser, groups: [['system:nodes']] },
  // Issued on a request, by k3s, by a company's own authority, or made by the kubelet itself for the name of its host: only another node's name is wrong.
  'kubelet-serving': { names: [], ofNode: (user, node) => !user.startsWith('system:node:') || isNodeUser(user, node) },
  'apiserver-kubelet-client': { names: ['kube-apiserver-kubelet-client', 'kube-apiserver', 'system:kube-apiserver'], groups: [[], ['kubeadm:cluster-admins']], known: [BEFORE_129] },
  'front-proxy-client': {
    names: ['front-proxy-client', 'system:auth-proxy', 'aggregator', 'system:openshift-aggregator'], groups: [[]],
    known: [{ groups: ['system:masters'], of: 'minikube' }],
  },
  'apiserver-etcd-client': { names: ['kube-apiserver-etcd-client', 'etcd-client', /^etcd-(node|admin)-/], groups: [[]], known: [BEFORE_129] },
  'etcd-healthcheck-client': { names: ['kube-etcd-healthcheck-client'], groups: [[]], known: [BEFORE_129] },
  // Clients look at the other names of a server, and whoever installs one calls it what they like.
  'apiserver-serving': { names: [], isOpen: true },
  'controller-manager-serving': { names: ['system:kube-controller-manager'], isOpen: true },
  'scheduler-serving': { names: ['system:kube-scheduler'], isOpen: true },
  'etcd-server': { names: [], isOpen: true },
  'etcd-peer': { names: [], isOpen: true },
  'admin': { names: ['kubernetes-admin', 'system:admin'], groups: [['kubeadm:cluster-admins'], ['system:masters']] },
  'super-admin': { names: ['kubernetes-super-admin'], groups: [['system:masters']] },
};

/** Names that are given to certificates of one kind of role, and to no other. Sources: as for {@link ACCEPTED}. */
const OWNERS: readonly { readonly name: RegExp; readonly roles: readonly [RoleId, ...RoleId[]] }[] = [
  { name: /^system:node:/, roles: ['kubelet-client', 'kubelet-serving'] },
  { name: /^system:kube-controller-manager$/, roles: ['controller-manager-client'] },
  { name: /^system:kube-scheduler$/, roles: ['scheduler-client'] },
  { name: /^system:kube-proxy$/, roles: ['kube-proxy-client'] },
  { name: /^kube-apiserver-kubelet-client$/, roles: ['apiserver-kubelet-client'] },
  { name: /^kube-apiserver$/, roles: ['apiserver-serving', 'apiserver-kubelet-client'] },
  { name: /^(front-proxy-client|system:auth-proxy|aggregator|system:openshift-aggregator)$/, roles: ['front-proxy-client'] },
  { name: /^(kube-apiserver-etcd-client|etcd-client)$/, roles: ['apiserver-etcd-client', 'etcd-server', 'etcd-peer'] },
  { name: /^kube-etcd-healthcheck-client$/, roles: ['etcd-healthcheck-client'] },
  { name: /^(kube-)?etcd(-server|-peer)?$|^etcd-(member|node|admin)-/, roles: ['etcd-server', 'etcd-peer'] },
  { name: /^(kubernetes-(super-)?admin|system:admin)$/, roles: ['admin', 'super-admin'] },
];

/** How the identity of a component's certificate departs from what its role demands. */
export type Deviation =
  | { readonly kind: 'name'; readonly wanted: string }
  /** `owner`: whose name it is. */
  | { readonly kind: 'foreign'; readonly owner: string }
  /** `known`: which distribution does it so. */
  | { readonly kind: 'groups'; readonly wanted: string; readonly known?: string };

/** Whether a role has a standard identity at all. */
export function hasStandard(role: RoleId): boolean {
  return ACCEPTED[role] !== undefined;
}

/** How a certificate departs from its role's standard; undefined where it does not, or the role has none. @param node where it is used, if known */
export function deviationOf(role: RoleId, user: string, groups: readonly string[], node: string | undefined): Deviation | undefined {
  const accepted = ACCEPTED[role];
  if (accepted === undefined) return undefined;
  const { names, ofNode } = accepted;
  if (accepted.isOpen === true) {
    const owner = OWNERS.find(({ name }) => name.test(user));
    return owner === undefined || owner.roles.includes(role) || names.includes(user) ? undefined : { kind: 'foreign', owner: ROLE_TITLES[owner.roles[0]] };
  }
  if (ofNode?.(user, node) !== true && !names.some(name => (typeof name === 'string' ? name === user : name.test(user)))) {
    return { kind: 'name', wanted: ofNode === undefined ? names.flatMap(name => (typeof name === 'string' ? [name] : [])).join(' or ') : `system:node:${node ?? 'NAME'}` };
  }
  const { groups: wanted } = accepted;
  if (wanted === undefined || wanted.some(each => isSame(groups, each))) return undefined;
  const known = accepted.known?.find(each => isSame(groups, each.groups))?.of;
  return { kind: 'groups', wanted: wanted.map(each => (each.length === 0 ? 'none' : each.join(', '))).join(' or '), ...(known === undefined ? {} : { known }) };
}
