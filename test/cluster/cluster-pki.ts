import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  createAuthority, createSigningKey, issueCertificate,
  type CertificateAndKey, type CertificateRequest, type Validity,
} from './pki.ts';

/** The authorities of a cluster, with every certificate a control plane needs on disk as kubeadm lays them out. */
export interface ClusterPki {
  readonly cluster: CertificateAndKey;
  readonly etcd: CertificateAndKey;
  readonly frontProxy: CertificateAndKey;
  /** The path of a file in the folder, such as `etcd/ca.crt`. */
  path(file: string): string;
}

/** Makes the authorities and the certificates of everything but the API servers' own serving side. */
export function createClusterPki(dir: string): ClusterPki {
  const pki: ClusterPki = {
    cluster: createAuthority('kubernetes'),
    etcd: createAuthority('etcd-ca'),
    frontProxy: createAuthority('front-proxy-ca'),
    path: file => path.join(dir, file),
  };
  mkdirSync(pki.path('etcd'), { recursive: true });

  write(pki, 'ca', pki.cluster);
  write(pki, 'etcd/ca', pki.etcd);
  write(pki, 'front-proxy-ca', pki.frontProxy);

  const etcdServer: CertificateRequest = { commonName: 'etcd', usages: ['server', 'client'], names: ['localhost', '127.0.0.1', '::1'] };
  write(pki, 'etcd/server', issueCertificate(pki.etcd, etcdServer));
  write(pki, 'etcd/peer', issueCertificate(pki.etcd, etcdServer));
  write(pki, 'apiserver-etcd-client', issueCertificate(pki.etcd, { commonName: 'kube-apiserver-etcd-client', usages: ['client'] }));
  write(pki, 'front-proxy-client', issueCertificate(pki.frontProxy, { commonName: 'front-proxy-client', usages: ['client'] }));
  write(pki, 'apiserver-kubelet-client', issueCertificate(pki.cluster, { commonName: 'kube-apiserver-kubelet-client', usages: ['client'] }));

  const serviceAccounts = createSigningKey();
  writeFileSync(pki.path('sa.key'), serviceAccounts.privateKey, { mode: 0o600 });
  writeFileSync(pki.path('sa.pub'), serviceAccounts.publicKey);
  return pki;
}

/** Issues the serving certificate of one API server to `NAME.crt` and `NAME.key`. */
export function issueServingCertificate(pki: ClusterPki, name: string, validity: Validity): void {
  write(pki, name, issueCertificate(pki.cluster, {
    ...validity,
    commonName: 'kube-apiserver',
    usages: ['server'],
    names: [
      'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local',
      'localhost', '127.0.0.1', '::1', '10.96.0.1',
    ],
  }));
}

function write(pki: ClusterPki, name: string, { certificate, key }: CertificateAndKey): void {
  writeFileSync(pki.path(`${name}.crt`), certificate);
  writeFileSync(pki.path(`${name}.key`), key, { mode: 0o600 });
}
