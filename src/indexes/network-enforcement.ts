import type { EvidenceItem } from '../evidence/evidence-item.ts';
import { notObservable, type Gap } from '../evidence/gap.ts';
import { attempt, defineIndex, type Attempted } from '../evidence/need.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import { refOf } from '../evidence/source.ts';
import { daemonSets, type DaemonSetEvidence } from '../evidence/sources/network.ts';
import { nodes, type NodeEvidence } from '../evidence/sources/platform.ts';
import { pods, type PodEvidence } from '../evidence/sources/workloads.ts';
import { agentsIn, type FoundAgent } from './network-agents.ts';
import { embeddedEnforcement, noEnforcement, type Enforcement, type Placement } from './network-absence.ts';
import { switchOf, switchSources, type SwitchState } from './network-switch.ts';
import { platform } from './platform.ts';
import { authorize } from './rbac-authorize.ts';
import { rbacGrants, type RbacGrants } from './rbac-grants.ts';
import { identityOf } from './rbac-identity.ts';

/** What one node does with NetworkPolicy. */
export interface NodeEnforcement extends Enforcement {
  readonly node: string;
  readonly resource: ResourceRef;
  /** What gives its pods their network, where that was recognised; empty otherwise. */
  readonly networking: readonly string[];
}

/** Whether NetworkPolicy is enforced, node by node. */
export interface NetworkEnforcement {
  readonly nodes: readonly NodeEnforcement[];
  /** The recognised agents, by DaemonSet. */
  readonly agents: readonly FoundAgent[];
}

/** An enforcing agent with what its switches and rights say of it. */
interface Enforcer {
  readonly found: FoundAgent;
  readonly toggle: SwitchState;
}

/**
 * Which nodes enforce NetworkPolicy. The built-in kind is only stored by the API server; something on every node has to
 * act on it, and where nothing does, policies are accepted and have no effect. Three questions are kept apart: what
 * gives pods their network, what enforces (it may be another program), and whether it is switched on and runs here.
 */
export const networkEnforcement = defineIndex({
  id: 'network-enforcement',
  needs: {
    nodes,
    daemonSets: attempt(daemonSets),
    pods: attempt(pods),
    platform,
    rbac: rbacGrants,
    cilium: attempt(switchSources.ciliumConfig),
    vpcCni: attempt(switchSources.vpcCniConfig),
  },
  build({ nodes: list, daemonSets: sets, pods: podList, platform: { distribution }, rbac, cilium, vpcCni }): NetworkEnforcement {
    const sorted = list.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
    const found = 'value' in sets ? sets.value.toSorted(byName).flatMap(agentsIn) : [];
    const enforcers = found
      .filter(({ agent }) => agent.does.includes('enforcement'))
      .map(each => ({ found: each, toggle: withRights(each, switchOf(each, { cilium, vpcCni }), rbac) }));
    const placement = placementOf(podList);
    const others = 'value' in sets ? suspects(sets.value, found, rbac) : { suspects: [], gaps: sets.gaps };
    const controllers = (): ReturnType<typeof readersOutside> => (outside ??= readersOutside(podList, rbac));
    let outside: ReturnType<typeof readersOutside> | undefined;
    const embedded = embeddedEnforcement(sorted, distribution);

    return {
      agents: found,
      nodes: sorted.map(node => {
        const { name } = node.metadata;
        const networking = found.filter(({ agent, daemonSet }) => agent.does.includes('networking') && placement(daemonSet)?.has(name) !== false);
        const here = enforcers.map(enforcer => stateOn(name, enforcer, placement)).filter(state => state !== undefined);
        return {
          node: name,
          resource: refOf(nodes, node),
          networking: [...new Set(networking.map(({ agent }) => agent.title))],
          ...(best([...here, ...(embedded === undefined || !hasOwnNetwork(node) ? [] : [embedded])]) ?? noEnforcement(node, { distribution, networking, enforcesElsewhere: enforcers.map(each => each.found), ...others, controllers, placement })),
        };
      }),
    };
  },
});

