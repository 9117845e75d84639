import type { Adjacency, Edges, Ways } from './rbac-edges.ts';

/** A step as it would be without a binding. */
export interface Step {
  readonly from: number;
  readonly to: number;
  readonly weight: number;
}

/** A searched graph with its edges at hand in both directions. */
export interface Searched {
  readonly edges: Edges;
  readonly ways: Ways;
  readonly incoming: Adjacency;
  readonly outgoing: Adjacency;
  /** Whether an edge is somebody's step by a right, and no part of the surroundings. */
  readonly isStep: (edge: number) => boolean;
  /** Edges that are not looked at. */
  readonly isLeftOut: (edge: number) => boolean;
}

/**
 * Everybody who no longer comes to the goal once the steps of some nodes are replaced by fewer. Only what leads through these
 * nodes is searched anew, which for most bindings is one subject.
 *
 * @param replaced the nodes whose steps change, each with the steps that it still has
 */
export function lostBy(searched: Searched, replaced: ReadonlyMap<number, readonly Step[]>): ReadonlySet<number> {
  const { edges, ways, incoming, outgoing, isStep, isLeftOut } = searched;
  const through = nodesThrough(searched, replaced.keys());
  const cost = new Map<number, number>();
  const buckets: number[][] = [];
  const relax = (node: number, sum: number): void => {
    const before = cost.get(node);
    if (before !== undefined && before <= sum) return;
    cost.set(node, sum);
    (buckets[sum] ??= []).push(node);
  };
  const inside = new Map<number, Step[]>();

  for (const node of through) {
    const left = replaced.get(node);
    for (const edge of edgesAt(outgoing, node)) {
      if (isLeftOut(edge) || (left !== undefined && isStep(edge))) continue;
      const to = edges.to(edge);
      const beyond = ways.cost[to] ?? -1;
      if (!through.has(to) && beyond >= 0) relax(node, beyond + edges.weight(edge));
    }
    for (const step of left ?? []) {
      const beyond = ways.cost[step.to] ?? -1;
      if (through.has(step.to)) inside.set(step.to, [...(inside.get(step.to) ?? []), step]);
      else if (beyond >= 0) relax(node, beyond + step.weight);
    }
  }
  for (let sum = 0; sum < buckets.length; sum += 1) {
    // The bucket grows while it is read: edges of weight 0 add to it.
    for (const node of buckets[sum] ?? []) {
      if (cost.get(node) !== sum) continue;
      for (const edge of edgesAt(incoming, node)) {
        const from = edges.from(edge);
        if (through.has(from) && !(replaced.has(from) && isStep(edge))) relax(from, sum + edges.weight(edge));
      }
      for (const step of inside.get(node) ?? []) relax(step.from, sum + step.weight);
    }
  }
  return new Set([...through].filter(node => !cost.has(node)));
}

/** The nodes whose shortest way leads through one of these, and these themselves, as far as they come to the goal at all. */
function nodesThrough({ edges, ways, incoming }: Searched, starts: Iterable<number>): ReadonlySet<number> {
  const found = new Set([...starts].filter(node => (ways.cost[node] ?? -1) >= 0));
  for (const node of found) {
    for (const edge of edgesAt(incoming, node)) if (ways.next[edges.from(edge)] === edge) found.add(edges.from(edge));
  }
  return found;
}

function* edgesAt({ start, order }: Adjacency, node: number): Iterable<number> {
  for (let place = start[node] ?? 0; place < (start[node + 1] ?? 0); place += 1) yield order[place] ?? 0;
}
