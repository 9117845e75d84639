import check from '../../../src/checks/pki/pki-signing-request-stuck.ts';
import { login, pkiCluster, signingRequest } from '../../support/pki.ts';
import { describeCheck } from '../../support/describe-check.ts';

const kubelet = { spec: { signerName: 'kubernetes.io/kubelet-serving', username: 'system:node:blue-1' } };
const approved = (lastUpdateTime: string): object => ({ conditions: [{ type: 'Approved', status: 'True', lastUpdateTime }] });
const cluster = (...objects: readonly ReturnType<typeof signingRequest>[]): ReturnType<typeof pkiCluster> => pkiCluster({ objects });

describeCheck(check, {
  fails: {
    'a kubelet for an hour': [cluster(signingRequest('csr-1', undefined, { ...kubelet, created: '2026-11-21T11:00:00Z' })), 'medium CertificateSigningRequest/csr-1'],
    'a person for an hour': [cluster(signingRequest('csr-1', undefined, { created: '2026-11-21T11:00:00Z' })), 'low CertificateSigningRequest/csr-1'],
    denied: [cluster(signingRequest('csr-1', undefined, { ...kubelet, status: { conditions: [{ type: 'Denied', status: 'True' }] } })), 'medium CertificateSigningRequest/csr-1'],
    failed: [cluster(signingRequest('csr-1', undefined, { ...kubelet, status: { conditions: [{ type: 'Approved', status: 'True' }, { type: 'Failed', status: 'True' }] } })), 'medium CertificateSigningRequest/csr-1'],
    'approved and not signed': [cluster(signingRequest('csr-1', undefined, { ...kubelet, status: approved('2026-11-21T11:50:00Z') })), 'medium CertificateSigningRequest/csr-1'],
  },
  passes: {
    'a kubelet for less than an hour': cluster(signingRequest('csr-1', undefined, { ...kubelet, created: '2026-11-21T11:00:01Z' })),
    'approved a moment ago': cluster(signingRequest('csr-1', undefined, { ...kubelet, created: '2026-11-21T08:00:00Z', status: approved('2026-11-21T11:59:00Z') })),
    'issued long ago': cluster(signingRequest('csr-1', login, { created: '2026-11-21T08:00:00Z', status: approved('2026-11-21T08:00:00Z') })),
  },
  notApplicable: { 'no request': cluster() },
});
