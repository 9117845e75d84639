import { formatRef } from '../../evidence/resource-ref.ts';
import { platformOf } from '../../indexes/rbac-expected.ts';
import { rbacGrants, type Grant } from '../../indexes/rbac-grants.ts';
import { powersOf, reachOf } from '../../indexes/rbac-power.ts';
import { defineCheck } from '../define-check.ts';
import { evidenceOf, grantTargets, reachWords } from './grant-finding.ts';

/** How many bindings a finding shows. */
const SHOWN = 5;

export default defineCheck({
  id: 'rbac-user-bound-directly',
  title: 'User is bound by name',
  severity: 'low',
  rationale:
    'A right that hangs on a name stays when the person changes teams or leaves, and nobody who looks at the groups of the identity provider ' +
    'sees it. Whoever is given the same name later, or a certificate with it, has the right as well.',
  remediation: {
    change: 'Put the user into a group of the identity provider, bind that group, and take the user out of these bindings.',
    mayBreak: 'Between the two steps the user is refused what the bindings gave: bind the group first, and have the user log in anew, since groups come with the token.',
  },
  controls: [
    { framework: 'owasp-2025', version: '2025', id: 'K02' },
    { framework: 'owasp-2022', version: '2022', id: 'K03' },
  ],
  references: ['https://kubernetes.io/docs/concepts/security/rbac-good-practices/#periodic-review', 'https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-subjects'],
  scope: 'namespace',

  needs: { rbac: rbacGrants },
  *targets({ rbac }) {
    const users = rbac.grants.filter(isOfUser);
    yield* Map.groupBy(users, grant => grant.subject.name).values();
    // Everybody else was looked at too, and is no user.
    for (let others = rbac.grants.length - users.length; others > 0; others -= 1) yield [];
    for (const target of grantTargets({ ...rbac, grants: [] }, isOfUser)) yield 'subject' in target ? [] : target;
  },

  inspect(grants: readonly Grant[]) {
    const own = grants.filter(grant => platformOf(grant) === undefined);
    const [first] = own;
    if (first === undefined) return undefined;
    const strongest = own.map(grant => ({ grant, power: powersOf(grant.rules, reachOf(grant))[0] }))
      .sort((a, b) => rankOf(a.power) - rankOf(b.power))[0];
    const power = strongest?.power;
    const [evidence, ...others] = own.slice(0, SHOWN).flatMap(grant => evidenceOf(grant, []));
    if (evidence === undefined) return undefined;
    return {
      // The user is what is wrong, in however many bindings.
      resource: { apiVersion: first.role.apiVersion, kind: 'User', name: first.subject.name },
      subject: first.subject,
      severity: power?.impact === 'takeover' || power?.impact === 'write' ? 'low' : 'info',
      message: `User/${first.subject.name} is bound by name and not through a group, ${own.length === 1 ? `by ${formatRef(first.binding)}` : `by ${own.length} bindings`}, and can ${power?.words ?? 'do nothing by it'}${power === undefined || strongest === undefined ? '' : ` ${reachWords(strongest.grant)}`}`,
      evidence: [evidence, ...others],
      cause: 'users bound by name',
    };
  },
});

/** Users whose names begin with `system:` are programs; what the cloud maps is bound there. */
function isOfUser({ subject, ...grant }: Pick<Grant, 'subject'> & Partial<Pick<Grant, 'outside'>>): boolean {
  return subject.kind === 'User' && !subject.name.startsWith('system:') && grant.outside === undefined;
}

function rankOf(power: ReturnType<typeof powersOf>[number] | undefined): number {
  return power === undefined ? 1000 : ['takeover', 'write', 'read', 'paths', 'public'].indexOf(power.impact) * 100 + power.rank;
}
