import { describe, expect, it } from 'vitest';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import { parseKubeletMetrics } from '../../src/evidence/kubelet-metrics.ts';
import type { Snapshot } from '../../src/evidence/snapshot.ts';
import type { CertificateRole } from '../../src/indexes/certificate-role.ts';
import { certificateRoles } from '../../src/indexes/certificate-roles.ts';
import { expiryOf } from '../../src/indexes/certificate-expiry.ts';
import { pkiView, type PkiView } from '../../src/indexes/pki-view.ts';
import { NOW, made, pkiCluster } from '../support/pki.ts';
import { node } from '../support/versions.ts';

/**
 * No k3s runs here: the text has the form and the names that k3s-io/k3s pkg/certmonitor writes, as users have shown them
 * (k3s-io/k3s issue 9899), with the buckets that API server and kubelet share.
 */
function exposition(name: string, isServer: boolean, program = 'k3s', days = 365): string {
  const YEARS = 315_359_994.1;
  const day = String(days * 86_400 - 5.868297048);
  const gauge = (subject: string, usages: string, value: string): string => `${program}_certificate_expiration_seconds{subject="${subject}",usages="${usages}"} ${value}`;
  const server = ['etcd-server', 'etcd-peer'].map(each => [
    gauge(`CN=${each}`, 'ServerAuth,ClientAuth', day), gauge(`CN=${each}-ca@1713205134`, 'CertSign', YEARS.toExponential()),
  ]).flat();
  return [
    'apiserver_client_certificate_expiration_seconds_sum 100', 'apiserver_client_certificate_expiration_seconds_count 1',
    `# HELP ${program}_certificate_expiration_seconds Remaining lifetime in seconds of the certificate, labeled by certificate subject and usages.`,
    `# TYPE ${program}_certificate_expiration_seconds gauge`,
    ...(isServer ? [
      gauge('CN=etcd-client', 'ClientAuth', day), ...server,
      gauge('CN=kube-apiserver', 'ClientAuth', day), gauge('CN=kube-apiserver', 'ServerAuth', day),
      gauge('CN=system:admin,O=system:masters', 'ClientAuth', day), gauge('CN=system:auth-proxy', 'ClientAuth', day),
      gauge('CN=system:kube-controller-manager', 'ClientAuth', day), gauge('CN=system:kube-scheduler', 'ClientAuth', day),
      gauge(`CN=${program}-request-header-ca@1713205134`, 'CertSign', '3.1535999412992096e+08'),
      gauge(`CN=${program}-cloud-controller-manager`, 'ClientAuth', day),
    ] : []),
    gauge(`CN=${name}`, 'ServerAuth', day),
    gauge(`CN=${program}-client-ca@1713205134`, 'CertSign', '3.1535999412992096e+08'), gauge(`CN=${program}-server-ca@1713205134`, 'CertSign', '3.1535999412992096e+08'),
    gauge('CN=system:kube-proxy', 'ClientAuth', day), gauge(`CN=system:${program}-controller`, 'ClientAuth', day), gauge(`CN=system:node:${name},O=system:nodes`, 'ClientAuth', day),
    `kubernetes_build_info{git_version="v1.33.1+${program === 'k3s' ? 'k3s1' : 'rke2r1'}"} 1`,
    'process_start_time_seconds 1.79e+09', '',
  ].join('\n');
}

const scrape = (body: string): object => parseKubeletMetrics({ body, date: NOW, way: 'proxy' }, { body: body.replace('_sum 100', '_sum 31536000').replace('_count 1', '_count 2'), date: NOW, way: 'proxy' });
const serverNode = (name: string): ReturnType<typeof node> => node(name, 'v1.33.1+k3s1', { labels: { 'node-role.kubernetes.io/control-plane': '' } });
const clients = made({ commonName: 'k3s-client-ca@1713205134', use: 'authority' });

function k3s(answers: Readonly<Record<string, string | undefined>>, more: Parameters<typeof pkiCluster>[0] = {}): Snapshot {
  return pkiCluster({
    nodes: [...Object.keys(answers).map(name => (name.startsWith('server') ? serverNode(name) : node(name, 'v1.33.1+k3s1')))],
    clientAuthorities: [clients],
    ...more,
    sources: {
      serverversion: { gitVersion: 'v1.33.1+k3s1', major: '1', minor: '33' },
      kubeproxylogin: { exists: false },
      kubeletmetrics: Object.entries(answers).map(([of, body]) => ({ of, ...(body === undefined ? { gap: { kind: 'gap', reason: 'timeout', detail: 'the kubelet did not answer within 5 s' } } : { value: scrape(body) }) })),
    },
  });
}

function rolesOf(snapshot: Snapshot): readonly CertificateRole[] {
  const resolved = createEvaluator(snapshot).resolve(certificateRoles);
  if (!('value' in resolved)) throw new Error('no roles');
  return resolved.value.roles;
}
const short = ({ role, instance, grade, notAfter }: CertificateRole): string => `${role} ${instance ?? ''} ${grade} ${notAfter?.slice(0, 10) ?? ''}`;

