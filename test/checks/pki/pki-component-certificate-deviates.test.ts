import check from '../../../src/checks/pki/pki-component-certificate-deviates.ts';
import { apiServerLeases } from '../../../src/evidence/sources/api-server.ts';
import { controlPlanePods } from '../../../src/evidence/sources/control-plane.ts';
import { node } from '../../support/versions.ts';
import type { Manifest } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { ASIDE, authority, made, pkiCluster, proxyAuthority, signingRequest, type Made, type PkiParts } from '../../support/pki.ts';

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

/** As everything should be, with the files of the one node and its API server's static pod. */
const whole = (files: Readonly<Record<string, Made>>, command: readonly string[], annotations: object = { 'kubernetes.io/config.mirror': 'x' }): ReturnType<typeof pkiCluster> => pkiCluster({
  objects: [...issued.objects, {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: 'kube-apiserver-blue-1', namespace: 'kube-system', labels: { tier: 'control-plane', component: 'kube-apiserver' }, annotations } as Manifest['metadata'],
    spec: { nodeName: 'blue-1', containers: [{ name: 'kube-apiserver', command: ['kube-apiserver', ...command] }] },
  }],
  sources: {
    ...shown(kubelet('blue-1', 'server')),
    nodefiles: [{
      of: 'blue-1',
      value: {
        files: Object.entries(files).map(([path, { kept }]) => ({ path: `${PKI}/${path}`, kind: 'certificates', certificates: { certificates: [kept], malformed: [] } })),
        directories: [PKI], unread: [], isCut: false, image: 'docker.io/library/busybox:1',
      },
    }],
  },
});
const PKI = '/etc/kubernetes/pki';
const toKubelets = made({ commonName: 'kube-apiserver-kubelet-client', use: 'client' }, authority);
const toEtcd = made({ commonName: 'kube-apiserver-etcd-client', use: 'client' }, authority);
const proxy = made({ commonName: 'front-proxy-client', use: 'client' }, proxyAuthority);
const ofEtcd = made({ commonName: 'blue-1', names: ['blue-1'], use: 'both' }, authority);
const files = { 'apiserver-kubelet-client.crt': toKubelets, 'apiserver-etcd-client.crt': toEtcd, 'front-proxy-client.crt': proxy };
const flag = (name: string, file: string): string => `--${name}=${PKI}/${file}`;
const flags = [flag('kubelet-client-certificate', 'apiserver-kubelet-client.crt'), flag('etcd-certfile', 'apiserver-etcd-client.crt'), flag('proxy-client-cert-file', 'front-proxy-client.crt')];
const asProxy = [flag('kubelet-client-certificate', 'front-proxy-client.crt'), ...flags.slice(1)];

describeCheck(check, {
  fails: {
    'a flag that names the file of another role': [whole(files, asProxy), 'high Component/kube-apiserver (apiserver-kubelet-client blue-1)'],
    'a file in the place of another': [whole({ ...files, 'apiserver-etcd-client.crt': toKubelets }, flags), 'high Component/kube-apiserver (apiserver-etcd-client blue-1)'],
    'the certificate of etcd in the place of that of the API server': [
      whole({ ...files, 'apiserver.crt': ofEtcd, 'etcd/server.crt': ofEtcd, 'etcd/peer.crt': ofEtcd }, flags), 'medium Component/kube-apiserver (apiserver-serving blue-1)',
    ],
    'etcd that serves as the API server': [
      whole({ ...files, 'etcd/server.crt': made({ commonName: 'kube-apiserver', use: 'server' }, authority) }, flags), 'high Component/etcd (etcd-server blue-1)',
    ],
    'files that nobody looked at, of which flags give one for two roles': [
      pkiCluster({ ...issued, ...own, sources: { ...own.sources, flagz: { kind: 'Flagz', values: { 'kubelet-client-certificate': '/x.crt', 'proxy-client-cert-file': '/x.crt', 'etcd-certfile': '/y.crt' } } } }),
      'medium Component/kube-apiserver (flags kubelet-client-certificate proxy-client-cert-file)', ...ownUnseen,
    ],
    'a kubelet serves in the name of another node': [pkiCluster({ ...issued, sources: shown(kubelet('green-1', 'server')) }), 'high Node/blue-1 (kubelet-serving)'],
    'and nothing is known of its client certificate': [pkiCluster({ sources: shown(kubelet('green-1', 'server')) }), 'high Node/blue-1 (kubelet-serving)', unseen],
  },
  passes: {
    'each in its place': whole(files, flags),
    'an old file beside the one that a flag names': whole({ ...files, 'apiserver-kubelet-client.crt': proxy, 'new.crt': toKubelets }, [flag('kubelet-client-certificate', 'new.crt'), ...flags.slice(1)]),
    'flags of a pod that no kubelet made from a file': whole(files, asProxy, {}),
    'both sides of an etcd with one certificate': whole({ ...files, 'etcd/server.crt': ofEtcd, 'etcd/peer.crt': ofEtcd }, flags),
    'a kubelet serves in its own name': pkiCluster({ ...issued, sources: shown(kubelet('blue-1', 'server')) }),
    'a kubelet made its certificate itself': pkiCluster({ ...issued, sources: shown(made({ commonName: 'blue-1@1795287491', use: 'server' })) }),
    'a company issued it': pkiCluster({ ...issued, sources: shown(made({ commonName: 'blue-1.example.com', organizations: ['Example Ltd'], use: 'server' })) }),
  },
  notAssessed: {
    'a kubelet just got its certificate': [pkiCluster(issued), 'unknown the names in certificates of kubelet, as a server'],
    'nobody looked into the files of the control plane': [pkiCluster({ ...issued, ...own }), ...ownUnseen],
  },
  answerableWithout: Object.fromEntries([
    ...['a kubelet serves in its own name', 'a kubelet made its certificate itself', 'a company issued it'].map(name => [name, [...ASIDE, apiServerLeases, controlPlanePods]] as const),
    ...['each in its place', 'an old file beside the one that a flag names', 'flags of a pod that no kubelet made from a file', 'both sides of an etcd with one certificate'].map(name => [name, [...ASIDE, apiServerLeases]] as const),
  ]),
});
