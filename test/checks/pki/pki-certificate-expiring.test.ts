import check from '../../../src/checks/pki/pki-certificate-expiring.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { node } from '../../support/versions.ts';
import { ASIDE, authority, inDays, made, pkiCluster, proxyAuthority, servingFields, signingRequest } from '../../support/pki.ts';

const serving = (days: number): ReturnType<typeof made> => made({ ...servingFields, notBefore: inDays(days - 365), notAfter: inDays(days) }, authority);
const kubelet = (days: number, life: number): ReturnType<typeof made> =>
  made({ commonName: 'system:node:blue-1', organizations: ['system:nodes'], use: 'client', notBefore: inDays(days - life), notAfter: inDays(days) }, authority);
const DAY = 86_400;
const apiServer = 'Component/kube-apiserver (apiserver-serving kube-apiserver)';
const loopback = (days: number): ReturnType<typeof made> => made({ commonName: 'apiserver-loopback-client@1', use: 'server', notBefore: inDays(days - 1096), notAfter: inDays(days) });
/** The metrics say the same end as the certificate that was issued. */
const counted = (days: number, life: number): Parameters<typeof pkiCluster>[0] => ({ kubelet: { client: days * DAY - 1 }, objects: [signingRequest('csr-1', kubelet(days, life))] });

const openshift = ['unknown certificates of API server, to etcd, front proxy, controller manager, scheduler, authority of etcd, etcd, etcd, to its peers'];

describeCheck(check, {
  fails: {
    'a week': [pkiCluster({ serving: serving(7) }), `high ${apiServer}`],
    'a month': [pkiCluster({ serving: serving(30) }), `medium ${apiServer}`],
    'a quarter': [pkiCluster({ serving: serving(90) }), `low ${apiServer}`],
    'a kubelet of which a year was issued and a twentieth is left': [pkiCluster(counted(18, 365)), 'high Node/blue-1 (kubelet-client)'],
    'a kubelet with a week left of an unknown life': [pkiCluster({ kubelet: { client: 7 * DAY - 1 } }), 'medium Node/blue-1 (kubelet-client)'],
    'a kubelet with a month left of an unknown life': [pkiCluster({ kubelet: { server: 29 * DAY } }), 'low Node/blue-1 (kubelet-serving)'],
    'a certificate of OpenShift that its operator has not renewed': [pkiCluster({ serving: serving(36), sources: { apigroups: ['config.openshift.io'] } }), `medium ${apiServer}`, ...openshift],
    'what only a restart renews': [pkiCluster({ loopback: loopback(59) }), 'high Component/kube-apiserver (apiserver-loopback)'],
    'what the API server shows to kubelets': [pkiCluster({ toKubelets: 20 * DAY + 0.5 }), 'medium Component/kube-apiserver (apiserver-kubelet-client)'],
    'a login made for a month, at its end': [
      pkiCluster({ login: made({ commonName: 'ana', use: 'client', notBefore: inDays(-29), notAfter: inDays(1) }, authority) }), 'low Component/kubeconfig (login)',
    ],
    'what an Event of k3s says the day of': [
      pkiCluster({ sources: { serverversion: { gitVersion: 'v1.33.1+k3s1', major: '1', minor: '33' } }, objects: [{
        apiVersion: 'v1', kind: 'Event', metadata: { name: 'blue-1.18', namespace: 'default' }, involvedObject: { kind: 'Node', name: 'blue-1' }, reason: 'CertificateExpirationWarning', source: { component: 'k3s-cert-monitor' },
        message: 'Node certificates require attention: kubelet/client-kubelet.crt: certificate CN=system:node:blue-1,O=system:nodes will expire within 120 days at 2026-11-27T12:00:00Z', lastTimestamp: '2026-11-21T11:50:00Z',
      }] }),
      'high Node/blue-1 (kubelet-client)', ...openshift,
    ],
    'two kubelets, each by itself': [
      pkiCluster({ kubelet: { client: 6 * DAY }, nodes: [node('blue-1', 'v1.37.1-eks-0a1b2c3', { labels: { 'eks.amazonaws.com/nodegroup': 'b' } }), node('blue-2', 'v1.37.1-eks-0a1b2c3')] }),
      'medium Node/blue-1 (kubelet-client)', 'medium Node/blue-2 (kubelet-client)',
    ],
  },
  passes: {
    'a quarter and a day': pkiCluster({ serving: serving(91) }),
    'a kubelet of which a year was issued, on the last day of its rotation': pkiCluster(counted(37, 365)),
    'a kubelet whose certificates live for a day': pkiCluster(counted(0.5, 1)),
    'a login made for a month, with a week left': pkiCluster({ login: made({ commonName: 'ana', use: 'client', notBefore: inDays(-23), notAfter: inDays(7) }, authority) }),
    'what the API server makes for itself, with two months left': pkiCluster({ loopback: loopback(61) }),
    'an authority, which has a check of its own': pkiCluster({ proxyAuthorities: [made({ commonName: 'front-proxy-ca', use: 'authority', notBefore: inDays(-3600), notAfter: inDays(20) }), proxyAuthority] }),
    'what has ended, which has a check of its own': pkiCluster({ serving: serving(-1) }),
  },
  notAssessed: {
    'a certificate of OpenShift with a tenth of its year left': [pkiCluster({ serving: serving(37), sources: { apigroups: ['config.openshift.io'] } }), ...openshift],
  },
  answerableWithout: Object.fromEntries([
    'a quarter and a day', 'a kubelet of which a year was issued, on the last day of its rotation', 'a kubelet whose certificates live for a day', 'a login made for a month, with a week left',
    'what the API server makes for itself, with two months left', 'an authority, which has a check of its own', 'what has ended, which has a check of its own',
  ].map(name => [name, ASIDE])),
});
