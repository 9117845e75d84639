import type { KeptCertificate } from '../evidence/certificate-facts.ts';
import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex, type Attempted } from '../evidence/need.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import { apiServerHandshake, isDirect, type Handshake } from '../evidence/sources/handshake.ts';
import { clusterInfo, kubeRootCa } from '../evidence/sources/pki.ts';
import { authorityOf } from './certificate-chain.ts';
import { certificateInventory, type CertificateInventory } from './certificate-inventory.ts';
import { isSeenAs, type SeenCertificate } from './certificate-sighting.ts';

/** A place that clients take their authorities from, and whether those verify what the API server shows. */
export interface TrustPlace {
  /** `ConfigMap kube-system/kube-root-ca.crt`. */
  readonly where: string;
  /** Who takes them from there. */
  readonly readers: string;
  readonly resource: ResourceRef;
  /** None where what is published holds no certificate that can be read. */
  readonly authorities: readonly SeenCertificate[];
  /** What the API server shows to clients by address. */
  readonly serving: SeenCertificate;
  readonly isTrusted: boolean;
}

/** Whether the published authorities fit the API server. */
export interface ServerTrust {
  readonly places: readonly TrustPlace[];
  readonly unread: readonly { readonly of: string; readonly gaps: readonly Gap[] }[];
}

/** What the API server shows to programs in the cluster, with what it sends along. */
interface ShownServer {
  readonly serving: SeenCertificate;
  /** What the server does not send, a client does not have. */
  readonly chain: readonly KeptCertificate[];
}

/** The certificate by which programs in the cluster know the API server, or why it was not seen. */
export function shownServer({ certificates }: CertificateInventory, handshake: Attempted<Handshake>): ShownServer | { readonly gaps: readonly Gap[] } {
  if ('gaps' in handshake) return handshake;
  const byAddress = certificates.find(each => each.sightings.some(({ as, serverName }) => as === 'serving' && serverName === ''));
  const serving = byAddress ?? certificates.find(each => each.sightings.some(({ as, serverName }) => as === 'serving' && serverName === undefined));
  // Whoever ends TLS in front of the API server shows a certificate of its own, and nobody in the cluster goes there.
  if (serving === undefined || !isDirect(handshake.value)) {
    const detail = 'something in front of the API server answers the handshakes, and programs in the cluster go past it';
    return { gaps: [{ kind: 'notObservable', reason: 'notSeen', source: apiServerHandshake.id, detail }] };
  }
  return { serving, chain: certificates.filter(each => isSeenAs(each, 'servingAuthority')).map(({ certificate }) => certificate) };
}

const PLACES = [
  { source: kubeRootCa, where: 'ConfigMap kube-system/kube-root-ca.crt', readers: 'pods', resource: configMap('kube-system', 'kube-root-ca.crt') },
  { source: clusterInfo, where: 'ConfigMap kube-public/cluster-info', readers: 'nodes that join', resource: configMap('kube-public', 'cluster-info') },
] as const;

export const serverTrust = defineIndex({
  id: 'server-trust',
  needs: { inventory: certificateInventory, handshake: attempt(apiServerHandshake), kuberootca: attempt(kubeRootCa), clusterinfo: attempt(clusterInfo) },
  build({ inventory, handshake, ...maps }): ServerTrust {
    const shown = shownServer(inventory, handshake);
    if ('gaps' in shown) return { places: [], unread: [{ of: 'the certificate of the API server', gaps: shown.gaps }] };
    const { serving, chain } = shown;
    return {
      places: PLACES.flatMap(({ source, where, readers, resource }): TrustPlace[] => {
        const read = source === kubeRootCa ? maps.kuberootca : maps.clusterinfo;
        if (!('value' in read) || !read.value.exists) return [];
        const authorities = inventory.certificates.filter(each => each.sightings.some(sighting => sighting.where === where));
        const isTrusted = authorityOf(serving.certificate, authorities.map(({ certificate }) => certificate), chain, 'server') !== undefined;
        return [{ where, readers, resource, authorities, serving, isTrusted }];
      }),
      unread: PLACES.flatMap(({ source, where }) => {
        const read = source === kubeRootCa ? maps.kuberootca : maps.clusterinfo;
        return 'gaps' in read ? [{ of: where, gaps: read.gaps }] : [];
      }),
    };
  },
});

function configMap(namespace: string, name: string): ResourceRef {
  return { apiVersion: 'v1', kind: 'ConfigMap', namespace, name };
}
