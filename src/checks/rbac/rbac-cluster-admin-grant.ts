import { isEverything, powersOf, reachOf } from '../../indexes/rbac-power.ts';
import { rbacGrants } from '../../indexes/rbac-grants.ts';
import { cloudRights } from '../../indexes/rbac-outside.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';
import { grantFinding, grantTargets, reachWords, throughRole } from './grant-finding.ts';

export default defineCheck({
  id: 'rbac-cluster-admin-grant',
  title: 'Subject can do anything',
  severity: 'critical',
  rationale:
    'Whoever can act as this subject, or steal its token or certificate, owns the cluster or the namespace: every Secret, ' +
    'every workload, and the power to grant the same to others. Roles are judged by their rules, so a copy of ' +
    'cluster-admin under another name counts too.',
  remediation: {
    change:
      'Bind the subject to a role that names what it uses, then take it out of this binding. Leave one way in for ' +
      'emergencies that is used by nobody day to day.',
    mayBreak:
      'Whatever the subject does is refused from then on, save what other bindings allow. Look first at what it really ' +
      'asks for in the audit log, and at who else could repair the binding. A binding that an operator or a deployment tool ' +
      'owns comes back unless it is changed there.',
  },
  controls: [
    { framework: 'owasp-2025', version: '2025', id: 'K02' },
    { framework: 'owasp-2022', version: '2022', id: 'K03' },
    { framework: 'cis', version: '1.12', id: '5.1.1' },
  ],
  references: [
    'https://kubernetes.io/docs/concepts/security/rbac-good-practices/',
    'https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles',
  ],
  scope: 'namespace',

  needs: { rbac: rbacGrants, cloud: cloudRights },
  *targets({ rbac, cloud }) {
    yield* grantTargets(rbac);
    // With -n the cloud is out of scope, as ClusterRoleBindings are.
    for (const { of, gaps } of cloud) if (!gaps.every(({ kind }) => kind === 'outOfScope')) yield unknownTarget(of, gaps);
  },

  inspect(grant) {
    if (!isEverything(grant.rules)) return undefined;
    // In kube-system one can run pods as the controllers, whose rights reach the whole cluster.
    const isWholeCluster = grant.namespace === undefined || grant.namespace === 'kube-system';
    return grantFinding(grant, {
      severity: isWholeCluster ? 'critical' : 'high',
      message: `Anything can be done ${reachWords(grant)} by ${throughRole(grant)}`,
      ruleIndexes: powersOf(grant.rules, reachOf(grant)).flatMap(power => power.ruleIndexes),
    });
  },
});
