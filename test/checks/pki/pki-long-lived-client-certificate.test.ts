import check from '../../../src/checks/pki/pki-long-lived-client-certificate.ts';
import { RIGHTS, SERVER_TRUST, authority, inDays, login, made, pkiCluster, signingRequest } from '../../support/pki.ts';
import { describeCheck } from '../../support/describe-check.ts';

const aside = [...RIGHTS, ...SERVER_TRUST];
const valid = (from: number, to: number, commonName = 'ana'): ReturnType<typeof made> => made({ commonName, use: 'client', notBefore: inDays(from), notAfter: inDays(to) }, authority);
const old = made({ commonName: 'kubernetes', use: 'authority', notBefore: inDays(-2000), notAfter: inDays(1650) });
/** As kubeadm renews: the begin of the authority, and a year from now. */
const backdated = (days: number): ReturnType<typeof made> => made({ commonName: 'ana', use: 'client', notBefore: inDays(-2000), notAfter: inDays(days) }, old);

describeCheck(check, {
  fails: {
    'a year': [pkiCluster({ login: valid(0, 365) }), 'low Component/kubeconfig User/ana'],
    'two years': [pkiCluster({ login: valid(-1, 730) }), 'medium Component/kubeconfig User/ana'],
    'dated back to an old authority: what is left': [pkiCluster({ login: backdated(200), clientAuthorities: [old] }), 'low Component/kubeconfig User/ana'],
    'what was issued on a request': [pkiCluster({ objects: [signingRequest('csr-1', valid(0, 365, 'ben'))] }), 'low CertificateSigningRequest/csr-1 User/ben'],
  },
  passes: {
    '90 days': pkiCluster({ login: valid(-30, 60) }),
    'dated back to an old authority, with 90 days left': pkiCluster({ login: backdated(90), clientAuthorities: [old] }),
    'a kubelet': pkiCluster({ objects: [signingRequest('csr-1', made({ commonName: 'system:node:blue-1', organizations: ['system:nodes'], use: 'client' }, authority))] }),
    'what no authority of clients issued': pkiCluster({ login: made({ commonName: 'ana', use: 'client' }) }),
    'the short one': pkiCluster({ login }),
  },
  answerableWithout: Object.fromEntries(['90 days', 'dated back to an old authority, with 90 days left', 'a kubelet', 'what no authority of clients issued', 'the short one'].map(name => [name, aside])),
});
