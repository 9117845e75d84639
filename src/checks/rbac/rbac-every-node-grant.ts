import { rbacAccountUse } from '../../indexes/rbac-account-use.ts';
import { platformOf } from '../../indexes/rbac-expected.ts';
import { rbacGrants, type Grant } from '../../indexes/rbac-grants.ts';
import { isEverything, powersOf, reachOf, type Impact } from '../../indexes/rbac-power.ts';
import { defineCheck, unknownTarget, type Severity } from '../define-check.ts';
import { grantFinding, grantTargets, reachWords, throughRole } from './grant-finding.ts';

const ofNodes: Readonly<Record<Impact, Severity>> = { takeover: 'high', write: 'medium', read: 'low', paths: 'low', public: 'info' };

export default defineCheck({
  id: 'rbac-every-node-grant',
  title: 'Every node holds a far-reaching right',
  severity: 'high',
  rationale:
    'What system:nodes holds, each kubelet holds, past the node authorizer that keeps a node to its own pods; and the token of a DaemonSet ' +
    'lies on every node. Whoever takes over one node, by whichever hole, then has that right in the whole cluster.',
  remediation: {
    change:
      'Take system:nodes out of the binding: the node authorizer gives kubelets what they need. Of a DaemonSet, move the work that takes the ' +
      'right into a Deployment with a service account of its own, or limit the right by resourceNames or to a namespace.',
    mayBreak:
      'Very old kubelets, and agents that borrow the credential of the kubelet, are refused from then on; an agent without its right stops ' +
      'doing its work. Look first at who asks for it in the audit log.',
  },
  controls: [
    { framework: 'owasp-2025', version: '2025', id: 'K02' },
    { framework: 'owasp-2022', version: '2022', id: 'K03' },
    { framework: 'cis', version: '1.12', id: '5.1.1' },
  ],
  references: ['https://kubernetes.io/docs/reference/access-authn-authz/node/', 'https://kubernetes.io/docs/concepts/security/rbac-good-practices/#privilege-escalation-risks'],
  scope: 'cluster',

  needs: { rbac: rbacGrants, use: rbacAccountUse },
  *targets({ rbac, use }) {
    const isFar = ({ subject, namespace }: Pick<Grant, 'subject' | 'namespace'>): boolean => isNodes({ subject }) || (subject.kind === 'ServiceAccount' && namespace === undefined);
    yield* grantTargets(rbac, isFar);
    // Whose token lies on every node shows in the pods.
    if (use.onEveryNode === undefined && rbac.grants.some(grant => !isNodes(grant) && isFar(grant))) yield unknownTarget('service accounts of DaemonSets', use.unread.pods);
  },

  inspect(grant, { use: { onEveryNode } }) {
    if (platformOf(grant) !== undefined) return undefined;
    const [strongest] = powersOf(grant.rules, reachOf(grant));
    if (strongest === undefined) return undefined;
    const verdict = { ruleIndexes: strongest.ruleIndexes };
    if (isNodes(grant)) {
      // That nodes read something in one namespace is how agents and installers pass settings to them.
      const severity = grant.namespace !== undefined && strongest.impact === 'read' ? 'info' : ofNodes[strongest.impact];
      return grantFinding(grant, { ...verdict, severity, message: `Every node can ${strongest.words} ${reachWords(grant)} as ${throughRole(grant)}, past the node authorizer` });
    }
    // Less than the rights of others is how agents are meant; whoever can do anything is another check's.
    const daemonSet = grant.subject.kind === 'ServiceAccount' ? onEveryNode?.get(`${grant.subject.namespace ?? ''}/${grant.subject.name}`) : undefined;
    if (daemonSet === undefined || grant.namespace !== undefined || strongest.impact !== 'takeover' || isEverything(grant.rules)) return undefined;
    return grantFinding(grant, {
      ...verdict, severity: 'medium',
      message: `Whoever takes over any node that runs DaemonSet ${daemonSet} can ${strongest.words} ${reachWords(grant)} as ${throughRole(grant)}`,
    });
  },
});

function isNodes({ subject }: Pick<Grant, 'subject'>): boolean {
  return subject.kind === 'Group' && subject.name === 'system:nodes';
}
