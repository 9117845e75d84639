import type { ResourceRef } from '../../evidence/resource-ref.ts';
import { networkEnforcement, type NodeEnforcement } from '../../indexes/network-enforcement.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';
import { ENFORCEMENT_RULES } from './enforcement-rules.ts';

/** The pod network as a thing that findings are about; it is no API object, so the group is ours. */
const podNetworkRef: ResourceRef = { apiVersion: 'secaudit/v1', kind: 'Component', name: 'pod-network' };

export default defineCheck({
  id: 'network-no-enforcement',
  title: 'Nothing enforces NetworkPolicy',
  severity: 'medium',
  rationale:
    'Every pod can reach every other pod, every Service and whatever the nodes can reach, and no NetworkPolicy can change that: ' +
    'one pod that is taken over is a foothold next to all the others.',
  remediation: {
    change:
      'Choose a network plugin that enforces NetworkPolicy (Calico, Cilium, Antrea, kube-router), or run kube-network-policies beside the present one; ' +
      'where an enforcer is there and switched off, switch it on.',
    mayBreak:
      'Changing the network plugin interrupts the network of every pod; plan it as an upgrade, node by node. ' +
      'An enforcer beside the present plugin changes nothing until a policy selects a pod.',
  },
  ...ENFORCEMENT_RULES,
  scope: 'cluster',
  needs: { networkEnforcement },
  *targets({ networkEnforcement: { nodes } }) {
    const unknown = nodes.filter(({ state }) => state === 'unknown');
    const isDecided = unknown.length === 0 || nodes.some(({ state }) => state === 'enforced');
    if (nodes.length === 0) return;
    yield isDecided ? nodes : unknownTarget('whether any node enforces NetworkPolicy', unknown.flatMap(({ gaps }) => gaps), unknown.flatMap(({ evidence }) => evidence));
  },
  inspect(nodes: readonly NodeEnforcement[]) {
    const [first] = nodes;
    const [evidence, ...more] = first?.evidence ?? [];
    if (first === undefined || evidence === undefined || nodes.some(({ state }) => state === 'enforced')) return undefined;
    return {
      resource: podNetworkRef,
      message: `NetworkPolicy is enforced on none of ${nodes.length === 1 ? 'the one node' : `the ${nodes.length} nodes`}: ${first.how}`,
      evidence: [evidence, ...more],
      cause: 'pod network',
    };
  },
});
