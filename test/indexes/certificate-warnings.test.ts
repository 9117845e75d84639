import { describe, expect, it } from 'vitest';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import { warnedCertificatesIn } from '../../src/evidence/certificate-warnings.ts';
import type { Snapshot } from '../../src/evidence/snapshot.ts';
import { certificateRoles, type CertificateRoles } from '../../src/indexes/certificate-roles.ts';
import type { CertificateRole } from '../../src/indexes/certificate-role.ts';
import { pkiView } from '../../src/indexes/pki-view.ts';
import type { Manifest } from '../support/cluster.ts';
import { withSource } from '../support/cluster.ts';
import { k3sCertificateEvents } from '../../src/evidence/sources/distribution-events.ts';
import { inDays, NOW, pkiCluster } from '../support/pki.ts';
import { node } from '../support/versions.ts';

/** No k3s runs here: the messages have the form that k3s-io/k3s pkg/certmonitor/certmonitor.go gives them. */
const day = (days: number): string => inDays(days).toISOString().replace('.000Z', 'Z');
const soon = (file: string, subject: string, days: number): string => `${file}: certificate ${subject} will expire within 120 days at ${day(days)}`;
const nodeWarning = (...certificates: readonly string[]): string => `Node certificates require attention - restart k3s on this node to trigger automatic rotation: ${certificates.join('\n')}`;

function event(of: string, reason: string, message: string, minutesAgo = 5, program = 'k3s'): Manifest {
  return {
    apiVersion: 'v1', kind: 'Event',
    metadata: { name: `${of}.${reason.toLowerCase()}`, namespace: 'default' },
    involvedObject: { kind: 'Node', name: of, uid: of }, reason, message, type: reason.endsWith('OK') ? 'Normal' : 'Warning',
    source: { component: `${program}-cert-monitor` }, lastTimestamp: inDays(-minutesAgo / 1440).toISOString().replace('.000Z', 'Z'),
  };
}

const labels = { labels: { 'node-role.kubernetes.io/control-plane': '' } };
function k3s(events: readonly Manifest[], more: Parameters<typeof pkiCluster>[0] = {}): Snapshot {
  return pkiCluster({
    nodes: [node('server-1', 'v1.33.1+k3s1', labels), node('agent-1', 'v1.33.1+k3s1')],
    objects: events,
    ...more,
    sources: {
      serverversion: { gitVersion: 'v1.33.1+k3s1', major: '1', minor: '33' }, kubeproxylogin: { exists: false },
      kubeletmetrics: ['server-1', 'agent-1'].map(of => ({ of, gap: { kind: 'gap', reason: 'forbidden', detail: 'this user may not reach kubelets through the API server' } })),
      ...more.sources,
    },
  });
}
function resolved(snapshot: Snapshot): CertificateRoles {
  const value = createEvaluator(snapshot).resolve(certificateRoles);
  if (!('value' in value)) throw new Error('no roles');
  return value.value;
}
const rowOf = (snapshot: Snapshot, role: string, instance: string): CertificateRole | undefined => resolved(snapshot).roles.find(row => row.role === role && row.instance === instance);

const MESSAGE = nodeWarning(
  soon('kubelet/client-kubelet.crt', 'CN=system:node:agent-1,O=system:nodes', 20),
  soon('kubelet/serving-kubelet.crt', 'CN=agent-1', 20),
  `kubelet/serving-kubelet.crt: certificate CN=k3s-server-ca@1713205134 will expire within 120 days at ${day(100)}`,
);

describe('the message of an Event', () => {
  it('names each certificate with its end', () => {
    expect(warnedCertificatesIn(MESSAGE)).toEqual([
      { file: 'client-kubelet.crt', subject: 'CN=system:node:agent-1,O=system:nodes', notAfter: day(20) },
      { file: 'serving-kubelet.crt', subject: 'CN=agent-1', notAfter: day(20) },
      { file: 'serving-kubelet.crt', subject: 'CN=k3s-server-ca@1713205134', notAfter: day(100) },
    ]);
  });
  it('may join them by commas, and tell of one that has ended and of one that has not begun', () => {
    const text = `x: etcd/client.crt: certificate CN=etcd-client is not valid before ${day(1)}, admin/client-admin.crt: certificate CN=system:admin,O=system:masters expired at ${day(-1)}`;
    expect(warnedCertificatesIn(text)).toEqual([{ file: 'client-admin.crt', subject: 'CN=system:admin,O=system:masters', notAfter: day(-1) }]);
  });
  it('says nothing where it is another', () => {
    expect(warnedCertificatesIn('Node and Certificate Authority certificates managed by k3s are OK')).toEqual([]);
    expect(warnedCertificatesIn('a/b.crt: certificate CN=a expired at 2026-99-99T00:00:00Z')).toEqual([]);
    expect(warnedCertificatesIn('certificate '.repeat(20_000))).toEqual([]);
  });
});

