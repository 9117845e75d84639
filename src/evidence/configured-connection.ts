import type { CertificateBundle } from './pem.ts';

/** What the kubeconfig and the flags configure, without anything secret. */
export interface ConfiguredConnection {
  /** Where the login comes from: `user "ana" of /home/ana/.kube/config`, `--token`. */
  readonly place: string;
  readonly login: 'anonymous' | 'token' | 'password' | 'certificate' | 'exec';
  /** The client certificate that goes along, its own first; absent where the login has none. */
  readonly clientCertificate?: CertificateBundle;
  /** What the server is verified with; absent where the system's own authorities are trusted, or nothing is verified. */
  readonly authorities?: CertificateBundle;
  /** Host and port of the server. */
  readonly address: string;
  /** The name or address that the server's certificate has to carry. */
  readonly serverName: string;
  /** False with --insecure-skip-tls-verify and over plain HTTP. */
  readonly isVerified: boolean;
}
