import check from '../../../src/checks/pki/pki-authority-expiring.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { node } from '../../support/versions.ts';
import { kubeletMetrics } from '../../../src/evidence/sources/kubelet.ts';
import { kubeProxyLogin } from '../../../src/evidence/sources/pki.ts';
import { ASIDE, authority, inDays, made, pkiCluster, proxyAuthority } from '../../support/pki.ts';

const proxy = (days: number): ReturnType<typeof made> => made({ commonName: 'front-proxy-ca', use: 'authority', notBefore: inDays(days - 3650), notAfter: inDays(days) });
const clients = (days: number): ReturnType<typeof made> => made({ commonName: 'clients', use: 'authority', notBefore: inDays(days - 3650), notAfter: inDays(days) });
/** No authority is known from kubelets or kube-proxy. */
const aside = [...ASIDE, kubeletMetrics, kubeProxyLogin];

describeCheck(check, {
  fails: {
    'a quarter left': [pkiCluster({ proxyAuthorities: [proxy(90)] }), 'high Component/kube-apiserver (front-proxy-authority front-proxy-ca)'],
    'a year left': [pkiCluster({ clientAuthorities: [clients(365)] }), 'medium Component/kube-apiserver (client-authority clients)'],
    'a successor is trusted already': [pkiCluster({ proxyAuthorities: [proxy(30), proxyAuthority] }), 'low Component/kube-apiserver (front-proxy-authority front-proxy-ca)'],
  },
  passes: {
    'ten years': pkiCluster(),
    'a year and a day': pkiCluster({ proxyAuthorities: [proxy(366)] }),
    'one that has ended, which is another finding': pkiCluster({ proxyAuthorities: [proxy(-1), proxyAuthority], clientAuthorities: [authority] }),
  },
  notAssessed: {
    'the authority of etcd lies in a file': [pkiCluster({ nodes: [node('blue-1', 'v1.37.1')], sources: { serverversion: { gitVersion: 'v1.37.1', major: '1', minor: '37' } } }), 'unknown certificates of authority of etcd'],
  },
  answerableWithout: { 'ten years': aside, 'a year and a day': aside, 'one that has ended, which is another finding': aside },
});
