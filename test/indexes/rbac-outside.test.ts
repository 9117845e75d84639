import { describe, expect, it } from 'vitest';
import clusterAdminGrant from '../../src/checks/rbac/rbac-cluster-admin-grant.ts';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import { parseAccessFacts } from '../../src/evidence/access-facts.ts';
import type { Index } from '../../src/evidence/need.ts';
import { accessView } from '../../src/indexes/rbac-access.ts';
import { callerDisagreements } from '../../src/indexes/rbac-authorizers.ts';
import { rbacOutside } from '../../src/indexes/rbac-outside.ts';
import { rbacPathView, rbacWays } from '../../src/indexes/rbac-path-view.ts';
import { rbacView } from '../../src/indexes/rbac-view.ts';
import { whoCanView } from '../../src/indexes/rbac-who-can.ts';
import { snapshotWith, type Manifest } from '../support/cluster.ts';
import { clusterRole, clusterRoleBinding, group, on, user } from '../support/rbac.ts';

const eks = { gitVersion: 'v1.34.2-eks-abcdef', major: '1', minor: '34+' };
const role = 'arn:aws:iam::1:role/admins';
const facts = parseAccessFacts(JSON.stringify([
  { accessEntry: { principalArn: role, username: 'admins', kubernetesGroups: [] } },
  { principalArn: role, associatedAccessPolicies: [{ policyArn: 'x/AmazonEKSClusterAdminPolicy', accessScope: { type: 'cluster' } }] },
  { accessEntry: { principalArn: 'arn:aws:iam::1:role/shop', username: 'shop', kubernetesGroups: ['shop-team'] } },
  { principalArn: 'arn:aws:iam::1:role/shop', associatedAccessPolicies: [{ policyArn: 'x/AmazonEKSEditPolicy', accessScope: { type: 'namespace', namespaces: ['shop'] } }, { policyArn: 'x/AmazonEKSNewPolicy', accessScope: { type: 'cluster' } }] },
  { accessEntries: [role, 'arn:aws:iam::1:role/unknown'] },
]));
const cluster = (sources: Record<string, unknown>, ...objects: Manifest[]) => snapshotWith({ sources: { serverversion: eks, ...sources } }, ...objects);
const shopTeam = [clusterRole('s', on([''], ['secrets'], 'list')), clusterRoleBinding('s', 's', group('shop-team'))];

function resolve<T>(index: Index<T>, snapshot: ReturnType<typeof cluster>, given?: typeof facts): T {
  const resolved = createEvaluator(snapshot, snapshot.collectedAt, given).resolve(index);
  if ('gaps' in resolved) throw new Error(resolved.gaps[0]?.detail);
  return resolved.value;
}

