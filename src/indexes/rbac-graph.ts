import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import { clusterRoles } from '../evidence/sources/rbac.ts';
import { formatSubject, type Subject } from '../evidence/subject.ts';
import { adjacency, GOALS, searchBack, type Adjacency, type Edges, type Goal, type Ways } from './rbac-edges.ts';
import { buildGraph, isStepLabel, type BuiltGraph } from './rbac-graph-build.ts';
import { groupsAbove } from './rbac-graph-places.ts';
import { platformOf } from './rbac-expected.ts';
import { rbacGrants, type Grant, type RbacGrants } from './rbac-grants.ts';
import { identityOf } from './rbac-identity.ts';
import { JOINED, joinedSteps, type JoinedStep } from './rbac-joined.ts';
import { lostBy } from './rbac-removal.ts';
import { rbacSurroundings, type RbacSurroundings } from './rbac-surroundings.ts';
import { readsMereSecrets, rbacTokenSecrets } from './rbac-token-secrets.ts';

/** Who can come to what, by rights that follow from one another. */
export interface RbacGraph {
  readonly edges: Edges;
  /** The shortest ways to every goal. */
  readonly ways: Readonly<Record<Goal, Ways>>;
  /** By edge, the steps that take several identities. */
  readonly joined: ReadonlyMap<number, JoinedStep>;
  readonly rbac: RbacGrants;
  readonly surroundings: RbacSurroundings;
  /** Why tokens that lie in Secrets were not seen, where somebody reads Secrets and comes to their accounts in no other way. */
  readonly unseenTokens: readonly Gap[];
  readonly grantsOf: ReadonlyMap<string, readonly Grant[]>;
  /** The bound subjects that come to a goal. */
  readonly reaching: (goal: Goal) => ReadonlySet<number>;
  /** Those of them that no longer do without a binding. Ways that take several identities at once are left out of it. */
  readonly losing: (binding: ResourceRef, goal: Goal) => ReadonlySet<number>;
  /** The same with those ways; undefined where it would take too long to tell. */
  readonly losingJoined: (binding: ResourceRef, goal: Goal) => ReadonlySet<number> | undefined;
}

/** How hard it is for a subject to come to a goal; undefined where there is no way. */
export function costOf({ edges, ways }: Pick<RbacGraph, 'edges' | 'ways'>, subject: string, goal: Goal): number | undefined {
  const node = edges.find(subject);
  const cost = node === undefined ? -1 : (ways[goal].cost[node] ?? -1);
  return cost < 0 ? undefined : cost;
}

