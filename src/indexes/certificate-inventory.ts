import type { KeptCertificate } from '../evidence/certificate-facts.ts';
import type { Argv } from '../evidence/evidence-item.ts';
import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex, type Attempted, type Index } from '../evidence/need.ts';
import type { CertificateBundle } from '../evidence/pem.ts';
import { apiServerRef, type ResourceRef } from '../evidence/resource-ref.ts';
import { refOf, type Source } from '../evidence/source.ts';
import { configuredConnection } from '../evidence/sources/connection.ts';
import { apiServerHandshake, type Handshake } from '../evidence/sources/handshake.ts';
import { apiServices, clientTrust, clusterInfo, kubeRootCa, mutatingWebhooks, signingRequests, validatingWebhooks, type SigningRequest } from '../evidence/sources/pki.ts';

/** What a certificate is there for, at the place where it was seen. */
export type SeenAs =
  /** The person's own login. */
  | 'login'
  /** The API server serves with it, or sends it along. */
  | 'serving' | 'servingAuthority'
  /** The API server talks to itself with it. */
  | 'loopback' | 'loopbackAuthority'
  /** Clients verify the API server with it. */
  | 'trustedForServer'
  /** The API server accepts client certificates, or headers of proxies, that it issued. */
  | 'trustedForClients' | 'trustedForProxies'
  /** The API server verifies a webhook or an extension API server with it. */
  | 'trustedForExtension'
  /** Issued on a request that is still there. */
  | 'issued';

/** One place where a certificate was seen. */
export interface Sighting {
  readonly as: SeenAs;
  /** In a few words: `ConfigMap kube-public/cluster-info`. */
  readonly where: string;
  readonly resource: ResourceRef;
  /** Where in the object or answer. */
  readonly path: string;
  /** A command that shows it, or how it was come by where no single one does. */
  readonly shown: { readonly reproduce: Argv } | { readonly derivation: string };
  /** The server name that was asked for, in handshakes; empty for clients by address. */
  readonly serverName?: string;
}

/** One certificate with every place where it was seen. */
export interface SeenCertificate {
  readonly certificate: KeptCertificate;
  readonly sightings: readonly [Sighting, ...Sighting[]];
}

/** A block that should be a certificate and is none. */
export interface BrokenBlock {
  readonly where: string;
  readonly resource: ResourceRef;
  readonly path: string;
  readonly problem: string;
}

/** Every certificate that was seen, each once, by SHA-256. */
export interface CertificateInventory {
  readonly certificates: readonly SeenCertificate[];
  readonly broken: readonly BrokenBlock[];
  readonly requests: readonly SigningRequest[];
  /** What may hold more certificates and could not be read. */
  readonly unread: readonly UnreadCertificates[];
}

/** Certificates that could not be looked for. */
export interface UnreadCertificates {
  /** In a few words: `certificates of signing requests`. */
  readonly of: string;
  readonly source: Source;
  readonly gaps: readonly Gap[];
}

/** The kubeconfig as a thing that findings are about; it is no API object, so the group is ours. */
export const kubeconfigRef: ResourceRef = { apiVersion: 'secaudit/v1', kind: 'Component', name: 'kubeconfig' };

type Found = Sighting & { readonly certificate: KeptCertificate };

