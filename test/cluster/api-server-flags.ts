import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { issueServingCertificate, type ClusterPki } from './cluster-pki.ts';
import { encryptionConfiguration, type EncryptionKeys, type EncryptionKind } from './encryption.ts';
import type { Validity } from './pki.ts';

/** Flags by name, without dashes. A list repeats the flag; undefined takes a default away. */
export type Flags = Readonly<Record<string, string | readonly string[] | undefined>>;

/** How one API server is to be configured. Nothing given: as kubeadm would, with audit at Metadata. */
export interface ApiServerSettings {
  /** Added to the flags below, or in place of them. They win over everything else. */
  readonly flags?: Flags | undefined;
  /** A kind, or a whole EncryptionConfiguration. Default: `none`. */
  readonly encryption?: EncryptionKind | { readonly configuration: object } | undefined;
  /** Default: Node, RBAC. */
  readonly authorizationModes?: readonly string[] | undefined;
  /** An AuthorizationConfiguration, in place of the modes. */
  readonly authorizationConfiguration?: object | undefined;
  /** Whether requests without credentials are let in, or at which paths. Default: true, as Kubernetes has it. */
  readonly anonymous?: boolean | { readonly paths: readonly string[] } | undefined;
  /** Default: every request at Metadata. */
  readonly auditPolicy?: object | undefined;
  /** The serving certificate may be expired: the ground itself copes, kubectl and the controller manager do not. */
  readonly servingCertificate?: Validity | undefined;
  /** Takes other people's manifests: neither service accounts nor webhooks have to be there. */
  readonly admitAnything?: boolean | undefined;
}

/** Where one API server stands and what it shares with its replicas. */
export interface ApiServerPlace {
  readonly name: string;
  readonly port: number;
  /** A folder of its own, which must exist. */
  readonly dir: string;
  readonly pki: ClusterPki;
  readonly etcdPort: number;
  readonly encryptionKeys: EncryptionKeys;
}

const metadataPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata' }],
};

/** Writes the configuration files of an API server and returns its arguments. */
export function apiServerArguments(place: ApiServerPlace, settings: ApiServerSettings): string[] {
  const { name, port, dir, pki, etcdPort } = place;
  // JSON is YAML, so no other writer is needed for what only the server reads.
  const file = (fileName: string, contents: object): string => {
    const target = path.join(dir, fileName);
    writeFileSync(target, JSON.stringify(contents, undefined, 2), { mode: 0o600 });
    return target;
  };
  mkdirSync(path.join(dir, 'audit'), { recursive: true });
  issueServingCertificate(pki, name, settings.servingCertificate ?? {});

  const flags: Flags = {
    'advertise-address': '127.0.0.1',
    'allow-privileged': 'true',
    'audit-log-path': path.join(dir, 'audit', 'audit.log'),
    'audit-policy-file': file('audit-policy.json', settings.auditPolicy ?? metadataPolicy),
    'bind-address': '127.0.0.1',
    'client-ca-file': pki.path('client-ca.crt'),
    'enable-admission-plugins': 'NodeRestriction',
    'enable-bootstrap-token-auth': 'true',
    // The reconciler wants an address that pods could reach; there are no pods.
    'endpoint-reconciler-type': 'none',
    'etcd-cafile': pki.path('etcd/ca.crt'),
    'etcd-certfile': pki.path('apiserver-etcd-client.crt'),
    'etcd-keyfile': pki.path('apiserver-etcd-client.key'),
    'etcd-servers': `https://127.0.0.1:${etcdPort}`,
    'kubelet-client-certificate': pki.path('apiserver-kubelet-client.crt'),
    'kubelet-client-key': pki.path('apiserver-kubelet-client.key'),
    'kubelet-preferred-address-types': 'InternalIP,ExternalIP,Hostname',
    'proxy-client-cert-file': pki.path('front-proxy-client.crt'),
    'proxy-client-key-file': pki.path('front-proxy-client.key'),
    'requestheader-allowed-names': 'front-proxy-client',
    'requestheader-client-ca-file': pki.path('front-proxy-ca.crt'),
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-username-headers': 'X-Remote-User',
    'secure-port': String(port),
    'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
    'service-account-key-file': pki.path('sa.pub'),
    'service-account-signing-key-file': pki.path('sa.key'),
    'service-cluster-ip-range': '10.96.0.0/12',
    'tls-cert-file': pki.path(`${name}.crt`),
    'tls-private-key-file': pki.path(`${name}.key`),
    ...authorizationFlags(settings, file),
    ...anonymousFlags(settings.anonymous ?? true, file),
    ...encryptionFlags(settings.encryption ?? 'none', place.encryptionKeys, file),
    ...(settings.admitAnything
      ? { 'disable-admission-plugins': 'MutatingAdmissionWebhook,ValidatingAdmissionWebhook,ServiceAccount' }
      : {}),
    ...settings.flags,
  };
  return commandLine(flags);
}

/** Flags as arguments, in the order of the object. */
export function commandLine(flags: Flags): string[] {
  return Object.entries(flags).flatMap(([flag, value]) =>
    value === undefined ? [] : [value].flat().map(one => `--${flag}=${one}`));
}

type WriteFile = (name: string, contents: object) => string;

function authorizationFlags(settings: ApiServerSettings, file: WriteFile): Flags {
  const { authorizationConfiguration: configuration, authorizationModes: modes = ['Node', 'RBAC'] } = settings;
  if (configuration !== undefined) return { 'authorization-config': file('authorization.json', configuration) };
  return { 'authorization-mode': modes.join(',') };
}

function anonymousFlags(anonymous: boolean | { readonly paths: readonly string[] }, file: WriteFile): Flags {
  if (anonymous === true) return {};
  if (anonymous === false) return { 'anonymous-auth': 'false' };
  return {
    'authentication-config': file('authentication.json', {
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'AuthenticationConfiguration',
      anonymous: { enabled: true, conditions: anonymous.paths.map(one => ({ path: one })) },
    }),
  };
}

function encryptionFlags(encryption: EncryptionKind | { readonly configuration: object }, keys: EncryptionKeys, file: WriteFile): Flags {
  const configuration = typeof encryption === 'string' ? encryptionConfiguration(encryption, keys) : encryption.configuration;
  return configuration === undefined ? {} : { 'encryption-provider-config': file('encryption.json', configuration) };
}