describe('rights outside RBAC', () => {
  it('are grants where the facts say so', () => {
    const view = resolve(whoCanView({ verb: 'create', apiGroup: '', resource: 'pods', namespaced: true, notes: [] }), cluster({}), facts);
    expect(view.answers.rows.map(({ subject, namespaces }) => `${subject.name} ${namespaces?.rows.join() ?? 'everywhere'}`)).toEqual(['system:masters everywhere', 'admins everywhere', 'shop shop']);
    const result = createEvaluator(cluster({}), undefined, facts).judge(clusterAdminGrant);
    expect('findings' in result && result.findings).toMatchObject([{ severity: 'critical', resource: { kind: 'AccessEntry', name: role }, evidence: [{ value: 'AmazonEKSClusterAdminPolicy' }] }]);
    expect('findings' in result && result.findings[0]?.fix).toBeUndefined();
  });

  it('come with the groups of an entry', () => {
    const view = resolve(accessView({ subject: 'User/shop', user: 'shop', groups: [] }), cluster({}, ...shopTeam), facts);
    expect(view.question.groups).toEqual([{ name: 'shop-team', from: 'mapped' }]);
    expect(view.powers.rows.map(each => `${each.can} ${each.namespace ?? ''}`)).toContain('read Secrets ');
    const way = rbacPathView(resolve(rbacWays, cluster({}, ...shopTeam), facts), { from: { kind: 'User', name: 'shop' }, to: 'all-secrets' });
    expect(way.paths[0]?.hops.map(each => each.sentence)).toEqual(['User/shop is a member of Group/shop-team', 'Group/shop-team can read Secrets']);
  });

  it('are aws-auth mappings to system:masters, and not those of nodes', () => {
    const awsauth = [
      { identity: 'arn:aws:iam::1:role/ops', username: 'ops', groups: ['system:masters'] },
      { identity: 'arn:aws:iam::1:role/node', username: 'system:node:{{EC2PrivateDNSName}}', groups: ['system:bootstrappers', 'system:nodes'] },
    ];
    const result = createEvaluator(cluster({ awsauth })).judge(clusterAdminGrant);
    expect('findings' in result && result.findings.map(each => `${each.severity} ${each.resource.kind} ${each.subject?.name}`)).toEqual(['critical ConfigMap ops']);
    expect(resolve(rbacView, cluster({ awsauth })).mapped.rows.map(each => each.identity)).toEqual(['arn:aws:iam::1:role/ops']);
  });

  it('are named as unseen, per platform', () => {
    const names = (snapshot: ReturnType<typeof cluster>, given?: typeof facts) => resolve(rbacOutside, snapshot, given).map(each => each.of);
    expect(names(cluster({ awsauth: [] }))).toEqual(['administrators of the AWS account', 'access entries of EKS']);
    expect(names(cluster({ awsauth: [] }), facts)).toEqual(['administrators of the AWS account', 'access entry arn:aws:iam::1:role/unknown', 'access policies of arn:aws:iam::1:role/unknown', 'access policy AmazonEKSNewPolicy']);
    expect(names(cluster({ serverversion: { gitVersion: 'v1.34.1-gke.1000', major: '1', minor: '34' } }))).toEqual(['IAM permissions of Google Cloud']);
    expect(names(cluster({ serverversion: { gitVersion: 'v1.34.1', major: '1', minor: '34' } }, clusterRole('cluster-admin', on(['*'], ['*'], '*')), clusterRoleBinding('aks-cluster-admin-binding', 'cluster-admin', user('clusterAdmin'))))).toEqual(['Azure role assignments']);
    expect(names(cluster({ serverversion: { gitVersion: 'v1.34.1', major: '1', minor: '34' } }))).toEqual([]);
  });
});

describe('the caller asked about itself', () => {
  const caller = { username: 'ana', groups: ['system:authenticated'] };
  const answer = (allowed: boolean, byRbac = false) => ({ allowed, denied: false, byRbac, failed: false });
  const about = (sources: Record<string, unknown>, ...objects: Manifest[]) => resolve(callerDisagreements, cluster({ whoami: caller, ...sources }, ...objects)).map(each => `${each.about} ${each.allowed}`);
  const lister = [clusterRole('s', on([''], ['secrets'], 'list')), clusterRoleBinding('s', 's', user('ana'))];

  it('shows another authorizer where RBAC alone would say otherwise', () => {
    expect(about({ maylistsecrets: answer(true) })).toEqual(['list secrets true']);
    expect(about({ maylistsecrets: answer(false) }, ...lister)).toEqual(['list secrets false']);
  });

  it('shows none where they agree, where RBAC says it in its own words, or where nobody is asked', () => {
    expect(about({ maylistsecrets: answer(true, true) }, ...lister)).toEqual([]);
    expect(about({ maylistsecrets: answer(false) })).toEqual([]);
    expect(about({ maylistsecrets: answer(true, true) })).toEqual([]);
    expect(about({ maylistsecrets: { ...answer(false), failed: true } }, ...lister)).toEqual([]);
    expect(about({ whoami: { username: 'root', groups: ['system:masters'] }, maylistsecrets: answer(true) })).toEqual([]);
    expect(about({})).toEqual([]);
  });
});
