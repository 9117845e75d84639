import check from '../../../src/checks/pki/pki-extension-bundle-useless.ts';
import { snapshotOf, type Manifest } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { inDays, made } from '../../support/pki.ts';

const old = made({ commonName: 'hooks', use: 'authority', notBefore: inDays(-400), notAfter: inDays(-35) });
const next = made({ commonName: 'hooks', use: 'authority' });
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const bundle = (...all: readonly (typeof old)[]): string => base64(all.map(({ certificate }) => certificate).join(''));
const service = { namespace: 'shop', name: 'hook' };

const hook = (caBundle: string | undefined, failurePolicy?: string, kind = 'ValidatingWebhookConfiguration', name = 'a.example.org'): Manifest => ({
  apiVersion: 'admissionregistration.k8s.io/v1', kind, metadata: { name: 'hooks' },
  webhooks: [{ name, ...(failurePolicy === undefined ? {} : { failurePolicy }), clientConfig: { service, ...(caBundle === undefined ? {} : { caBundle }) } }],
});
const api = (spec: object): Manifest => ({ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name: 'v1.example.org' }, spec: { service, ...spec } });
const crd = (strategy: string, caBundle: string): Manifest => ({
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'things.example.org' },
  spec: { conversion: { strategy, webhook: { clientConfig: { service, caBundle } } } },
});

describeCheck(check, {
  fails: {
    'expired, and requests are refused': [snapshotOf(hook(bundle(old), 'Fail')), 'high ValidatingWebhookConfiguration/hooks (a.example.org)'],
    'expired, and no policy is set, which is Fail': [snapshotOf(hook(bundle(old))), 'high ValidatingWebhookConfiguration/hooks (a.example.org)'],
    'expired, and requests go past it': [snapshotOf(hook(bundle(old), 'Ignore', 'MutatingWebhookConfiguration')), 'medium MutatingWebhookConfiguration/hooks (a.example.org)'],
    'a line feed, as a generator leaves it for others to fill in': [snapshotOf(hook('Cg==', 'Ignore')), 'medium ValidatingWebhookConfiguration/hooks (a.example.org)'],
    'a certificate that is cut off': [snapshotOf(api({ caBundle: base64(next.certificate.slice(0, 200)) })), 'high APIService/v1.example.org'],
    'the conversion of a custom resource': [snapshotOf(crd('Webhook', bundle(old))), 'high CustomResourceDefinition/things.example.org'],
    'one of two webhooks in an object': [
      snapshotOf({ ...hook(bundle(next)), webhooks: [{ name: 'a.example.org', clientConfig: { service, caBundle: bundle(next) } }, { name: 'b.example.org', failurePolicy: 'Ignore', clientConfig: { service, caBundle: bundle(old) } }] }),
      'medium ValidatingWebhookConfiguration/hooks (b.example.org)',
    ],
  },
  passes: {
    'a valid member beside an old one': snapshotOf(hook(bundle(old, next), 'Fail')),
    'ends in this second': snapshotOf(hook(bundle(made({ commonName: 'hooks', use: 'authority', notAfter: inDays(0) })))),
    'a valid bundle with something unreadable behind it': snapshotOf(api({ caBundle: base64(`${next.certificate}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`) })),
  },
  notApplicable: {
    'no bundle: the authorities of the machine': snapshotOf(hook(undefined), api({})),
    'an API server that is not verified at all': snapshotOf(api({ insecureSkipTLSVerify: true, caBundle: bundle(old) })),
    'a custom resource that nothing converts': snapshotOf(crd('None', bundle(old))),
  },
});
