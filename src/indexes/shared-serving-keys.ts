import type { KeptCertificate } from '../evidence/certificate-facts.ts';
import type { Gap } from '../evidence/gap.ts';
import { defineIndex } from '../evidence/need.ts';
import { componentRef } from '../evidence/resource-ref.ts';
import type { ListeningProgram } from '../evidence/sources/node-ports.ts';
import type { Sighting } from './certificate-sighting.ts';
import { placeOf, portsSeen, sightingsOfNodePorts, type LookedAt } from './sightings-of-node-ports.ts';

/** A key that a program serves with, and every node on which it does. */
export interface ServingKey {
  readonly program: ListeningProgram;
  /** One that was made for it. */
  readonly certificate: KeptCertificate;
  /** Sorted; two names of one address are one. */
  readonly nodes: readonly string[];
  /** How the first was seen. */
  readonly shown: Sighting['shown'];
}

export interface ServingKeys {
  readonly servers: readonly ServingKey[];
  readonly unseen: readonly { readonly of: string; readonly gaps: readonly Gap[] }[];
}

/** The keys that programs on nodes serve with, by program. */
export const sharedServingKeys = defineIndex({
  id: 'shared-serving-keys',
  needs: { seen: portsSeen, sightings: sightingsOfNodePorts },
  build({ seen, sightings }): ServingKeys {
    const leaves = seen.ports.flatMap(at => {
      // What an API server makes for itself is its own.
      const certificate = 'shown' in at.port && at.port.serverName === undefined ? at.port.shown.chain[0] : undefined;
      return certificate === undefined ? [] : [{ at, certificate }];
    });
    const servers = [...Map.groupBy(leaves, ({ at, certificate }) => `${at.port.program} ${certificate.publicKeySha256}`).values()].flatMap((group): ServingKey[] => {
      const [first] = group.toSorted((a, b) => (a.at.node < b.at.node ? -1 : 1));
      if (first === undefined) return [];
      const { program } = first.at.port;
      return [{ program, certificate: first.certificate, nodes: nodesOf(group.map(({ at }) => at)), shown: placeOf(first.at, componentRef(program)).shown }];
    });
    const unread = seen.ports.length === 0 ? seen.unread.map(({ source, gaps }) => ({ of: source.title, gaps })) : [];
    return { servers, unseen: [...sightings.unread.map(({ of, gaps }) => ({ of, gaps })), ...unread.slice(0, 1)] };
  },
});

/** Two nodes that name one address lead to one server, which is no copy. */
function nodesOf(looked: readonly LookedAt[]): readonly string[] {
  const names = new Map<string, string>();
  const tunnelled = new Set(looked.flatMap(({ node, way }) => ('pod' in way ? [node] : [])));
  for (const { node, way } of looked) {
    // A tunnel ends on its node for certain.
    const place = tunnelled.has(node) || !('address' in way) ? `node ${node}` : `address ${way.address}`;
    const known = names.get(place);
    if (known === undefined || node < known) names.set(place, node);
  }
  return [...new Set(names.values())].sort();
}
