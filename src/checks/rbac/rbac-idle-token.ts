import { notObservable } from '../../evidence/gap.ts';
import { rbacAccountUse } from '../../indexes/rbac-account-use.ts';
import { platformOf } from '../../indexes/rbac-expected.ts';
import { rbacGrants, type RbacGrants } from '../../indexes/rbac-grants.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';

/** How many accounts a finding names. */
const NAMED = 3;

export default defineCheck({
  id: 'rbac-idle-token',
  title: 'Pods hold a token that opens nothing',
  severity: 'low',
  rationale:
    'A token of a service account without rights is of no use to its pod, and still tells the API server from inside who asks: whoever steals it ' +
    'sees what every login sees, and gets whatever somebody binds to the account tomorrow.',
  remediation: {
    change: 'Set automountServiceAccountToken: false in the service account, or in the pods that do not talk to the API server.',
    mayBreak: 'Programs that read the token for another purpose, such as logging in to Vault or to a cloud, fail without it; projected tokens for such an audience stay.',
  },
  controls: [
    { framework: 'owasp-2025', version: '2025', id: 'K02' },
    { framework: 'owasp-2022', version: '2022', id: 'K03' },
    { framework: 'cis', version: '1.12', id: '5.1.6' },
  ],
  references: ['https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/#opt-out-of-api-credential-automounting'],
  scope: 'namespace',

  needs: { rbac: rbacGrants, use: rbacAccountUse },
  *targets({ rbac, use: { holding, existing, unread } }) {
    if (holding === undefined) yield unknownTarget('pods that hold tokens', unread.pods);
    if (unread.accounts.length > 0 && holding !== undefined) yield unknownTarget('service accounts whose token is not mounted', unread.accounts);
    for (const { of, gaps } of rbac.unread) yield unknownTarget(of, gaps);
    if (unread.accounts.length > 0 || holding === undefined) return;
    // Of an account that is not there nobody knows what it says of its token.
    const known = [...holding].filter(([account]) => existing?.has(account) === true);
    if (known.length < holding.size) yield unknownTarget('pods whose service account is not there', [notObservable('notSeen', 'the service accounts that pods run as are not among those that were listed')]);
    // Every API server binds roles of its own.
    if (known.length > 0 && isWithoutBindings(rbac)) {
      yield unknownTarget('accounts that no binding names', [notObservable('notSeen', 'no binding at all is here, not even the API server\'s own, so that accounts without one cannot be told from others')]);
      return;
    }
    yield* Map.groupBy(known.map(([account, count]) => ({ namespace: account.split('/')[0] ?? '', name: account.split('/')[1] ?? '', count })), ({ namespace }) => namespace);
  },

  inspect([namespace, accounts], { rbac }) {
    const bound = [...rbac.grants.filter(grant => platformOf(grant) === undefined), ...rbac.unresolved].map(({ subject }) => subject);
    // What everybody holds, the holder of the token holds too.
    const groups = ['system:authenticated', 'system:serviceaccounts', `system:serviceaccounts:${namespace}`];
    if (bound.some(({ kind, name }) => kind === 'Group' && groups.includes(name))) return undefined;
    const own = new Set([...rbac.grants, ...rbac.unresolved].filter(({ subject }) => subject.kind === 'ServiceAccount' && subject.namespace === namespace).map(({ subject }) => subject.name));
    const idle = accounts.filter(({ name }) => !own.has(name)).sort((a, b) => (a.name < b.name ? -1 : 1));
    const [first] = idle;
    if (first === undefined) return undefined;
    const count = idle.reduce((sum, each) => sum + each.count, 0);
    return {
      resource: { apiVersion: 'v1', kind: 'Namespace', name: namespace },
      // That of the default account Kubernetes mounts everywhere; whoever makes an account can say that its token is not wanted.
      severity: idle.some(({ name }) => name !== 'default') ? 'low' : 'info',
      message: `${count === 1 ? '1 pod' : `${count} pods`} of namespace ${namespace} ${count === 1 ? 'holds' : 'hold'} the token of a service account that no binding names: ${idle.slice(0, NAMED).map(({ name }) => name).join(', ')}${idle.length > NAMED ? ` and ${idle.length - NAMED} more` : ''}`,
      evidence: [{ resource: { apiVersion: 'v1', kind: 'ServiceAccount', namespace, name: first.name }, path: 'metadata.name', value: first.name, grade: 'inferred', derivation: 'pods run as it with its token mounted, and no binding names it' }],
      cause: 'tokens that open nothing',
    };
  },
});

/** With -n the bindings of the cluster were not read, and a namespace may have none. */
function isWithoutBindings({ grants, dangling, unresolved, unread, outOfScope, namespace }: RbacGrants): boolean {
  return namespace === undefined && [grants, dangling, unresolved, unread, outOfScope].every(each => each.length === 0);
}
