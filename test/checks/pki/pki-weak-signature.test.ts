import check from '../../../src/checks/pki/pki-weak-signature.ts';
import { authority, login, pkiCluster, type Made } from '../../support/pki.ts';
import { describeCheck } from '../../support/describe-check.ts';

const signedWith = (signature: string, of: Made = login): Made => ({ ...of, kept: { ...of.kept, signature } });

describeCheck(check, {
  fails: {
    'SHA-1': [pkiCluster({ login: signedWith('RSA SHA-1') }), 'high Component/kubeconfig (login ana)'],
    'MD5 and another key': [pkiCluster({ login: signedWith('RSA MD5') }), 'high Component/kubeconfig (login ana)'],
    'PSS with SHA-1': [pkiCluster({ login: signedWith('RSA-PSS SHA-1') }), 'high Component/kubeconfig (login ana)'],
  },
  passes: {
    'SHA-256': pkiCluster(),
    'a root that signed itself with SHA-1': pkiCluster({ rootCa: [signedWith('RSA SHA-1', authority)] }),
    'a number that nobody knows': pkiCluster({ login: signedWith('1.2.3.4') }),
  },
});
