import type { KeptCertificate } from '../evidence/certificate-facts.ts';
import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import { nodeFiles } from '../evidence/sources/node-files.ts';
import { signingRequests } from '../evidence/sources/pki.ts';
import { certificateInventory } from './certificate-inventory.ts';
import type { Sighting } from './certificate-sighting.ts';

/** A client certificate with which a kubelet of some node logs in, at one place. */
export interface NodeCertificate {
  readonly certificate: KeptCertificate;
  readonly sighting: Sighting;
  /** The node whose name it has. */
  readonly of: string;
}

/** The identity of one node, and where certificates for it are. */
export interface NodeIdentity {
  readonly of: string;
  readonly places: readonly [NodeCertificate, ...NodeCertificate[]];
  /** Nodes in whose files one lies, sorted; none where only a request shows it. */
  readonly nodes: readonly string[];
  /** Other nodes that certificates for one of its keys were made for, sorted. */
  readonly sharers: readonly string[];
}

export interface NodeIdentities {
  readonly identities: readonly NodeIdentity[];
  readonly unseen: readonly { readonly of: string; readonly gaps: readonly Gap[] }[];
}

const PREFIX = 'system:node:';

/** Whom the Node authorizer takes for a kubelet (kubernetes pkg/auth/nodeidentifier), by client certificates in files of nodes and in requests. */
export const nodeIdentities = defineIndex({
  id: 'node-identities',
  needs: { inventory: certificateInventory, files: attempt(nodeFiles), requests: attempt(signingRequests) },
  build({ inventory, files, requests }): NodeIdentities {
    const all = inventory.certificates.flatMap(({ certificate, sightings }): NodeCertificate[] => {
      const { commonName = '', organizations, usages } = certificate;
      if (!commonName.startsWith(PREFIX) || !organizations.includes('system:nodes') || usages?.includes('client') !== true) return [];
      return sightings.filter(({ node, as }) => node !== undefined || as === 'issued').map(sighting => ({ certificate, sighting, of: commonName.slice(PREFIX.length) }));
    });
    const byKey = Map.groupBy(all, ({ certificate }) => certificate.publicKeySha256);
    const identities = [...Map.groupBy(all, ({ of }) => of)].flatMap(([of, [first, ...more]]): NodeIdentity[] => {
      if (first === undefined) return [];
      const places = [first, ...more] as const;
      const sharers = new Set(places.flatMap(({ certificate }) => (byKey.get(certificate.publicKeySha256) ?? []).map(each => each.of)));
      sharers.delete(of);
      return [{ of, places, nodes: [...new Set(places.flatMap(({ sighting: { node } }) => node ?? []))].sort(), sharers: [...sharers].sort() }];
    });
    return {
      identities: identities.sort((a, b) => (a.of < b.of ? -1 : 1)),
      unseen: [
        ...('gaps' in files ? [{ of: 'certificate files of the nodes', gaps: files.gaps }] : inventory.unread.filter(({ source }) => source === nodeFiles).map(({ of, gaps }) => ({ of, gaps }))),
        ...('gaps' in requests ? [{ of: 'certificates of signing requests', gaps: requests.gaps }] : []),
      ],
    };
  },
});
