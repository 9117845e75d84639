import check from '../../../src/checks/pki/pki-signing-request-beyond-rule.ts';
import { createRequest } from '../../support/certificates.ts';
import { clusterRoles, roles } from '../../../src/evidence/sources/rbac.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { authority, made, pkiCluster, RIGHTS, signingRequest } from '../../support/pki.ts';

const CLIENTS = 'kubernetes.io/kube-apiserver-client';
const KUBELETS = 'kubernetes.io/kube-apiserver-client-kubelet';
const SERVERS = 'kubernetes.io/kubelet-serving';

interface Asked {
  readonly signer: string;
  readonly by?: string;
  readonly groups?: readonly string[];
  readonly state?: 'approved' | 'issued' | 'denied' | 'failed';
}

function cluster(name: string, organizations: readonly string[], { signer, by = 'eva', groups = [], state }: Asked, ...more: readonly object[]): ReturnType<typeof pkiCluster> {
  const request = Buffer.from(createRequest({ commonName: name, organizations })).toString('base64');
  const types = state === undefined ? [] : state === 'denied' ? ['Denied'] : state === 'failed' ? ['Approved', 'Failed'] : ['Approved'];
  return pkiCluster({
    objects: [
      signingRequest('csr-1', state === 'issued' ? made({ commonName: name, organizations, use: 'client' }, authority) : undefined, {
        spec: { request, signerName: signer, username: by, groups }, status: { conditions: types.map(type => ({ type, status: 'True', lastUpdateTime: '2026-11-21T11:59:00Z' })) },
      }),
      ...more as ReturnType<typeof signingRequest>[],
    ],
  });
}

const admins = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'ops' }, roleRef: { kind: 'ClusterRole', name: 'all' }, subjects: [{ kind: 'Group', name: 'ops' }] };
const all = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'all' }, rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }] };
const NODE = 'system:node:blue-1';
const csr = 'CertificateSigningRequest/csr-1';

describeCheck(check, {
  fails: {
    'a person asks for the name of a component': [cluster('system:kube-controller-manager', [], { signer: CLIENTS }), `medium ${csr}`],
    'and was given it': [cluster('system:kube-controller-manager', [], { signer: CLIENTS, state: 'issued' }), `high ${csr}`],
    'membership in system:masters, approved': [cluster('eva', ['system:masters'], { signer: CLIENTS, state: 'approved' }), `high ${csr}`],
    'the name of a service account': [cluster('system:serviceaccount:kube-system:generic-garbage-collector', [], { signer: CLIENTS }), `medium ${csr}`],
    'the identity of a node, of the signer for people': [cluster(NODE, ['system:nodes'], { signer: CLIENTS }), `medium ${csr}`],
    'a group that may do anything': [cluster('eva', ['ops'], { signer: CLIENTS }, admins, all), `medium ${csr}`],
    'a node asks for another': [cluster(NODE, ['system:nodes'], { signer: KUBELETS, by: 'system:node:green-1', groups: ['system:nodes'] }), `medium ${csr}`],
    'a person asks for the serving certificate of a node': [cluster(NODE, ['system:nodes'], { signer: SERVERS, state: 'approved' }), `high ${csr}`],
    'a person asks for a kubelet that is none': [cluster('eva', ['system:nodes'], { signer: KUBELETS }), `medium ${csr}`],
    'a kubelet asks for one group more': [cluster(NODE, ['system:nodes', 'system:masters'], { signer: KUBELETS, by: NODE, groups: ['system:nodes'] }), `medium ${csr}`],
  },
  passes: {
    'a person asks for a login': cluster('eva', ['sre'], { signer: CLIENTS }),
    'a kubelet renews': cluster(NODE, ['system:nodes'], { signer: KUBELETS, by: NODE, groups: ['system:nodes'] }),
    'a kubelet begins': cluster(NODE, ['system:nodes'], { signer: KUBELETS, by: 'system:bootstrap:abcdef', groups: ['system:bootstrappers'] }),
    'a kubelet serves': cluster(NODE, ['system:nodes'], { signer: SERVERS, by: NODE, groups: ['system:nodes'] }),
    'it was denied': cluster('system:kube-scheduler', [], { signer: CLIENTS, state: 'denied' }),
    'the signer refused it': cluster('eva', ['system:nodes'], { signer: KUBELETS, state: 'failed' }),
    'an agent with a name of its own that begins like the platform': cluster('system:open-cluster-management:c1:agent', ['system:open-cluster-management:c1'], { signer: CLIENTS }),
    'the signer of somebody else': cluster('system:masters', ['system:masters'], { signer: 'example.com/mesh' }),
    'what may do anything was issued, which the certificate tells': cluster('eva', ['ops'], { signer: CLIENTS, state: 'issued' }, admins, all),
  },
  notApplicable: { 'no request': pkiCluster() },
  answerableWithout: {
    ...Object.fromEntries(['a kubelet renews', 'a kubelet begins', 'a kubelet serves', 'it was denied', 'the signer refused it', 'the signer of somebody else',
      'what may do anything was issued, which the certificate tells', 'no request'].map(name => [name, RIGHTS])),
    // Without a binding no role counts.
    'a person asks for a login': [clusterRoles, roles], 'an agent with a name of its own that begins like the platform': [clusterRoles, roles],
  },
});
