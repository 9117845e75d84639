import { attempt, defineIndex } from '../evidence/need.ts';
import { formatRef } from '../evidence/resource-ref.ts';
import { clusterRoles, roles } from '../evidence/sources/rbac.ts';
import { formatSubject } from '../evidence/subject.ts';
import { GOALS, reversed, searchBack, type Edges, type Goal, type Ways } from './rbac-edges.ts';
import { buildGraph, type RolesByName } from './rbac-graph-build.ts';
import { rbacGrants, type Grant, type RbacGrants } from './rbac-grants.ts';
import type { PolicyRule } from './rbac-matcher.ts';
import { rbacSurroundings, type RbacSurroundings } from './rbac-surroundings.ts';

/** The graph with the shortest ways to every goal. */
export interface SearchedGraph {
  readonly edges: Edges;
  readonly ways: Readonly<Record<Goal, Ways>>;
}

/** Who can come to what, by rights that follow from one another. */
export interface RbacGraph extends SearchedGraph {
  readonly rbac: RbacGrants;
  readonly surroundings: RbacSurroundings;
  readonly grantsOf: ReadonlyMap<string, readonly Grant[]>;
  /** The graph as it would be without one binding, remembered; undefined once enough of them were worked out. */
  readonly without: (binding: string) => SearchedGraph | undefined;
}

/** How many edges may be built anew to find cuts: more would take longer than the rest of a run. */
const EDGES_TO_CUT = 2_000_000;

/** How hard it is for a subject to come to a goal; undefined where there is no way. */
export function costOf({ edges, ways }: SearchedGraph, subject: string, goal: Goal): number | undefined {
  const node = edges.nodes.get(subject);
  const cost = node === undefined ? -1 : (ways[goal].cost[node] ?? -1);
  return cost < 0 ? undefined : cost;
}

/** Builds the graph of these grants and searches it once for each goal. */
function searchGraph(grants: readonly Grant[], surroundings: RbacSurroundings, rolesByName: RolesByName = () => undefined): SearchedGraph {
  const edges = buildGraph(grants, surroundings, rolesByName);
  const back = reversed(edges);
  const ways = Object.fromEntries(GOALS.map(goal => [goal, searchBack(edges, back, edges.node(`goal:${goal}`))])) as Record<Goal, Ways>;
  return { edges, ways };
}

export const rbacGraph = defineIndex({
  id: 'rbac-graph',
  needs: { rbac: rbacGrants, surroundings: rbacSurroundings, clusterRoles: attempt(clusterRoles), roles: attempt(roles) },
  build({ rbac, surroundings, ...read }): RbacGraph {
    const rules = new Map<string, readonly PolicyRule[]>();
    for (const each of 'value' in read.clusterRoles ? read.clusterRoles.value : []) rules.set(`ClusterRole//${each.metadata.name}`, each.rules ?? []);
    for (const each of 'value' in read.roles ? read.roles.value : []) rules.set(`Role/${each.metadata.namespace ?? ''}/${each.metadata.name}`, each.rules ?? []);
    const rolesByName: RolesByName = (kind, namespace, name) => rules.get(`${kind}/${kind === 'Role' ? namespace : ''}/${name}`);
    const known = new Map<string, SearchedGraph>();
    const whole = searchGraph(rbac.grants, surroundings, rolesByName);
    const most = Math.min(40, Math.max(2, Math.floor(EDGES_TO_CUT / Math.max(1, whole.edges.count))));
    return {
      ...whole,
      rbac,
      surroundings,
      grantsOf: Map.groupBy(rbac.grants, grant => formatSubject(grant.subject)),
      without(binding) {
        const before = known.get(binding);
        if (before !== undefined || known.size >= most) return before;
        const graph = searchGraph(rbac.grants.filter(grant => formatRef(grant.binding) !== binding), surroundings, rolesByName);
        known.set(binding, graph);
        return graph;
      },
    };
  },
});
