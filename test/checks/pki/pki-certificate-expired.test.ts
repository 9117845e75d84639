import check from '../../../src/checks/pki/pki-certificate-expired.ts';
import type { Manifest } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { node } from '../../support/versions.ts';
import { shownPort, tunnelled } from '../../support/node-ports.ts';
import { ASIDE, authority, inDays, made, type Made, pkiCluster, proxyAuthority, servingFields, signingRequest } from '../../support/pki.ts';

const ended = (fields: Parameters<typeof made>[0], issuer = authority): ReturnType<typeof made> => made({ ...fields, notAfter: inDays(-1) }, issuer);
const oldProxy = made({ commonName: 'front-proxy-ca', use: 'authority', notAfter: inDays(-1) });

const webhook = (name: string, ...authorities: readonly { readonly certificate: string }[]): Manifest => ({
  apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', metadata: { name },
  webhooks: [{ name: 'a.example.org', clientConfig: { caBundle: Buffer.from(authorities.map(({ certificate }) => certificate).join('')).toString('base64'), service: { namespace: 'shop', name: 'hook' } } }],
});

const etcdAuthority = made({ commonName: 'etcd-ca', use: 'authority' });
const [old, inTime, oldToo] = [-1, 300, -2].map(days => made({ commonName: 'etcd', use: 'both', notAfter: inDays(days) }, etcdAuthority)) as [Made, Made, Made];
const selfMadeAuthority = made({ commonName: 'blue-1-ca@1763000000', use: 'authority', notAfter: inDays(-1) });
const selfMade = made({ commonName: 'blue-1@1763000000', use: 'server', notAfter: inDays(-1) }, selfMadeAuthority);

describeCheck(check, {
  fails: {
    'the certificate of the API server': [pkiCluster({ serving: ended(servingFields) }), 'critical Component/kube-apiserver (apiserver-serving kube-apiserver)'],
    'the login': [pkiCluster({ login: ended({ commonName: 'ana', use: 'client' }) }), 'critical Component/kubeconfig (login)'],
    'what the API server made for itself': [pkiCluster({ loopback: ended({ commonName: 'apiserver-loopback-client@1', use: 'server' }) }), 'critical Component/kube-apiserver (apiserver-loopback)'],
    'an authority without another': [pkiCluster({ proxyAuthorities: [oldProxy] }), 'critical Component/kube-apiserver (front-proxy-authority front-proxy-ca)'],
    'an authority that another has replaced': [pkiCluster({ proxyAuthorities: [oldProxy, proxyAuthority] }), 'low Component/kube-apiserver (front-proxy-authority front-proxy-ca)'],
    'a kubelet, by what it counts': [pkiCluster({ kubelet: { client: -12.5 } }), 'critical Node/blue-1 (kubelet-client)'],
    'what the API server shows to kubelets': [pkiCluster({ toKubelets: -3600.5 }), 'critical Component/kube-apiserver (apiserver-kubelet-client)'],
    'the authority of a webhook, where another stands in the same bundle; alone it is a finding about the bundle': [
      pkiCluster({ objects: [webhook('old', oldProxy), webhook('both', oldProxy, proxyAuthority)] }), 'low ValidatingWebhookConfiguration/both (extension-authority front-proxy-ca)',
    ],
    'etcd on two of three nodes': [
      pkiCluster({ sources: { nodetunnels: [old, inTime, oldToo].map((each, at) => tunnelled(`cp-${at + 1}`, shownPort({ program: 'etcd', port: 2379 }, [each]))) } }),
      'critical Component/etcd (etcd-server cp-1)', 'critical Component/etcd (etcd-server cp-3)',
    ],
    'one that a kubelet made itself breaks nobody but who verifies it': [
      pkiCluster({ sources: { nodetunnels: [tunnelled('blue-1', shownPort({ program: 'kubelet', port: 10250 }, [selfMade, selfMadeAuthority]))] } }), 'low Node/blue-1 (kubelet-serving)',
    ],
    'one that only looks like it, of an authority of the cluster': [
      pkiCluster({ sources: { nodetunnels: [tunnelled('blue-1', shownPort({ program: 'kubelet', port: 10250 }, [made({ commonName: 'blue-1@1763000000', use: 'server', notAfter: inDays(-1) }, authority)]))] } }), 'critical Node/blue-1 (kubelet-serving)',
    ],
  },
  passes: {
    'everything is within its time': pkiCluster(),
    'the last second': pkiCluster({ login: made({ commonName: 'ana', use: 'client', notAfter: inDays(0) }, authority) }),
    'what a request brought a kubelet': pkiCluster({ objects: [signingRequest('csr-1', made({ commonName: 'system:node:blue-1', organizations: ['system:nodes'], use: 'client' }, authority))] }),
  },
  notAssessed: {
    'files of a control plane that nobody shows': [
      pkiCluster({ sources: { serverversion: { gitVersion: 'v1.37.1', major: '1', minor: '37' } }, nodes: [node('blue-1', 'v1.37.1')] }),
      'unknown certificates of API server, to etcd, front proxy, controller manager, scheduler, authority of etcd, etcd, etcd, to its peers',
    ],
    'a kubelet that rotates nothing': [
      pkiCluster({ sources: { kubeletmetrics: [{ of: 'blue-1', value: { scrapes: [{ at: '2026-11-21T12:00:00Z' }] } }] } }),
      'unknown certificates of API server, to kubelets', 'unknown certificates of kubelet on blue-1', 'unknown certificates of kubelet, as a server on blue-1',
    ],
    'a kubelet that did not answer': [
      pkiCluster({ sources: { kubeletmetrics: [{ of: 'blue-1', gap: { kind: 'gap', reason: 'timeout', detail: 'the kubelet did not answer within 5 s' } }] } }),
      'unknown certificates of API server, to kubelets, kubelet on blue-1, kubelet, as a server on blue-1',
    ],
  },
  answerableWithout: { 'everything is within its time': ASIDE, 'the last second': ASIDE, 'what a request brought a kubelet': ASIDE },
});

