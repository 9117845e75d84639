import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import type { CertificateAndKey } from './pki.ts';

/** How the user of a kubeconfig proves who it is. */
export type Credential = CertificateAndKey | { readonly token: string } | 'anonymous';

/** Writes a kubeconfig with one cluster, one user and one context, readable by its owner only. */
export function writeKubeconfig(file: string, options: {
  readonly server: string;
  /** PEM. */
  readonly certificateAuthority: string;
  readonly user: string;
  readonly credential: Credential;
}): void {
  const { server, certificateAuthority, user, credential } = options;
  const cluster = 'kubernetes';
  const context = `${user}@${cluster}`;
  writeFileSync(file, stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: cluster, cluster: { server, 'certificate-authority-data': base64(certificateAuthority) } }],
    users: [{ name: user, user: userFields(credential) }],
    contexts: [{ name: context, context: { cluster, user } }],
    'current-context': context,
  }), { mode: 0o600 });
}

function userFields(credential: Credential): object {
  if (credential === 'anonymous') return {};
  if ('token' in credential) return { token: credential.token };
  return { 'client-certificate-data': base64(credential.certificate), 'client-key-data': base64(credential.key) };
}

function base64(pem: string): string {
  return Buffer.from(pem).toString('base64');
}
