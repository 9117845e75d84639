import type { ResourceRef } from '../evidence/resource-ref.ts';
import type { Goal, Ways } from './rbac-edges.ts';
import type { BuiltGraph } from './rbac-graph-build.ts';
import { holds, joinedBy, type SharedAttack } from './rbac-joined.ts';
import { memo } from './memo.ts';
import { inwardWithout, lostBy, type Inward, type Stepped } from './rbac-removal.ts';

/** A searched graph, as far as it takes to know what a binding holds up. */
export interface HeldUp extends Pick<BuiltGraph, 'changedWithout' | 'targetOf'> {
  readonly stepped: Stepped;
  /** The ways to a goal that single identities make. */
  readonly waysAlone: (goal: Goal) => Ways;
  readonly attacks: readonly SharedAttack[];
}

/** The bound subjects that no longer come to a goal without a binding. */
export type Losing = (binding: ResourceRef, goal: Goal) => ReadonlySet<number>;

/** What is left of a graph without a binding. */
interface Left {
  readonly into: Inward;
  /** Everybody who no longer comes to a goal by steps that single identities make. */
  readonly lostAlone: (goal: Goal) => ReadonlySet<number>;
  /** Steps that take several identities, some of which only now cannot do it alone. */
  readonly joined: readonly { readonly from: number; readonly to: number }[];
}

/**
 * Who loses what without a binding: exactly whom a graph made without it would not lead there. Whoever could do something alone
 * may still do it together with others, so those ways are looked for again, with what is left.
 *
 * @param reaching the bound subjects that come to a goal
 */
export function losingOf(graph: HeldUp, reaching: (goal: Goal) => ReadonlySet<number>): Losing {
  const { waysAlone } = graph;
  const comesAlone = (node: number, goal: Goal): boolean => (waysAlone(goal).cost[node] ?? -1) >= 0;
  // Of holders that come to cluster-admin there are many; a binding holds up few, which are looked at then.
  const attacks = graph.attacks.map(({ step, requests }): OpenAttack => ({
    step, requests: requests.map(request => ({ ...request, open: [...request.holders].filter(node => !comesAlone(node, 'cluster-admin')) })),
  }));
  const onlyTogether = memo((goal: Goal) => [...reaching(goal)].filter(node => !comesAlone(node, goal)));
  const left = memo((binding: ResourceRef) => leftWithout(graph, binding, attacks));
  const losing = memo((goal: Goal) => memo((binding: ResourceRef): ReadonlySet<number> => {
    const { into, lostAlone, joined } = left(binding);
    const lost = lostAlone(goal);
    const together = comeTogether(joined, into, node => comesAlone(node, goal) && !lost.has(node));
    const subjects = reaching(goal);
    return new Set([...[...lost].filter(node => subjects.has(node)), ...onlyTogether(goal)].filter(node => !together.has(node)));
  }));
  return (binding, goal) => losing(goal)(binding);
}

/** A shared attack, with those who make a request of it and do not come to cluster-admin. */
interface OpenAttack {
  readonly step: number;
  readonly requests: readonly (SharedAttack['requests'][number] & { readonly open: readonly number[] })[];
}

function leftWithout({ stepped, waysAlone, changedWithout, targetOf }: HeldUp, binding: ResourceRef, attacks: readonly OpenAttack[]): Left {
  const changed = changedWithout(binding);
  const into = inwardWithout(stepped, changed);
  const lostAlone = memo((goal: Goal) => lostBy(stepped, waysAlone(goal), changed, into));
  const freed = lostAlone('cluster-admin');
  const still = attacks.map(({ step, requests }): SharedAttack => ({ step, requests: requests.map(({ legs, holders, open }) => {
    const isHolder = (node: number): boolean => { const each = changed.get(node); return each === undefined || holds(each.clusterMask, legs); };
    return { legs, holders: new Set([...open, ...[...freed].filter(node => holders.has(node))].filter(isHolder)) };
  }) })).filter(({ requests }) => requests.every(({ holders }) => holders.size > 0));
  const admin = waysAlone('cluster-admin');
  const joined = joinedBy(stepped.edges, into, still, node => (admin.cost[node] ?? -1) >= 0 && !freed.has(node));
  return { into, lostAlone, joined: joined.flatMap(({ from, step }) => { const to = targetOf(step); return to === undefined ? [] : [{ from, to }]; }) };
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

