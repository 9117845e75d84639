import check from '../../../src/checks/pki/pki-leaf-may-issue.ts';
import { nodes } from '../../../src/evidence/sources/platform.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { ASIDE, authority, made, pkiCluster, servingFields, signingRequest, type Made } from '../../support/pki.ts';

const ana = (issuer = authority): Made => made({ commonName: 'ana', use: 'client', mayIssue: true }, issuer);
const narrow = made({ commonName: 'narrow', use: 'authority', pathLength: 0 });
const other = made({ commonName: 'corporate', use: 'authority' });
const aside = [...ASIDE, nodes];

describeCheck(check, {
  fails: {
    'a login': [pkiCluster({ login: ana() }), 'high Component/kubeconfig (login ana)'],
    'what was issued on a request': [pkiCluster({ objects: [signingRequest('csr-1', ana())] }), 'high CertificateSigningRequest/csr-1 (issued to ana)'],
    'a server below another authority': [pkiCluster({ serving: made({ ...servingFields, mayIssue: true }, other) }), 'medium Component/kube-apiserver (API server kube-apiserver)'],
    'a server that signed itself': [pkiCluster({ serving: made({ ...servingFields, mayIssue: true }) }), 'low Component/kube-apiserver (API server kube-apiserver)'],
  },
  passes: {
    'no certificate says so': pkiCluster(),
    'its authority lets nothing stand below': pkiCluster({ login: ana(narrow), clientAuthorities: [authority, narrow] }),
    'authorities may': pkiCluster({ clientAuthorities: [authority, other] }),
  },
  answerableWithout: Object.fromEntries(['no certificate says so', 'its authority lets nothing stand below', 'authorities may'].map(name => [name, aside])),
});
