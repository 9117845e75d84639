import type { ResourceRef } from '../evidence/resource-ref.ts';
import type { Goal, Ways } from './rbac-edges.ts';
import type { BuiltGraph } from './rbac-graph-build.ts';
import { holds, joinedBy, type SharedAttack } from './rbac-joined.ts';
import { inwardWithout, lostBy, type Inward, type Stepped } from './rbac-removal.ts';

/** A searched graph, as far as it takes to know what a binding holds up. */
export interface HeldUp extends Pick<BuiltGraph, 'changedWithout' | 'targetOf'> {
  readonly stepped: Stepped;
  /** The ways to a goal that single identities make. */
  readonly waysAlone: (goal: Goal) => Ways;
  readonly attacks: readonly SharedAttack[];
}

/** Those of some nodes that come to a goal who no longer do without a binding. */
export type Losing = (binding: ResourceRef, goal: Goal, reaching: ReadonlySet<number>) => ReadonlySet<number>;

/** What is left of a graph without a binding. */
interface Left {
  readonly into: Inward;
  /** Whether a node still comes to a goal by steps that single identities make. */
  readonly isAlone: (node: number, goal: Goal) => boolean;
  /** Steps that take several identities, some of which only now cannot do it alone. */
  readonly joined: readonly { readonly from: number; readonly to: number }[];
}

/**
 * Who loses what without a binding: exactly whom a graph made without it would not lead there. Whoever could do something alone
 * may still do it together with others, so those ways are looked for again, with what is left.
 */
export function losingOf(graph: HeldUp): Losing {
  const admin = graph.waysAlone('cluster-admin');
  // Of holders that come to cluster-admin there are many; a binding holds up few, which are looked at then.
  const attacks = graph.attacks.map(({ step, requests }): OpenAttack => ({
    step, requests: requests.map(request => ({ ...request, open: [...request.holders].filter(node => (admin.cost[node] ?? -1) < 0) })),
  }));
  const known = new Map<ResourceRef, Left>();
  return (binding, goal, reaching) => {
    const { into, isAlone, joined } = known.get(binding) ?? leftWithout(graph, binding, attacks);
    known.set(binding, { into, isAlone, joined });
    const together = comeTogether(joined, into, node => isAlone(node, goal));
    return new Set([...reaching].filter(node => !isAlone(node, goal) && !together.has(node)));
  };
}

/** A shared attack, with those who make a request of it and do not come to cluster-admin. */
interface OpenAttack {
  readonly step: number;
  readonly requests: readonly (SharedAttack['requests'][number] & { readonly open: readonly number[] })[];
}

function leftWithout({ stepped, waysAlone, changedWithout, targetOf }: HeldUp, binding: ResourceRef, attacks: readonly OpenAttack[]): Left {
  const changed = changedWithout(binding);
  const into = inwardWithout(stepped, changed);
  const lost = new Map<Goal, ReadonlySet<number>>();
  const lostTo = (goal: Goal): ReadonlySet<number> => {
    let found = lost.get(goal);
    if (found === undefined) lost.set(goal, (found = lostBy(stepped, waysAlone(goal), changed, into)));
    return found;
  };
  const isAlone = (node: number, goal: Goal): boolean => (waysAlone(goal).cost[node] ?? -1) >= 0 && !lostTo(goal).has(node);
  const still = attacks.map(({ step, requests }): SharedAttack => ({ step, requests: requests.map(({ legs, holders, open }) => {
    const isHolder = (node: number): boolean => { const each = changed.get(node); return each === undefined || holds(each.clusterMask, legs); };
    return { legs, holders: new Set([...open, ...[...lostTo('cluster-admin')].filter(node => holders.has(node))].filter(isHolder)) };
  }) })).filter(({ requests }) => requests.every(({ holders }) => holders.size > 0));
  const joined = joinedBy(stepped.edges, into, still, node => isAlone(node, 'cluster-admin'));
  return { into, isAlone, joined: joined.flatMap(({ from, step }) => { const to = targetOf(step); return to === undefined ? [] : [{ from, to }]; }) };
}

/** Whoever comes to a goal only by steps that take several identities. */
function comeTogether(joined: Left['joined'], into: Inward, isAlone: (node: number) => boolean): ReadonlySet<number> {
  const found = new Set<number>();
  const comes = (node: number): boolean => isAlone(node) || found.has(node);
  const add = (node: number): void => { if (!comes(node)) found.add(node); };
  for (let size = -1; size !== found.size;) {
    size = found.size;
    for (const { from, to } of joined) if (comes(to)) add(from);
    // The set grows while it is read.
    for (const node of found) into(node, add);
  }
  return found;
}

