/** Where a search may end. */
export const GOALS = ['cluster-admin', 'system-masters', 'control-plane-node', 'node', 'all-secrets', 'cloud-role', 'namespace-admin'] as const;
export type Goal = (typeof GOALS)[number];

/** A directed graph with small whole weights, kept in lists that grow; searched from its goals backwards. */
export interface Edges {
  /** How many nodes there are; they are numbered from 0. */
  readonly size: number;
  name(node: number): string;
  /** The number of a node that has a name of its own, made where it is new. Nodes of a block are not found by name. */
  node(name: string): number;
  find(name: string): number | undefined;
  /** The first of the nodes `KIND:namespace`, one for each kind in their order; made where they are new. */
  block(namespace: string): number;
  /** The namespaces that have a block, the empty one for the cluster among them. */
  blocks(): Iterable<string>;
  /**
   * @param label the index of a primitive, or a negative number where the edge follows from the cluster's state
   * @param scope the number of the namespace's first node, or -1 for the cluster
   */
  add(from: number, to: number, weight: number, label: number, scope?: number): void;
  readonly count: number;
  from(edge: number): number;
  to(edge: number): number;
  weight(edge: number): number;
  label(edge: number): number;
  scope(edge: number): number;
}

const FIELDS = 5;

/** @param kinds what a block consists of */
export function createEdges(kinds: readonly string[]): Edges {
  const nodes = new Map<string, number>();
  const firsts = new Map<string, number>();
  const names: string[] = [];
  let data = new Int32Array(FIELDS * 1024);
  let count = 0;
  return {
    get size() { return names.length; },
    name: node => names[node] ?? '',
    node(name) {
      const known = nodes.get(name);
      if (known !== undefined) return known;
      nodes.set(name, names.length);
      return names.push(name) - 1;
    },
    find: name => nodes.get(name),
    block(namespace) {
      const known = firsts.get(namespace);
      if (known !== undefined) return known;
      const first = names.length;
      firsts.set(namespace, first);
      for (const kind of kinds) names.push(`${kind}:${namespace}`);
      return first;
    },
    blocks: () => firsts.keys(),
    add(from, to, weight, label, scope = -1) {
      const at = count * FIELDS;
      if (at + FIELDS > data.length) {
        const larger = new Int32Array(data.length * 2);
        larger.set(data);
        data = larger;
      }
      data[at] = from;
      data[at + 1] = to;
      data[at + 2] = weight;
      data[at + 3] = label;
      data[at + 4] = scope;
      count += 1;
    },
    get count() { return count; },
    from: edge => data[edge * FIELDS] ?? 0,
    to: edge => data[edge * FIELDS + 1] ?? 0,
    weight: edge => data[edge * FIELDS + 2] ?? 0,
    label: edge => data[edge * FIELDS + 3] ?? 0,
    scope: edge => data[edge * FIELDS + 4] ?? 0,
  };
}

/** From every node the way to one goal: the cost (-1 where there is none) and the edge to take first. */
export interface Ways {
  readonly cost: Int32Array;
  readonly next: Int32Array;
}

/** Edges grouped by one of their ends: those of node `n` are `order[start[n]]` to `order[start[n + 1] - 1]`, in their own order. */
export interface Adjacency {
  readonly start: Int32Array;
  readonly order: Int32Array;
}

/**
 * Edges by where they lead, so that a search can go backwards, or by where they come from.
 * @param count how many of the edges are taken, from the first on
 */
export function adjacency(edges: Edges, end: 'from' | 'to', count = edges.count): Adjacency {
  const endOf = (edge: number): number => (end === 'from' ? edges.from(edge) : edges.to(edge));
  const start = new Int32Array(edges.size + 1);
  for (let edge = 0; edge < count; edge += 1) start[endOf(edge) + 1] = (start[endOf(edge) + 1] ?? 0) + 1;
  for (let node = 0; node < edges.size; node += 1) start[node + 1] = (start[node + 1] ?? 0) + (start[node] ?? 0);
  const filled = start.slice();
  const order = new Int32Array(count);
  for (let edge = 0; edge < count; edge += 1) {
    const at = filled[endOf(edge)] ?? 0;
    order[at] = edge;
    filled[endOf(edge)] = at + 1;
  }
  return { start, order };
}

/** The edges at a node, in their own order. */
export function* edgesAt({ start, order }: Adjacency, node: number): Iterable<number> {
  for (let place = start[node] ?? 0; place < (start[node + 1] ?? 0); place += 1) yield order[place] ?? 0;
}

/** Shortest ways from everywhere to one goal, in one search with a bucket for each cost. */
export function searchBack(edges: Edges, { start, order }: Adjacency, goal: number): Ways {
  const cost = new Int32Array(edges.size).fill(-1);
  const next = new Int32Array(edges.size).fill(-1);
  const isDone = new Uint8Array(edges.size);
  const buckets: number[][] = [[goal]];
  cost[goal] = 0;
  for (let at = 0; at < buckets.length; at += 1) {
    const bucket = buckets[at] ?? [];
    // The bucket grows while it is read: edges of weight 0 add to it.
    for (const node of bucket) {
      if (isDone[node] === 1 || cost[node] !== at) continue;
      isDone[node] = 1;
      for (let place = start[node] ?? 0; place < (start[node + 1] ?? 0); place += 1) {
        const edge = order[place] ?? 0;
        const from = edges.from(edge);
        const sum = at + edges.weight(edge);
        const before = cost[from] ?? -1;
        // Of equal ways the earlier edge: the same answer whatever the order of the search.
        if (before !== -1 && (before < sum || (before === sum && (isDone[from] === 1 || (next[from] ?? -1) < edge)))) continue;
        cost[from] = sum;
        next[from] = edge;
        while (buckets.length <= sum) buckets.push([]);
        buckets[sum]?.push(from);
      }
    }
  }
  return { cost, next };
}
