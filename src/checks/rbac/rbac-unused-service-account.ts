import { notObservable } from '../../evidence/gap.ts';
import { formatRef } from '../../evidence/resource-ref.ts';
import { formatSubject } from '../../evidence/subject.ts';
import { rbacAccountUse, type AccountUse } from '../../indexes/rbac-account-use.ts';
import { platformOf } from '../../indexes/rbac-expected.ts';
import { rbacGrants, type Grant, type RbacGrants } from '../../indexes/rbac-grants.ts';
import { powersOf, reachOf } from '../../indexes/rbac-power.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';
import { grantFinding, grantTargets, reachWords } from './grant-finding.ts';

export default defineCheck({
  id: 'rbac-unused-service-account',
  title: 'Service account with rights runs no pod',
  severity: 'low',
  rationale:
    'An account that nothing in the cluster runs as is used from outside, by a token that somebody keeps, or by nobody. Either way its rights ' +
    'stay open to whoever may run a pod, issue a token or act as others in its namespace.',
  remediation: {
    change: 'Find out who uses it in the audit log. Where nobody does, delete the binding and the account; where something outside does, give it short-lived tokens, and a role that names what it needs.',
    mayBreak: 'Jobs that run now and then, workloads that are scaled to nothing, and programs outside the cluster are refused once the binding is gone.',
  },
  controls: [
    { framework: 'owasp-2025', version: '2025', id: 'K02' },
    { framework: 'owasp-2022', version: '2022', id: 'K03' },
  ],
  references: ['https://kubernetes.io/docs/concepts/security/service-accounts/', 'https://kubernetes.io/docs/concepts/security/rbac-good-practices/#periodic-review'],
  scope: 'namespace',

  needs: { rbac: rbacGrants, use: rbacAccountUse },
  *targets({ rbac, use }) {
    yield* grantTargets(rbac, isOfAccount);
    if (!rbac.grants.some(isOfAccount)) return;
    if (use.running === undefined) yield unknownTarget('accounts that no pod runs as', use.unread.pods);
    if (use.isIdle && rbac.grants.some(grant => isUnused(grant, rbac, use))) yield unknownTarget('accounts that no pod runs as', [notObservable('notSeen', 'no pod runs in this cluster, so that accounts that are in use cannot be told from others')]);
    if (use.existing === undefined) yield unknownTarget('accounts that exist', use.unread.accounts);
  },

  inspect(grant, { rbac, use }) {
    if (use.isIdle || !isUnused(grant, rbac, use)) return undefined;
    const { subject, role } = grant;
    const [strongest] = powersOf(grant.rules, reachOf(grant));
    return {
      ...grantFinding(grant, {
        severity: 'low', ruleIndexes: strongest?.ruleIndexes ?? [],
        message: `No pod runs as ${formatSubject(subject)}, which can ${strongest?.words ?? ''} ${reachWords(grant)} through ${formatRef(role)}`,
      }),
      // Accounts that one tool makes in many namespaces are one line.
      cause: `unused accounts with ${role.kind} ${role.name}`,
    };
  },
});

function isUnused(grant: Grant, { namespace }: RbacGrants, { running, existing }: AccountUse): boolean {
  if (!isOfAccount(grant) || platformOf(grant) !== undefined || running === undefined || existing === undefined) return false;
  const { subject } = grant;
  // Every namespace has a default account, and its rights are another check's; so are bindings to accounts that do not exist.
  const account = `${subject.namespace ?? ''}/${subject.name}`;
  if (subject.name === 'default' || !existing.has(account) || running.has(account)) return false;
  // With -n the pods of other namespaces were not read.
  if (namespace !== undefined && subject.namespace !== namespace) return false;
  const [strongest] = powersOf(grant.rules, reachOf(grant));
  return strongest?.impact === 'takeover' || strongest?.impact === 'write';
}

function isOfAccount({ subject }: Pick<Grant, 'subject'>): boolean {
  return subject.kind === 'ServiceAccount';
}
