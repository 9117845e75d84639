import { networkPolicies } from '../../evidence/sources/network.ts';
import { networkEnforcement } from '../../indexes/network-enforcement.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';
import { ENFORCEMENT_RULES } from './enforcement-rules.ts';

export default defineCheck({
  id: 'network-node-without-enforcement',
  title: 'Node does not enforce NetworkPolicy while others do',
  severity: 'high',
  rationale:
    'A pod is protected by its policies only while it runs on a node that enforces them. On this node nothing does, so the same ' +
    'pod is closed on one day and open on the next, depending on where the scheduler put it.',
  remediation: {
    change:
      'Let the enforcer run on this node too: look at the node selector, affinity and tolerations of its DaemonSet, and at the labels and taints of the node. ' +
      'Where it cannot run there (Fargate, virtual nodes), keep pods that rely on NetworkPolicy off the node.',
    mayBreak:
      'Policies that were without effect on this node begin to count for the pods that run on it; traffic that no policy allows is dropped.',
  },
  ...ENFORCEMENT_RULES,
  scope: 'cluster',
  needs: { networkPolicies, networkEnforcement },
  *targets({ networkPolicies: policies, networkEnforcement: { nodes } }) {
    // Without policies nothing is missed; where no node enforces, the policies themselves are the finding.
    if (policies.length === 0) return;
    const othersEnforce = nodes.some(({ state }) => state === 'enforced');
    for (const node of nodes) {
      if (node.state === 'unknown') yield unknownTarget(`node ${node.node}`, node.gaps, node.evidence);
      else if (othersEnforce) yield node;
    }
  },
  inspect({ state, node, resource, how, evidence: [first, ...more] }) {
    if (state === 'enforced' || first === undefined) return undefined;
    return {
      resource,
      message: `node ${node} does not enforce NetworkPolicy, and others do: ${how}`,
      evidence: [first, ...more],
      cause: 'pod network',
    };
  },
});
