import { describe, expect, it } from 'vitest';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import type { Snapshot } from '../../src/evidence/snapshot.ts';
import { nodes } from '../../src/evidence/sources/platform.ts';
import { versionsView, type VersionsView } from '../../src/indexes/versions-view.ts';
import { forbidden } from '../support/cluster.ts';
import { aksNode, clusterAt, node } from '../support/versions.ts';

function viewOf(snapshot: Snapshot, now?: string): VersionsView {
  const resolved = createEvaluator(snapshot, now).resolve(versionsView);
  if ('gaps' in resolved) throw new Error(resolved.gaps.map(({ detail }) => detail).join('; '));
  return resolved.value;
}

describe('versions view', () => {
  it('shows the API server first, then kubelets from new to old', () => {
    const { components } = viewOf(clusterAt('v1.37.0', ['v1.9.0', 'v1.35.9', 'v1.35.10', 'odd', 'v1.35.10'].map((version, at) => node(`n${at}`, version))));
    expect(components.map(({ component, version, count, status }) => [component, version, count, status])).toEqual([
      ['API server', 'v1.37.0', 1, 'supported'],
      ['kubelet', 'v1.35.10', 2, 'supported'],
      ['kubelet', 'v1.35.9', 1, 'supported'],
      ['kubelet', 'v1.9.0', 1, 'ended'],
      ['kubelet', 'odd', 1, 'unknown'],
    ]);
  });

  it('says how many patches are missing at least, and nothing when none is known to be', () => {
    const behind = viewOf(clusterAt('v1.37.0', [node('a', 'v1.37.1'), node('b', 'v1.35.10'), node('c', 'v1.36.1')])).components;
    expect(behind.map(({ version, patchesBehind }) => [version, patchesBehind])).toEqual([
      ['v1.37.0', 1], ['v1.37.1', undefined], ['v1.36.1', 3], ['v1.35.10', undefined],
    ]);
  });

  it('does not compare the patches of builds that are not upstream\'s', () => {
    expect(viewOf(clusterAt('v1.35.1', [aksNode('a', 'v1.35.1')])).components[0]).not.toHaveProperty('patchesBehind');
    expect(viewOf(clusterAt('v1.35.1+IKS', [node('a', 'v1.35.1+IKS')])).components[0]).not.toHaveProperty('patchesBehind');
  });

  it('says what may follow the end and what is not known', () => {
    const { components } = viewOf(clusterAt('v1.34.4', [aksNode('a', 'v1.33.4')]));
    expect(components).toMatchObject([
      { status: 'supported', calendar: 'Azure Kubernetes Service', supportEnds: '2026-11-30', daysLeft: 9, notes: [expect.stringContaining('until 2027-11-30')] },
      { status: 'unknown', calendar: 'Azure Kubernetes Service', supportEnds: '2026-07-31', notes: [expect.stringContaining('cannot be seen from the cluster')] },
    ]);
  });

  it('shows the emulated minor where it is another', () => {
    const emulating = { serverversion: { gitVersion: 'v1.37.1', major: '1', minor: '37', emulationMajor: '1', emulationMinor: '36' } };
    expect(viewOf(clusterAt('v1.37.1', [], { sources: emulating })).components[0]).toMatchObject({ emulates: '1.36', supportEnds: '2027-10-28' });
    expect(viewOf(clusterAt('v1.37.1')).components[0]).not.toHaveProperty('emulates');
  });

  it('keeps what was not read apart from what could not be judged', () => {
    const view = viewOf(clusterAt('v1.34.4', [], { gaps: { nodes: forbidden(nodes) } }));
    expect(view.unread).toMatchObject([{ of: 'kubelets', gaps: [{ reason: 'forbidden' }] }]);
    expect(view.components).toMatchObject([{ component: 'API server', status: 'unknown' }]);
    expect(view.nodes).toEqual([]);
  });

  it('says when its tables are old, and still judges', () => {
    const snapshot = clusterAt('v1.37.1', [node('a', 'v1.36.4')]);
    const isOld = (now: string): unknown => viewOf(snapshot, now).data.map(({ table, isOld: old }) => [table, old]);
    expect(isOld('2026-12-24T00:00:00Z')).toEqual([['upstream Kubernetes', false]]);
    expect(isOld('2026-12-25T00:00:00Z')).toEqual([['upstream Kubernetes', true]]);
    expect(viewOf(snapshot, '2027-06-29T00:00:00Z').components.map(({ status }) => status)).toEqual(['supported', 'ended']);
  });
});
