import check from '../../../src/checks/pki/pki-system-masters-certificate.ts';
import { RIGHTS, SERVER_TRUST, authority, made, pkiCluster, servingFields, signingRequest } from '../../support/pki.ts';
import { describeCheck } from '../../support/describe-check.ts';

const aside = [...RIGHTS, ...SERVER_TRUST];
const master = made({ commonName: 'ana', organizations: ['sre', 'system:masters'], use: 'client' }, authority);
const ofOther = made({ commonName: 'kubernetes', use: 'authority' });
const people = made({ commonName: 'people', use: 'authority' }, authority);
const sameName = made({ commonName: 'people', use: 'authority' }, ofOther);
const ofPeople = made({ commonName: 'ana', organizations: ['system:masters'], use: 'client' }, people);
/** A kubeconfig whose client certificate brings the rest of its chain along. */
const configured = (...chain: readonly (typeof authority)[]): Record<string, unknown> => ({
  configuredconnection: {
    place: 'user "ana" of /home/ana/.kube/config', login: 'certificate', clientCertificate: { certificates: chain.map(({ kept }) => kept), malformed: [] },
    address: '203.0.113.7:6443', serverName: '203.0.113.7', isVerified: true,
  },
});

describeCheck(check, {
  fails: {
    'the login': [pkiCluster({ login: master }), 'high Component/kubeconfig User/ana'],
    'what was issued on a request': [pkiCluster({ objects: [signingRequest('csr-1', master)] }), 'high CertificateSigningRequest/csr-1 User/ana'],
    'issued by an intermediate that came along': [pkiCluster({ sources: configured(ofPeople, people) }), 'high Component/kubeconfig User/ana'],
    'issued by an intermediate that was seen elsewhere': [pkiCluster({ sources: configured(ofPeople), rootCa: [authority, people] }), 'high Component/kubeconfig User/ana'],
    "kubeadm's own": [pkiCluster({ login: made({ commonName: 'kubernetes-super-admin', organizations: ['system:masters'], use: 'client' }, authority) }), 'high Component/kubeconfig User/kubernetes-super-admin'],
  },
  passes: {
    'an intermediate of another authority came along': pkiCluster({ sources: configured(ofPeople, sameName) }),
    'its intermediate was seen nowhere': pkiCluster({ sources: configured(ofPeople) }),
    'another group': pkiCluster(),
    'a user of that name': pkiCluster({ login: made({ commonName: 'system:masters', organizations: ['sre'], use: 'client' }, authority) }),
    'issued by an authority of the same name that nobody trusts': pkiCluster({ login: made({ commonName: 'ana', organizations: ['system:masters'], use: 'client' }, ofOther) }),
    'a serving certificate, which has a check of its own': pkiCluster({ serving: made({ ...servingFields, organizations: ['system:masters'], use: 'both' }, authority) }),
  },
  // An intermediate authority may lie wherever authorities do.
  answerableWithout: {
    ...Object.fromEntries(['another group', 'a user of that name', 'a serving certificate, which has a check of its own'].map(name => [name, aside])),
    ...Object.fromEntries(['an intermediate of another authority came along', 'its intermediate was seen nowhere', 'issued by an authority of the same name that nobody trusts'].map(name => [name, RIGHTS])),
  },
});
