import { describe, expect, it } from 'vitest';
import type { KeptCertificate } from '../../src/evidence/certificate-facts.ts';
import { componentRef } from '../../src/evidence/resource-ref.ts';
import type { RoleId, RoleRow } from '../../src/indexes/certificate-role.ts';
import type { SeenCertificate } from '../../src/indexes/certificate-sighting.ts';
import { exactRow, withUsed } from '../../src/indexes/certificate-used.ts';
import { serving } from '../support/pki.ts';

const etcd = componentRef('etcd');
const unseen: RoleRow = { role: 'etcd-server', title: 'etcd', resource: etcd, grade: 'notObservable', how: 'only a file on the control plane holds it' };

function used(role: RoleId, ...nodes: readonly string[]): SeenCertificate {
  const on = nodes.map(node => ({ as: 'used' as const, where: `file of ${node}`, resource: { apiVersion: 'v1', kind: 'Node', name: node }, path: 'x', shown: { derivation: 'x' }, role, node }));
  const [first, ...more] = on;
  if (first === undefined) throw new Error('a certificate is seen somewhere');
  const certificate: KeptCertificate = { ...serving.kept, sha256: `${role} ${nodes.join()}` };
  return { certificate, sightings: [first, ...more] };
}

const rowsOf = (certificates: readonly SeenCertificate[], rows: readonly RoleRow[], controlPlanes?: readonly string[], seen: readonly RoleRow[] = []): string[] =>
  withUsed({ certificates, broken: [], unread: [] }, seen, rows, { all: controlPlanes, controlPlanes }).map(({ role, instance, grade }) => `${role} ${instance ?? ''} ${grade}`);

describe('a certificate whose place says what it is used for', () => {
  it('takes the place of what was only supposed, where every control-plane node was looked at', () => {
    expect(rowsOf([used('etcd-server', 'cp-1'), used('etcd-server', 'cp-2')], [unseen], ['cp-1', 'cp-2'])).toEqual(['etcd-server cp-1 exact', 'etcd-server cp-2 exact']);
  });
  it('leaves the other nodes as they were', () => {
    expect(rowsOf([used('etcd-server', 'cp-1')], [unseen], ['cp-1', 'cp-2'])).toEqual(['etcd-server cp-1 exact', 'etcd-server other nodes notObservable']);
  });
  it('is not all there is where nobody knows the control-plane nodes', () => {
    expect(rowsOf([used('etcd-server', 'cp-1')], [unseen])).toEqual(['etcd-server cp-1 exact', 'etcd-server other nodes notObservable']);
    expect(rowsOf([used('etcd-server', 'cp-1')], [unseen], [])).toEqual(['etcd-server cp-1 exact', 'etcd-server other nodes notObservable']);
  });
  it('is a row for each node that has the same one', () => {
    expect(rowsOf([used('etcd-server', 'cp-1', 'cp-2')], [], ['cp-1', 'cp-2'])).toEqual(['etcd-server cp-1 exact', 'etcd-server cp-2 exact']);
  });
  it('stands for the whole cluster where it is an authority', () => {
    expect(rowsOf([used('etcd-authority', 'cp-1')], [{ ...unseen, role: 'etcd-authority' }], ['cp-1', 'cp-2'])).toEqual(['etcd-authority cp-1 exact']);
  });
  it('gives way to nothing else of another role or node', () => {
    const kubelet: RoleRow = { ...unseen, role: 'kubelet-client', instance: 'worker-2' };
    expect(rowsOf([used('kubelet-client', 'worker-1')], [kubelet, unseen], ['cp-1'])).toEqual(['kubelet-client worker-1 exact', 'kubelet-client worker-2 notObservable', 'etcd-server  notObservable']);
  });
  it('is no second row beside what the API server itself showed', () => {
    const shown = used('apiserver-serving', 'cp-1');
    expect(rowsOf([shown], [], ['cp-1'], [exactRow('apiserver-serving', componentRef('kube-apiserver'), shown)])).toEqual(['apiserver-serving kube-apiserver exact']);
  });
});