describe('what k3s warns of', () => {
  const warned = event('agent-1', 'CertificateExpirationWarning', MESSAGE);

  it('is a row of the node, to the second', () => {
    expect(rowOf(k3s([warned]), 'kubelet-client', 'agent-1')).toMatchObject({ grade: 'expiryOnly', notAfter: day(20), daysLeft: 20, renewedAt: 'restart', how: 'Event default/agent-1.certificateexpirationwarning (CertificateExpirationWarning), which says the day' });
    expect(rowOf(k3s([warned]), 'kubelet-serving', 'agent-1')).toMatchObject({ grade: 'expiryOnly', notAfter: day(20) });
    expect(rowOf(k3s([warned]), 'server-authority', 'k3s-server-ca@1713205134')).toMatchObject({ grade: 'expiryOnly', notAfter: day(100) });
    // Of another node it says nothing.
    expect(rowOf(k3s([warned]), 'kubelet-client', 'server-1')).toMatchObject({ grade: 'notRead' });
  });
  it('also tells whom the bearer is', () => {
    const view = createEvaluator(k3s([warned])).resolve(pkiView);
    expect('value' in view ? view.value.counted.map(({ node: on, user, groups }) => [on, user, groups.join()]) : []).toEqual([['agent-1', 'system:node:agent-1', 'system:nodes']]);
  });
  it('is over where a later look found all well, or less', () => {
    const restarted = [event('agent-1', 'CertificateExpirationWarning', MESSAGE, 40), event('agent-1', 'CertificateExpirationOK', 'Node and Certificate Authority certificates managed by k3s are OK', 15)];
    expect(rowOf(k3s(restarted), 'kubelet-client', 'agent-1')).toMatchObject({ grade: 'bound' });
    const onlyAuthorities = [event('agent-1', 'CertificateExpirationWarning', MESSAGE, 50), event('agent-1', 'CACertificateExpirationWarning', `x: etcd/peer-ca.crt: certificate CN=etcd-peer-ca@1 will expire within 365 days at ${day(300)}`, 15)];
    expect(rowOf(k3s(onlyAuthorities), 'kubelet-client', 'agent-1')).toMatchObject({ grade: 'notRead' });
    expect(rowOf(k3s(onlyAuthorities), 'etcd-authority', 'etcd-peer-ca@1')).toMatchObject({ grade: 'expiryOnly', notAfter: day(300) });
  });
  it('is exact where the gauge says the same, and gives way where that has another end', () => {
    const counts = (daysLeft: number): Snapshot => k3s([warned], {
      sources: { kubeletmetrics: [{ of: 'agent-1', value: { version: 'v1.33.1+k3s1', scrapes: [{ at: NOW }], counted: [{ subject: 'CN=system:node:agent-1,O=system:nodes', usages: ['ClientAuth'], secondsLeft: daysLeft * 86_400 }] } }] },
    });
    expect(rowOf(counts(20.01), 'kubelet-client', 'agent-1')).toMatchObject({ notAfter: day(20), how: expect.stringMatching(/^Event/) as string });
    expect(rowOf(counts(365), 'kubelet-client', 'agent-1')).toMatchObject({ daysLeft: 365, how: expect.stringMatching(/^gauge/) as string });
  });
  it('bounds what is not seen where all was well at its start', () => {
    const well = event('server-1', 'CertificateExpirationOK', 'Node and Certificate Authority certificates managed by k3s are OK', 0);
    expect(rowOf(k3s([well]), 'kubelet-client', 'server-1')).toMatchObject({ grade: 'bound', notAfterAtLeast: day(90) });
    expect(rowOf(k3s([well]), 'kubelet-client', 'agent-1')).toMatchObject({ grade: 'notRead' });
    const { roles } = resolved(k3s([well]));
    expect(roles.find(({ role }) => role === 'scheduler-client')).toMatchObject({ grade: 'bound', notAfterAtLeast: day(90) });
    expect(roles.find(({ role }) => role === 'etcd-authority')).toMatchObject({ grade: 'bound', notAfterAtLeast: day(365) });
    // Another server may have others.
    const two = k3s([well], { nodes: [node('server-1', 'v1.33.1+k3s1', labels), node('server-2', 'v1.33.1+k3s1', labels)] });
    expect(resolved(two).roles.find(({ role }) => role === 'scheduler-client')).toMatchObject({ grade: 'notObservable' });
  });
  it('proves nothing where there is none, and is a hole only where they could not be read on k3s', () => {
    const unread = { gap: { kind: 'gap', reason: 'forbidden', detail: 'no' } } as const;
    expect(rowOf(k3s([]), 'kubelet-client', 'agent-1')).toMatchObject({ grade: 'notRead' });
    const of = (snapshot: Snapshot): string[] => resolved(withSource(snapshot, k3sCertificateEvents, unread)).unread.map(each => each.of);
    expect(of(k3s([]))).toContain('Events of k3s about its certificates');
    expect(of(pkiCluster({}))).not.toContain('Events of k3s about its certificates');
  });
});
