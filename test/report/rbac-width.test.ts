import stringWidth from 'fast-string-width';
import { describe, expect, it } from 'vitest';
import { judge, type AuditQuestion } from '../../src/audit.ts';
import { rbacBaselines } from '../../src/data/rbac-bootstrap.ts';
import type { AuditReport } from '../../src/engine/report-model.ts';
import { serviceAccounts, tokenSecrets } from '../../src/evidence/sources/workloads.ts';
import { accessView } from '../../src/indexes/rbac-access.ts';
import { whoCanView } from '../../src/indexes/rbac-who-can.ts';
import { renderAccess, renderAccessWide } from '../../src/report/access-table.ts';
import { renderRbacPath } from '../../src/report/rbac-path.ts';
import { renderRbac } from '../../src/report/rbac-table.ts';
import type { Style } from '../../src/report/style.ts';
import { renderWhoCan, renderWhoCanWide } from '../../src/report/who-can-table.ts';
import { forbidden, type Manifest } from '../support/cluster.ts';
import { account, clusterWith, namespace, node, pod } from '../support/escalation.ts';
import { clusterRole, clusterRoleBinding, group, on, role, roleBinding, roleBindingToClusterRole, serviceAccount, user } from '../support/rbac.ts';

const style: Style = { width: 100, color: false, unicode: true, headers: true };
const rbac = 'rbac.authorization.k8s.io';
const builtIn = (name: string): Manifest => clusterRole(name, ...rbacBaselines.flatMap(each => each.roles).filter(each => each.name === name).slice(0, 1).flatMap(each => each.rules).map(rule => ({ ...rule, verbs: rule.verbs ?? [] })));

const TEAMS = 1500;
const teams = Array.from({ length: TEAMS }, (_, at) => `team-${String(at).padStart(4, '0')}`);
/** As long as a name may be, without a place to break; and in characters that take two columns each. */
const long = 'very-long-name-'.repeat(17).slice(0, 250);
const wide = '開発者グループ全員のための管理者権限'.repeat(4);
const namespaceOfMost = 'n'.repeat(63);
const toMany = [
  clusterRole(long, on(['*'], ['*'], '*')), clusterRoleBinding(long, long, user(`${long}@example.com`), group(wide), serviceAccount(long.slice(0, 63), namespaceOfMost)),
  clusterRole(wide, on([rbac], ['clusterroles', 'clusterrolebindings'], 'bind', 'escalate', 'create', 'update')), clusterRoleBinding(wide, wide, user(wide), serviceAccount('default', namespaceOfMost)),
  clusterRole('star', on([''], ['*'], 'get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection')), clusterRoleBinding(`${long}-star`, 'star', group('system:authenticated'), serviceAccount('gone', namespaceOfMost)),
  clusterRoleBinding('dangling', long + wide, user(long)), roleBinding(namespaceOfMost, wide, wide, user(wide)),
  role(namespaceOfMost, long, { ...on([''], ['secrets'], 'get'), resourceNames: [long, wide, 'a', 'b'] }), roleBinding(namespaceOfMost, long, long, serviceAccount(long.slice(0, 63)), user(`${wide}@example.com`)),
];
const exposed: readonly Manifest[] = [
  { apiVersion: 'v1', kind: 'Service', metadata: { namespace: namespaceOfMost, name: 's'.repeat(63) }, spec: { type: 'NodePort', selector: { app: 'x' }, ports: [{ port: 80, nodePort: 30080 }] } },
  { ...pod(namespaceOfMost, 'p'.repeat(200), 'default', 'n', true), metadata: { namespace: namespaceOfMost, name: 'p'.repeat(200), labels: { app: 'x' } } },
];
const ofTeams = [builtIn('admin'), ...teams.map(name => namespace(name, 'restricted')), ...teams.map(name => roleBindingToClusterRole(name, 'team', 'admin', group(name)))];
const fewOthers = [clusterRole('ops', on(['*'], ['*'], '*')), clusterRoleBinding('incident-4711', 'ops', user('ana@example.com')), clusterRoleBinding('ci', 'ops', serviceAccount('runner', 'ci')), account('ci', 'runner')];
const snapshot = clusterWith(
  { gaps: { [tokenSecrets.id]: { ...forbidden(tokenSecrets), detail: `token Secrets could not be read: ${long} ${wide}` }, [serviceAccounts.id]: forbidden(serviceAccounts) } },
  node('n'), namespace(namespaceOfMost), account(namespaceOfMost, 'default'), ...toMany, ...exposed, ...ofTeams,
);

function reportOf(question: Omit<AuditQuestion, 'selection'>, of = snapshot): AuditReport {
  return judge({ ...of, connection: { server: `https://${long.slice(0, 120)}.example.com:6443`, context: long.slice(0, 100) } }, { selection: { families: ['rbac'] }, ...question });
}

const secrets = { verb: 'get', apiGroup: '', resource: 'secrets', namespaced: true, notes: [`inert: ${long} ${wide}`] } as const;
const whoCan = () => reportOf({ views: [], asked: { whoCan: whoCanView(secrets) } });
const named = () => reportOf({ views: [], asked: { whoCan: whoCanView({ ...secrets, name: long, namespace: namespaceOfMost }) } });
const access = () => reportOf({ views: [], asked: { access: accessView({ subject: `User/${wide}`, user: wide, groups: [{ name: wide, from: 'given' }, { name: 'system:authenticated', from: 'implicit' }] }) } });
const path = () => reportOf({ views: [], path: { from: { kind: 'ServiceAccount', namespace: namespaceOfMost, name: 'default' } } });

describe('every table on rights, on a terminal of 100 columns', () => {
  it.each<[string, () => string]>([
    ['rbac', () => renderRbac(reportOf({ views: ['rbac'] }), style)],
    ['rbac path', () => renderRbacPath(path(), style)],
    ['rbac who-can', () => renderWhoCan(whoCan(), style)],
    ['rbac who-can -o wide', () => renderWhoCanWide(whoCan(), style)],
    ['rbac who-can by name', () => renderWhoCan(named(), style)],
    ['rbac access', () => renderAccess(access(), style)],
    ['rbac access -o wide', () => renderAccessWide(access(), style)],
  ])('%s', (_, render) => {
    const lines = render().split('\n');
    expect(lines.length).toBeGreaterThan(8);
    expect(lines.filter(line => stringWidth(line) > 100)).toEqual([]);
  }, 60_000);

  it('has one line for 1500 teams that own a namespace each', () => {
    const lines = renderRbac(reportOf({ views: ['rbac'] }, clusterWith({}, ...ofTeams, node('n'), ...fewOthers)), style).split('\n');
    expect(lines.filter(line => /team-\d/.test(line))).toEqual([]);
    expect(lines.filter(line => line.includes('1500 ') && !line.startsWith('low'))).toEqual([expect.stringMatching(/^1500 groups with ClusterRole\/admin +act as another service account +1500 namespaces +1500$/)]);
    expect(lines.filter(line => stringWidth(line) > 100)).toEqual([]);
  }, 60_000);
});
