import { rbacGrants } from '../../indexes/rbac-grants.ts';
import { powersOf, reachOf, type Impact } from '../../indexes/rbac-power.ts';
import { audienceOf, isPublic, type Audience } from '../../indexes/rbac-public.ts';
import { defineCheck, type Severity } from '../define-check.ts';
import { grantFinding, grantTargets, reachWords, throughRole } from './grant-finding.ts';

const words: Readonly<Record<Audience, string>> = {
  anonymous: 'Anyone who reaches the API server',
  authenticated: 'Anyone who can log in',
  pods: 'Every pod with a service account token',
};

const severities: Readonly<Record<Audience, Readonly<Record<Impact, Severity>>>> = {
  anonymous: { takeover: 'critical', write: 'critical', read: 'high', paths: 'medium', public: 'low' },
  authenticated: { takeover: 'high', write: 'high', read: 'medium', paths: 'low', public: 'low' },
  pods: { takeover: 'high', write: 'medium', read: 'low', paths: 'low', public: 'low' },
};

/** How many names a message has. */
const NAMED = 3;

export default defineCheck({
  id: 'rbac-public-grant',
  title: 'Everybody holds a right',
  severity: 'critical',
  rationale:
    'A right of system:anonymous or system:unauthenticated takes no credential at all, one of system:authenticated any ' +
    'credential (on some platforms any account of the cloud), one of system:serviceaccounts a foothold in any pod.',
  remediation: {
    change: 'Bind the users, groups or service accounts that need the right by name, then take everybody out of this binding.',
    mayBreak:
      'Clients that never logged in, such as load balancer probes and joining nodes, are refused from then on. The API server ' +
      'puts its own default bindings back when it starts, and keeps what was added to them.',
  },
  controls: [
    { framework: 'owasp-2025', version: '2025', id: 'K02' },
    { framework: 'owasp-2022', version: '2022', id: 'K03' },
    { framework: 'cis', version: '1.12', id: '5.1.1' },
  ],
  references: [
    'https://kubernetes.io/docs/reference/access-authn-authz/authentication/#anonymous-requests',
    'https://kubernetes.io/docs/reference/access-authn-authz/rbac/#discovery-roles',
    'https://kubernetes.io/docs/concepts/security/rbac-good-practices/',
  ],
  scope: 'namespace',

  needs: { rbac: rbacGrants },
  targets: ({ rbac }) => grantTargets(rbac, bound => isPublic(bound.subject)),

  inspect(grant) {
    const audience = audienceOf(grant.subject);
    if (audience === undefined) return undefined;
    const [strongest] = powersOf(grant.rules, reachOf(grant));
    // Rules without any effect grant nothing to anybody.
    if (strongest === undefined) return undefined;
    const isClusterAdmin = strongest.id === 'everything' && grant.namespace === undefined;
    const severity = isClusterAdmin ? 'critical' : severities[audience][strongest.impact];
    // A few objects by name, such as what a cluster says of itself, are less than all of their kind; for somebody whom nobody knows they are not.
    const rules = strongest.ruleIndexes.map(at => grant.rules[at]?.resourceNames ?? []);
    const names = rules.every(each => each.length > 0) ? [...new Set(rules.flat())].sort() : [];
    return grantFinding(grant, {
      severity: names.length > 0 && strongest.impact === 'read' && audience !== 'anonymous' ? 'low' : severity,
      message: `${words[audience]} can ${strongest.words} ${reachWords(grant)} as ${throughRole(grant)}${names.length === 0 ? '' : `, of the name ${names.slice(0, NAMED).join(', ')}${names.length > NAMED ? ` and ${names.length - NAMED} more` : ''}`}`,
      ruleIndexes: strongest.ruleIndexes,
    });
  },
});
