import check from '../../../src/checks/pki/pki-component-identity-misused.ts';
import { RIGHTS, SERVER_TRUST, authority, made, pkiCluster, signingRequest } from '../../support/pki.ts';
import { describeCheck } from '../../support/describe-check.ts';

const aside = [...RIGHTS, ...SERVER_TRUST];
const client = (commonName: string, ...organizations: readonly string[]): ReturnType<typeof made> => made({ commonName, organizations, use: 'client' }, authority);

describeCheck(check, {
  fails: {
    'a person as the controller manager': [pkiCluster({ login: client('system:kube-controller-manager') }), 'high Component/kubeconfig User/system:kube-controller-manager'],
    'a person as a kubelet': [pkiCluster({ login: client('system:node:blue-1', 'system:nodes') }), 'high Component/kubeconfig User/system:node:blue-1'],
    'a kubelet in one more group': [pkiCluster({ objects: [signingRequest('csr-1', client('system:node:blue-1', 'system:nodes', 'system:masters'))] }), 'high CertificateSigningRequest/csr-1 User/system:node:blue-1'],
    'a scheduler in a group': [pkiCluster({ objects: [signingRequest('csr-1', client('system:kube-scheduler', 'sre'))] }), 'high CertificateSigningRequest/csr-1 User/system:kube-scheduler'],
  },
  passes: {
    'a person': pkiCluster(),
    'a kubelet': pkiCluster({ objects: [signingRequest('csr-1', client('system:node:blue-1', 'system:nodes'))] }),
    "kubeadm's administrator": pkiCluster({ login: client('kubernetes-admin', 'kubeadm:cluster-admins') }),
  },
  answerableWithout: { 'a person': aside, 'a kubelet': aside, "kubeadm's administrator": aside },
});
