import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  createAuthority, createSigningKey, issueCertificate,
  type CertificateAndKey, type CertificateRequest, type Validity,
} from './pki.ts';

/** What a ground is given in place of what kubeadm would make. */
export interface PkiParts {
  /** The authority of client certificates and, unless `servers` is given too, of the API server. */
  readonly cluster?: CertificateAndKey | undefined;
  /** Another authority for the API server; `kube-root-ca.crt` and kubeconfigs then hold this one. */
  readonly servers?: CertificateAndKey | undefined;
  readonly etcd?: CertificateAndKey | undefined;
  /** Whom etcd names itself; kubeadm takes the node. */
  readonly etcdName?: string | undefined;
  /** More authorities (PEM) of the clients that etcd takes. */
  readonly moreEtcdClients?: readonly string[] | undefined;
  readonly frontProxy?: CertificateAndKey | undefined;
  /** More authorities (PEM) in the bundle of --client-ca-file. */
  readonly moreClients?: readonly string[] | undefined;
  /** The API server's own, with the chain that it sends along. It must be good for 127.0.0.1. */
  readonly serving?: CertificateAndKey | undefined;
  /** The common name with which the API server speaks for others. */
  readonly frontProxyName?: string | undefined;
  /** What the API server shows to kubelets. */
  readonly kubeletClient?: Omit<CertificateRequest, 'usages'> | undefined;
}

/** The authorities of a cluster, with every certificate a control plane needs on disk as kubeadm lays them out. */
export interface ClusterPki {
  /** Of client certificates. */
  readonly cluster: CertificateAndKey;
  /** Of the API server; mostly the same. */
  readonly servers: CertificateAndKey;
  readonly serving?: CertificateAndKey | undefined;
  readonly etcd: CertificateAndKey;
  readonly frontProxy: CertificateAndKey;
  /** The path of a file in the folder, such as `etcd/ca.crt`. */
  path(file: string): string;
}

/** Makes the authorities and the certificates of everything but the API servers' own serving side. */
export function createClusterPki(dir: string, parts: PkiParts = {}): ClusterPki {
  const cluster = parts.cluster ?? createAuthority('kubernetes');
  const pki: ClusterPki = {
    cluster,
    servers: parts.servers ?? cluster,
    serving: parts.serving,
    etcd: parts.etcd ?? createAuthority('etcd-ca'),
    frontProxy: parts.frontProxy ?? createAuthority('front-proxy-ca'),
    path: file => path.join(dir, file),
  };
  const { moreClients = [], moreEtcdClients = [], etcdName = 'etcd', frontProxyName = 'front-proxy-client', kubeletClient = { commonName: 'kube-apiserver-kubelet-client' } } = parts;
  mkdirSync(pki.path('etcd'), { recursive: true });

  write(pki, 'ca', pki.cluster);
  write(pki, 'server-ca', pki.servers);
  writeFileSync(pki.path('client-ca.crt'), [pki.cluster.certificate, ...moreClients].join(''));
  write(pki, 'etcd/ca', pki.etcd);
  writeFileSync(pki.path('etcd/client-ca.crt'), [pki.etcd.certificate, ...moreEtcdClients].join(''));
  write(pki, 'front-proxy-ca', pki.frontProxy);

  const etcdServer: CertificateRequest = { commonName: etcdName, usages: ['server', 'client'], names: ['localhost', '127.0.0.1', '::1'] };
  write(pki, 'etcd/server', issueCertificate(pki.etcd, etcdServer));
  write(pki, 'etcd/peer', issueCertificate(pki.etcd, etcdServer));
  write(pki, 'apiserver-etcd-client', issueCertificate(pki.etcd, { commonName: 'kube-apiserver-etcd-client', usages: ['client'] }));
  write(pki, 'front-proxy-client', issueCertificate(pki.frontProxy, { commonName: frontProxyName, usages: ['client'] }));
  write(pki, 'apiserver-kubelet-client', issueCertificate(pki.cluster, { ...kubeletClient, usages: ['client'] }));

  const serviceAccounts = createSigningKey();
  writeFileSync(pki.path('sa.key'), serviceAccounts.privateKey, { mode: 0o600 });
  writeFileSync(pki.path('sa.pub'), serviceAccounts.publicKey);
  return pki;
}

/** Issues the serving certificate of one API server to `NAME.crt` and `NAME.key`. */
export function issueServingCertificate(pki: ClusterPki, name: string, validity: Validity): void {
  write(pki, name, pki.serving ?? issueCertificate(pki.servers, {
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