export const rbacGraph = defineIndex({
  id: 'rbac-graph',
  needs: { rbac: rbacGrants, surroundings: rbacSurroundings, tokens: rbacTokenSecrets, clusterRoles: attempt(clusterRoles) },
  build({ rbac, surroundings, tokens, clusterRoles: read }): RbacGraph {
    const rules = new Map('value' in read ? read.value.map(each => [each.metadata.name, each.rules ?? []] as const) : []);
    const aggregated = new Set('value' in read ? read.value.flatMap(each => ((each.aggregationRule?.clusterRoleSelectors ?? []).length > 0 ? [each.metadata.name] : [])) : []);
    const build = (grants: readonly Grant[]): SearchedGraph => searchedGraph(buildGraph(grants, surroundings, { rulesOf: name => rules.get(name), aggregated }, rbac.mapped, tokens.secrets));
    const { edges, ways, alone, joined, stepsWithout } = build(rbac.grants);
    // Who loses what without a binding is worked out on the ways that one identity makes alone.
    const waysAlone = memo((goal: Goal) => (joined.size === 0 ? ways[goal] : searchBack(edges, alone, edges.node(`goal:${goal}`))));
    const grantsOf = new Map([...Map.groupBy(rbac.grants, grant => grant.subject)].map(([subject, grants]) => [formatSubject(subject), grants]));

    const outgoing = once(() => adjacency(edges, 'from'));
    const steps = memo((binding: ResourceRef) => stepsWithout(binding));
    const reaching = memo((goal: Goal) => new Set([...grantsOf.keys()].flatMap(key => edges.find(key) ?? []).filter(node => (ways[goal].cost[node] ?? -1) >= 0)));
    const losing = GOALS.map(goal => memo((binding: ResourceRef) => {
      const lost = lostBy({ edges, ways: waysAlone(goal), incoming: alone, outgoing: outgoing(), isStep: edge => isStepLabel(edges.label(edge)), isLeftOut: edge => joined.has(edge) }, steps(binding));
      return new Set([...lost].filter(node => reaching(goal).has(node)));
    }));
    // A way of several identities may go over anybody: the whole is built anew without the binding, as often as is bearable.
    let left = REBUILT_GRANTS;
    const without = memo((binding: ResourceRef): Without => {
      left -= rbac.grants.length;
      if (left < 0) return { graph: undefined };
      return { graph: build(rbac.grants.filter(grant => grant.binding !== binding)) };
    });
    const losingJoined = (binding: ResourceRef, goal: Goal): ReadonlySet<number> | undefined => {
      const { graph } = without(binding);
      return graph && new Set([...reaching(goal)].filter(node => {
        const [grant] = grantsOf.get(edges.name(node)) ?? [];
        return grant !== undefined && !comesTo(graph, grant.subject, goal);
      }));
    };
    const unseenTokens = tokens.secrets === undefined && rbac.grants.some(grant => readsMereSecrets(grant) && platformOf(grant) === undefined) ? tokens.gaps : [];
    return { edges, ways, joined, rbac, surroundings, unseenTokens, grantsOf, reaching, losing: (binding, goal) => losing[GOALS.indexOf(goal)]?.(binding) ?? new Set(), losingJoined };
  },
});

/** How many grants are looked at again, over all cuts of ways that take several identities: a few seconds' worth. */
const REBUILT_GRANTS = 100_000;

interface Without {
  /** Undefined where it would take too long. */
  readonly graph: SearchedGraph | undefined;
}

/** A graph with the ways to every goal. */
interface SearchedGraph extends Pick<RbacGraph, 'edges' | 'ways' | 'joined'> {
  /** Its edges without the steps that take several identities. */
  readonly alone: Adjacency;
  readonly stepsWithout: BuiltGraph['stepsWithout'];
}

function searchedGraph({ edges, stepsWithout, clusterMasks, isLive, targetOf }: BuiltGraph): SearchedGraph {
  const alone = adjacency(edges, 'to');
  const joined = new Map<number, JoinedStep>();
  const admin = searchBack(edges, alone, edges.node('goal:cluster-admin'));
  for (const step of joinedSteps(edges, alone, clusterMasks, isLive, node => (admin.cost[node] ?? -1) >= 0)) {
    const to = targetOf(step.step);
    if (to === undefined) continue;
    joined.set(edges.count, step);
    edges.add(step.from, to, step.weight, JOINED - step.step);
  }
  const incoming = joined.size > 0 ? adjacency(edges, 'to') : alone;
  const ways = Object.fromEntries(GOALS.map(goal => [goal, goal === 'cluster-admin' && joined.size === 0 ? admin : searchBack(edges, incoming, edges.node(`goal:${goal}`))])) as Record<Goal, Ways>;
  return { edges, ways, joined, alone, stepsWithout };
}

/** Whether a subject comes to a goal, by itself or by its groups: what names it no more may still stand there as somebody to become. */
function comesTo(graph: SearchedGraph, subject: Subject, goal: Goal): boolean {
  if (costOf(graph, formatSubject(subject), goal) !== undefined) return true;
  const groups = subject.kind === 'Group' ? groupsAbove(subject.name) : identityOf({ ...subject, kind: subject.kind }).groups;
  return groups.some(group => costOf(graph, `Group/${group}`, goal) !== undefined);
}

function once<T>(work: () => T): () => T {
  let known: T | undefined;
  return () => (known ??= work());
}

function memo<K, V>(work: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return key => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const fresh = work(key);
    known.set(key, fresh);
    return fresh;
  };
}
