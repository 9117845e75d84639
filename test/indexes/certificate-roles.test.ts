import { describe, expect, it } from 'vitest';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import { certificateRoles } from '../../src/indexes/certificate-roles.ts';
import type { CertificateRole } from '../../src/indexes/certificate-role.ts';
import { pkiView } from '../../src/indexes/pki-view.ts';
import type { Snapshot } from '../../src/evidence/snapshot.ts';
import { authority, inDays, made, NOW, pkiCluster, serving, signingRequest } from '../support/pki.ts';
import { node } from '../support/versions.ts';

function rolesOf(snapshot: Snapshot): readonly CertificateRole[] {
  const resolved = createEvaluator(snapshot).resolve(certificateRoles);
  if (!('value' in resolved)) throw new Error('no roles');
  return resolved.value.roles;
}

const gradesOf = (snapshot: Snapshot): Record<string, string> => Object.fromEntries(rolesOf(snapshot).map(({ role, grade }) => [role, grade]));
const FILES = ['controller-manager-client', 'scheduler-client', 'front-proxy-client', 'apiserver-etcd-client', 'etcd-authority', 'etcd-server', 'etcd-peer'];
const kubeadmNode = (name: string): ReturnType<typeof node> => node(name, 'v1.37.1', { labels: { 'node-role.kubernetes.io/control-plane': '' }, annotations: { 'kubeadm.alpha.kubernetes.io/cri-socket': '/x' } });
/** A metric of an API server that started an hour ago and took certificates with a year left. */
const shown = { of: 'API server', value: { process_start_time_seconds: [{ labels: {}, value: Date.parse(NOW) / 1000 - 3600 }], apiserver_client_certificate_expiration_seconds_bucket: [{ labels: { le: '31104000' }, value: 0 }, { labels: { le: '+Inf' }, value: 9 }] } };
const kubeadm = (sources: object = {}, ...nodes: readonly string[]): Snapshot => pkiCluster({
  nodes: (nodes.length === 0 ? ['cp-1'] : nodes).map(kubeadmNode), sources: { serverversion: { gitVersion: 'v1.37.1', major: '1', minor: '37' }, apiservermetrics: [shown], ...sources },
});

describe('several API servers', () => {
  const toKubelets = (sources: object): string[] => rolesOf(kubeadm(sources, 'cp-1', 'cp-2')).filter(({ role }) => role === 'apiserver-kubelet-client').map(({ grade, notAfter = '' }) => `${grade} ${notAfter}`.trim());
  const metricsOf = (of: string, left: number): object => ({ of, value: { clientTtlSeconds: 9000, scrapes: [{ at: NOW, sumSeconds: 100, count: 1 }, { at: NOW, sumSeconds: 100 + left, count: 2 }] } });
  const two = [{ ...shown, of: 'API server replica 1 of 2' }, { ...shown, of: 'API server replica 2 of 2' }];

  it('show kubelets a certificate each: that of one is no word about the other', () => {
    expect(toKubelets({ apiservermetrics: two, kubeletmetrics: [metricsOf('cp-1', 86_399.5), metricsOf('cp-2', 86_399.5)] })).toEqual(['expiryOnly 2026-11-22T12:00:00Z', 'notObservable']);
    expect(toKubelets({ apiservermetrics: two, kubeletmetrics: [metricsOf('cp-1', 172_799.5), metricsOf('cp-2', 86_399.5)] })).toEqual(['expiryOnly 2026-11-22T12:00:00Z']);
    expect(toKubelets({ apiservermetrics: [shown], kubeletmetrics: [metricsOf('cp-1', 86_399.5)] })).toEqual(['expiryOnly 2026-11-22T12:00:00Z']);
  });

  it('are told apart by the nodes on which they were seen', () => {
    const other = made({ commonName: 'kube-apiserver', names: ['kubernetes'], use: 'server' }, authority);
    const port = (of: string, certificate: typeof serving): object => ({ of, value: { way: { address: `10.0.0.${of.length}` }, ports: [{ program: 'kube-apiserver', port: 6443, shown: { chain: [certificate.kept], clientCertificate: 'requested', clientAuthorities: { names: [] } } }] } });
    const serves = (...ports: readonly object[]): string[] => rolesOf(kubeadm({ nodeprobe: ports }, 'cp-1', 'cp-22')).filter(({ role }) => role === 'apiserver-serving').map(({ instance = '', certificate }) => `${instance} ${certificate === serving.kept.sha256 ? 'first' : 'other'}`);
    expect(serves(port('cp-1', serving), port('cp-22', other))).toEqual(['cp-1 first', 'cp-22 other']);
    // One alone keeps its name, and so does one that several serve with.
    expect(serves(port('cp-1', serving))).toEqual(['kube-apiserver first']);
    expect(serves(port('cp-1', serving), port('cp-22', serving))).toEqual(['kube-apiserver first']);
  });
});

