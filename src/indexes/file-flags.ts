import type { Program } from '../evidence/command-flags.ts';
import type { RoleId } from './certificate-role.ts';

/**
 * What the file is used for that a flag of a program names. Of an authority of clients the flag does not tell which it is,
 * so its file is known by its name.
 */
const FLAG_ROLES: Readonly<Record<Program, Readonly<Record<string, RoleId>>>> = {
  'kube-apiserver': {
    'tls-cert-file': 'apiserver-serving', 'kubelet-client-certificate': 'apiserver-kubelet-client', 'etcd-certfile': 'apiserver-etcd-client',
    'proxy-client-cert-file': 'front-proxy-client', 'etcd-cafile': 'etcd-authority', 'requestheader-client-ca-file': 'front-proxy-authority',
  },
  'kube-controller-manager': { 'kubeconfig': 'controller-manager-client', 'tls-cert-file': 'controller-manager-serving' },
  'kube-scheduler': { 'kubeconfig': 'scheduler-client', 'tls-cert-file': 'scheduler-serving' },
  'etcd': { 'cert-file': 'etcd-server', 'peer-cert-file': 'etcd-peer', 'trusted-ca-file': 'etcd-authority', 'peer-trusted-ca-file': 'etcd-authority' },
};

/** A file that a flag gives a program, and what for. */
export interface FlaggedFile {
  readonly flag: string;
  readonly path: string;
  readonly role: RoleId;
}

/** The certificate files that a program was started with, each with what it is used for. */
export function flaggedFiles({ program, files }: { readonly program: Program; readonly files: Readonly<Record<string, string>> }): readonly FlaggedFile[] {
  return Object.entries(FLAG_ROLES[program]).flatMap(([flag, role]) => {
    const path = files[flag];
    return path === undefined ? [] : [{ flag, path, role }];
  });
}
