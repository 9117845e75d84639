import check from '../../../src/checks/pki/pki-extension-server-mismatch.ts';
import type { Gap } from '../../../src/evidence/gap.ts';
import type { PerResult } from '../../../src/evidence/source.ts';
import { extensionServers, unseen, type ExtensionServers } from '../../../src/evidence/sources/extension-servers.ts';
import { snapshotWith, type Manifest } from '../../support/cluster.ts';
import { describeCheck } from '../../support/describe-check.ts';
import { behind, hiddenPod, servingPod } from '../../support/extension-servers.ts';
import { inDays, made, type Made } from '../../support/pki.ts';

const SERVICE = 'shop/hook:443';
const authority = made({ commonName: 'hooks', use: 'authority' });
const ended = made({ commonName: 'hooks before', use: 'authority', notBefore: inDays(-400), notAfter: inDays(-1) });
const other = made({ commonName: 'other', use: 'authority' });
const between = made({ commonName: 'between', use: 'authority' }, authority);
const fields = { commonName: 'hook', names: ['hook.shop.svc'], use: 'server' } as const;
const good = made(fields, authority);
const selfSigned = made({ ...fields, commonName: 'hook of its own' });

const base64 = (...all: readonly Made[]): string => Buffer.from(all.map(({ certificate }) => certificate).join('')).toString('base64');
const hook = (caBundle: string | undefined, failurePolicy = 'Fail', clientConfig: object = { service: { namespace: 'shop', name: 'hook' } }): Manifest => ({
  apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration', metadata: { name: 'hooks' },
  webhooks: [{ name: 'a.example.org', failurePolicy, clientConfig: { ...clientConfig, ...(caBundle === undefined ? {} : { caBundle }) } }],
});
const seen = (servers: readonly PerResult<ExtensionServers>[], ...objects: readonly Manifest[]): ReturnType<typeof snapshotWith> => snapshotWith({ sources: { [extensionServers.id]: servers } }, ...objects);
const shown = (pod: readonly Made[], object = hook(base64(authority))): ReturnType<typeof snapshotWith> => seen([behind(SERVICE, servingPod('hook-1', ...pod))], object);

const finding = (severity = 'high'): string => `${severity} ValidatingWebhookConfiguration/hooks (a.example.org)`;
const notGiven: Gap = { kind: 'notRequested', reason: 'flagNotGiven', source: extensionServers.id, detail: extensionServers.optIn?.detail ?? '', flag: '--tunnel' };

describeCheck(check, {
  fails: {
    'of an authority that is not in the bundle': [shown([made(fields, other)]), finding()],
    'requests go past it': [shown([made(fields, other)], hook(base64(authority), 'Ignore')), finding('medium')],
    'signed by itself and not in the bundle': [shown([selfSigned]), finding()],
    'ended': [shown([made({ ...fields, notBefore: inDays(-90), notAfter: inDays(-1 / 86_400) }, authority)]), finding()],
    'not valid yet': [shown([made({ ...fields, notBefore: inDays(1) }, authority)]), finding()],
    'of an authority that has ended': [shown([made(fields, ended)], hook(base64(authority, ended))), finding()],
    'for another name': [shown([made({ ...fields, names: ['hook.shop'] }, authority)]), finding()],
    // Common names count for nothing since Go 1.15.
    'only a common name': [shown([made({ commonName: 'hook.shop.svc', use: 'server' }, authority)]), finding()],
    'for clients only': [shown([made({ ...fields, use: 'client' }, authority)]), finding()],
    'one of two pods': [seen([behind(SERVICE, servingPod('hook-1', good), servingPod('hook-2', made(fields, other)))], hook(base64(authority))), finding()],
    'an extension API server': [
      seen([behind('shop/api:8443', servingPod('api-1', made({ ...fields, names: ['api.shop.svc'] }, other)))], { apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name: 'v1.example.org' }, spec: { service: { namespace: 'shop', name: 'api', port: 8443 }, caBundle: base64(authority) } }),
      'high APIService/v1.example.org',
    ],
    'the conversion of a custom resource': [
      seen([behind(SERVICE, servingPod('hook-1', made(fields, other)))], { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'things.example.org' }, spec: { conversion: { strategy: 'Webhook', webhook: { clientConfig: { service: { namespace: 'shop', name: 'hook' }, caBundle: base64(authority) } } } } }),
      'high CustomResourceDefinition/things.example.org',
    ],
    'one that was seen, beside one that was not': [
      seen([behind(SERVICE, servingPod('hook-1', made(fields, other)), hiddenPod('hook-2'))], hook(base64(authority))), finding(), 'unknown server of ValidatingWebhookConfiguration hooks, a.example.org',
    ],
  },
  passes: {
    'of the authority in the bundle': shown([good]),
    'of one of two in the bundle': shown([good], hook(base64(other, authority))),
    'ends in this second': shown([made({ ...fields, notAfter: inDays(0) }, authority)]),
    'through an authority that it sends along': shown([made(fields, between), between]),
    'signed by itself, and the bundle itself': shown([selfSigned], hook(base64(selfSigned))),
    'a name with a star': shown([made({ ...fields, names: ['*.shop.svc'] }, authority)]),
    'for every use': shown([made({ ...fields, use: 'both' }, authority)]),
    'both of two pods': seen([behind(SERVICE, servingPod('hook-1', good), servingPod('hook-2', good))], hook(base64(authority))),
  },
  notApplicable: {
    'no bundle: the authorities of the machine': shown([made(fields, other)], hook(undefined)),
    'nothing is called': seen([]),
    'nothing is called, and the flag was not given': snapshotWith({ gaps: { [extensionServers.id]: notGiven } }),
  },
  notAssessed: {
    'the flag was not given': [snapshotWith({ gaps: { [extensionServers.id]: notGiven } }, hook(base64(authority))), 'unknown server of ValidatingWebhookConfiguration hooks, a.example.org'],
    'called by a URL': [seen([], hook(base64(authority), 'Fail', { url: 'https://hooks.example.org/' })), 'unknown server of ValidatingWebhookConfiguration hooks, a.example.org'],
    'a good one, beside one that is called by a URL': [
      seen([behind(SERVICE, servingPod('hook-1', good))], hook(base64(authority)), { ...hook(base64(authority), 'Fail', { url: 'https://hooks.example.org/' }), metadata: { name: 'outside' } }),
      'unknown server of ValidatingWebhookConfiguration outside, a.example.org',
    ],
    'no pod is ready': [seen([{ of: SERVICE, gap: unseen('no pod behind Service shop/hook is ready') }], hook(base64(authority))), 'unknown server of ValidatingWebhookConfiguration hooks, a.example.org'],
    'the webhook came after the tunnels': [seen([], hook(base64(authority))), 'unknown server of ValidatingWebhookConfiguration hooks, a.example.org'],
    'a good one, and one that was not reached': [seen([behind(SERVICE, servingPod('hook-1', good), hiddenPod('hook-2'))], hook(base64(authority))), 'unknown server of ValidatingWebhookConfiguration hooks, a.example.org'],
  },
  // Where nothing is called there is nothing to be seen.
  answerableWithout: Object.fromEntries(['no bundle: the authorities of the machine', 'nothing is called'].map(name => [name, [extensionServers]])),
});
