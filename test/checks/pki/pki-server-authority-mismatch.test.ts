import check from '../../../src/checks/pki/pki-server-authority-mismatch.ts';
import { configuredConnection } from '../../../src/evidence/sources/connection.ts';
import { clientTrust, signingRequests } from '../../../src/evidence/sources/pki.ts';
import { tlsSecrets } from '../../../src/evidence/sources/tls.ts';
import { EXTENSIONS, authority, made, pkiCluster, serving, servingFields } from '../../support/pki.ts';
import { describeCheck } from '../../support/describe-check.ts';

const aside = [configuredConnection, clientTrust, signingRequests, tlsSecrets, ...EXTENSIONS];
const other = made({ commonName: 'kubernetes', use: 'authority' });
const intermediate = made({ commonName: 'intermediate', use: 'authority' }, authority);
const below = made(servingFields, intermediate);
const second = made({ commonName: 'second intermediate', use: 'authority' }, intermediate);
const belowBoth = made(servingFields, second);
const shown = (...chain: readonly (typeof authority)[]): object => ({
  apiserverhandshake: { serving: chain.map(({ kept }) => kept), loopback: { chain: [made({ commonName: 'apiserver-loopback-client@1', use: 'server' }).kept] }, byName: [], clientAuthorities: { names: [] }, anonymousVersion: { status: 401 } },
});
const info = (of: typeof authority): object => ({ exists: true, certificates: [of.kept], malformed: [] });

describeCheck(check, {
  fails: {
    'another authority of the same name': [pkiCluster({ rootCa: [other] }), 'high ConfigMap/kube-system/kube-root-ca.crt'],
    'in the file for new nodes': [pkiCluster({ sources: { clusterinfo: info(other) } }), 'high ConfigMap/kube-public/cluster-info'],
    'the lower of two intermediates is missing': [pkiCluster({ sources: shown(belowBoth, intermediate) as Record<string, unknown> }), 'high ConfigMap/kube-system/kube-root-ca.crt'],
    'nothing that can be read': [pkiCluster({ sources: { kuberootca: { exists: true, certificates: [], malformed: [{ index: 0, problem: 'the block has no end' }] } } }), 'high ConfigMap/kube-system/kube-root-ca.crt'],
    'an empty bundle': [pkiCluster({ rootCa: [] }), 'high ConfigMap/kube-system/kube-root-ca.crt'],
    'an intermediate that the server does not send': [pkiCluster({ serving: below }), 'high ConfigMap/kube-system/kube-root-ca.crt'],
  },
  passes: {
    'the authority itself': pkiCluster(),
    'in a bundle with the next one': pkiCluster({ rootCa: [other, authority], sources: { clusterinfo: info(authority) } }),
    'an intermediate in the bundle': pkiCluster({ serving: below, rootCa: [intermediate] }),
    'an intermediate that the server sends': pkiCluster({ sources: shown(below, intermediate) as Record<string, unknown> }),
    'two intermediates that the server sends': pkiCluster({ sources: shown(belowBoth, second, intermediate) as Record<string, unknown> }),
    'the certificate itself': pkiCluster({ rootCa: [serving] }),
  },
  notAssessed: {
    'a balancer that ends TLS': [pkiCluster({ loopback: undefined, rootCa: [other] }), 'unknown the certificate of the API server'],
  },
  notApplicable: { 'nothing is published': pkiCluster({ sources: { kuberootca: { exists: false } } }) },
  answerableWithout: Object.fromEntries(['the authority itself', 'in a bundle with the next one', 'an intermediate in the bundle', 'an intermediate that the server sends', 'two intermediates that the server sends', 'the certificate itself', 'nothing is published'].map(name => [name, aside])),
});
