import type { Gap } from '../evidence/gap.ts';
import { apiServerRef, componentRef, type ResourceRef } from '../evidence/resource-ref.ts';
import { ROLE_TITLES, type RoleId, type RoleRow } from './certificate-role.ts';
import type { Platform } from './platform.ts';

/** Certificates that lie in files of a control plane and that no API shows, with kubeadm's names of the files. */
const FILES: readonly { readonly role: RoleId; readonly resource: ResourceRef; readonly file: string; readonly isAuthority?: true; readonly usesApi?: true }[] = [
  { role: 'controller-manager-client', resource: componentRef('kube-controller-manager'), file: '../controller-manager.conf', usesApi: true },
  { role: 'scheduler-client', resource: componentRef('kube-scheduler'), file: '../scheduler.conf', usesApi: true },
  { role: 'front-proxy-client', resource: apiServerRef, file: 'front-proxy-client.crt' },
  { role: 'apiserver-etcd-client', resource: apiServerRef, file: 'apiserver-etcd-client.crt' },
  { role: 'etcd-authority', resource: componentRef('etcd'), file: 'etcd/ca.crt', isAuthority: true },
  { role: 'etcd-server', resource: componentRef('etcd'), file: 'etcd/server.crt' },
  { role: 'etcd-peer', resource: componentRef('etcd'), file: 'etcd/peer.crt' },
];

/** The flags with which a role can be seen where its program can be reached. */
const FLAGS: Partial<Readonly<Record<RoleId, string>>> = { 'etcd-server': '--tunnel', 'etcd-peer': '--probe-nodes, from where the nodes can be reached' };

/** Platforms that lay out their files as kubeadm does. */
function isKubeadm(platform: Platform | undefined): boolean {
  return platform?.distribution === 'kubeadm' || platform?.distribution === 'kind';
}

/** The command that shows a file of the control plane, where the person may go there. */
export function howToSeeFiles(isManaged: boolean, file: string): string {
  return isManaged ? 'the provider' : `openssl x509 -noout -enddate -in /etc/kubernetes/pki/${file}, on a control-plane node`;
}

function howToSee(platform: Platform | undefined, file: string, role: RoleId): string {
  const distribution = platform?.distribution;
  if (distribution === 'k3s' || distribution === 'rke2') return `${distribution} certificate check, on a server`;
  const flag = FLAGS[role];
  if (flag !== undefined) return flag;
  if (distribution !== 'kubeadm') return 'openssl x509 -noout -enddate on its file, on a control-plane node';
  return file.endsWith('ca.crt') ? howToSeeFiles(false, file) : 'kubeadm certs check-expiration, on a control-plane node';
}

const ONLY_IN_FILES = 'only a file on the control plane holds it';

/** The gaps of a certificate that its file would show; where nobody asked for files, why it is not known otherwise. */
export function unlookedGaps(unlooked: readonly Gap[] | undefined, detail: string): { readonly gaps?: readonly Gap[] } {
  return unlooked === undefined ? {} : { gaps: unlooked.map(gap => (gap.kind === 'notRequested' ? { ...gap, detail } : gap)) };
}

/**
 * The roles that only files hold, each with what can be said all the same: nothing on a managed control plane; what the
 * clients of the API server have in common; and, where kubeadm has one control-plane node, the day that the set ends
 * which it issues and renews as one.
 */
export function fileRows(known: {
  readonly platform?: Platform;
  /** Control-plane nodes; absent where the nodes are not known. */
  readonly controlPlanes?: number;
  /** When the API server's serving certificate ends. */
  readonly serving?: string;
  /** What issued the certificate that etcd was seen to serve with: its name and the id of its key. */
  readonly etcdIssuer?: { readonly name: string; readonly keyId?: string };
  /** Before this no client certificate ends that the API servers took. */
  readonly bound: string | undefined;
  /** Why the files themselves were not looked at; absent where they were. */
  readonly unlooked?: readonly Gap[];
}): RoleRow[] {
  const { platform, serving, bound, etcdIssuer } = known;
  const gaps = unlookedGaps(known.unlooked, ONLY_IN_FILES);
  return FILES.map(({ role, resource, file, isAuthority, usesApi }): RoleRow => {
    const row = { role, title: ROLE_TITLES[role], resource };
    if (platform?.isManaged === true) return { ...row, grade: 'notObservable', how: `${platform.title} runs the control plane` };
    const raise = howToSee(platform, file, role);
    if (role === 'etcd-authority' && etcdIssuer !== undefined) {
      const keyId = etcdIssuer.keyId === undefined ? '' : ` with the key ${etcdIssuer.keyId}`;
      return { ...row, grade: 'notObservable', how: `${ONLY_IN_FILES}; it is ${etcdIssuer.name}${keyId}, as what etcd serves with says`, raise, ...gaps };
    }
    if (usesApi === true && bound !== undefined && isKubeadm(platform)) {
      return { ...row, grade: 'bound', notAfterAtLeast: bound, how: 'no client certificate that an API server took since its start ends before', raise, ...gaps };
    }
    if (isAuthority !== true && serving !== undefined && isKubeadm(platform) && known.controlPlanes === 1) {
      return { ...row, grade: 'inferred', notAfter: serving, how: 'kubeadm issues and renews it together with the certificate of the API server', raise, ...gaps };
    }
    return { ...row, grade: 'notObservable', how: ONLY_IN_FILES, raise, ...gaps };
  });
}
