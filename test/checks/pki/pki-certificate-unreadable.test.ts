import check from '../../../src/checks/pki/pki-certificate-unreadable.ts';
import { authority, pkiCluster } from '../../support/pki.ts';
import { describeCheck } from '../../support/describe-check.ts';

const cut = { exists: true, certificates: [authority.kept], malformed: [{ index: 1, problem: 'the block has no end' }] };

describeCheck(check, {
  fails: {
    'a block of the bundle for pods': [pkiCluster({ sources: { kuberootca: cut } }), 'low ConfigMap/kube-system/kube-root-ca.crt (certificates[1])'],
    'a block among the authorities of clients': [
      pkiCluster({ sources: { clienttrust: { exists: true, clientAuthorities: { certificates: [], malformed: [{ index: 0, problem: 'the block is not base64' }] }, frontProxyNames: [] } } }),
      'low ConfigMap/kube-system/extension-apiserver-authentication (client-ca-file[0])',
    ],
  },
  passes: { 'every block': pkiCluster() },
});