/** Windows and virtual nodes run no k3s of their own kind. */
function hasOwnNetwork({ metadata: { labels = {} } }: NodeEvidence): boolean {
  return labels['kubernetes.io/os'] !== 'windows' && labels.type !== 'virtual-kubelet';
}

/** What an enforcer does on one node; undefined where it has no pod there. */
function stateOn(node: string, { found, toggle }: Enforcer, placement: Placement): Enforcement | undefined {
  const { agent: { title, limits }, daemonSet, evidence } = found;
  const ready = placement(daemonSet);
  if (ready?.has(node) === false) return undefined;
  const base = { enforcer: title, ...(limits === undefined ? {} : { limits }) };
  if (toggle.state === 'off') return { ...base, state: 'off', grade: 'exact', how: toggle.words, evidence: [evidence, ...toggle.evidence], gaps: [] };
  const unknown = (how: string, gaps: readonly Gap[]): Enforcement => ({ ...base, state: 'unknown', grade: 'inferred', how, evidence: [evidence], gaps });
  if (toggle.state === 'unknown') return unknown(toggle.words, toggle.gaps);
  if (ready === undefined) {
    const how = `whether ${title} runs on this node is not known, since pods could not be read`;
    return unknown(how, [{ kind: 'gap', reason: 'forbidden', detail: how, source: pods.id, permissions: pods.permissions }]);
  }
  if (ready.get(node) !== true) {
    const how = `the pod of ${title} on this node is not ready`;
    return unknown(how, [notObservable('notProven', how)]);
  }
  return { ...base, state: 'enforced', grade: 'exact', how: `${title} runs on it`, evidence: [evidence, ...toggle.evidence], gaps: [] };
}

/** Two enforcers on one node: what one lets through the other still drops. */
function best(states: readonly Enforcement[]): Enforcement | undefined {
  return (['enforced', 'unknown', 'off', 'none'] as const).map(state => states.find(each => each.state === state)).find(each => each !== undefined);
}

/** Whoever may not list and watch NetworkPolicies does not enforce them, whatever its name is. */
function withRights({ agent, serviceAccount, evidence }: FoundAgent, toggle: SwitchState, rbac: RbacGrants): SwitchState {
  if (agent.readsPolicies !== true || toggle.state !== 'on') return toggle;
  const { answer, gaps } = mayReadPolicies(rbac, serviceAccount);
  if (answer === 'allowed') return toggle;
  const { namespace, name } = serviceAccount;
  if (answer === 'unknown') return { state: 'unknown', words: `whether ${agent.title} may read NetworkPolicies is not known`, gaps };
  return {
    state: 'off',
    words: `the service account of ${agent.title}, ${namespace}/${name}, may not list and watch NetworkPolicies`,
    evidence: [evidence, {
      resource: { apiVersion: 'v1', kind: 'ServiceAccount', namespace, name },
      path: 'list and watch networkpolicies.networking.k8s.io',
      value: 'denied',
      grade: 'inferred',
      derivation: 'RBAC was asked for this service account; `kubectl auth can-i --as` asks the API server the same',
    }],
  };
}

interface Suspects {
  /** DaemonSets that are no known agent and may read NetworkPolicies: what they do with them cannot be seen. */
  readonly suspects: readonly { readonly daemonSet: ResourceRef; readonly evidence: EvidenceItem }[];
  /** Why it is not known whether there are more. */
  readonly gaps: readonly Gap[];
}

