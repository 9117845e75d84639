import check from '../../../src/checks/pki/pki-system-masters-certificate.ts';
import { RIGHTS, SERVER_TRUST, authority, made, pkiCluster, servingFields, signingRequest } from '../../support/pki.ts';
import { describeCheck } from '../../support/describe-check.ts';

const aside = [...RIGHTS, ...SERVER_TRUST];
const master = made({ commonName: 'ana', organizations: ['sre', 'system:masters'], use: 'client' }, authority);
const ofOther = made({ commonName: 'kubernetes', use: 'authority' });

describeCheck(check, {
  fails: {
    'the login': [pkiCluster({ login: master }), 'high Component/kubeconfig User/ana'],
    'what was issued on a request': [pkiCluster({ objects: [signingRequest('csr-1', master)] }), 'high CertificateSigningRequest/csr-1 User/ana'],
    "kubeadm's own": [pkiCluster({ login: made({ commonName: 'kubernetes-super-admin', organizations: ['system:masters'], use: 'client' }, authority) }), 'high Component/kubeconfig User/kubernetes-super-admin'],
  },
  passes: {
    'another group': pkiCluster(),
    'a user of that name': pkiCluster({ login: made({ commonName: 'system:masters', organizations: ['sre'], use: 'client' }, authority) }),
    'issued by an authority of the same name that nobody trusts': pkiCluster({ login: made({ commonName: 'ana', organizations: ['system:masters'], use: 'client' }, ofOther) }),
    'a serving certificate, which has a check of its own': pkiCluster({ serving: made({ ...servingFields, organizations: ['system:masters'], use: 'both' }, authority) }),
  },
  answerableWithout: Object.fromEntries(['another group', 'a user of that name', 'issued by an authority of the same name that nobody trusts', 'a serving certificate, which has a check of its own'].map(name => [name, aside])),
});
