import type { CapabilityLeg } from '../data/escalation/primitive.ts';
import { hasLeg, steps, type Mask } from './rbac-capabilities.ts';
import type { Edges } from './rbac-edges.ts';
import type { Inward } from './rbac-removal.ts';

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

/** An attack of which each request can be made by another identity: a certificate is asked for by one and approved by another. */
export interface SharedAttack {
  /** The index of the primitive. */
  readonly step: number;
  readonly requests: readonly SharedRequest[];
}

interface SharedRequest {
  readonly legs: readonly CapabilityLeg[];
  /** Whoever may make it in the whole cluster. */
  readonly holders: ReadonlySet<number>;
}

/** The attacks that several could share, with who may make each request; in the whole cluster only. */
export function sharedAttacks(masks: ReadonlyMap<number, Mask>, isLive: (step: number) => boolean): SharedAttack[] {
  return steps.flatMap(({ ways, requests }, step) => (requests === undefined || !isLive(step) ? [] : ways.flatMap(way => {
    const shared = requests.map((places): SharedRequest => {
      const legs = places.flatMap(at => way[at] ?? []);
      return { legs, holders: new Set([...masks].flatMap(([node, mask]) => (holds(mask, legs) ? [node] : []))) };
    });
    return shared.every(({ holders }) => holders.size > 0) ? [{ step, requests: shared }] : [];
  })));
}

/** A mask that has all of these legs; nothing has none. */
export function holds(mask: Mask | undefined, legs: readonly CapabilityLeg[]): boolean {
  return mask !== undefined && legs.every(leg => hasLeg(mask, leg));
}

/** Somebody who comes to all identities that an attack takes and to no single one that could do it alone. */
interface Joined {
  readonly from: number;
  readonly step: number;
  /** For each request, the ways to whoever makes it. */
  readonly reaches: readonly Reach[];
}

/**
 * @param into what leads into a node
 * @param done nodes that need no more: they come to cluster-admin already
 */
export function joinedBy(edges: Edges, into: Inward, attacks: readonly SharedAttack[], done: (node: number) => boolean): Joined[] {
  return attacks.flatMap(({ step, requests }) => {
    const holders = requests.map(each => [...each.holders].filter(node => !done(node)));
    const isWhole = (node: number): boolean => requests.every(each => each.holders.has(node));
    if (holders.some(each => each.length === 0) || holders.flat().every(isWhole)) return [];
    const reaches = holders.map(each => nearest(into, each, done));
    const [first, ...others] = reaches;
    // A place on the way is nobody; whoever comes to it is found as well.
    return [...first?.keys() ?? []].filter(node => isSubject(edges.name(node)) && others.every(reach => reach.has(node)))
      // Whoever comes to one that holds everything needs nobody else.
      .filter(from => !reaches.some(reach => isWhole(reach.get(from)?.holder ?? -1)))
      .map(from => ({ from, step, reaches }));
  });
}

/** The same as steps with their ways, which takes edges that stand in the list. */
export function joinedSteps(edges: Edges, into: Inward, attacks: readonly SharedAttack[], done: (node: number) => boolean): JoinedStep[] {
  return joinedBy(edges, into, attacks, done).map(({ from, step, reaches }) => ({
    from, step,
    weight: (steps[step]?.effort ?? 1) + Math.max(...reaches.map(reach => reach.get(from)?.cost ?? 0)),
    as: reaches.map(reach => wayTo(edges, reach, from)),
  }));
}

/** Whether a node stands for somebody, or for a role that somebody was bound to on the way. */
export function isSubject(name: string): boolean {
  return /^(User|Group|ServiceAccount|role:)/.test(name);
}

/** By node, the nearest holder, how far it is, and the edge to take first (-1 at the holder). */
type Reach = ReadonlyMap<number, { readonly cost: number; readonly edge: number; readonly holder: number }>;

/** Everybody who comes to one of these nodes. */
function nearest(into: Inward, holders: readonly number[], done: (node: number) => boolean): Reach {
  const found = new Map<number, { cost: number; edge: number; holder: number }>(holders.map(node => [node, { cost: 0, edge: -1, holder: node }]));
  const buckets: number[][] = [[...holders]];
  for (let cost = 0; cost < buckets.length; cost += 1) {
    // The bucket grows while it is read: edges of weight 0 add to it.
    for (const node of buckets[cost] ?? []) {
      const reached = found.get(node);
      if (reached?.cost !== cost) continue;
      into(node, (from, weight, edge) => {
        const sum = cost + weight;
        if (done(from) || (found.get(from)?.cost ?? Infinity) <= sum) return;
        found.set(from, { cost: sum, edge, holder: reached.holder });
        (buckets[sum] ??= []).push(from);
      });
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
