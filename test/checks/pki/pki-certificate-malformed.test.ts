import check from '../../../src/checks/pki/pki-certificate-malformed.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { authority, made, pkiCluster, servingFields, type Made } from '../../support/pki.ts';

const login = (more: object): Made => made({ commonName: 'ana', use: 'client', ...more }, authority);

describeCheck(check, {
  fails: {
    'a negative serial number': [pkiCluster({ login: login({ serial: Buffer.from([0x80, 1]) }) }), 'medium Component/kubeconfig (login ana)'],
    'two names of a client': [pkiCluster({ login: login({ firstName: 'eva' }) }), 'medium Component/kubeconfig (login ana)'],
    'two names of a server': [pkiCluster({ serving: made({ ...servingFields, firstName: 'proxy' }, authority) }), 'low Component/kube-apiserver (API server kube-apiserver)'],
    'an extension twice': [pkiCluster({ login: login({ extensionTwice: true }) }), 'medium Component/kubeconfig (login ana)'],
  },
  passes: {
    'as they should be': pkiCluster(),
    'a serial number of twenty bytes that begins with a high one': pkiCluster({ login: login({ serial: Buffer.concat([Buffer.of(0), Buffer.alloc(20, 0xff)]) }) }),
    'two groups': pkiCluster({ login: login({ organizations: ['a', 'b'] }) }),
  },
});
