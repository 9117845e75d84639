import { keptCertificate, type KeptCertificate } from '../../src/evidence/certificate-facts.ts';
import type { Source } from '../../src/evidence/source.ts';
import { apiServerMetrics } from '../../src/evidence/sources/api-server.ts';
import { k3sCertificateEvents, rke2CertificateEvents } from '../../src/evidence/sources/distribution-events.ts';
import { apiServices, clusterInfo, kubeRootCa, mutatingWebhooks, validatingWebhooks } from '../../src/evidence/sources/pki.ts';
import { nodes } from '../../src/evidence/sources/platform.ts';
import { clusterTrustBundles, customResourceDefinitions, podCertificateRequests, rotatedConfigMaps, rotatedSecrets } from '../../src/evidence/sources/trust.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../src/evidence/sources/rbac.ts';
import { apiGroups, serverVersion } from '../../src/evidence/sources/versions.ts';
import { namespaces, pods, serviceAccounts } from '../../src/evidence/sources/workloads.ts';
import type { Snapshot } from '../../src/evidence/snapshot.ts';
import { createCertificate, type Certificate, type CertificateFields } from './certificates.ts';
import { snapshotWith, type ClusterOptions, type Manifest } from './cluster.ts';
import { eksNode } from './versions.ts';

/** The instant of every snapshot here. */
export const NOW = '2026-11-21T12:00:00Z';

/** So many days from then; a fraction counts. */
export function inDays(days: number): Date {
  return new Date(Date.parse(NOW) + days * 86_400_000);
}

/** A real certificate, with what evidence keeps of it. */
export interface Made extends Certificate {
  readonly kept: KeptCertificate;
}

/** A certificate as the cluster's authority issues it: for a year, since five minutes. */
export function made(fields: CertificateFields, issuer?: Certificate): Made {
  const certificate = createCertificate({ notBefore: inDays(-5 / 1440), notAfter: inDays(365), ...fields }, issuer);
  return { ...certificate, kept: keptCertificate(Buffer.from(certificate.certificate.replaceAll(/-----[^-]*-----|\s/g, ''), 'base64')) };
}

export const authority = made({ commonName: 'kubernetes', use: 'authority', notAfter: inDays(3650) });
export const proxyAuthority = made({ commonName: 'front-proxy-ca', use: 'authority', notAfter: inDays(3650) });
const loopbackAuthority = made({ commonName: 'apiserver-loopback-client-ca@1795287491', use: 'authority', notAfter: inDays(1096) });
export const servingFields = { commonName: 'kube-apiserver', names: ['kubernetes', 'kubernetes.default.svc', '10.96.0.1', '203.0.113.7'], use: 'server' } as const;
export const serving = made(servingFields, authority);
const loopback = made({ commonName: 'apiserver-loopback-client@1795287491', names: ['apiserver-loopback-client'], use: 'server', notAfter: inDays(1096) }, loopbackAuthority);
/** A person's login that no check has anything to say about. */
export const login = made({ commonName: 'ana', organizations: ['sre'], use: 'client', notAfter: inDays(60) }, authority);

export interface PkiParts {
  readonly login?: Made;
  readonly serving?: Made;
  readonly loopback?: Made | undefined;
  /** What is shown to clients by address and to those that ask for a name of the Service; as `serving` by default. */
  readonly byName?: Made;
  readonly rootCa?: readonly Made[];
  readonly clientAuthorities?: readonly Made[];
  readonly proxyAuthorities?: readonly Made[];
  readonly proxyNames?: readonly string[];
  readonly serverName?: string;
  readonly isVerified?: boolean;
  /** Seconds that the kubelet's certificates have left. */
  readonly kubelet?: { readonly client?: number; readonly server?: number };
  /** Seconds that the certificate has left which the API server shows to kubelets. */
  readonly toKubelets?: number;
  readonly addresses?: readonly string[];
  /** Replaces whole sources, by id. */
  readonly sources?: ClusterOptions['sources'];
  readonly objects?: readonly Manifest[];
  /** Replaces the one node of a managed cluster. */
  readonly nodes?: readonly Manifest[];
}

const YEAR = 31_536_000;
const bundle = (all: readonly Made[]): object => ({ certificates: all.map(({ kept }) => kept), malformed: [] });

