import type { Gap } from '../evidence/gap.ts';
import type { Attempted } from '../evidence/need.ts';
import { formatRef } from '../evidence/resource-ref.ts';
import { formatSubject } from '../evidence/subject.ts';
import { GOALS, type Goal } from './rbac-edges.ts';
import type { Grant } from './rbac-grants.ts';
import type { RbacGraph } from './rbac-graph.ts';
import { isMatch, type Identity } from './rbac-identity.ts';
import { GOAL_WORDS, hopSentence, pathFrom } from './rbac-path.ts';
import { IMPACTS, powersOf, reachOf, type Impact } from './rbac-power.ts';
import { rowsOf } from './rbac-rows.ts';
import type { RbacRows } from './rbac-view.ts';

/** The strongest thing that an identity may do by rights of its own. */
export interface StrongestRight {
  /** To be read after "can". */
  readonly can: string;
  readonly impact: Impact;
  /** Absent for the whole cluster. */
  readonly namespace?: string;
  /** The binding that gives it; absent where none is needed. */
  readonly binding?: string;
  /** The group that brings it; absent where a binding names the user. */
  readonly group?: string;
}

/** The shortest way of an identity to more, through the rights of others. */
export interface WayUp {
  readonly goal: Goal;
  /** To be read after "can". */
  readonly can: string;
  readonly steps: readonly string[];
}

/** A binding that reaches an identity. */
export interface HeldBinding {
  /** `ClusterRoleBinding/ops`. */
  readonly binding: string;
  readonly role: string;
  /** Absent for the whole cluster. */
  readonly namespace?: string;
  /** The group that brings it; absent where the binding names the user. */
  readonly group?: string;
}

/** What an identity may do, as far as the bindings were read. */
export interface IdentityRights {
  /** A member of system:masters is allowed everything, whatever is bound. */
  readonly isMaster: boolean;
  /** Absent where nothing is bound to it, or the bindings could not be read. */
  readonly strongest?: StrongestRight;
  readonly wayUp?: WayUp;
  /** Every binding that reaches it; absent where they could not be read. */
  readonly bindings?: RbacRows<HeldBinding>;
}

/** Why there may be bindings that nobody here knows of. */
export function unreadBindings(graph: Attempted<RbacGraph>): readonly Gap[] {
  return 'gaps' in graph ? graph.gaps : [...graph.value.rbac.unread, ...graph.value.rbac.unresolved].flatMap(({ gaps }) => gaps);
}

/** Every kubelet may read and change what belongs to its own node, without a binding (the Node authorizer). */
const OWN_NODE: StrongestRight = { can: 'read and change what belongs to its own node, Secrets of its pods included', impact: 'write' };

/** What an identity may do. @param identity with every group that the API server puts it in */
export function rightsOf(identity: Identity, graph: Attempted<RbacGraph>): IdentityRights {
  const held = 'gaps' in graph ? undefined : graph.value.rbac.grants.filter(({ subject }) => isMatch(subject, identity));
  const bindings = held === undefined ? {} : { bindings: bindingsOf(held) };
  if (identity.groups.includes('system:masters')) return { isMaster: true, strongest: { can: 'do anything', impact: 'takeover', group: 'system:masters' }, ...bindings };
  if ('gaps' in graph || held === undefined) return { isMaster: false };
  const bound = strongestOf(held);
  const isKubelet = identity.user.startsWith('system:node:') && identity.groups.includes('system:nodes');
  const strongest = isKubelet && bound?.impact !== 'takeover' ? OWN_NODE : bound;
  const way = wayUpOf(graph.value, identity);
  return { isMaster: false, ...bindings, ...(strongest === undefined ? {} : { strongest }), ...(way === undefined || strongest?.can === 'do anything' ? {} : { wayUp: way }) };
}

/** Those for everybody who is logged in come last. */
function bindingsOf(held: readonly Grant[]): RbacRows<HeldBinding> {
  const rows = held.map(({ binding, role, namespace, subject }): HeldBinding => ({
    binding: formatRef(binding), role: formatRef(role), ...(namespace === undefined ? {} : { namespace }), ...(subject.kind === 'Group' ? { group: subject.name } : {}),
  }));
  const isForAll = ({ group }: HeldBinding): boolean => group === 'system:authenticated';
  return rowsOf([...rows.filter(row => !isForAll(row)), ...rows.filter(isForAll)]);
}

/** The strongest right of the grants that an identity holds: by what it leads to, then the whole cluster before a namespace. */
function strongestOf(grants: readonly Grant[]): StrongestRight | undefined {
  let best: { readonly rank: number; readonly right: StrongestRight } | undefined;
  for (const grant of grants) {
    const [power] = powersOf(grant.rules, reachOf(grant));
    if (power === undefined) continue;
    const rank = (IMPACTS.indexOf(power.impact) * 2 + (grant.namespace === undefined ? 0 : 1)) * 100 + power.rank;
    if (best !== undefined && best.rank <= rank) continue;
    const { words: can, impact } = power;
    const { namespace, subject, binding } = grant;
    best = { rank, right: { can, impact, binding: formatRef(binding), ...(namespace === undefined ? {} : { namespace }), ...(subject.kind === 'Group' ? { group: subject.name } : {}) } };
  }
  return best?.right;
}

/** The shortest way to the worst goal that the user or one of its groups comes to. */
function wayUpOf(graph: RbacGraph, { user, groups }: Identity): WayUp | undefined {
  const keys = [formatSubject({ kind: 'User', name: user }), ...groups.map(name => formatSubject({ kind: 'Group', name }))];
  for (const goal of GOALS) {
    const ways = keys.flatMap(key => pathFrom(graph, key, goal) ?? []).sort((a, b) => a.cost - b.cost);
    const [way] = ways;
    if (way !== undefined) return { goal, can: GOAL_WORDS[goal], steps: way.hops.map(hopSentence) };
  }
  return undefined;
}
