import { describe, expect, it } from 'vitest';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import { deadlines } from '../../src/indexes/deadlines.ts';
import { clusterAt, eksNode, node } from '../support/versions.ts';

const deadlinesOf = (snapshot: ReturnType<typeof clusterAt>): unknown => createEvaluator(snapshot).resolve(deadlines);

describe('deadlines', () => {
  it('are one for each kind and version, earliest first, without what is over', () => {
    const snapshot = clusterAt('v1.37.1', [node('a', 'v1.37.1'), node('b', 'v1.35.9'), node('c', 'v1.35.9'), node('d', 'v1.34.4')]);
    expect(deadlinesOf(snapshot)).toEqual({
      value: [
        { what: 'upstream Kubernetes support of kubelet v1.35.9', at: '2027-02-28T23:59:59Z', daysLeft: 99, count: 2 },
        {
          what: 'upstream Kubernetes support of API server v1.37.1', at: '2027-10-28T23:59:59Z', daysLeft: 341, count: 1,
          resource: { apiVersion: 'secaudit/v1', kind: 'Component', name: 'kube-apiserver' },
        },
        {
          what: 'upstream Kubernetes support of kubelet v1.37.1', at: '2027-10-28T23:59:59Z', daysLeft: 341, count: 1,
          resource: { apiVersion: 'v1', kind: 'Node', name: 'a' },
        },
      ],
    });
  });

  it('are the day that support begins to cost extra, and then the day it ends', () => {
    const at = (minor: string): unknown =>
      deadlinesOf(clusterAt(`v${minor}.4-eks-0a1b2c3`, [eksNode('a', `v${minor}.4-eks-0a1b2c3`), eksNode('b', `v${minor}.4-eks-0a1b2c3`)]));
    expect(at('1.34')).toMatchObject({
      value: [
        { what: 'Amazon EKS standard support of API server v1.34.4-eks-0a1b2c3', at: '2026-12-02T23:59:59Z', daysLeft: 11, count: 1 },
        { what: 'Amazon EKS standard support of kubelet v1.34.4-eks-0a1b2c3', daysLeft: 11, count: 2 },
      ],
    });
    expect(at('1.33')).toMatchObject({ value: [{ what: 'Amazon EKS support of API server v1.33.4-eks-0a1b2c3', daysLeft: 250 }, {}] });
  });
});
