import check from '../../../src/checks/pki/pki-node-certificate-without-node.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { authority, made, pkiCluster, signingRequest, type Made } from '../../support/pki.ts';

const kubelet = (node: string, use: 'client' | 'server' = 'client', organizations = ['system:nodes']): Made => made({ commonName: `system:node:${node}`, organizations, use }, authority);
const cluster = (certificate: Made | undefined, created?: string): ReturnType<typeof pkiCluster> =>
  pkiCluster({ objects: [signingRequest('csr-1', certificate, { spec: { username: 'system:bootstrap:abcdef' }, ...(created === undefined ? {} : { created }) })] });

describeCheck(check, {
  fails: {
    'a node that is not there': [cluster(kubelet('gone')), 'medium CertificateSigningRequest/csr-1'],
    'a quarter of an hour after': [cluster(kubelet('gone'), '2026-11-21T11:45:00Z'), 'medium CertificateSigningRequest/csr-1'],
  },
  passes: {
    'a node that is there': cluster(kubelet('blue-1')),
    'one that is still joining': cluster(kubelet('green-1'), '2026-11-21T11:45:01Z'),
    'a serving certificate is no login': cluster(kubelet('gone', 'server')),
    'the name without the group is no node': cluster(kubelet('gone', 'client', ['sre'])),
    'a person': cluster(made({ commonName: 'ana', use: 'client' }, authority)),
  },
  notApplicable: { 'nothing was issued': cluster(undefined) },
});
