import check from '../../../src/checks/pki/pki-wildcard-certificate.ts';
import { snapshotOf } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { made } from '../../support/pki.ts';
import { leaf, root, serves } from '../../support/tls.ts';

const named = (...names: readonly string[]): ReturnType<typeof made> => made({ commonName: 'x', names, use: 'server' }, root);

describeCheck(check, {
  fails: {
    'a domain': [snapshotOf(serves('shop', 'web', named('example.com', '*.example.com'))), 'low Secret/shop/web'],
    'every Service of a namespace': [snapshotOf(serves('shop', 'web', named('*.shop.svc'))), 'low Secret/shop/web'],
    'every Service of the cluster': [snapshotOf(serves('shop', 'web', named('*.svc.cluster.local'))), 'low Secret/shop/web'],
  },
  passes: {
    'one host': snapshotOf(serves('shop', 'web', leaf)),
    'the pods of one Service': snapshotOf(serves('shop', 'web', named('*.kafka.shop.svc', '*.kafka.shop.svc.cluster.local'))),
    'an authority of that name': snapshotOf(serves('shop', 'web', made({ commonName: '*.example.com', names: ['*.example.com'], use: 'authority' }))),
    'a common name that nobody looks at': snapshotOf(serves('shop', 'web', made({ commonName: '*.example.com', names: ['a.example.com'], use: 'server' }))),
  },
});
