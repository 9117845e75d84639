import check from '../../../src/checks/pki/pki-root-ca-differs.ts';
import { configuredConnection } from '../../../src/evidence/sources/connection.ts';
import { apiServerHandshake } from '../../../src/evidence/sources/handshake.ts';
import { clientTrust, clusterInfo, kubeRootCa, signingRequests } from '../../../src/evidence/sources/pki.ts';
import { tlsSecrets } from '../../../src/evidence/sources/tls.ts';
import type { Manifest } from '../../support/cluster.ts';
import { EXTENSIONS, authority, made, pkiCluster, servingFields, type Made, type PkiParts } from '../../support/pki.ts';
import { describeCheck } from '../../support/describe-check.ts';

const aside = [configuredConnection, clientTrust, signingRequests, clusterInfo, kubeRootCa, tlsSecrets, ...EXTENSIONS];
const stranger = made({ commonName: 'kubernetes', use: 'authority' });
const next = made({ commonName: 'kubernetes', use: 'authority' });
const copy = (namespace: string, ...all: readonly Made[]): Manifest => ({
  apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kube-root-ca.crt', namespace }, data: { 'ca.crt': all.map(({ certificate }) => certificate).join('') },
});
const cluster = (objects: readonly Manifest[], parts: PkiParts = {}): ReturnType<typeof pkiCluster> => pkiCluster({ ...parts, objects });
const usual = ['default', 'kube-system'].map(namespace => copy(namespace, authority));

describeCheck(check, {
  fails: {
    'another authority of the same name': [cluster([...usual, copy('shop', stranger)]), 'high ConfigMap/shop/kube-root-ca.crt'],
    'one of somebody else beside the right one': [cluster([...usual, copy('shop', authority, stranger)]), 'medium ConfigMap/shop/kube-root-ca.crt'],
    'the same one of somebody else in half of all': [cluster([...usual, copy('shop', authority, stranger), copy('test', authority, stranger)]), 'medium ConfigMap/shop/kube-root-ca.crt', 'medium ConfigMap/test/kube-root-ca.crt'],
    'nothing in it': [cluster([...usual, copy('shop')]), 'high ConfigMap/shop/kube-root-ca.crt'],
    'a ConfigMap of that name that holds something else': [cluster([...usual, { ...copy('shop'), data: { other: 'x' } }]), 'high ConfigMap/shop/kube-root-ca.crt'],
    'the old one only, while all others have the next as well': [
      cluster([copy('default', authority, next), copy('kube-system', authority, next), copy('shop', authority)], { rootCa: [authority, next], serving: made(servingFields, next) }), 'high ConfigMap/shop/kube-root-ca.crt',
    ],
  },
  passes: {
    'the same everywhere': cluster(usual),
    'the next one stands in most already': cluster([copy('default', authority, next), copy('kube-system', authority), copy('shop', authority, next), copy('test', authority, next)]),
    'the next one, that kube-system has, in one more': cluster([copy('default', authority), copy('kube-system', authority, next), copy('shop', authority, next), copy('test', authority)], { rootCa: [authority, next] }),
    'wrong everywhere, which is a finding about the source of all': cluster([copy('default', stranger), copy('kube-system', stranger)], { rootCa: [stranger] }),
    'what clients are verified by as well': cluster([...usual, copy('shop', authority, stranger)], { clientAuthorities: [authority, stranger] }),
  },
  notAssessed: { 'a balancer that ends TLS': [cluster(usual, { loopback: undefined }), 'unknown the certificate of the API server'] },
  notApplicable: { 'no copies': cluster([]) },
  answerableWithout: {
    'the same everywhere': aside, 'no copies': [...aside, apiServerHandshake],
    'the next one stands in most already': aside,
    'the next one, that kube-system has, in one more': aside.filter(each => each !== kubeRootCa),
    'wrong everywhere, which is a finding about the source of all': [configuredConnection, clientTrust, signingRequests, clusterInfo, tlsSecrets, ...EXTENSIONS],
    'what clients are verified by as well': [configuredConnection, signingRequests, clusterInfo, kubeRootCa, tlsSecrets, ...EXTENSIONS],
  },
});
