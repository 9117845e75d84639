import type { Mask } from './rbac-capabilities.ts';
import { edgesAt, type Adjacency, type Edges, type Ways } from './rbac-edges.ts';

/** A step as it would be without a binding. */
export interface Step {
  readonly from: number;
  readonly to: number;
  readonly weight: number;
}

/** What a node still has without a binding. */
export interface Changed {
  readonly steps: readonly Step[];
  /** What it holds in the whole cluster; undefined where nothing of it leads on. */
  readonly clusterMask: Mask | undefined;
}

/** The steps that single identities make, at hand in both directions. */
export interface Stepped {
  readonly edges: Edges;
  readonly incoming: Adjacency;
  readonly outgoing: Adjacency;
  /** Whether an edge is somebody's step by a right, and no part of the surroundings. */
  readonly isStep: (edge: number) => boolean;
}

/** Visits what leads into a node; `edge` is -1 for a step that stands in no list of edges. */
export type Inward = (node: number, visit: (from: number, weight: number, edge: number) => void) => void;

/** What leads into a node, from a list of edges. */
export function inward(edges: Edges, incoming: Adjacency): Inward {
  const { start, order } = incoming;
  return (node, visit) => {
    for (let place = start[node] ?? 0; place < (start[node + 1] ?? 0); place += 1) {
      const edge = order[place] ?? 0;
      visit(edges.from(edge), edges.weight(edge), edge);
    }
  };
}

/** What leads into a node once the steps of some nodes are replaced by those that they still have. */
export function inwardWithout({ edges, incoming, isStep }: Stepped, changed: ReadonlyMap<number, Changed>): Inward {
  const left = Map.groupBy([...changed.values()].flatMap(({ steps }) => steps), ({ to }) => to);
  const before = inward(edges, incoming);
  return (node, visit) => {
    before(node, (from, weight, edge) => { if (!(changed.has(from) && isStep(edge))) visit(from, weight, edge); });
    for (const { from, weight } of left.get(node) ?? []) visit(from, weight, -1);
  };
}

/**
 * Everybody who no longer comes to the goal once the steps of some nodes are replaced by fewer. Only what leads through these
 * nodes is searched anew, which for most bindings is one subject.
 *
 * @param ways to the goal, by the steps as they were
 * @param into what leads into a node now
 */
export function lostBy({ edges, incoming, outgoing, isStep }: Stepped, ways: Ways, changed: ReadonlyMap<number, Changed>, into: Inward): ReadonlySet<number> {
  const through = nodesThrough(edges, ways, incoming, changed.keys());
  const cost = new Map<number, number>();
  const buckets: number[][] = [];
  const relax = (node: number, sum: number): void => {
    const before = cost.get(node);
    if (before !== undefined && before <= sum) return;
    cost.set(node, sum);
    (buckets[sum] ??= []).push(node);
  };
  const relaxOutside = (node: number, to: number, weight: number): void => {
    const beyond = ways.cost[to] ?? -1;
    if (!through.has(to) && beyond >= 0) relax(node, beyond + weight);
  };

  for (const node of through) {
    const left = changed.get(node);
    for (const edge of edgesAt(outgoing, node)) if (left === undefined || !isStep(edge)) relaxOutside(node, edges.to(edge), edges.weight(edge));
    for (const { to, weight } of left?.steps ?? []) relaxOutside(node, to, weight);
  }
  for (let sum = 0; sum < buckets.length; sum += 1) {
    // The bucket grows while it is read: edges of weight 0 add to it.
    for (const node of buckets[sum] ?? []) {
      if (cost.get(node) !== sum) continue;
      into(node, (from, weight) => { if (through.has(from)) relax(from, sum + weight); });
    }
  }
  return new Set([...through].filter(node => !cost.has(node)));
}

/** The nodes whose shortest way leads through one of these, and these themselves, as far as they come to the goal at all. */
function nodesThrough(edges: Edges, ways: Ways, incoming: Adjacency, starts: Iterable<number>): ReadonlySet<number> {
  const found = new Set([...starts].filter(node => (ways.cost[node] ?? -1) >= 0));
  for (const node of found) {
    for (const edge of edgesAt(incoming, node)) if (ways.next[edges.from(edge)] === edge) found.add(edges.from(edge));
  }
  return found;
}