describe('what only files of the control plane hold', () => {
  it('is inferred or bounded where kubeadm has one control-plane node', () => {
    const roles = rolesOf(kubeadm());
    expect(roles.filter(({ role }) => FILES.includes(role)).map(({ role, grade, notAfter, notAfterAtLeast }) => [role, grade, notAfter ?? notAfterAtLeast ?? ''])).toEqual([
      ['apiserver-etcd-client', 'inferred', serving.kept.notAfter], ['front-proxy-client', 'inferred', serving.kept.notAfter],
      ['controller-manager-client', 'bound', '2027-11-16T11:00:00Z'], ['scheduler-client', 'bound', '2027-11-16T11:00:00Z'],
      ['etcd-authority', 'notObservable', ''], ['etcd-server', 'inferred', serving.kept.notAfter], ['etcd-peer', 'inferred', serving.kept.notAfter],
    ]);
  });
  it('is not inferred from one node of three', () => {
    const grades = gradesOf(kubeadm({}, 'cp-1', 'cp-2', 'cp-3'));
    expect(FILES.filter(role => grades[role] === 'inferred')).toEqual([]);
  });
  it('has no bound where one of the replicas was not read', () => {
    const gap = { of: 'API server replica 2 of 2', gap: { kind: 'gap', reason: 'notSeen', detail: 'x' } };
    expect(gradesOf(kubeadm({ apiservermetrics: [shown, gap] }))['scheduler-client']).toBe('inferred');
  });
  it('is the business of the provider where one runs it', () => {
    expect(rolesOf(pkiCluster()).filter(({ role }) => FILES.includes(role)).map(({ grade, how, raise }) => [grade, how, raise])).toEqual(FILES.map(() => ['notObservable', 'Amazon EKS runs the control plane', undefined]));
  });
  it('says how k3s shows it', () => {
    const roles = rolesOf(pkiCluster({ nodes: [node('a', 'v1.37.1+k3s1')], sources: { serverversion: { gitVersion: 'v1.37.1+k3s1', major: '1', minor: '37' } } }));
    expect(roles.find(({ role }) => role === 'etcd-server')).toMatchObject({ grade: 'notObservable', raise: 'k3s certificate check, on a server' });
  });
});

describe('authorities', () => {
  it('are one row where one serves all, and each its own where they are several', () => {
    expect(gradesOf(pkiCluster())).toMatchObject({ 'cluster-authority': 'exact', 'front-proxy-authority': 'exact' });
    const clients = made({ commonName: 'k3s-client-ca@1', use: 'authority' });
    const roles = rolesOf(pkiCluster({ clientAuthorities: [clients] }));
    expect(roles.filter(({ role }) => role.endsWith('-authority') && !role.startsWith('etcd')).map(({ role, instance }) => `${role} ${instance ?? ''}`).sort()).toEqual([
      'client-authority k3s-client-ca@1', 'front-proxy-authority front-proxy-ca', 'server-authority kubernetes',
    ]);
  });
});

