import { formatRef } from '../../evidence/resource-ref.ts';
import { formatSubject } from '../../evidence/subject.ts';
import { rbacDangling, type AbsentAccount } from '../../indexes/rbac-dangling.ts';
import type { BoundTo } from '../../indexes/rbac-grants.ts';
import { powersOf, reachOf, type Impact } from '../../indexes/rbac-power.ts';
import { defineCheck, unknownTarget, type Finding, type Severity } from '../define-check.ts';
import { evidenceOf, fixOf, itemOf, reachWords } from './grant-finding.ts';

/** Where somebody can claim it; where nobody can, it is untidy and no more. */
const severities: Readonly<Record<Impact, Severity>> = { takeover: 'high', write: 'medium', read: 'medium', paths: 'low', public: 'low' };
const NAMED = 3;

export default defineCheck({
  id: 'rbac-dangling-subject',
  title: 'Binding names what does not exist',
  severity: 'high',
  rationale:
    'A binding outlives the service account, namespace or role that it names. Whoever may create a service account of that name gets ' +
    'its rights, and the built-in edit role may in its namespace; a role that comes back under the old name brings its rights with it.',
  remediation: {
    change: 'Delete the binding, or take the subject out of it; where the account is still to come, bind it when it is there.',
    mayBreak: 'Nothing that runs now: an account or role that does not exist is used by nobody. An application that is installed again may expect it.',
  },
  controls: [
    { framework: 'owasp-2025', version: '2025', id: 'K02' },
    { framework: 'owasp-2022', version: '2022', id: 'K03' },
    { framework: 'cis', version: '1.12', id: '5.1.1' },
  ],
  references: ['https://kubernetes.io/docs/concepts/security/rbac-good-practices/#periodic-review', 'https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-subjects'],
  scope: 'namespace',

  needs: { dangling: rbacDangling },
  *targets({ dangling }): Iterable<AbsentAccount | BoundTo | undefined | ReturnType<typeof unknownTarget>> {
    yield* dangling.absent;
    yield* dangling.roleless;
    for (let left = dangling.looked - dangling.absent.length - dangling.roleless.length; left > 0; left -= 1) yield undefined;
    for (const { of, gaps } of dangling.unread) yield unknownTarget(of, gaps);
  },

  inspect(target) {
    if (target === undefined) return undefined;
    return 'grant' in target ? absentAccount(target) : missingRole(target);
  },
});

function absentAccount({ grant, hasNamespace, claimants }: AbsentAccount): Finding {
  const { binding, subject, namespace } = grant;
  const [power] = powersOf(grant.rules, reachOf(namespace === undefined ? {} : { namespace }));
  const more = claimants.length > NAMED ? ` and ${claimants.length - NAMED} more` : '';
  const who = claimants.length === 0 ? 'nobody but those who hold everything may create it' : `${claimants.slice(0, NAMED).join(', ')}${more} may create it`;
  return {
    resource: binding,
    subject,
    severity: claimants.length === 0 || power === undefined ? 'low' : severities[power.impact],
    message: `${formatSubject(subject)} does not exist${hasNamespace === false ? ', nor does its namespace' : ''}; whoever creates it can ${power?.words ?? 'do nothing'} ${reachWords(grant)}, and ${who}`,
    evidence: evidenceOf(grant, power?.ruleIndexes ?? []),
    cause: `${binding.kind} ${binding.namespace === undefined ? '' : `${binding.namespace}/`}${binding.name}`,
    ...fixOf(grant),
  };
}

function missingRole({ binding, subject, role }: BoundTo): Finding {
  return {
    resource: binding,
    subject,
    severity: 'low',
    message: `${formatRef(role)} does not exist, and ${formatSubject(subject)} gets its rights as soon as somebody creates it`,
    evidence: [itemOf(binding, 'roleRef.name', role.name)],
    cause: `${binding.kind} ${binding.namespace === undefined ? '' : `${binding.namespace}/`}${binding.name}`,
  };
}
