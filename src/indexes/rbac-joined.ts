import { hasLeg, steps, type Mask } from './rbac-capabilities.ts';
import type { Adjacency, Edges } from './rbac-edges.ts';

/** Labels of joined steps: the primitive's index is `JOINED - label`. */
export const JOINED = -10_000;

/** A step that one source makes as several identities, each with some of the rights. */
export interface JoinedStep {
  readonly from: number;
  /** The index of the primitive. */
  readonly step: number;
  readonly weight: number;
  /** For each request of the attack, who makes it, and the edges that lead there. */
  readonly as: readonly { readonly holder: number; readonly edges: readonly number[] }[];
}

/**
 * Steps of which each request can be made by another identity (a certificate is asked for by one and approved by another), for
 * sources that come to all of these identities and to no single one that could do it alone. In the whole cluster only.
 *
 * @param masks what each node holds in the whole cluster
 * @param done nodes that need no more: they come to cluster-admin already
 */
export function joinedSteps(edges: Edges, incoming: Adjacency, masks: ReadonlyMap<number, Mask>, isLive: (step: number) => boolean, done: (node: number) => boolean): JoinedStep[] {
  return steps.flatMap(({ ways, requests, effort }, step) => (requests === undefined || !isLive(step) ? [] : ways.flatMap(way => {
    const holds = (node: number, legs: readonly number[]): boolean => {
      const mask = masks.get(node);
      return mask !== undefined && legs.every(at => way[at] !== undefined && hasLeg(mask, way[at]));
    };
    const holders = requests.map(legs => [...masks.keys()].filter(node => holds(node, legs) && !done(node)));
    const isWhole = (node: number): boolean => requests.every(legs => holds(node, legs));
    if (holders.some(each => each.length === 0) || holders.flat().every(isWhole)) return [];
    const reaches = holders.map(each => nearest(edges, incoming, each, done));
    const [first, ...others] = reaches;
    // A place on the way is nobody; whoever comes to it is found as well.
    return [...first?.keys() ?? []].filter(node => isSubject(edges.name(node)) && others.every(reach => reach.has(node))).flatMap(from => {
      const as = reaches.map(reach => wayTo(edges, reach, from));
      // Whoever comes to one that holds everything needs nobody else.
      if (as.some(({ holder }) => isWhole(holder))) return [];
      return [{ from, step, weight: effort + Math.max(...reaches.map(reach => reach.get(from)?.cost ?? 0)), as }];
    });
  })));
}

/** Whether a node stands for somebody, or for a role that somebody was bound to on the way. */
export function isSubject(name: string): boolean {
  return /^(User|Group|ServiceAccount|role:)/.test(name);
}

type Reach = ReadonlyMap<number, { readonly cost: number; readonly edge: number }>;

/** Everybody who comes to one of these nodes, with the edge to take first. */
function nearest(edges: Edges, { start, order }: Adjacency, holders: readonly number[], done: (node: number) => boolean): Reach {
  const found = new Map<number, { cost: number; edge: number }>(holders.map(node => [node, { cost: 0, edge: -1 }]));
  const buckets: number[][] = [[...holders]];
  for (let cost = 0; cost < buckets.length; cost += 1) {
    // The bucket grows while it is read: edges of weight 0 add to it.
    for (const node of buckets[cost] ?? []) {
      if (found.get(node)?.cost !== cost) continue;
      for (let place = start[node] ?? 0; place < (start[node + 1] ?? 0); place += 1) {
        const edge = order[place] ?? 0;
        const from = edges.from(edge);
        const sum = cost + edges.weight(edge);
        if (done(from) || (found.get(from)?.cost ?? Infinity) <= sum) continue;
        found.set(from, { cost: sum, edge });
        (buckets[sum] ??= []).push(from);
      }
    }
  }
  return found;
}

function wayTo(edges: Edges, reach: Reach, from: number): JoinedStep['as'][number] {
  const path: number[] = [];
  let node = from;
  for (let edge = reach.get(node)?.edge ?? -1; edge >= 0; edge = reach.get(node)?.edge ?? -1) {
    path.push(edge);
    node = edges.to(edge);
  }
  return { holder: node, edges: path };
}
