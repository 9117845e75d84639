import { describe, expect, it } from 'vitest';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import { expiryOf } from '../../src/indexes/certificate-expiry.ts';
import type { CertificateRole } from '../../src/indexes/certificate-role.ts';
import { certificateRoles } from '../../src/indexes/certificate-roles.ts';
import type { Manifest } from '../support/cluster.ts';
import { forbidden, withSource } from '../support/cluster.ts';
import { NOW, pkiCluster } from '../support/pki.ts';
import { rotatedConfigMaps, rotatedSecrets } from '../../src/evidence/sources/trust.ts';
import { snapshotWith } from '../support/cluster.ts';
import { node } from '../support/versions.ts';

/** No OpenShift runs here: the annotations are those that openshift/library-go pkg/operator/certrotation writes. */
const secret = (name: string, dates: { readonly from?: string; readonly to?: string; readonly refresh?: string }, namespace = 'openshift-kube-apiserver'): Manifest => ({
  apiVersion: 'v1', kind: 'Secret',
  metadata: {
    name, namespace,
    annotations: {
      ...(dates.from === undefined ? {} : { 'auth.openshift.io/certificate-not-before': dates.from }),
      ...(dates.to === undefined ? {} : { 'auth.openshift.io/certificate-not-after': dates.to }),
      ...(dates.refresh === undefined ? {} : { 'certificates.openshift.io/refresh-period': dates.refresh }),
      'openshift.io/owning-component': 'kube-apiserver',
    },
  } as Manifest['metadata'],
  type: 'kubernetes.io/tls', data: { 'tls.key': 'c2VzYW1l' },
});
const cluster = (...objects: readonly Manifest[]): ReturnType<typeof pkiCluster> => pkiCluster({
  objects, nodes: [node('a', 'v1.37.1', { labels: { 'node.openshift.io/os_id': 'rhcos' } })], sources: { serverversion: { gitVersion: 'v1.37.1', major: '1', minor: '37' } },
});
function rolesOf(snapshot: ReturnType<typeof pkiCluster>): readonly CertificateRole[] {
  const resolved = createEvaluator(snapshot).resolve(certificateRoles);
  if (!('value' in resolved)) throw new Error('no roles');
  return resolved.value.roles.filter(({ role }) => role === 'rotated');
}

describe('what OpenShift renews', () => {
  it('is known by the dates beside it, and nothing else of the Secret is kept', () => {
    const snapshot = cluster(secret('aggregator-client', { from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z', refresh: '360h0m0s' }), secret('other', {}), secret('x', { to: '2026-12-01T00:00:00Z' }, 'shop'));
    expect(rolesOf(snapshot)).toMatchObject([{ instance: 'openshift-kube-apiserver/aggregator-client', grade: 'expiryOnly', notAfter: '2026-12-01T00:00:00Z', renewedBy: '2026-11-16T00:00:00Z', daysLeft: 10 }]);
    expect(JSON.stringify(snapshot.sources['rotatedsecrets'])).not.toMatch(/c2VzYW1l|owning-component|tls/);
  });
  it('is known of authorities in ConfigMaps too, with the names and the signer', () => {
    const bundle = (name: string, namespace: string): Manifest => {
      const { metadata } = secret(name, { from: '2026-11-01T00:00:00Z', to: '2027-11-01T00:00:00Z', refresh: '7008h0m0s' }, namespace);
      const annotations = { ...(metadata as { annotations?: object }).annotations, 'auth.openshift.io/certificate-issuer': 'signer@1', 'auth.openshift.io/certificate-hostnames': 'a, b,c,d' };
      return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, annotations } as Manifest['metadata'], data: { 'ca-bundle.crt': 'sesame' } };
    };
    const snapshot = cluster(bundle('kube-apiserver-to-kubelet-client-ca', 'openshift-kube-apiserver-operator'), bundle('x', 'shop'), secret('kube-apiserver-to-kubelet-client-ca', { to: '2026-12-01T00:00:00Z' }, 'openshift-kube-apiserver-operator'));
    const rows = rolesOf(snapshot).map(({ resource, instance, renewedBy, how }) => [resource.kind, instance, renewedBy, how]);
    expect(rows).toEqual([
      ['ConfigMap', 'openshift-kube-apiserver-operator/kube-apiserver-to-kubelet-client-ca', '2027-08-20T00:00:00Z', 'annotations of its ConfigMap, for a, b, c and 1 more, by signer@1'],
      ['Secret', 'openshift-kube-apiserver-operator/kube-apiserver-to-kubelet-client-ca', undefined, 'annotations of its Secret'],
    ]);
    expect(JSON.stringify(snapshot.sources['rotatedconfigmaps'])).not.toContain('sesame');
  });
  it.each([
    ['a month, to be renewed after 15 days, one day ago and more', { from: '2026-11-01T00:00:00Z', to: '2026-12-01T00:00:00Z', refresh: '360h0m0s' }, 'medium'],
    ['with a week left', { from: '2026-11-01T00:00:00Z', to: '2026-11-27T00:00:00Z', refresh: '360h0m0s' }, 'high'],
    ['not yet', { from: '2026-11-10T00:00:00Z', to: '2026-12-10T00:00:00Z', refresh: '360h0m0s' }, undefined],
    ['a week left, which is meant', { from: '2026-11-21T00:00:00Z', to: '2026-11-28T00:00:00Z', refresh: '80h0m0s' }, undefined],
    ['a time that is not said, with a month left', { from: '2026-11-01T00:00:00Z', to: '2026-12-20T00:00:00Z' }, undefined],
    ['a time that is not said, with days left', { to: '2026-11-25T00:00:00Z' }, 'medium'],
    ['a time that is no duration', { from: '2026-11-01T00:00:00Z', to: '2026-11-25T00:00:00Z', refresh: 'soon' }, 'medium'],
  ])('is judged by when it should be renewed: %s', (_name, dates, severity) => {
    const [row] = rolesOf(cluster(secret('s', dates)));
    if (row === undefined) throw new Error('no row');
    expect(expiryOf(row, undefined, NOW)?.severity).toBe(severity);
  });
  it('is unread on OpenShift alone where Secrets may not be listed', () => {
    const unread = (snapshot: ReturnType<typeof pkiCluster>): readonly string[] => {
      const resolved = createEvaluator(snapshot).resolve(certificateRoles);
      return 'value' in resolved ? resolved.value.unread.map(({ of }) => of) : [];
    };
    const gaps = { rotatedsecrets: forbidden(rotatedSecrets) };
    const without = (snapshot: ReturnType<typeof pkiCluster>): ReturnType<typeof pkiCluster> => ({ ...snapshot, sources: { ...snapshot.sources, rotatedsecrets: snapshotWith({ gaps }).sources['rotatedsecrets'] as never } });
    expect(unread(without(cluster()))).toContain('certificates that OpenShift renews');
    expect(unread(without(pkiCluster()))).not.toContain('certificates that OpenShift renews');
    const withoutMaps = (snapshot: ReturnType<typeof pkiCluster>): ReturnType<typeof pkiCluster> => withSource(snapshot, rotatedConfigMaps, { gap: forbidden(rotatedConfigMaps) });
    expect(unread(withoutMaps(cluster()))).toContain('authorities that OpenShift renews');
    expect(unread(withoutMaps(pkiCluster()))).not.toContain('authorities that OpenShift renews');
  });
});
