import check from '../../../src/checks/pki/pki-weak-key.ts';
import { authority, login, made, pkiCluster, signingRequest, type Made } from '../../support/pki.ts';
import { describeCheck } from '../../support/describe-check.ts';

/** A real certificate, with another key said of it: nothing makes such keys any more. */
const withKey = (keyType: string, keyBits: number | undefined, of: Made = login): Made => {
  const { keyBits: _own, ...kept } = of.kept;
  return { ...of, kept: { ...kept, keyType, ...(keyBits === undefined ? {} : { keyBits }) } };
};

describeCheck(check, {
  fails: {
    'RSA 1024': [pkiCluster({ login: withKey('RSA 1024', 1024) }), 'high Component/kubeconfig (login ana)'],
    'P-192': [pkiCluster({ login: withKey('P-192', 192) }), 'high Component/kubeconfig (login ana)'],
    DSA: [pkiCluster({ login: withKey('DSA 2048', 2048) }), 'high Component/kubeconfig (login ana)'],
    'an authority, once for all places where it lies': [pkiCluster({ clientAuthorities: [withKey('RSA 1024', 1024, made({ commonName: 'clients', use: 'authority' }))] }), 'high ConfigMap/kube-system/extension-apiserver-authentication (authority clients)'],
  },
  passes: {
    'P-256': pkiCluster(),
    'RSA 2048': pkiCluster({ login: made({ commonName: 'ana', use: 'client', keyType: 'RSA' }, authority) }),
    'P-224': pkiCluster({ login: withKey('P-224', 224) }),
    Ed25519: pkiCluster({ login: withKey('Ed25519', 256) }),
    'a kind that OpenSSL does not know': pkiCluster({ login: withKey('unknown', undefined) }),
    'what was issued on a request': pkiCluster({ objects: [signingRequest('csr-1', login)] }),
  },
});
