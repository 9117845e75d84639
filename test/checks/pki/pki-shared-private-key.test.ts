import check from '../../../src/checks/pki/pki-shared-private-key.ts';
import { apiServerHandshake } from '../../../src/evidence/sources/handshake.ts';
import { forbidden, withSource } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { made, pkiCluster, serving } from '../../support/pki.ts';
import { leaf, root, serves } from '../../support/tls.ts';

const cluster = (...objects: NonNullable<NonNullable<Parameters<typeof pkiCluster>[0]>['objects']>): ReturnType<typeof pkiCluster> => pkiCluster({ objects });

describeCheck(check, {
  fails: {
    'two namespaces': [cluster(serves('a', 'web', leaf), serves('b', 'web', leaf)), 'medium Secret/a/web', 'medium Secret/b/web'],
    'the key of the API server': [cluster(serves('a', 'web', serving)), 'high Secret/a/web'],
    'two namespaces, whatever the API server has': [withSource(cluster(serves('a', 'web', leaf), serves('b', 'web', leaf)), apiServerHandshake, { gap: forbidden(apiServerHandshake) }), 'medium Secret/a/web', 'medium Secret/b/web', 'unknown whether the API server serves with one of them'],
  },
  passes: {
    'keys of their own': cluster(serves('a', 'web', leaf), serves('b', 'web', made({ commonName: 'shop.example.com', use: 'server' }, root))),
    'two Secrets of one namespace': cluster(serves('a', 'web', leaf), serves('a', 'old', leaf)),
    'the certificate alone elsewhere': cluster(serves('a', 'web', leaf), serves('b', 'web', leaf, { key: '' }), serves('c', 'web', leaf, { key: root.key })),
    'one authority in ca.crt of all': cluster(serves('a', 'web', leaf, { ca: root.certificate }), serves('b', 'web', made({ commonName: 'b', use: 'server' }, root), { ca: root.certificate })),
  },
  notApplicable: { 'no TLS Secrets': cluster() },
  answerableWithout: { 'no TLS Secrets': [apiServerHandshake] },
});
