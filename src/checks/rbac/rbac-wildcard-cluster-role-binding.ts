import { rbacGrants, type BoundTo } from '../../indexes/rbac-grants.ts';
import { isEverything } from '../../indexes/rbac-power.ts';
import { wildcardRules, type WildcardWeight } from '../../indexes/rbac-wildcards.ts';
import { defineCheck, type Severity } from '../define-check.ts';
import { grantFinding, grantTargets, reachWords, throughRole } from './grant-finding.ts';

const severities: Readonly<Record<WildcardWeight, Severity>> = { broad: 'high', wide: 'medium', narrow: 'low' };
const worstFirst = ['broad', 'wide', 'narrow'] as const;

export default defineCheck({
  id: 'rbac-wildcard-cluster-role-binding',
  title: 'Wildcard rule bound in the whole cluster',
  severity: 'high',
  rationale:
    'A star also means every resource and verb that the cluster gains later, and more than people read into it today: get on ' +
    'all core resources includes Secrets and, through nodes/proxy, commands in every container; all verbs on roles include ' +
    'escalate and bind, on service accounts impersonate.',
  remediation: {
    change:
      'Write out the verbs and resources that the subject uses in its role in place of the star, or bind the role in the ' +
      'namespaces where it is needed by RoleBindings, then take the subject out of this binding.',
    mayBreak:
      'What is left out of the list is refused from then on. Look first at what the subject really asks for in the audit log. A role ' +
      'that an operator or a chart owns is to be changed there, or it comes back.',
  },
  controls: [
    { framework: 'owasp-2025', version: '2025', id: 'K02' },
    { framework: 'owasp-2022', version: '2022', id: 'K03' },
    { framework: 'cis', version: '1.12', id: '5.1.3' },
  ],
  references: [
    'https://kubernetes.io/docs/concepts/security/rbac-good-practices/#least-privilege',
    'https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources',
  ],
  scope: 'cluster',

  needs: { rbac: rbacGrants },
  targets: ({ rbac }) => grantTargets({
    grants: rbac.grants.filter(isClusterWide),
    unresolved: rbac.unresolved.filter(isClusterWide),
    unread: rbac.unread.filter(each => each.isClusterWide),
  }),

  inspect(grant) {
    // rbac-cluster-admin-grant says so already.
    if (isEverything(grant.rules)) return undefined;
    const wildcards = wildcardRules(grant.rules);
    const worst = worstFirst.flatMap(weight => wildcards.filter(rule => rule.weight === weight))[0];
    if (worst === undefined) return undefined;
    return grantFinding(grant, {
      severity: severities[worst.weight],
      message: `A wildcard lets ${throughRole(grant)}, ${worst.words} ${reachWords(grant)}`,
      ruleIndexes: wildcards.map(rule => rule.ruleIndex),
    });
  },
});

function isClusterWide(bound: BoundTo): boolean {
  return bound.namespace === undefined;
}
