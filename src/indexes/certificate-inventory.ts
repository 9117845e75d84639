import { defineIndex, type Index } from '../evidence/need.ts';
import { joined, SEEN_AS, type BrokenBlock, type Found, type SeenCertificate, type Sighting, type UnreadCertificates } from './certificate-sighting.ts';
import { sightingsOfBundles } from './sightings-of-bundles.ts';
import { sightingsOfConnection } from './sightings-of-connection.ts';
import { sightingsOfExtensionServers } from './sightings-of-extension-servers.ts';
import { sightingsOfExtensions } from './sightings-of-extensions.ts';
import { sightingsOfNodeFiles } from './sightings-of-node-files.ts';
import { sightingsOfNodePorts } from './sightings-of-node-ports.ts';
import { sightingsOfPodCertificates } from './sightings-of-pod-certificates.ts';
import { sightingsOfRequests } from './sightings-of-requests.ts';
import { sightingsOfSecrets } from './sightings-of-secrets.ts';
import { sightingsOfTrust } from './sightings-of-trust.ts';

/** Every certificate that was seen, each once, by SHA-256. */
export interface CertificateInventory {
  readonly certificates: readonly SeenCertificate[];
  readonly broken: readonly BrokenBlock[];
  /** What may hold more certificates and could not be read. */
  readonly unread: readonly UnreadCertificates[];
}

/** Each way of looking is an index of its own: one that shows more is one line here. */
export const certificateInventory: Index<CertificateInventory> = defineIndex({
  id: 'certificate-inventory',
  needs: {
    connection: sightingsOfConnection,
    trust: sightingsOfTrust,
    requests: sightingsOfRequests,
    extensions: sightingsOfExtensions,
    extensionServers: sightingsOfExtensionServers,
    files: sightingsOfNodeFiles,
    nodePorts: sightingsOfNodePorts,
    bundles: sightingsOfBundles,
    podCertificates: sightingsOfPodCertificates,
    secrets: sightingsOfSecrets,
  },
  build(ways): CertificateInventory {
    const { found, broken, unread } = joined(Object.values(ways));
    return { certificates: byHash(found), broken, unread };
  },
});

const bySha256 = new WeakMap<CertificateInventory, ReadonlyMap<string, SeenCertificate>>();

/** A certificate of the inventory by its SHA-256; undefined where there is no such one. */
export function seenOf(inventory: CertificateInventory, sha256: string | undefined): SeenCertificate | undefined {
  if (sha256 === undefined) return undefined;
  const known = bySha256.get(inventory) ?? new Map(inventory.certificates.map(seen => [seen.certificate.sha256, seen]));
  bySha256.set(inventory, known);
  return known.get(sha256);
}

function byHash(found: readonly Found[]): SeenCertificate[] {
  const groups = Map.groupBy(found, ({ certificate }) => certificate.sha256);
  return [...groups.values()]
    .flatMap(group => {
      // What it is used for comes before where it is trusted, and in the same order however the lists were read.
      const [one, ...more] = group.toSorted((a, b) => SEEN_AS.indexOf(a.as) - SEEN_AS.indexOf(b.as) || compare(keyOf(a), keyOf(b)));
      if (one === undefined) return [];
      const { certificate, ...sighting } = one;
      return [{ certificate, sightings: [sighting, ...more.map(({ certificate: _same, ...other }) => other)] as const }];
    })
    .sort((a, b) => compare(a.certificate.sha256, b.certificate.sha256));
}

function keyOf({ where, path }: Sighting): string {
  return `${where} ${path}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
