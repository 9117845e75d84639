import { networkPolicies } from '../../evidence/sources/network.ts';
import { refOf } from '../../evidence/source.ts';
import { networkEnforcement } from '../../indexes/network-enforcement.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';
import { ENFORCEMENT_RULES } from './enforcement-rules.ts';

export default defineCheck({
  id: 'network-policy-not-enforced',
  title: 'NetworkPolicy that no node enforces',
  severity: 'high',
  rationale:
    'The API server accepts every NetworkPolicy, whether or not anything acts on it. Here nothing does: the traffic that this ' +
    'policy should stop passes, and whoever wrote it believes otherwise.',
  remediation: {
    change:
      'Run something on every node that enforces NetworkPolicy: a network plugin that does (Calico, Cilium, Antrea, kube-router), or ' +
      'kube-network-policies beside the present one; where an enforcer is there and switched off, switch it on. ' +
      'Then try it: `kubectl exec` into a pod and ask for an address that a policy should deny.',
    mayBreak:
      'From that moment every policy that was written counts, tried or not, and traffic that nobody listed is dropped. ' +
      'Look at the policies of each namespace first, and start with one node or one namespace.',
  },
  ...ENFORCEMENT_RULES,
  scope: 'cluster',
  needs: { networkPolicies, networkEnforcement },
  *targets({ networkPolicies: policies, networkEnforcement: { nodes } }) {
    if (policies.length === 0 || nodes.length === 0) return;
    const unknown = nodes.filter(({ state }) => state === 'unknown');
    // A node that may enforce is a node where the policy may have its effect.
    if (unknown.length > 0 && nodes.every(({ state }) => state !== 'enforced')) {
      yield unknownTarget('whether any node enforces NetworkPolicy', unknown.flatMap(({ gaps }) => gaps), unknown.flatMap(({ evidence }) => evidence));
    } else yield* policies;
  },
  inspect(policy, { networkEnforcement: { nodes } }) {
    // Nodes that do not enforce while others do are findings of their own.
    const [first] = nodes;
    if (first === undefined || nodes.some(({ state }) => state === 'enforced')) return undefined;
    const [evidence, ...more] = first.evidence;
    if (evidence === undefined) return undefined;
    return {
      resource: refOf(networkPolicies, policy),
      message: `NetworkPolicy ${policy.metadata.name} in namespace ${policy.metadata.namespace ?? ''} has no effect: ${first.how}`,
      evidence: [evidence, ...more],
      cause: 'pod network',
    };
  },
});
