import { describe, expect, it } from 'vitest';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import type { Snapshot } from '../../src/evidence/snapshot.ts';
import { nodes } from '../../src/evidence/sources/platform.ts';
import { support, type Support } from '../../src/indexes/support.ts';
import { forbidden } from '../support/cluster.ts';
import { aksNode, clusterAt, eksNode, gkeNode, node } from '../support/versions.ts';

function supportIn(snapshot: Snapshot): Support {
  const resolved = createEvaluator(snapshot).resolve(support);
  if ('gaps' in resolved) throw new Error(resolved.gaps.map(({ detail }) => detail).join('; '));
  return resolved.value;
}

describe('support', () => {
  it('judges the API server and every kubelet by name', () => {
    const { components } = supportIn(clusterAt('v1.37.1', [node('b', 'v1.36.4'), node('a', 'v1.34.4')]));
    expect(components.map(({ title, version, verdict }) => [title, version, verdict.state])).toEqual([
      ['the API server', 'v1.37.1', 'supported'],
      ['the kubelet of node a', 'v1.34.4', 'ended'],
      ['the kubelet of node b', 'v1.36.4', 'supported'],
    ]);
  });

  it('cites the sign that chose a calendar of a provider, and none for upstream', () => {
    const pathsOf = (snapshot: Snapshot): unknown => supportIn(snapshot).components.map(({ evidence }) => evidence.map(({ path }) => path));
    expect(pathsOf(clusterAt('v1.37.1', [node('a', 'v1.37.1')]))).toEqual([
      ['gitVersion', 'support end'],
      ['status.nodeInfo.kubeletVersion', 'support end'],
    ]);
    expect(pathsOf(clusterAt('v1.34.4-eks-0a1b2c3', [eksNode('a', 'v1.34.4-eks-0a1b2c3')]))).toEqual([
      ['gitVersion', 'support end', 'metadata.labels["eks.amazonaws.com/nodegroup"]'],
      ['status.nodeInfo.kubeletVersion', 'support end', 'gitVersion', 'metadata.labels["eks.amazonaws.com/nodegroup"]'],
    ]);
  });

  it('says of an end whether it was published or is the latest it can be', () => {
    const endOf = (snapshot: Snapshot): unknown => supportIn(snapshot).components[0]?.evidence[1];
    expect(endOf(clusterAt('v1.34.4', [node('a', 'v1.34.4')]))).toMatchObject({ value: '2026-10-27', grade: 'inferred' });
    expect(endOf(clusterAt('v1.14.4', [node('a', 'v1.14.4')]))).toMatchObject({ value: '2021-10-28', grade: 'bound' });
    expect(endOf(clusterAt('v1.28.4-gke.1', [gkeNode('a', 'v1.28.4-gke.1')]))).toMatchObject({ value: '2025-12-04', grade: 'bound' });
  });

  it('counts kubelets without a verdict by version', () => {
    const many = Array.from({ length: 300 }, (_, at) => aksNode(`n${at}`, 'v1.33.4'));
    const { undecided, components } = supportIn(clusterAt('v1.34.4', [...many, node('silent')]));
    expect(undecided.map(({ of, count, gaps }) => [of, count, gaps.map(({ reason }) => reason)])).toEqual([
      ['kubelet of node silent', 1, ['notSeen']],
      ['kubelet v1.33.4', 300, ['vendorCalendar']],
    ]);
    expect(components).toHaveLength(301);
  });

  it('keeps what is known of an undecided version, with the object it was read from', () => {
    const { undecided } = supportIn(clusterAt('v1.37.1', [aksNode('n1', 'v1.33.4')]));
    expect(undecided[0]?.evidence).toMatchObject([
      { resource: { kind: 'Node', name: 'n1' }, value: 'v1.33.4' },
      { path: 'support end', value: '2026-07-31' },
    ]);
  });

  it('tells the right that would decide between calendars', () => {
    const { undecided } = supportIn(clusterAt('v1.34.4', [], { gaps: { nodes: forbidden(nodes) } }));
    const permissions = [{ apiGroup: '', resource: 'nodes', verb: 'list' }];
    expect(undecided).toMatchObject([
      { of: 'kubelets', gaps: [{ reason: 'forbidden', permissions }] },
      { of: 'API server v1.34.4', gaps: [{ reason: 'forbidden', permissions }] },
    ]);
  });
});
