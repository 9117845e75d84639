import { describe, expect, it } from 'vitest';
import { project } from '../../../src/evidence/fields.ts';
import { apiServerLeases, liveReplicas } from '../../../src/evidence/sources/api-server.ts';

/** As a real API server 1.37.1 writes it, reduced. */
function lease(name: string, renewTime: string): NonNullable<(typeof apiServerLeases)['evidence']>[number] {
  const manifest = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: 'kube-system', labels: { 'apiserver.kubernetes.io/identity': 'kube-apiserver', 'kubernetes.io/hostname': 'vm' } },
    spec: { holderIdentity: `${name}_33ccb8d1-2ac0-4bd9-a1e2-bfc8cb994835`, leaseDurationSeconds: 3600, renewTime },
  };
  return project(apiServerLeases.read.fields, manifest) as unknown as ReturnType<typeof lease>;
}

describe('liveReplicas', () => {
  const now = '2026-11-21T15:46:38Z';

  it('counts a lease for each replica, with microseconds in its time', () => {
    expect(liveReplicas([lease('a', '2026-11-21T15:46:38.732918Z'), lease('b', '2026-11-21T15:46:30.000001Z')], now)).toBe(2);
  });

  it('leaves out the one that has run out, to the second', () => {
    expect(liveReplicas([lease('a', '2026-11-21T14:46:38.000000Z')], now)).toBe(1);
    expect(liveReplicas([lease('a', '2026-11-21T14:46:37.999999Z')], now)).toBe(0);
  });

  it('counts one that does not say when it was renewed', () => {
    expect(liveReplicas([{ metadata: { name: 'a' }, spec: { leaseDurationSeconds: 3600 } }, { metadata: { name: 'b' } }], now)).toBe(2);
  });
});
