import check from '../../../src/checks/pki/pki-authority-expiring.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { node } from '../../support/versions.ts';
import { kubeletMetrics } from '../../../src/evidence/sources/kubelet.ts';
import { kubeProxyLogin } from '../../../src/evidence/sources/pki.ts';
import { ASIDE, authority, inDays, made, pkiCluster, proxyAuthority } from '../../support/pki.ts';

const proxy = (days: number): ReturnType<typeof made> => made({ commonName: 'front-proxy-ca', use: 'authority', notBefore: inDays(days - 3650), notAfter: inDays(days) });
const clients = (days: number): ReturnType<typeof made> => made({ commonName: 'clients', use: 'authority', notBefore: inDays(days - 3650), notAfter: inDays(days) });
const living = (life: number, left: number): ReturnType<typeof made> => made({ commonName: 'front-proxy-ca', use: 'authority', notBefore: inDays(left - life), notAfter: inDays(left) });
const openshift = { nodes: [node('blue-1', 'v1.37.1')], sources: { apigroups: ['config.openshift.io'], serverversion: { gitVersion: 'v1.37.1', major: '1', minor: '37' } } };
/** No authority is known from kubelets or kube-proxy. */
const aside = [...ASIDE, kubeletMetrics, kubeProxyLogin];

const OPENSHIFT_UNSEEN = ['unknown certificates of authority of etcd'];

describeCheck(check, {
  fails: {
    'a quarter left': [pkiCluster({ proxyAuthorities: [proxy(90)] }), 'high Component/kube-apiserver (front-proxy-authority front-proxy-ca)'],
    'a year left': [pkiCluster({ clientAuthorities: [clients(365)] }), 'medium Component/kube-apiserver (client-authority clients)'],
    'a successor is trusted already': [pkiCluster({ proxyAuthorities: [proxy(30), proxyAuthority] }), 'low Component/kube-apiserver (front-proxy-authority front-proxy-ca)'],
    'a signer of OpenShift that its operator has not replaced': [
      pkiCluster({ ...openshift, proxyAuthorities: [living(30, 2)] }), 'high Component/kube-apiserver (front-proxy-authority front-proxy-ca)', ...OPENSHIFT_UNSEEN,
    ],
    'one of a year, in its last quarter': [pkiCluster({ proxyAuthorities: [living(365, 90)] }), 'high Component/kube-apiserver (front-proxy-authority front-proxy-ca)'],
    'one of two months, in its last days': [pkiCluster({ proxyAuthorities: [living(60, 5)] }), 'high Component/kube-apiserver (front-proxy-authority front-proxy-ca)'],
  },
  passes: {
    'one of a year, which whoever made it replaces': pkiCluster({ proxyAuthorities: [living(365, 91)] }),
    'one of two months, which whoever made it replaces': pkiCluster({ proxyAuthorities: [living(60, 7)] }),
    'ten years': pkiCluster(),
    'a year and a day': pkiCluster({ proxyAuthorities: [proxy(366)] }),
    'one that has ended, which is another finding': pkiCluster({ proxyAuthorities: [proxy(-1), proxyAuthority], clientAuthorities: [authority] }),
  },
  notAssessed: {
    'a signer of OpenShift for thirty days, which its operator replaces, beside the file of etcd': [pkiCluster({ ...openshift, proxyAuthorities: [living(30, 4)] }), ...OPENSHIFT_UNSEEN],
    'a signer of OpenShift for a year, which its operator replaces at 292 days': [pkiCluster({ ...openshift, clientAuthorities: [authority, living(365, 73)] }), ...OPENSHIFT_UNSEEN],
    'the authority of etcd lies in a file': [pkiCluster({ nodes: [node('blue-1', 'v1.37.1')], sources: { serverversion: { gitVersion: 'v1.37.1', major: '1', minor: '37' } } }), 'unknown certificates of authority of etcd'],
  },
  answerableWithout: { 'one of a year, which whoever made it replaces': aside, 'one of two months, which whoever made it replaces': aside, 'ten years': aside, 'a year and a day': aside, 'one that has ended, which is another finding': aside },
});