function suspects(sets: readonly DaemonSetEvidence[], found: readonly FoundAgent[], rbac: RbacGrants): Suspects {
  const gaps: Gap[] = [];
  const all = sets.toSorted(byName).flatMap(set => {
    const daemonSet = refOf(daemonSets, set);
    const { namespace = '', name } = set.metadata;
    if (found.some(each => each.daemonSet.name === name && each.daemonSet.namespace === namespace)) return [];
    const account = set.spec?.template.spec?.serviceAccountName ?? 'default';
    const { answer, gaps: unread } = mayReadPolicies(rbac, { namespace, name: account });
    gaps.push(...unread);
    if (answer !== 'allowed') return [];
    return [{
      daemonSet,
      evidence: {
        resource: daemonSet,
        path: 'spec.template.spec.serviceAccountName',
        value: set.spec?.template.spec?.serviceAccountName ?? null,
        grade: 'exact' as const,
        reproduce: ['kubectl', 'get', 'daemonsets', '-n', namespace, '-o', 'jsonpath={.spec.template.spec.serviceAccountName}', '--', name],
      },
    }];
  });
  return { suspects: all, gaps: [...new Set(gaps)] };
}

/** Service accounts of pods outside of DaemonSets that may read every NetworkPolicy. Static pods have none. */
function readersOutside(read: Attempted<readonly PodEvidence[]>, rbac: RbacGrants): { readonly names: readonly string[]; readonly gaps: readonly Gap[] } {
  if ('gaps' in read) return { names: [], gaps: read.gaps };
  const accounts = new Map<string, FoundAgent['serviceAccount']>();
  for (const { metadata, spec } of read.value) {
    const { namespace = '' } = metadata;
    const name = spec?.serviceAccountName;
    if (metadata.ownerReferences === undefined && name !== undefined) accounts.set(`${namespace}/${name}`, { namespace, name });
  }
  const answers = [...accounts].map(([key, account]) => ({ key, ...mayReadPolicies(rbac, account) }));
  return {
    names: answers.filter(({ answer }) => answer === 'allowed').map(({ key }) => key).sort(),
    gaps: [...new Set(answers.flatMap(({ gaps }) => gaps))],
  };
}

function mayReadPolicies(rbac: RbacGrants, { namespace, name }: FoundAgent['serviceAccount']): { readonly answer: 'allowed' | 'denied' | 'unknown'; readonly gaps: readonly Gap[] } {
  const identity = identityOf({ kind: 'ServiceAccount', namespace, name });
  const answers = ['list', 'watch'].map(verb => authorize(rbac, identity, { verb, apiGroup: 'networking.k8s.io', resource: 'networkpolicies' }));
  if (answers.some(({ answer }) => answer === 'denied')) return { answer: 'denied', gaps: [] };
  const gaps = answers.flatMap(each => ('gaps' in each ? each.gaps : []));
  return gaps.length > 0 ? { answer: 'unknown', gaps } : { answer: 'allowed', gaps: [] };
}

function placementOf(read: Attempted<readonly PodEvidence[]>): Placement {
  if ('gaps' in read) return () => undefined;
  const byDaemonSet = new Map<string, Map<string, boolean>>();
  for (const { metadata, spec, status } of read.value) {
    const { namespace = '', ownerReferences: owner } = metadata;
    if (owner === undefined || spec?.nodeName === undefined) continue;
    const key = `${namespace}/${owner}`;
    const placed = byDaemonSet.get(key) ?? new Map<string, boolean>();
    // While a DaemonSet is rolled out, the old pod and the new one may both be there.
    placed.set(spec.nodeName, placed.get(spec.nodeName) === true || status?.conditions === true);
    byDaemonSet.set(key, placed);
  }
  const nowhere: ReadonlyMap<string, boolean> = new Map();
  return ({ namespace = '', name }) => byDaemonSet.get(`${namespace}/${name}`) ?? nowhere;
}

function byName(a: DaemonSetEvidence | NodeEvidence, b: DaemonSetEvidence | NodeEvidence): number {
  const key = ({ metadata }: typeof a): string => `${metadata.namespace ?? ''}/${metadata.name}`;
  return key(a) < key(b) ? -1 : 1;
}
