/** Where a search may end. */
export const GOALS = ['cluster-admin', 'system-masters', 'control-plane-node', 'node', 'all-secrets', 'namespace-admin'] as const;
export type Goal = (typeof GOALS)[number];

/** A directed graph with small whole weights, kept in lists that grow; searched from its goals backwards. */
export interface Edges {
  readonly nodes: ReadonlyMap<string, number>;
  readonly names: readonly string[];
  /** The number of a node, made where it is new. */
  node(name: string): number;
  /**
   * @param label the index of a primitive, or a negative number where the edge follows from the cluster's state
   * @param scope the number of the namespace node, or -1 for the cluster
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

export function createEdges(): Edges {
  const nodes = new Map<string, number>();
  const names: string[] = [];
  let data = new Int32Array(FIELDS * 1024);
  let count = 0;
  const read = (edge: number, field: number): number => data[edge * FIELDS + field] ?? 0;
  return {
    nodes,
    names,
    node(name) {
      const known = nodes.get(name);
      if (known !== undefined) return known;
      nodes.set(name, names.length);
      return names.push(name) - 1;
    },
    add(from, to, weight, label, scope = -1) {
      if ((count + 1) * FIELDS > data.length) {
        const larger = new Int32Array(data.length * 2);
        larger.set(data);
        data = larger;
      }
      data.set([from, to, weight, label, scope], count * FIELDS);
      count += 1;
    },
    get count() { return count; },
    from: edge => read(edge, 0),
    to: edge => read(edge, 1),
    weight: edge => read(edge, 2),
    label: edge => read(edge, 3),
    scope: edge => read(edge, 4),
  };
}

/** From every node the way to one goal: the cost (-1 where there is none) and the edge to take first. */
export interface Ways {
  readonly cost: Int32Array;
  readonly next: Int32Array;
}

/** The edges in the order of where they lead, so that a search can go backwards. */
export function reversed(edges: Edges): { readonly start: Int32Array; readonly order: Int32Array } {
  const start = new Int32Array(edges.names.length + 1);
  for (let edge = 0; edge < edges.count; edge += 1) start[edges.to(edge) + 1] = (start[edges.to(edge) + 1] ?? 0) + 1;
  for (let node = 0; node < edges.names.length; node += 1) start[node + 1] = (start[node + 1] ?? 0) + (start[node] ?? 0);
  const filled = start.slice();
  const order = new Int32Array(edges.count);
  for (let edge = 0; edge < edges.count; edge += 1) {
    const at = filled[edges.to(edge)] ?? 0;
    order[at] = edge;
    filled[edges.to(edge)] = at + 1;
  }
  return { start, order };
}

/** Shortest ways from everywhere to one goal, in one search with a bucket for each cost. */
export function searchBack(edges: Edges, { start, order }: ReturnType<typeof reversed>, goal: number): Ways {
  const cost = new Int32Array(edges.names.length).fill(-1);
  const next = new Int32Array(edges.names.length).fill(-1);
  const isDone = new Uint8Array(edges.names.length);
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