export const certificateInventory: Index<CertificateInventory> = defineIndex({
  id: 'certificate-inventory',
  needs: {
    configured: attempt(configuredConnection),
    handshake: attempt(apiServerHandshake),
    rootCa: attempt(kubeRootCa),
    joinInfo: attempt(clusterInfo),
    trust: attempt(clientTrust),
    requests: attempt(signingRequests),
    validating: attempt(validatingWebhooks),
    mutating: attempt(mutatingWebhooks),
    services: attempt(apiServices),
  },
  build({ configured, handshake, rootCa, joinInfo, trust, requests, ...extensions }): CertificateInventory {
    const found: Found[] = [];
    const broken: BrokenBlock[] = [];
    const unread: UnreadCertificates[] = [];
    const read = <T>(of: string, source: Source, attempted: Attempted<T>, use: (value: T) => void): void => {
      if ('value' in attempted) use(attempted.value);
      else unread.push({ of, source, gaps: attempted.gaps });
    };
    const add = (bundle: CertificateBundle | undefined, sighting: Omit<Sighting, 'path'>, path: string): void => {
      const { where, resource } = sighting;
      bundle?.certificates.forEach((certificate, at) => found.push({ ...sighting, path: `${path}[${at}]`, certificate }));
      bundle?.malformed.forEach(({ index, problem }) => broken.push({ where, resource, path: `${path}[${index}]`, problem }));
    };

    const address = 'value' in configured ? configured.value.address : 'HOST:PORT';
    read('certificates of the kubeconfig', configuredConnection, configured, ({ place, login, clientCertificate, authorities }) => {
      // Beside a token of another place the certificate is still the kubeconfig's.
      const from = login === 'certificate' || login === 'exec' ? place : 'kubeconfig of this run';
      const at = { where: from, resource: kubeconfigRef, shown: { derivation: `openssl x509 shows what stands in the ${from}` } };
      // What follows the client's own certificate only completes its chain.
      add(clientCertificate === undefined ? undefined : { ...clientCertificate, certificates: clientCertificate.certificates.slice(0, 1) }, { as: 'login', ...at }, 'client-certificate');
      add(authorities, { as: 'trustedForServer', ...at, where: 'kubeconfig of this run' }, 'certificate-authority');
    });
    read('certificates that the API server shows', apiServerHandshake, handshake, shown => found.push(...shownIn(shown, address)));
    for (const [of, source, attempted, namespace, name] of [
      ["the API server's authority for programs in the cluster", kubeRootCa, rootCa, 'kube-system', 'kube-root-ca.crt'],
      ["the API server's authority for new nodes", clusterInfo, joinInfo, 'kube-public', 'cluster-info'],
    ] as const) {
      read(of, source, attempted, map => {
        if (!map.exists) return;
        const jsonpath = name === 'cluster-info' ? '{.data.kubeconfig}' : '{.data.ca\\.crt}';
        add(map, { as: 'trustedForServer', ...configMap(namespace, name, jsonpath) }, 'certificates');
      });
    }
    read('authorities of client certificates', clientTrust, trust, map => {
      if (!map.exists) return;
      const at = (key: string): ReturnType<typeof configMap> => configMap('kube-system', 'extension-apiserver-authentication', `{.data.${key}}`);
      add(map.clientAuthorities, { as: 'trustedForClients', ...at('client-ca-file') }, 'client-ca-file');
      add(map.frontProxyAuthorities, { as: 'trustedForProxies', ...at('requestheader-client-ca-file') }, 'requestheader-client-ca-file');
    });
    read('certificates of signing requests', signingRequests, requests, list => {
      for (const request of list) {
        const resource = refOf(signingRequests, request);
        const reproduce = ['kubectl', 'get', 'certificatesigningrequests.certificates.k8s.io', '-o', 'jsonpath={.status.certificate}', '--', request.metadata.name];
        const sighting = { as: 'issued' as const, where: `CertificateSigningRequest ${request.metadata.name}`, resource, shown: { reproduce } };
        add(first(request.status?.certificate), sighting, 'status.certificate.certificates');
      }
    });
    for (const [source, attempted, resource] of [
      [validatingWebhooks, extensions.validating, 'validatingwebhookconfigurations.admissionregistration.k8s.io'],
      [mutatingWebhooks, extensions.mutating, 'mutatingwebhookconfigurations.admissionregistration.k8s.io'],
    ] as const) {
      read(`authorities of ${source.title}`, source, attempted, list => {
        for (const item of list) for (const [at, { name, clientConfig }] of (item.webhooks ?? []).entries()) {
          const reproduce = ['kubectl', 'get', resource, '-o', `jsonpath={.webhooks[${at}].clientConfig.caBundle}`, '--', item.metadata.name];
          add(clientConfig.caBundle, { as: 'trustedForExtension', where: `${source.read.kind} ${item.metadata.name}, ${name}`, resource: refOf(source, item), shown: { reproduce } }, `webhooks[${at}].clientConfig.caBundle.certificates`);
        }
      });
    }
    read('authorities of extension API servers', apiServices, extensions.services, list => {
      for (const item of list) {
        const reproduce = ['kubectl', 'get', 'apiservices.apiregistration.k8s.io', '-o', 'jsonpath={.spec.caBundle}', '--', item.metadata.name];
        add(item.spec?.caBundle, { as: 'trustedForExtension', where: `APIService ${item.metadata.name}`, resource: refOf(apiServices, item), shown: { reproduce } }, 'spec.caBundle.certificates');
      }
    });
    return { certificates: byHash(found), broken, requests: 'value' in requests ? requests.value : [], unread };
  },
});

