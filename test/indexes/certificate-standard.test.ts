import { describe, expect, it } from 'vitest';
import type { RoleId } from '../../src/indexes/certificate-role.ts';
import { deviationOf } from '../../src/indexes/certificate-standard.ts';

const wordOf = (role: RoleId, user: string, groups: readonly string[] = [], node?: string): string => {
  const deviation = deviationOf(role, user, groups, node);
  return deviation === undefined ? 'standard' : `${deviation.kind}${deviation.kind === 'groups' && deviation.known !== undefined ? ` of ${deviation.known}` : ''}`;
};

describe('whom the certificate of a component names', () => {
  it.each<readonly [string, RoleId, string, readonly string[], string | undefined]>([
    ['kubeadm 1.29', 'apiserver-kubelet-client', 'kube-apiserver-kubelet-client', ['kubeadm:cluster-admins'], undefined],
    ['k3s', 'apiserver-kubelet-client', 'kube-apiserver', [], undefined],
    ['OpenShift', 'apiserver-kubelet-client', 'system:kube-apiserver', [], undefined],
    ['kubeadm', 'controller-manager-client', 'system:kube-controller-manager', [], undefined],
    ['kubeadm', 'scheduler-client', 'system:kube-scheduler', [], undefined],
    ['k3s', 'kube-proxy-client', 'system:kube-proxy', [], undefined],
    ['kubeadm', 'front-proxy-client', 'front-proxy-client', [], undefined],
    ['k3s', 'front-proxy-client', 'system:auth-proxy', [], undefined],
    ['kubeadm', 'apiserver-etcd-client', 'kube-apiserver-etcd-client', [], undefined],
    ['kubespray', 'apiserver-etcd-client', 'etcd-node-cp-1', [], undefined],
    ['any', 'kubelet-client', 'system:node:worker-1', ['system:nodes'], 'worker-1'],
    ['a request', 'kubelet-serving', 'system:node:worker-1', ['system:nodes'], 'worker-1'],
    ['the kubelet itself', 'kubelet-serving', 'worker-1@1795287491', [], 'worker-1'],
    ['the kubelet itself, where the host has another name', 'kubelet-serving', 'ip-10-0-0-7@1795287491', [], 'worker-1'],
    ['a company', 'kubelet-serving', 'worker-1.example.com', ['Example Ltd'], 'worker-1'],
    ['kubeadm', 'super-admin', 'kubernetes-super-admin', ['system:masters'], undefined],
    ['anybody, since etcd looks at no name', 'etcd-server', 'whatever', ['x'], 'cp-1'],
  ])('is the standard of %s: %s %s', (_of, role, user, groups, node) => {
    expect(wordOf(role, user, groups, node)).toBe('standard');
  });

  it('is another node, or a kubelet without its prefix or with one group more', () => {
    expect(wordOf('kubelet-client', 'system:node:worker-2', ['system:nodes'], 'worker-1')).toBe('name');
    expect(wordOf('kubelet-client', 'worker-1', ['system:nodes'], 'worker-1')).toBe('name');
    expect(wordOf('kubelet-client', 'system:node:worker-1', ['system:nodes', 'system:masters'], 'worker-1')).toBe('groups');
    expect(wordOf('kubelet-client', 'system:node:worker-1', [], 'worker-1')).toBe('groups');
    expect(wordOf('kubelet-serving', 'system:node:worker-2', ['system:nodes'], 'worker-1')).toBe('name');
  });
  it.each<readonly [RoleId, string, boolean]>([
    ['apiserver-serving', 'kube-apiserver', false], ['apiserver-serving', 'k3s', false], ['apiserver-serving', 'minikube', false], ['apiserver-serving', 'cp-1', false],
    ['apiserver-serving', 'etcd-server', true], ['apiserver-serving', 'front-proxy-client', true], ['apiserver-serving', 'system:node:cp-1', true],
    ['etcd-server', 'cp-1', false], ['etcd-server', 'etcd-member-cp-1', false], ['etcd-server', 'etcd-client', false], ['etcd-server', 'kubernetes', false],
    ['etcd-server', 'kube-apiserver', true], ['etcd-peer', 'kube-apiserver-kubelet-client', true], ['etcd-peer', 'etcd-peer', false],
    ['scheduler-serving', 'localhost@1795287491', false], ['scheduler-serving', 'system:kube-scheduler', false], ['scheduler-serving', 'system:kube-controller-manager', true],
  ])('of a server, %s called %s, is one that is given to others: %s', (role, user, isForeign) => {
    expect(wordOf(role, user)).toBe(isForeign ? 'foreign' : 'standard');
  });
  it('is a person, or an administrator beside', () => {
    expect(wordOf('controller-manager-client', 'ana')).toBe('name');
    expect(wordOf('scheduler-client', 'system:kube-scheduler', ['system:masters'])).toBe('groups');
    expect(wordOf('kube-proxy-client', 'system:kube-proxy', ['system:masters'])).toBe('groups');
    expect(wordOf('front-proxy-client', 'ana')).toBe('name');
  });
  it('is what a distribution is known for, and says which', () => {
    expect(wordOf('apiserver-kubelet-client', 'kube-apiserver-kubelet-client', ['system:masters'])).toBe('groups of kubeadm before 1.29, whose groups every renewal keeps');
    expect(wordOf('front-proxy-client', 'aggregator', ['system:masters'])).toBe('groups of minikube');
    expect(wordOf('controller-manager-client', 'system:kube-controller-manager', ['system:masters'])).toBe('groups');
  });
});