describe('kubelets', () => {
  const issued = (days: number, commonName = 'system:node:blue-1'): ReturnType<typeof made> => made({ commonName, organizations: ['system:nodes'], use: 'client', notAfter: inDays(days) }, authority);
  const client = (snapshot: Snapshot): CertificateRole | undefined => rolesOf(snapshot).find(({ role }) => role === 'kubelet-client');

  it('are known by the end that they count', () => {
    expect(client(pkiCluster({ kubelet: { client: 86_399 } }))).toMatchObject({ grade: 'expiryOnly', notAfter: '2026-11-22T12:00:00Z', daysLeft: 1, instance: 'blue-1' });
  });
  it('are known to the byte where the request is still there and ends then', () => {
    const certificate = issued(365);
    expect(client(pkiCluster({ objects: [signingRequest('csr-1', certificate)] }))).toMatchObject({ grade: 'exact', certificate: certificate.kept.sha256, notAfter: certificate.kept.notAfter });
  });
  it('are not taken for what another request brought', () => {
    expect(client(pkiCluster({ objects: [signingRequest('csr-1', issued(200))] }))).toMatchObject({ grade: 'expiryOnly' });
    expect(client(pkiCluster({ objects: [signingRequest('csr-1', issued(365, 'system:node:other'))] }))).toMatchObject({ grade: 'expiryOnly' });
  });
  it('that nobody could ask are not read, with the reason', () => {
    const sources = { kubeletmetrics: [{ of: 'blue-1', gap: { kind: 'gap', reason: 'timeout', detail: 'the kubelet did not answer within 5 s' } }] };
    expect(client(pkiCluster({ sources }))).toMatchObject({ grade: 'notRead', how: 'the kubelet did not answer within 5 s' });
    expect(client(pkiCluster({ sources, objects: [signingRequest('csr-1', issued(365))] }))).toMatchObject({ grade: 'inferred', how: 'CertificateSigningRequest csr-1; whether the kubelet uses it is not seen' });
  });
  it('that were asked directly say nothing of what API servers show', () => {
    const scrapes = [{ at: '2026-11-21T11:59:59Z', sumSeconds: 100, count: 1, isDirect: true }, { at: NOW, sumSeconds: 900.5, count: 2, isDirect: true }];
    const roles = rolesOf(pkiCluster({ sources: { kubeletmetrics: [{ of: 'blue-1', value: { clientTtlSeconds: 86_399, scrapes } }] } }));
    expect(roles.find(({ role }) => role === 'apiserver-kubelet-client')).toMatchObject({ grade: 'notRead', raise: '--kubelet proxy' });
    expect(roles.find(({ role }) => role === 'kubelet-client')).toMatchObject({ grade: 'expiryOnly', notAfter: '2026-11-22T12:00:00Z' });
  });
  it('that do not exist still hold what was issued to them', () => {
    expect(rolesOf(pkiCluster({ objects: [signingRequest('csr-1', issued(365, 'system:node:gone'))] })).find(({ role }) => role === 'issued')).toMatchObject({ instance: 'system:node:gone', grade: 'exact' });
  });
});

describe('the view', () => {
  it('begins with what ends next, and holds neither bytes nor commands of certificates', () => {
    const resolved = createEvaluator(pkiCluster({ kubelet: { server: 3600 } })).resolve(pkiView);
    if (!('value' in resolved)) throw new Error('no view');
    expect(resolved.value.next).toMatchObject({ role: 'kubelet-serving', daysLeft: 0 });
    expect(resolved.value.certificates.every(each => !('der' in each))).toBe(true);
    expect(resolved.value.certificates.find(({ commonName }) => commonName === 'ana')?.identity).toMatchObject({ user: 'ana', groups: ['sre'], isAccepted: true, isMaster: false });
    expect(resolved.value.certificates.find(({ commonName }) => commonName === 'kube-apiserver')).not.toHaveProperty('identity');
  });
});
