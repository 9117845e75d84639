import check from '../../../src/checks/pki/pki-tls-secret-missing.ts';
import { secretNames, tlsSecrets } from '../../../src/evidence/sources/tls.ts';
import { forbidden, snapshotOf, withSource } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { gateway, ingress, leaf, serves, tlsSecret } from '../../support/tls.ts';

const opaque = tlsSecret('shop', 'web', { crt: leaf.certificate, key: leaf.key, type: 'Opaque' });
const web = ingress('shop', 'web', { hosts: ['shop.example.com'], secretName: 'web' });
const passes = {
  'the Secret is there': snapshotOf(web, serves('shop', 'web', leaf)),
  'a Secret of another type is there': snapshotOf(web, opaque),
  'a listener with a Secret of another namespace': snapshotOf(gateway('shop', 'web', { name: 'https', tls: { certificateRefs: [{ name: 'web', namespace: 'certs' }] } }), serves('certs', 'web', leaf)),
};

const references = {
  'an Ingress that leaves it to its controller': snapshotOf(ingress('shop', 'web', { hosts: ['a.example'] }, { secretName: '' })),
  'a Gateway that passes TLS through, or refers to another kind': snapshotOf(gateway('shop', 'web', { name: 'a', tls: { mode: 'Passthrough', certificateRefs: [{ name: 'gone' }] } }, { name: 'b', tls: { certificateRefs: [{ name: 'gone', group: 'networking.gke.io', kind: 'ManagedCertificate' }] } })),
};

describeCheck(check, {
  fails: {
    'an Ingress': [snapshotOf(web), 'medium Ingress/shop/web (shop/web)'],
    'a Secret of that name in another namespace': [snapshotOf(web, serves('other', 'web', leaf)), 'medium Ingress/shop/web (shop/web)'],
    'a release of Helm under that name': [snapshotOf(web, tlsSecret('shop', 'web', { crt: '', key: '', type: 'helm.sh/release.v1' })), 'medium Ingress/shop/web (shop/web)'],
    'a Gateway, once for each Secret': [
      snapshotOf(gateway('shop', 'web', { name: 'a', hostname: 'a.example', tls: { certificateRefs: [{ name: 'one' }, { name: 'two', namespace: 'certs', group: '', kind: 'Secret' }] } })),
      'medium Gateway/shop/web (certs/two)', 'medium Gateway/shop/web (shop/one)',
    ],
  },
  passes,
  notApplicable: references,
  notAssessed: {
    'nobody may see which Secrets there are': [withSource(snapshotOf(web, opaque), secretNames, { gap: forbidden(secretNames) }), 'unknown Secret shop/web'],
  },
  // Which Secrets there are is known from their names; those of the type alone only prove that some are there.
  answerableWithout: {
    ...Object.fromEntries(Object.keys(references).map(name => [name, [tlsSecrets, secretNames]])),
    ...Object.fromEntries(Object.keys(passes).map(name => [name, name === 'a Secret of another type is there' ? [tlsSecrets] : [tlsSecrets, secretNames]])),
  },
});
