import { createPrivateKey } from 'node:crypto';
import type { Manifest } from './cluster.ts';
import { inDays, made, type Made } from './pki.ts';

/** An authority as cert-manager's CA issuer has it, an intermediate of it, and a certificate of each. */
export const root = made({ commonName: 'example-root', use: 'authority', notAfter: inDays(3650) });
export const intermediate = made({ commonName: 'example-intermediate', use: 'authority', notAfter: inDays(1000) }, root);
export const leaf = made({ commonName: 'shop.example.com', names: ['shop.example.com'], use: 'server' }, root);
export const deepLeaf = made({ commonName: 'deep.example.com', names: ['deep.example.com'], use: 'server' }, intermediate);

export interface TlsParts {
  readonly crt: string;
  readonly key: string;
  readonly ca?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly type?: string;
  readonly created?: string;
}

/** A Secret of type kubernetes.io/tls as the API server has it. */
export function tlsSecret(namespace: string, name: string, { crt, key, ca, annotations, type = 'kubernetes.io/tls', created = '2026-11-01T00:00:00Z' }: TlsParts): Manifest {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return {
    apiVersion: 'v1', kind: 'Secret', type,
    metadata: { name, namespace, creationTimestamp: created, ...(annotations === undefined ? {} : { annotations }) } as Manifest['metadata'],
    data: { 'tls.crt': base64(crt), 'tls.key': base64(key), ...(ca === undefined ? {} : { 'ca.crt': base64(ca) }) },
  };
}

/** A Secret that serves with a certificate and its key. */
export function serves(namespace: string, name: string, { certificate, key }: Made, more: Partial<TlsParts> = {}): Manifest {
  return tlsSecret(namespace, name, { crt: certificate, key, ...more });
}

export function ingress(namespace: string, name: string, ...tls: readonly object[]): Manifest {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name, namespace }, spec: { tls } };
}

export function gateway(namespace: string, name: string, ...listeners: readonly object[]): Manifest {
  return { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata: { name, namespace }, spec: { listeners } };
}

/** The same key under a passphrase. */
export function encrypted({ key }: Made): string {
  return createPrivateKey(key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });
}
