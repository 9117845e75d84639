import check from '../../../src/checks/pki/pki-certificate-for-any-use.ts';
import { nodes } from '../../../src/evidence/sources/platform.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { ASIDE, authority, made, pkiCluster, servingFields, type Made } from '../../support/pki.ts';

const ANY = '2.5.29.37.0';
const server = (usages: readonly string[], issuer?: Made): Made => made({ ...servingFields, usages }, issuer);
const other = made({ commonName: 'corporate', use: 'authority' });
const aside = [...ASIDE, nodes];

describeCheck(check, {
  fails: {
    'a server below the authority of clients, without a limit': [pkiCluster({ serving: server([], authority) }), 'medium Component/kube-apiserver (API server kube-apiserver)'],
    'a server below the authority of clients, for any use': [pkiCluster({ serving: server([ANY], authority) }), 'medium Component/kube-apiserver (API server kube-apiserver)'],
    'a server below another authority': [pkiCluster({ serving: server([], other) }), 'low Component/kube-apiserver (API server kube-apiserver)'],
    'a login': [pkiCluster({ login: made({ commonName: 'ana', use: 'client', usages: [] }, authority) }), 'low Component/kubeconfig (login ana)'],
  },
  passes: {
    'each says what it is for': pkiCluster(),
    'both by name': pkiCluster({ serving: made({ ...servingFields, use: 'both' }, other) }),
    'one that may issue, which is a worse finding': pkiCluster({ login: made({ commonName: 'ana', use: 'client', usages: [], mayIssue: true }, authority) }),
  },
  answerableWithout: Object.fromEntries(['each says what it is for', 'both by name', 'one that may issue, which is a worse finding'].map(name => [name, aside])),
});
