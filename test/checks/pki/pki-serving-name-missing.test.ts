import check from '../../../src/checks/pki/pki-serving-name-missing.ts';
import { clientTrust, clusterInfo, kubeRootCa, signingRequests } from '../../../src/evidence/sources/pki.ts';
import { tlsSecrets } from '../../../src/evidence/sources/tls.ts';
import { EXTENSIONS, authority, made, pkiCluster, servingFields } from '../../support/pki.ts';
import { describeCheck } from '../../support/describe-check.ts';

/** What the server shows decides, and nobody else's certificates. */
const aside = [clientTrust, clusterInfo, kubeRootCa, signingRequests, tlsSecrets, ...EXTENSIONS];
const named = (...names: readonly string[]): ReturnType<typeof made> => made({ ...servingFields, names }, authority);
const finding = (name: string): string => `high Component/kube-apiserver (${name})`;
const CLUSTER = ['kubernetes.default.svc', '10.96.0.1'];

describeCheck(check, {
  fails: {
    'another address': [pkiCluster({ serverName: '203.0.113.8' }), finding('203.0.113.8')],
    'a name that only the common name has': [pkiCluster({ serverName: 'kube-apiserver' }), finding('kube-apiserver')],
    'the address of the Service': [pkiCluster({ addresses: ['10.96.0.2'] }), finding('10.96.0.2')],
    'one of two families': [pkiCluster({ addresses: ['10.96.0.1', 'fd00::1'] }), finding('fd00::1')],
    'a certificate for the outside alone': [pkiCluster({ serving: named('203.0.113.7') }), finding('10.96.0.1'), finding('kubernetes.default.svc')],
    'a star stands for one label': [pkiCluster({ serverName: 'a.b.example.org', serving: named('*.example.org', ...CLUSTER) }), finding('a.b.example.org')],
    'a star stands for a label': [pkiCluster({ serverName: 'example.org', serving: named('*.example.org', ...CLUSTER) }), finding('example.org')],
    'another certificate by that name': [pkiCluster({ byName: named('10.96.0.1') }), finding('kubernetes.default.svc')],
  },
  passes: {
    'every name': pkiCluster(),
    'an address in another spelling': pkiCluster({ addresses: ['fd00:0:0::1'], serving: named('fd00::1', '203.0.113.7', 'kubernetes.default.svc') }),
    'a star': pkiCluster({ serverName: 'API.example.org', serving: named('*.example.org', ...CLUSTER) }),
    'nobody verifies': pkiCluster({ serverName: 'elsewhere', isVerified: false }),
  },
  notAssessed: {
    'a balancer that ends TLS': [pkiCluster({ loopback: undefined, serving: named('203.0.113.7') }), 'unknown the names that programs in the cluster ask for'],
  },
  answerableWithout: Object.fromEntries(['every name', 'an address in another spelling', 'a star', 'nobody verifies'].map(name => [name, aside])),
});