/** A managed cluster of one node of which everything is known, changed in parts. */
export function pkiCluster(parts: PkiParts = {}): Snapshot {
  const { kubelet = {}, toKubelets = YEAR - 0.5 } = parts;
  const shown = parts.serving ?? serving;
  const own = 'loopback' in parts ? parts.loopback : loopback;
  return snapshotWith(
    {
      collectedAt: NOW,
      sources: {
        serverversion: { gitVersion: 'v1.37.1-eks-0a1b2c3', major: '1', minor: '37' },
        apigroups: ['apps', 'certificates.k8s.io'],
        apiservermetrics: [{ of: 'API server', value: { process_start_time_seconds: [{ labels: {}, value: Date.parse(NOW) / 1000 - 3600 }] } }],
        configuredconnection: {
          place: 'user "ana" of /home/ana/.kube/config', login: 'certificate', clientCertificate: bundle([parts.login ?? login]), authorities: bundle([authority]),
          address: '203.0.113.7:6443', serverName: parts.serverName ?? '203.0.113.7', isVerified: parts.isVerified ?? true,
        },
        apiserverhandshake: {
          serving: [shown.kept], loopback: own === undefined ? { unknown: 'the connection failed (ECONNRESET)' } : { chain: [own.kept] },
          byName: ['kubernetes', 'kubernetes.default.svc'].map(serverName => ({ serverName, chain: [(parts.byName ?? shown).kept] })),
          clientAuthorities: { names: ['CN=kubernetes'] }, anonymousVersion: { status: 200 },
        },
        kuberootca: { exists: true, ...bundle(parts.rootCa ?? [authority]) },
        clusterinfo: { exists: false },
        clienttrust: {
          exists: true, clientAuthorities: bundle(parts.clientAuthorities ?? [authority]), frontProxyAuthorities: bundle(parts.proxyAuthorities ?? [proxyAuthority]),
          frontProxyNames: parts.proxyNames ?? ['front-proxy-client'],
        },
        kubernetesservice: { addresses: parts.addresses ?? ['10.96.0.1'] },
        kubeproxylogin: { exists: true, login: 'token' },
        kubeletmetrics: (parts.nodes ?? [{ metadata: { name: 'blue-1' } }]).map(({ metadata }) => ({
          of: metadata.name,
          value: {
            clientTtlSeconds: kubelet.client ?? YEAR - 1,
            serverTtlSeconds: kubelet.server ?? YEAR - 1,
            scrapes: [{ at: '2026-11-21T11:59:59Z', sumSeconds: 100, count: 1 }, { at: NOW, sumSeconds: 100 + toKubelets, count: 2 }],
          },
        })),
        ...parts.sources,
      },
    },
    ...(parts.nodes ?? [eksNode('blue-1', 'v1.37.1-eks-0a1b2c3')]),
    ...(parts.objects ?? []),
  );
}

/** A request with the certificate that was issued for it. */
export function signingRequest(name: string, certificate: Made | undefined, more: { readonly spec?: object; readonly status?: object; readonly created?: string } = {}): Manifest {
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name, creationTimestamp: more.created ?? '2026-11-21T11:30:00Z' } as Manifest['metadata'],
    spec: { request: '', signerName: 'kubernetes.io/kube-apiserver-client', username: 'kubernetes-admin', groups: [], ...more.spec },
    status: { ...(certificate === undefined ? {} : { certificate: Buffer.from(certificate.certificate).toString('base64') }), ...more.status },
  };
}

/** What decides which platform it is and holds no certificate: the answer about a managed cluster stays without them. */
export const ASIDE: readonly Source[] = [clusterRoleBindings, apiServerMetrics, apiGroups, serverVersion, rotatedSecrets, rotatedConfigMaps, k3sCertificateEvents, rke2CertificateEvents];
/** What decides rights, and nothing of who a certificate makes of its bearer. */
export const RIGHTS: readonly Source[] = [clusterRoles, roles, clusterRoleBindings, roleBindings, pods, nodes, serviceAccounts, namespaces, apiGroups, serverVersion];
/** Authorities of the server issue no logins. */
export const SERVER_TRUST: readonly Source[] = [kubeRootCa, clusterInfo, validatingWebhooks, mutatingWebhooks, apiServices, customResourceDefinitions, clusterTrustBundles];
/** Extensions have certificates of their own. */
export const EXTENSIONS: readonly Source[] = [validatingWebhooks, mutatingWebhooks, apiServices, customResourceDefinitions, clusterTrustBundles, podCertificateRequests];