/** The requester's own certificate: what follows it only completes its chain. */
function first(bundle: CertificateBundle | undefined): CertificateBundle | undefined {
  return bundle === undefined ? undefined : { ...bundle, certificates: bundle.certificates.slice(0, 1) };
}

function configMap(namespace: string, name: string, jsonpath: string): Pick<Sighting, 'where' | 'resource' | 'shown'> {
  return {
    where: `ConfigMap ${namespace}/${name}`,
    resource: { apiVersion: 'v1', kind: 'ConfigMap', namespace, name },
    shown: { reproduce: ['kubectl', 'get', 'configmaps', '-n', namespace, '-o', `jsonpath=${jsonpath}`, '--', name] },
  };
}

/** Everything that the handshakes showed. */
function shownIn({ serving, loopback, byName }: Handshake, address: string): Found[] {
  const own = serving[0]?.sha256;
  const named = byName.flatMap(shown => ('chain' in shown ? [shown] : []));
  return [
    ...chainOf(serving, 'serving', 'servingAuthority', address, undefined),
    ...named.flatMap(({ serverName, chain }) => chainOf(chain, 'serving', 'servingAuthority', address, serverName)),
    // A server that knows no such name shows what it shows to everybody.
    ...('chain' in loopback && loopback.chain[0]?.sha256 !== own ? chainOf(loopback.chain, 'loopback', 'loopbackAuthority', address, 'apiserver-loopback-client') : []),
  ];
}

function chainOf(chain: readonly KeptCertificate[], leaf: SeenAs, authority: SeenAs, address: string, serverName: string | undefined): Found[] {
  const asked = serverName === undefined ? '' : serverName === '' ? ', asked by address' : `, asked for ${serverName}`;
  const reproduce = ['openssl', 's_client', '-showcerts', '-connect', address, ...(serverName === undefined ? [] : serverName === '' ? ['-noservername'] : ['-servername', serverName])];
  return chain.map((certificate, at) => ({
    as: at === 0 ? leaf : authority,
    certificate,
    where: `handshake with the API server${asked}`,
    resource: apiServerRef,
    path: `chain[${at}]`,
    shown: { reproduce },
    ...(serverName === undefined ? {} : { serverName }),
  }));
}

function byHash(found: readonly Found[]): SeenCertificate[] {
  const groups = Map.groupBy(found, ({ certificate }) => certificate.sha256);
  return [...groups.values()]
    .flatMap(group => {
      // What it is used for comes before where it is trusted, and in the same order however the lists were read.
      const [one, ...more] = group.toSorted((a, b) => ORDER.indexOf(a.as) - ORDER.indexOf(b.as) || compare(keyOf(a), keyOf(b)));
      if (one === undefined) return [];
      const { certificate, ...sighting } = one;
      return [{ certificate, sightings: [sighting, ...more.map(({ certificate: _same, ...other }) => other)] as const }];
    })
    .sort((a, b) => compare(a.certificate.sha256, b.certificate.sha256));
}

const ORDER: readonly SeenAs[] = ['login', 'serving', 'loopback', 'issued', 'servingAuthority', 'loopbackAuthority', 'trustedForServer', 'trustedForClients', 'trustedForProxies', 'trustedForExtension'];

function keyOf({ where, path }: Sighting): string {
  return `${where} ${path}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether it was seen in one of these places. */
export function isSeenAs({ sightings }: SeenCertificate, ...as: readonly SeenAs[]): boolean {
  return sightings.some(sighting => as.includes(sighting.as));
}
