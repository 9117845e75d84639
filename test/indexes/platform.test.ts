import { describe, expect, it } from 'vitest';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import type { Snapshot } from '../../src/evidence/snapshot.ts';
import { nodes } from '../../src/evidence/sources/platform.ts';
import { apiGroups, serverVersion } from '../../src/evidence/sources/versions.ts';
import { platform, type Platform } from '../../src/indexes/platform.ts';
import { forbidden } from '../support/cluster.ts';
import { clusterRoleBinding } from '../support/rbac.ts';
import { aksNode, clusterAt, eksNode, gkeNode, node } from '../support/versions.ts';

function platformOf(snapshot: Snapshot): Platform {
  const resolved = createEvaluator(snapshot).resolve(platform);
  if ('gaps' in resolved) throw new Error(resolved.gaps.map(({ detail }) => detail).join('; '));
  return resolved.value;
}

const noNodes = { gaps: { nodes: forbidden(nodes) } };
const aws = { providerID: 'aws:///eu-west-1b/i-0' };
const eksBuild = 'v1.33.4-eks-0a1b2c3';

describe('platform', () => {
  const recognised: readonly (readonly [string, Snapshot, Platform['distribution'], Platform['grade'], readonly string[]])[] = [
    ['EKS by a label of its node groups', clusterAt(eksBuild, [eksNode('n1', eksBuild)]), 'eks', 'exact', ['eks']],
    ['EKS by Fargate', clusterAt(eksBuild, [node('n1', eksBuild, { labels: { 'eks.amazonaws.com/compute-type': 'fargate' } })]), 'eks', 'exact', ['eks']],
    ['EKS by Karpenter nodes, which carry no label of it', clusterAt(eksBuild, [node('n1', eksBuild, aws)]), 'eks', 'exact', ['eks']],
    ['EKS by its own API group when nodes are unread', clusterAt(eksBuild, [], { groups: ['metrics.eks.amazonaws.com'], ...noNodes }), 'eks', 'exact', ['eks']],
    ['EKS by kubelets when the server version is unread', clusterAt('v1.1.1', [eksNode('n1', eksBuild)], { gaps: { serverversion: forbidden(serverVersion) } }), 'eks', 'exact', ['eks']],
    ['GKE', clusterAt('v1.34.4-gke.1', [gkeNode('n1', 'v1.34.4-gke.1')]), 'gke', 'exact', ['gke']],
    ['AKS', clusterAt('v1.34.4', [aksNode('n1', 'v1.34.4')]), 'aks', 'exact', ['aks']],
    ['AKS on one node of many', clusterAt('v1.34.4', [node('a', 'v1.34.4'), aksNode('b', 'v1.34.4')]), 'aks', 'exact', ['aks']],
    ['OpenShift by its API group', clusterAt('v1.32.4', [], { groups: ['config.openshift.io'] }), 'openshift', 'inferred', ['openshift']],
    ['OpenShift on AWS machines', clusterAt('v1.32.4', [node('n1', 'v1.32.4+28ed2d7', aws)], { groups: ['config.openshift.io'] }), 'openshift', 'inferred', ['openshift']],
    ['OpenShift by its nodes when API groups are unread', clusterAt('v1.32.4', [node('n1', 'v1.32.4', { labels: { 'node.openshift.io/os_id': 'rhel' } })], { gaps: { apigroups: forbidden(apiGroups) } }), 'openshift', 'inferred', ['openshift']],
    ['k3s', clusterAt('v1.34.4+k3s1', [node('n1', 'v1.34.4+k3s1')]), 'k3s', 'exact', ['upstream']],
    ['k3s by version alone', clusterAt('v1.34.4+k3s1', [], noNodes), 'k3s', 'exact', ['upstream']],
    ['RKE2 on AWS machines', clusterAt('v1.34.4+rke2r1', [node('n1', 'v1.34.4+rke2r1', aws)]), 'rke2', 'inferred', ['upstream']],
    ['kind, which kubeadm made', clusterAt('v1.34.4', [node('n1', 'v1.34.4', { providerID: 'kind://docker/kind/kind-control-plane', annotations: { 'kubeadm.alpha.kubernetes.io/cri-socket': 'x' } })]), 'kind', 'inferred', ['upstream']],
    ['minikube, which kubeadm made', clusterAt('v1.34.4', [node('n1', 'v1.34.4', { labels: { 'minikube.k8s.io/version': 'v1.35.0' }, annotations: { 'kubeadm.alpha.kubernetes.io/cri-socket': 'x' } })]), 'minikube', 'inferred', ['upstream']],
    ['kubeadm by its annotation', clusterAt('v1.33.4', [node('n1', 'v1.33.4', { annotations: { 'kubeadm.alpha.kubernetes.io/cri-socket': 'x' } })]), 'kubeadm', 'exact', ['upstream']],
    [
      'kubeadm by the group that nodes join with, where there is no annotation any more',
      clusterAt('v1.37.1', [node('n1', 'v1.37.1'), clusterRoleBinding('renamed', 'system:node-bootstrapper', { kind: 'Group', name: 'system:bootstrappers:kubeadm:default-node-token' })]),
      'kubeadm', 'exact', ['upstream'],
    ],
  ];
  it.each(recognised)('knows %s', (_, snapshot, distribution, grade, calendars) => {
    const known = platformOf(snapshot);
    expect(known).toMatchObject({ distribution, grade, calendars, gaps: [] });
    expect(known.signs.length).toBeGreaterThan(0);
  });

  const unrecognised: readonly (readonly [string, Snapshot, readonly string[]])[] = [
    ['plain nodes', clusterAt('v1.34.4', [node('n1', 'v1.34.4')]), ['upstream']],
    ['a plain version with nodes unread, which may be AKS', clusterAt('v1.34.4', [], noNodes), ['upstream', 'aks']],
    ['the same with API groups unread too', clusterAt('v1.34.4', [], { gaps: { nodes: forbidden(nodes), apigroups: forbidden(apiGroups) } }), ['upstream', 'aks', 'openshift']],
    ['an EKS build with nodes unread', clusterAt(eksBuild, [], noNodes), ['upstream', 'eks']],
    ['a GKE build with nodes unread', clusterAt('v1.34.4-gke.1', [], noNodes), ['upstream', 'gke']],
    ['nothing read at all', clusterAt('v1.34.4', [], { gaps: { nodes: forbidden(nodes), apigroups: forbidden(apiGroups), serverversion: forbidden(serverVersion) } }), ['upstream', 'eks', 'gke', 'aks', 'openshift']],
    ['no nodes', clusterAt('v1.34.4'), ['upstream', 'aks']],
    ['a GKE build on other machines', clusterAt('v1.34.4-gke.1', [node('n1', 'v1.34.4-gke.1', { providerID: 'baremetal://0' })]), ['upstream']],
    ['EKS Distro on AWS machines', clusterAt('v1.33.4-eks-1-33-9', [node('n1', 'v1.33.4-eks-1-33-9', aws)]), ['upstream']],
    ['kOps on AWS with an EKS build', clusterAt(eksBuild, [node('n1', eksBuild, { ...aws, labels: { 'kops.k8s.io/instancegroup': 'nodes' } })]), ['upstream']],
    ['a virtual cluster that shows its host\'s EKS nodes', clusterAt('v1.34.4', [eksNode('n1', eksBuild)]), ['upstream']],
    ['machines of Azure alone', clusterAt('v1.34.4', [node('n1', 'v1.34.4', { providerID: 'azure:///subscriptions/0' })]), ['upstream']],
    ['the first AKS label alone, which aks-engine set too', clusterAt('v1.20.4', [node('n1', 'v1.20.4', { labels: { 'kubernetes.azure.com/cluster': 'rg' } })]), ['upstream']],
    ['AKS labels under another supplier\'s build', clusterAt('v1.34.4-mirantis-1', [aksNode('n1', 'v1.34.4')]), ['upstream']],
    ['a server version that is none', clusterAt('v1.34.4-eks_', [node('n1', 'v1.34.4')]), ['upstream']],
  ];
  it.each(unrecognised)('does not claim to know %s', (_, snapshot, calendars) => {
    expect(platformOf(snapshot)).toMatchObject({ distribution: 'unknown', signs: [], calendars });
  });

  it('says what could not be seen', () => {
    expect(platformOf(clusterAt('v1.34.4', [], noNodes)).gaps).toMatchObject([{ source: 'nodes', reason: 'forbidden' }]);
    expect(platformOf(clusterAt('v1.34.4')).gaps).toMatchObject([{ kind: 'notObservable', reason: 'notSeen' }]);
  });

  it('names suppliers whose calendar it does not have', () => {
    const known = platformOf(clusterAt('v1.34.4', [node('n1', 'v1.34.4', { labels: { 'doks.digitalocean.com/node-pool': 'p' } })]));
    expect(known).toMatchObject({ distribution: 'unknown', supplierWithoutCalendar: 'DigitalOcean Kubernetes' });
  });

  it('cites the same node whatever the order of the list', () => {
    const names = ['c', 'a', 'b'];
    const signsOf = (order: readonly string[]): unknown => platformOf(clusterAt(eksBuild, order.map(name => eksNode(name, eksBuild)))).signs;
    expect(signsOf(names)).toEqual(signsOf(names.toReversed()));
    expect(signsOf(names)).toMatchObject([{ path: 'gitVersion' }, { resource: { name: 'a' }, path: 'metadata.labels["eks.amazonaws.com/nodegroup"]' }]);
  });
});
