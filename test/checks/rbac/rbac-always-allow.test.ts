import check from '../../../src/checks/rbac/rbac-always-allow.ts';
import { apiServerMetrics, flagz } from '../../../src/evidence/sources/api-server.ts';
import { mayCreatePods, mayDoNothing, mayListSecrets } from '../../../src/evidence/sources/authorization.ts';
import { controlPlanePods } from '../../../src/evidence/sources/control-plane.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../../src/evidence/sources/rbac.ts';
import { whoAmI } from '../../../src/evidence/sources/versions.ts';
import { snapshotWith, type Manifest } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { clusterRole, clusterRoleBinding, on, user } from '../../support/rbac.ts';

const caller = (...groups: string[]) => ({ username: 'ana', groups: [...groups, 'system:authenticated'] });
const answer = (allowed: boolean, byRbac = false, failed = false, denied = false) => ({ allowed, denied, byRbac, failed });
const cluster = (sources: Record<string, unknown>, ...objects: Manifest[]) => snapshotWith({ sources: { whoami: caller(), ...sources } }, ...objects);
const flags = (mode: string, config = '') => ({ names: ['authorization-config', 'authorization-mode'], values: { 'authorization-mode': mode, 'authorization-config': config } });
const metrics = (...types: string[]) => [{ of: 'replica 1', value: { apiserver_authorization_decisions_total: types.map(type => ({ labels: { type, decision: 'allowed' }, value: 3 })), process_start_time_seconds: [{ labels: {}, value: 1 }] } }];
const server = (isMirror: boolean, ...args: string[]): Manifest => ({
  apiVersion: 'v1', kind: 'Pod',
  metadata: { namespace: 'kube-system', name: 'kube-apiserver-a', labels: { component: 'kube-apiserver', tier: 'control-plane' }, ...(isMirror ? { annotations: { 'kubernetes.io/config.mirror': 'x', 'kubernetes.io/config.source': 'file' } } : {}) },
  spec: { containers: [{ name: 'kube-apiserver', command: ['kube-apiserver', ...args] }] },
});
const lease = (name: string): Manifest => ({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace: 'kube-system', name, labels: { 'apiserver.kubernetes.io/identity': 'kube-apiserver' } }, spec: { holderIdentity: name, leaseDurationSeconds: 3600, renewTime: '2026-11-21T11:59:55.000000Z' } });
const owner = [clusterRole('all', on(['*'], ['*'], '*')), clusterRoleBinding('all', 'all', user('ana'))];
const line = 'critical Component/kube-apiserver';

const everySource = [apiServerMetrics, controlPlanePods, flagz, mayCreatePods, mayDoNothing, mayListSecrets, clusterRoleBindings, clusterRoles, roleBindings, roles, whoAmI];
const without = (...needed: readonly unknown[]) => everySource.filter(each => !needed.includes(each));
const rbac = [clusterRoleBindings];
describeCheck(check, {
  fails: {
    'somebody without a binding may do what no rule is about': [cluster({ maydonothing: answer(true) }), line],
    'flagz': [cluster({ flagz: flags('[AlwaysAllow]') }), line],
    'after RBAC, by flagz': [cluster({ maydonothing: answer(true, true), flagz: flags('[Node,RBAC,AlwaysAllow]') }, ...owner), line],
    'decisions that it has counted': [cluster({ apiservermetrics: metrics('RBAC', 'AlwaysAllow') }), line],
    'a static pod': [cluster({}, server(true, '--authorization-mode=RBAC,AlwaysAllow')), line],
    'a static pod without the flag': [cluster({}, server(true, '--secure-port=6443')), line],
    'a static pod with the flag twice, which adds up': [cluster({}, server(true, '--authorization-mode=AlwaysAllow', '--authorization-mode=RBAC')), line],
  },
  passes: {
    'the question refused': cluster({ maydonothing: answer(false) }),
    'flagz without it': cluster({ maydonothing: answer(true, true), flagz: flags('[Node,RBAC]') }, ...owner),
    'a static pod with a mode': cluster({}, server(true, '--authorization-mode=Node,RBAC')),
    'decisions of others alone, and the question refused': cluster({ maydonothing: answer(false), apiservermetrics: metrics('RBAC', 'Webhook') }),
  },
  notAssessed: {
    'whoever RBAC allows everything': [cluster({ maydonothing: answer(true, true) }, ...owner), 'unknown authorizers of the API server'],
    'a member of system:masters, who is let through before': [cluster({ whoami: caller('system:masters'), maydonothing: answer(true) }), 'unknown authorizers of the API server'],
    'a failed authorizer': [cluster({ maydonothing: answer(false, false, true) }), 'unknown authorizers of the API server'],
    'refused outright by a webhook, after which AlwaysAllow may stand': [cluster({ maydonothing: answer(false, false, false, true) }), 'unknown authorizers of the API server'],
    'a file that says which': [cluster({ maydonothing: answer(true, true), flagz: flags('', '/etc/authorization.yaml') }, ...owner), 'unknown authorizers of the API server'],
    'a static pod whose arguments only its start expands': [cluster({}, server(true, '--authorization-mode=$(MODE)')), 'unknown API server pod kube-apiserver-a', 'unknown authorizers of the API server'],
    'one of two replicas, by the question': [cluster({ maydonothing: answer(false) }, lease('a'), lease('b')), 'unknown other API server replicas'],
    'a pod that anybody may have made': [cluster({}, server(false)), 'unknown authorizers of the API server'],
  },
  // Each proves it by itself.
  answerableWithout: {
    'somebody without a binding may do what no rule is about': without(mayDoNothing, whoAmI, ...rbac),
    'flagz': without(flagz), 'after RBAC, by flagz': without(flagz), 'decisions that it has counted': without(apiServerMetrics),
    'a static pod': without(controlPlanePods), 'a static pod without the flag': without(controlPlanePods),
    'the question refused': without(mayDoNothing, whoAmI), 'flagz without it': without(flagz), 'a static pod with a mode': without(controlPlanePods),
    'decisions of others alone, and the question refused': without(mayDoNothing, whoAmI),
  },
});