describe('what k3s counts', () => {
  it('is a row for each certificate of a server, and no row of the same says less', () => {
    const rows = rolesOf(k3s({ 'server-1': exposition('server-1', true) })).filter(({ grade }) => grade !== 'exact');
    expect(rows.map(short).sort()).toEqual([
      'admin server-1 expiryOnly 2027-11-21', 'apiserver-etcd-client server-1 expiryOnly 2027-11-21', 'apiserver-kubelet-client server-1 expiryOnly 2027-11-21',
      'apiserver-serving server-1 expiryOnly 2027-11-21', 'component-client k3s-cloud-controller-manager on server-1 expiryOnly 2027-11-21',
      'component-client system:k3s-controller on server-1 expiryOnly 2027-11-21', 'controller-manager-client server-1 expiryOnly 2027-11-21',
      'etcd-authority etcd-peer-ca@1713205134 expiryOnly 2036-11-18', 'etcd-authority etcd-server-ca@1713205134 expiryOnly 2036-11-18',
      'etcd-peer server-1 expiryOnly 2027-11-21', 'etcd-server server-1 expiryOnly 2027-11-21',
      // The authority of clients was seen with its bytes; these were not.
      'front-proxy-authority k3s-request-header-ca@1713205134 expiryOnly 2036-11-18',
      'front-proxy-client server-1 expiryOnly 2027-11-21', 'kube-proxy-client server-1 expiryOnly 2027-11-21', 'kubelet-client server-1 expiryOnly 2027-11-21',
      'kubelet-serving server-1 expiryOnly 2027-11-21', 'scheduler-client server-1 expiryOnly 2027-11-21', 'server-authority k3s-server-ca@1713205134 expiryOnly 2036-11-18',
    ].sort());
  });

  it('leaves a node that did not answer unknown, and the same authority on two nodes one', () => {
    const rows = rolesOf(k3s({ 'server-1': exposition('server-1', true), 'server-2': undefined, 'agent-1': exposition('agent-1', false) }));
    expect(rows.filter(({ role }) => role === 'controller-manager-client').map(short)).toEqual(['controller-manager-client other nodes notObservable ', 'controller-manager-client server-1 expiryOnly 2027-11-21']);
    expect(rows.filter(({ role }) => role === 'kubelet-client').map(short)).toEqual(['kubelet-client agent-1 expiryOnly 2027-11-21', 'kubelet-client server-1 expiryOnly 2027-11-21', 'kubelet-client server-2 notRead ']);
    expect(rows.filter(({ role }) => role === 'server-authority' && role.length > 0).filter(({ grade }) => grade === 'expiryOnly')).toHaveLength(1);
  });

  it('is not mistaken for what the API server shows to kubelets, since one process counts both', () => {
    const older = exposition('server-1', true).replaceAll(/^k3s_.*\n/gm, '');
    expect(rolesOf(k3s({ 'server-1': older })).find(({ role }) => role === 'apiserver-kubelet-client')).toMatchObject({ grade: 'notObservable', how: expect.stringContaining('one process') as string });
    // RKE2 has one process for each, and does not count certificates there.
    const rke2 = older.replace('+k3s1', '+rke2r1');
    expect(rolesOf(k3s({ 'server-1': rke2 })).find(({ role }) => role === 'apiserver-kubelet-client')).toMatchObject({ grade: 'expiryOnly' });
  });

  it('is due by days, and the words say that a restart renews it', () => {
    const [row] = rolesOf(k3s({ 'agent-1': exposition('agent-1', false, 'k3s', 20) })).filter(({ role }) => role === 'kubelet-client');
    if (row === undefined) throw new Error('no row');
    expect(expiryOf(row, undefined, NOW)).toMatchObject({ severity: 'medium', words: expect.stringContaining('restarted') as string });
    expect(expiryOf({ ...row, notAfter: '2027-11-21T12:00:00Z' }, undefined, NOW)).toBeUndefined();
  });

  it('says whom the bearers are, by the subject alone', () => {
    const resolved = createEvaluator(k3s({ 'server-1': exposition('server-1', true) })).resolve(pkiView);
    const counted: PkiView['counted'] = 'value' in resolved ? resolved.value.counted : [];
    expect(counted.map(({ user, groups, isMaster, standard }) => [user, groups.join(), isMaster, standard !== undefined]).sort()).toEqual([
      ['k3s-cloud-controller-manager', '', false, false], ['kube-apiserver', '', false, false], ['system:admin', 'system:masters', true, true],
      ['system:k3s-controller', '', false, false], ['system:kube-controller-manager', '', false, true], ['system:kube-proxy', '', false, true],
      ['system:kube-scheduler', '', false, true], ['system:node:server-1', 'system:nodes', false, true],
    ]);
  });

  it('is passed over where it is no subject', () => {
    const odd = exposition('agent-1', false).replace('CN=agent-1"', 'nothing of that kind"');
    expect(rolesOf(k3s({ 'agent-1': odd })).filter(({ role, grade }) => role === 'kubelet-serving' && grade === 'expiryOnly')).toEqual([]);
  });
});
