import check from '../../../src/checks/pki/pki-front-proxy-any-name.ts';
import { RIGHTS, authority, pkiCluster } from '../../support/pki.ts';
import { describeCheck } from '../../support/describe-check.ts';

describeCheck(check, {
  fails: { 'no name': [pkiCluster({ proxyNames: [] }), 'medium Component/kube-apiserver'] },
  passes: {
    'a name': pkiCluster(),
    'no name and a shared authority, which is a worse finding': pkiCluster({ proxyNames: [], proxyAuthorities: [authority] }),
  },
  notApplicable: { 'no front proxy': pkiCluster({ proxyAuthorities: [], proxyNames: [] }) },
  answerableWithout: { 'a name': RIGHTS, 'no name and a shared authority, which is a worse finding': RIGHTS, 'no front proxy': RIGHTS },
});
