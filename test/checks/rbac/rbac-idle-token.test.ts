import check from '../../../src/checks/rbac/rbac-idle-token.ts';
import { clusterRoles, roles } from '../../../src/evidence/sources/rbac.ts';
import { pods, serviceAccounts } from '../../../src/evidence/sources/workloads.ts';
import { forbidden, snapshotOf, snapshotWith } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { account, pod } from '../../support/escalation.ts';
import { clusterRole, clusterRoleBinding, group, on, serviceAccount } from '../../support/rbac.ts';

const reader = clusterRole('r', on([''], ['pods'], 'list'));
/** As every API server has some. */
const others = clusterRoleBinding('others', 'others', group('others'));
const web = [account('shop', 'web'), pod('shop', 'p', 'web', 'n')];
const line = 'low Namespace/shop';
const fails = {
  'an account that no binding names': [snapshotOf(others, ...web), line],
  'two accounts of a namespace, once': [snapshotOf(others, ...web, account('shop', 'other'), pod('shop', 'q', 'other', 'n')), line],
  'an account of the same name elsewhere is bound': [snapshotOf(...web, reader, clusterRoleBinding('r', 'r', serviceAccount('web', 'bank'))), line],
} as const;
const passes = {
  'the default account': [snapshotOf(others, account('shop', 'default'), pod('shop', 'p', 'default', 'n')), 'info Namespace/shop'],
  'an account with a right': snapshotOf(...web, reader, clusterRoleBinding('r', 'r', serviceAccount('web', 'shop'))),
  'a right of every service account': snapshotOf(...web, reader, clusterRoleBinding('r', 'r', group('system:serviceaccounts'))),
  'a right of the accounts of the namespace': snapshotOf(...web, reader, clusterRoleBinding('r', 'r', group('system:serviceaccounts:shop'))),
} as const;

describeCheck(check, {
  fails, passes,
  notApplicable: {
    'the mirror of a static pod, which has no account': snapshotOf(others, account('kube-system', 'default'), { ...pod('kube-system', 'kube-apiserver-n', 'default', 'n'), spec: { nodeName: 'n' } }),
    'nobody runs': snapshotOf(account('shop', 'web')),
    'its token is not mounted, as the pod says': snapshotOf(account('shop', 'web'), { ...pod('shop', 'p', 'web', 'n'), spec: { serviceAccountName: 'web', automountServiceAccountToken: false } }),
    'its token is not mounted, as the account says': snapshotOf({ ...account('shop', 'web'), automountServiceAccountToken: false }, pod('shop', 'p', 'web', 'n')),
  },
  notAssessed: {
    'no binding at all, not even the API server\'s own': [snapshotOf(...web), 'unknown accounts that no binding names'],
    'pods whose accounts are not there': [snapshotOf(others, account('bank', 'web'), pod('shop', 'p', 'web', 'n')), 'unknown pods whose service account is not there'],
    'pods that could not be read': [snapshotWith({ gaps: { [pods.id]: forbidden(pods) } }, account('shop', 'web')), 'unknown pods that hold tokens'],
    'accounts that could not be read': [snapshotWith({ gaps: { [serviceAccounts.id]: forbidden(serviceAccounts) } }, pod('shop', 'p', 'web', 'n')), 'unknown service accounts whose token is not mounted'],
  },
  // Which rights an account has is no matter: any binding counts.
  answerableWithout: Object.fromEntries([...Object.keys(fails), ...Object.keys(passes), 'nobody runs', 'the mirror of a static pod, which has no account', 'its token is not mounted, as the pod says', 'its token is not mounted, as the account says'].map(name => [name, [clusterRoles, roles]])),
});
