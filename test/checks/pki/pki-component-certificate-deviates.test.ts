import check from '../../../src/checks/pki/pki-component-certificate-deviates.ts';
import { apiServerLeases, startedPods } from '../../../src/evidence/sources/api-server.ts';
import { node } from '../../support/versions.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { ASIDE, authority, made, pkiCluster, signingRequest, type Made, type PkiParts } from '../../support/pki.ts';

const kubelet = (node: string, use: 'client' | 'server', organizations = ['system:nodes']): Made => made({ commonName: `system:node:${node}`, organizations, use }, authority);
/** What the kubelet of blue-1 shows at its port. */
const shown = ({ kept }: Made): NonNullable<PkiParts['sources']> => ({
  nodeprobe: [{ of: 'blue-1', value: { way: { address: '10.0.0.7' }, ports: [{ program: 'kubelet', port: 10_250, shown: { chain: [kept], clientCertificate: 'requested', clientAuthorities: { names: [] } } }] } }],
});
/** Of the client certificate only the end is known, unless it was just issued. */
const issued = { objects: [signingRequest('csr-1', kubelet('blue-1', 'client'))] };
const unseen = 'unknown the names in certificates of kubelet';
/** As an API server of one's own, whose certificate to kubelets is of interest too. */
const own = { nodes: [node('blue-1', 'v1.37.1')], sources: { serverversion: { gitVersion: 'v1.37.1', major: '1', minor: '37' }, ...shown(kubelet('blue-1', 'server')) } };
const ownUnseen = [
  'unknown the names in certificates of API server, to kubelets', 'unknown the names in certificates of API server, to etcd, front proxy, controller manager, scheduler, etcd, etcd, to its peers',
];

describeCheck(check, {
  fails: {
    'a kubelet serves in the name of another node': [pkiCluster({ ...issued, sources: shown(kubelet('green-1', 'server')) }), 'high Node/blue-1 (kubelet-serving)'],
    'and nothing is known of its client certificate': [pkiCluster({ sources: shown(kubelet('green-1', 'server')) }), 'high Node/blue-1 (kubelet-serving)', unseen],
  },
  passes: {
    'a kubelet serves in its own name': pkiCluster({ ...issued, sources: shown(kubelet('blue-1', 'server')) }),
    'a kubelet made its certificate itself': pkiCluster({ ...issued, sources: shown(made({ commonName: 'blue-1@1795287491', use: 'server' })) }),
    'a company issued it': pkiCluster({ ...issued, sources: shown(made({ commonName: 'blue-1.example.com', organizations: ['Example Ltd'], use: 'server' })) }),
  },
  notAssessed: {
    'a kubelet just got its certificate': [pkiCluster(issued), 'unknown the names in certificates of kubelet, as a server'],
    'nobody looked into the files of the control plane': [pkiCluster({ ...issued, ...own }), ...ownUnseen],
  },
  answerableWithout: Object.fromEntries(['a kubelet serves in its own name', 'a kubelet made its certificate itself', 'a company issued it'].map(name => [name, [...ASIDE, startedPods, apiServerLeases]])),
});
