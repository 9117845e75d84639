import check from '../../../src/checks/pki/pki-authority-long-lived.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { node } from '../../support/versions.ts';
import { ASIDE, inDays, made, pkiCluster, proxyAuthority } from '../../support/pki.ts';
import { nodes } from '../../../src/evidence/sources/platform.ts';

const clients = (days: number): ReturnType<typeof made> => made({ commonName: 'clients', use: 'authority', notAfter: inDays(days) });
const own = { nodes: [node('cp-1', 'v1.37.1')], sources: { serverversion: { gitVersion: 'v1.37.1', major: '1', minor: '37' } } };
const aside = [...ASIDE, nodes];
const webhook = (days: number): Parameters<typeof pkiCluster>[0] => ({ ...own, objects: [{
  apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', metadata: { name: 'ingress' },
  webhooks: [{ name: 'a.b.c', clientConfig: { caBundle: Buffer.from(clients(days).certificate).toString('base64') } }],
}] });

describeCheck(check, {
  fails: {
    'a hundred years, as kubespray makes it': [pkiCluster({ ...own, clientAuthorities: [clients(36_500)] }), 'low ConfigMap/kube-system/extension-apiserver-authentication (authority clients)'],
  },
  passes: {
    'ten years, as kubeadm makes it': pkiCluster({ ...own, clientAuthorities: [clients(3650)] }),
    'ten years by the calendar': pkiCluster({ ...own, clientAuthorities: [clients(3653)] }),
    'fifteen years': [pkiCluster({ ...own, clientAuthorities: [clients(5475)] }), 'info ConfigMap/kube-system/extension-apiserver-authentication (authority clients)'],
    'thirty years by the calendar': [pkiCluster({ ...own, clientAuthorities: [clients(10_958)] }), 'info ConfigMap/kube-system/extension-apiserver-authentication (authority clients)'],
    'what a provider decided': [pkiCluster({ clientAuthorities: [clients(36_500)] }), 'info ConfigMap/kube-system/extension-apiserver-authentication (authority clients) platform'],
    'what a chart made for its webhook': [pkiCluster(webhook(36_500)), 'info ValidatingWebhookConfiguration/ingress (authority of an extension clients)'],
    'what issued nothing for clients': pkiCluster({ ...own, proxyAuthorities: [proxyAuthority] }),
  },
  answerableWithout: {
    'ten years, as kubeadm makes it': aside, 'ten years by the calendar': aside, 'fifteen years': aside, 'thirty years by the calendar': aside,
    'what a chart made for its webhook': aside, 'what issued nothing for clients': aside, 'what a provider decided': ASIDE,
  },
});
