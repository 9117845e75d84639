import { rbacGrants, type Grant } from '../../indexes/rbac-grants.ts';
import { isEverything, powersOf, reachOf, type Impact } from '../../indexes/rbac-power.ts';
import { rbacSurroundings } from '../../indexes/rbac-surroundings.ts';
import { defineCheck, unknownTarget, type Severity } from '../define-check.ts';
import { grantFinding, grantTargets, reachWords, throughRole } from './grant-finding.ts';

/** Of a grant for the whole cluster; one in a namespace is a step less. */
const inCluster: Readonly<Record<Impact, Severity>> = { takeover: 'high', write: 'medium', read: 'low', paths: 'low', public: 'low' };
const inNamespace: Readonly<Record<Impact, Severity>> = { takeover: 'medium', write: 'low', read: 'low', paths: 'low', public: 'low' };

export default defineCheck({
  id: 'rbac-default-service-account',
  title: 'Default service account holds rights',
  severity: 'high',
  rationale:
    'Every pod that names no service account runs as the default one of its namespace. What it holds, every such pod holds, also the ' +
    'ones that somebody adds tomorrow and the ones that were never meant to talk to the API server.',
  remediation: {
    change: 'Give the workload that needs the right a service account of its own, bind that one, and take default out of this binding.',
    mayBreak: 'Pods that run as default and use the right are refused until they name the new account; they have to be started anew for that.',
  },
  controls: [
    { framework: 'owasp-2025', version: '2025', id: 'K02' },
    { framework: 'owasp-2022', version: '2022', id: 'K03' },
    { framework: 'cis', version: '1.12', id: '5.1.5' },
  ],
  references: ['https://kubernetes.io/docs/concepts/security/service-accounts/#default-service-accounts', 'https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/'],
  scope: 'namespace',

  needs: { rbac: rbacGrants, surroundings: rbacSurroundings },
  *targets({ rbac, surroundings }) {
    yield* grantTargets(rbac, bound => isDefault(bound));
    // How bad it is hangs on whether a pod holds its token.
    const [pods] = surroundings.gaps.filter(each => each.of === 'pods');
    if (pods !== undefined && rbac.grants.some(isDefault)) yield unknownTarget('pods that run as default', pods.gaps);
  },

  inspect(grant, { surroundings }) {
    // Whoever can do anything is another check's: one cause, one finding.
    if (!isDefault(grant) || isEverything(grant.rules)) return undefined;
    const [strongest] = powersOf(grant.rules, reachOf(grant));
    if (strongest === undefined || strongest.impact === 'public') return undefined;
    const holding = surroundings.pods?.filter(pod => pod.namespace === grant.subject.namespace && pod.serviceAccount === 'default').length;
    const severity = (grant.namespace === undefined ? inCluster : inNamespace)[strongest.impact];
    const pods = holding === undefined ? '' : `; ${holding === 0 ? 'no pod' : holding === 1 ? '1 pod' : `${holding} pods`} there ${holding === 1 ? 'holds' : 'hold'} its token`;
    return grantFinding(grant, {
      severity: holding === 0 ? 'low' : severity,
      message: `Pods of namespace ${grant.subject.namespace ?? ''} that name no service account can ${strongest.words} ${reachWords(grant)} as ${throughRole(grant)}${pods}`,
      ruleIndexes: strongest.ruleIndexes,
    });
  },
});

function isDefault({ subject }: Pick<Grant, 'subject'>): boolean {
  return subject.kind === 'ServiceAccount' && subject.name === 'default';
}
