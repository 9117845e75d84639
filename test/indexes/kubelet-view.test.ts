import { describe, expect, it } from 'vitest';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import { servingCertificateOf } from '../../src/indexes/kubelet-settings.ts';
import { kubeletView, type KubeletRow, type KubeletView } from '../../src/indexes/kubelet-view.ts';
import type { Snapshot } from '../../src/evidence/snapshot.ts';
import { nodes } from '../../src/evidence/sources/platform.ts';
import { forbidden } from '../support/cluster.ts';
import { entrance, kubeadmKubelet, kubelets, silentKubelet } from '../support/kubelets.ts';

function viewOf(snapshot: Snapshot): KubeletView {
  const resolved = createEvaluator(snapshot).resolve(kubeletView);
  if ('gaps' in resolved) throw new Error(resolved.gaps.map(({ detail }) => detail).join());
  return resolved.value;
}

function rowOf(snapshot: Snapshot): Partial<KubeletRow> {
  return viewOf(snapshot).nodes[0] ?? {};
}

describe('the view of kubelets', () => {
  it('has a row for each node, by name, whether it answered or not', () => {
    const view = viewOf(kubelets([{ name: 'b' }, { name: 'a', kubelet: silentKubelet }]));
    expect(view).toMatchObject({ total: 2, known: 1, nodes: [{ node: 'a', learnedBy: [] }, { node: 'b', learnedBy: ['configz'] }] });
    expect(Object.keys(view.nodes[0] ?? {}).sort()).toEqual(['gaps', 'learnedBy', 'node', 'version']);
  });
  it('takes from a probe what it proves, and no more', () => {
    const probed = (anonymous: 'refused' | 'forbidden' | 'granted' | 'allowed'): Partial<KubeletRow> => rowOf(kubelets([{ name: 'a', kubelet: silentKubelet, probe: { anonymous } }]));
    expect(probed('refused')).toMatchObject({ anonymous: false, learnedBy: ['probe'] });
    expect(probed('refused')).not.toHaveProperty('authorization');
    expect(probed('forbidden')).toMatchObject({ anonymous: true, authorization: 'Webhook' });
    // A grant to strangers, or AlwaysAllow: both say yes.
    for (const answer of ['granted', 'allowed'] as const) {
      expect(probed(answer)).toMatchObject({ anonymous: true });
      expect(probed(answer)).not.toHaveProperty('authorization');
    }
    expect(rowOf(kubelets([{ name: 'a', kubelet: silentKubelet, probe: { readOnlyPort: 'open' } }]))).not.toHaveProperty('anonymous');
  });
  it('believes the configuration where both are there', () => {
    const row = rowOf(kubelets([{ name: 'a', kubelet: { readOnlyPort: 18255, authentication: entrance(true) }, probe: { anonymous: 'forbidden', readOnlyPort: 'closed' } }]));
    expect(row).toMatchObject({ anonymous: true, readOnlyPort: 18255, learnedBy: ['configz', 'probe'] });
  });
  it('says how a kubelet was reached', () => {
    expect(rowOf(kubelets([{ name: 'a', way: 'direct' }])).learnedBy).toEqual(['direct']);
  });
  it('keeps the intention of kubeadm apart from what is known', () => {
    const view = viewOf(kubelets([{ name: 'a', kubelet: silentKubelet }], { sources: { kubeletintended: { anonymous: false } } }));
    expect(view.intended).toEqual({ settings: { anonymous: false } });
    expect(view.nodes[0]).not.toHaveProperty('anonymous');
  });
  it('is not there where the nodes cannot be listed', () => {
    const resolved = createEvaluator(kubelets([{ name: 'a' }], { gaps: { nodes: forbidden(nodes) } })).resolve(kubeletView);
    expect(resolved).toMatchObject({ gaps: [{ reason: 'forbidden', source: 'nodes' }] });
  });
});

describe('servingCertificateOf', () => {
  it.each([
    ['selfSigned', {}],
    ['selfSigned', { tlsCertFile: '' }],
    ['selfSigned', { tlsCertFile: '/data/kubelet/pki/kubelet.crt' }],
    ['file', { tlsCertFile: '/etc/kubernetes/pki/kubelet-server.crt' }],
    ['csr', { serverTLSBootstrap: true, tlsCertFile: '' }],
    ['selfSigned', { serverTLSBootstrap: true, tlsCertFile: '', featureGates: { RotateKubeletServerCertificate: false } }],
  ] as const)('%s for %o', (expected, change) => {
    expect(servingCertificateOf({ ...kubeadmKubelet, ...change })).toBe(expected);
  });
});
