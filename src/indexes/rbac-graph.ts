import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import { clusterRoles } from '../evidence/sources/rbac.ts';
import { formatSubject } from '../evidence/subject.ts';
import { adjacency, GOALS, searchBack, type Edges, type Goal, type Ways } from './rbac-edges.ts';
import { buildGraph, isStepLabel } from './rbac-graph-build.ts';
import { platformOf } from './rbac-expected.ts';
import { rbacGrants, type Grant, type RbacGrants } from './rbac-grants.ts';
import { JOINED, joinedSteps, sharedAttacks, type JoinedStep } from './rbac-joined.ts';
import { losingOf } from './rbac-losing.ts';
import { memo, once } from './memo.ts';
import { inward } from './rbac-removal.ts';
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
  /** Those of them that no longer do without a binding. */
  readonly losing: (binding: ResourceRef, goal: Goal) => ReadonlySet<number>;
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
    const built = buildGraph(rbac.grants, surroundings, { rulesOf: name => rules.get(name), aggregated }, rbac.mapped, tokens.secrets);
    const { edges, clusterMasks, isLive, targetOf } = built;
    const alone = adjacency(edges, 'to');
    const stepsAlone = edges.count;
    const admin = searchBack(edges, alone, edges.node('goal:cluster-admin'));
    const attacks = sharedAttacks(clusterMasks, isLive);
    const joined = new Map<number, JoinedStep>();
    for (const step of joinedSteps(edges, inward(edges, alone), attacks, node => (admin.cost[node] ?? -1) >= 0)) {
      const to = targetOf(step.step);
      if (to === undefined) continue;
      joined.set(edges.count, step);
      edges.add(step.from, to, step.weight, JOINED - step.step);
    }
    const incoming = joined.size > 0 ? adjacency(edges, 'to') : alone;
    const ways = Object.fromEntries(GOALS.map(goal => [goal, goal === 'cluster-admin' && joined.size === 0 ? admin : searchBack(edges, incoming, edges.node(`goal:${goal}`))])) as Record<Goal, Ways>;
    const waysAlone = memo((goal: Goal) => (goal === 'cluster-admin' ? admin : joined.size === 0 ? ways[goal] : searchBack(edges, alone, edges.node(`goal:${goal}`))));
    const grantsOf = new Map([...Map.groupBy(rbac.grants, grant => grant.subject)].map(([subject, grants]) => [formatSubject(subject), grants]));
    const reaching = memo((goal: Goal) => new Set([...grantsOf.keys()].flatMap(key => edges.find(key) ?? []).filter(node => (ways[goal].cost[node] ?? -1) >= 0)));
    const losing = once(() => losingOf({ ...built, stepped: { edges, incoming: alone, outgoing: adjacency(edges, 'from', stepsAlone), isStep: edge => isStepLabel(edges.label(edge)) }, waysAlone, attacks }, reaching));
    const unseenTokens = tokens.secrets === undefined && rbac.grants.some(grant => readsMereSecrets(grant) && platformOf(grant) === undefined) ? tokens.gaps : [];
    return { edges, ways, joined, rbac, surroundings, unseenTokens, grantsOf, reaching, losing: (binding, goal) => losing()(binding, goal) };
  },
});
