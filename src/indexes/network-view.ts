import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import { networkPolicies } from '../evidence/sources/network.ts';
import { networkEnforcement, type NodeEnforcement } from './network-enforcement.ts';
import type { Enforcement } from './network-absence.ts';
import { compareText } from './rbac-rows.ts';

/** Nodes that do the same with NetworkPolicy, for the same reason. */
export interface NetworkRow extends Enforcement {
  /** What gives its pods their network, where that was recognised; empty otherwise. */
  readonly networking: readonly string[];
  /** Sorted. */
  readonly nodes: readonly string[];
}

/** What `kubectl secaudit network` shows beside its findings. */
export interface NetworkView {
  /** The worst of the nodes; `mixed` where some enforce and others do not. `noNodes` where there is none. */
  readonly enforcement: Enforcement['state'] | 'mixed' | 'noNodes';
  readonly nodes: readonly NetworkRow[];
  /** How many NetworkPolicies each namespace has; why that is not known, where it is not. */
  readonly policies: { readonly count: number; readonly namespaces: readonly { readonly namespace: string; readonly count: number }[] } | { readonly gaps: readonly Gap[] };
}

export const networkView = defineIndex({
  id: 'network-view',
  needs: { enforcement: networkEnforcement, policies: attempt(networkPolicies) },
  build({ enforcement: { nodes }, policies }): NetworkView {
    return {
      enforcement: overall(nodes),
      nodes: rowsOf(nodes),
      policies: 'gaps' in policies ? policies : countByNamespace(policies.value),
    };
  },
});

/** What the nodes of a cluster do together. */
function overall(nodes: readonly Pick<Enforcement, 'state'>[]): NetworkView['enforcement'] {
  const states = new Set(nodes.map(({ state }) => state));
  const has = (state: Enforcement['state']): boolean => states.has(state);
  if (states.size === 0) return 'noNodes';
  if (has('enforced') && (has('none') || has('off'))) return 'mixed';
  return (['unknown', 'none', 'off'] as const).find(has) ?? 'enforced';
}

function rowsOf(nodes: readonly NodeEnforcement[]): readonly NetworkRow[] {
  const rows = new Map<string, NetworkRow & { readonly nodes: string[] }>();
  for (const { node, networking, enforcer, state, limits, how, grade, evidence, gaps } of nodes) {
    const key = JSON.stringify([networking, enforcer, state, how]);
    const row = rows.get(key);
    if (row !== undefined) row.nodes.push(node);
    else rows.set(key, { nodes: [node], networking, state, how, grade, evidence, gaps, ...(enforcer === undefined ? {} : { enforcer }), ...(limits === undefined ? {} : { limits }) });
  }
  return [...rows.values()];
}

function countByNamespace(policies: readonly { readonly metadata: { readonly namespace?: string } }[]): Extract<NetworkView['policies'], { readonly count: number }> {
  const counts = new Map<string, number>();
  for (const { metadata: { namespace = '' } } of policies) counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
  const namespaces = [...counts].sort(([a], [b]) => compareText(a, b)).map(([namespace, count]) => ({ namespace, count }));
  return { count: policies.length, namespaces };
}
