import { identity, listSource, type ListedMeta } from '../list-source.ts';

/** What every kind of cert-manager says of its state (cert-manager.io/v1). */
interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly lastTransitionTime?: string;
}

interface IssuerRef {
  readonly name: string;
  readonly kind?: string;
  readonly group?: string;
}

interface CaIssuer {
  readonly secretName: string;
}

interface Certificate {
  readonly metadata: ListedMeta;
  readonly spec: {
    readonly secretName: string;
    readonly dnsNames?: string[];
    readonly duration?: string;
    readonly renewBefore?: string;
    readonly isCA?: boolean;
    readonly privateKey?: { readonly algorithm?: string; readonly size?: number; readonly rotationPolicy?: string };
    readonly issuerRef: IssuerRef;
  };
  readonly status?: {
    readonly notBefore?: string;
    readonly notAfter?: string;
    readonly renewalTime?: string;
    readonly lastFailureTime?: string;
    readonly failedIssuanceAttempts?: number;
    readonly conditions?: Condition[];
  };
}

interface Issuer {
  readonly metadata: ListedMeta;
  readonly spec: { readonly ca?: CaIssuer };
  readonly status?: { readonly conditions?: Condition[] };
}

// Messages are free text of issuers and may hold anything.
const condition = { type: true, status: true, reason: true, lastTransitionTime: true } as const;
const issuerFields = { metadata: identity, spec: { ca: { secretName: true } }, status: { conditions: [condition] } } as const;

/** What cert-manager issues and renews, with what it says of it: known without reading any Secret. */
export const issuedCertificates = listSource<Certificate>()({
  id: 'certmanagercertificates',
  title: 'Certificates of cert-manager',
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  resource: 'certificates',
  namespaced: true,
  projectionVersion: 1,
  optional: true,
  fields: {
    metadata: identity,
    spec: {
      secretName: true, dnsNames: true, duration: true, renewBefore: true, isCA: true,
      privateKey: { algorithm: true, size: true, rotationPolicy: true }, issuerRef: { name: true, kind: true, group: true },
    },
    status: { notBefore: true, notAfter: true, renewalTime: true, lastFailureTime: true, failedIssuanceAttempts: true, conditions: [condition] },
  },
});

/** One Certificate as this source keeps it. */
export type IssuedCertificate = NonNullable<(typeof issuedCertificates)['evidence']>[number];

export const issuers = listSource<Issuer>()({
  id: 'certmanagerissuers',
  title: 'Issuers of cert-manager',
  apiVersion: 'cert-manager.io/v1',
  kind: 'Issuer',
  resource: 'issuers',
  namespaced: true,
  projectionVersion: 1,
  optional: true,
  fields: issuerFields,
});

export const clusterIssuers = listSource<Issuer>()({
  id: 'certmanagerclusterissuers',
  title: 'ClusterIssuers of cert-manager',
  apiVersion: 'cert-manager.io/v1',
  kind: 'ClusterIssuer',
  resource: 'clusterissuers',
  namespaced: false,
  projectionVersion: 1,
  optional: true,
  // Certificates of a namespace refer to them.
  readWithNamespace: true,
  fields: issuerFields,
});
