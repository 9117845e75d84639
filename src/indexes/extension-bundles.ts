import type { Argv } from '../evidence/evidence-item.ts';
import type { Gap } from '../evidence/gap.ts';
import { servicePortOf, type ServicePort, type ServiceReference } from '../evidence/extension-services.ts';
import { attempt, defineIndex, type Attempted } from '../evidence/need.ts';
import type { CertificateBundle } from '../evidence/pem.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import { refOf, type Source } from '../evidence/source.ts';
import { apiServices, mutatingWebhooks, validatingWebhooks } from '../evidence/sources/pki.ts';
import { customResourceDefinitions } from '../evidence/sources/trust.ts';

/** Authorities that the API server verifies one webhook or extension API server with. */
export interface ExtensionBundle {
  /** `ValidatingWebhookConfiguration policy, a.example.org`. */
  readonly where: string;
  readonly resource: ResourceRef;
  /** Where the bundle stands in the object. */
  readonly path: string;
  readonly reproduce: Argv;
  readonly bundle: CertificateBundle;
  /** What a call that fails comes to, to be read after "so". */
  readonly effect: string;
  /** Whether requests of users fail with it; else it is passed over in silence. */
  readonly isFatal: boolean;
  /** What is called; absent for a URL. */
  readonly service?: ServicePort;
  /** Tells the webhooks of one object apart. */
  readonly name?: string;
}

/** Every bundle that is written down. Without one the API server takes the authorities of its machine. */
export interface ExtensionBundles {
  readonly bundles: readonly ExtensionBundle[];
  readonly unread: readonly { readonly of: string; readonly source: Source; readonly gaps: readonly Gap[] }[];
}

export const extensionBundles = defineIndex({
  id: 'extension-bundles',
  needs: { validating: attempt(validatingWebhooks), mutating: attempt(mutatingWebhooks), services: attempt(apiServices), definitions: attempt(customResourceDefinitions) },
  build({ validating, mutating, services, definitions }): ExtensionBundles {
    const unread: { of: string; source: Source; gaps: readonly Gap[] }[] = [];
    const each = <T>(of: string, source: Source, attempted: Attempted<readonly T[]>, see: (item: T) => readonly ExtensionBundle[]): ExtensionBundle[] => {
      if ('value' in attempted) return attempted.value.flatMap(see);
      unread.push({ of, source, gaps: attempted.gaps });
      return [];
    };
    const bundles = [
      ...([[validatingWebhooks, validating, 'validatingwebhookconfigurations.admissionregistration.k8s.io'], [mutatingWebhooks, mutating, 'mutatingwebhookconfigurations.admissionregistration.k8s.io']] as const).flatMap(([source, attempted, plural]) =>
        each(`authorities of ${source.title}`, source, attempted, item => (item.webhooks ?? []).flatMap(({ name, failurePolicy, clientConfig: { caBundle, service } }, at) => {
          // Fail is the default of admissionregistration.k8s.io/v1.
          const isFatal = failurePolicy !== 'Ignore';
          const effect = isFatal ? 'every request that it is asked about is refused' : 'what it should look at goes past it';
          return bundleOf(caBundle, { where: `${source.read.kind} ${item.metadata.name}, ${name}`, resource: refOf(source, item), path: `webhooks[${at}].clientConfig.caBundle`, effect, isFatal, name, ...called(service) }, plural);
        }))),
      ...each('authorities of extension API servers', apiServices, services, item => (item.spec?.insecureSkipTLSVerify === true ? [] : bundleOf(
        item.spec?.caBundle, { where: `APIService ${item.metadata.name}`, resource: refOf(apiServices, item), path: 'spec.caBundle', effect: 'its API group is not available', isFatal: true, ...called(item.spec?.service) }, 'apiservices.apiregistration.k8s.io',
      ))),
      ...each('authorities of conversion webhooks', customResourceDefinitions, definitions, item => (item.spec.conversion?.strategy !== 'Webhook' ? [] : bundleOf(
        item.spec.conversion.webhook?.clientConfig?.caBundle,
        { where: `CustomResourceDefinition ${item.metadata.name}`, resource: refOf(customResourceDefinitions, item), path: 'spec.conversion.webhook.clientConfig.caBundle', effect: 'objects that are stored in another version cannot be read', isFatal: true, ...called(item.spec.conversion.webhook?.clientConfig?.service) },
        'customresourcedefinitions.apiextensions.k8s.io',
      ))),
    ];
    return { bundles, unread };
  },
});

function called(reference: ServiceReference | undefined): Pick<ExtensionBundle, 'service'> {
  const service = servicePortOf(reference);
  return service === undefined ? {} : { service };
}

function bundleOf(bundle: CertificateBundle | undefined, place: Omit<ExtensionBundle, 'bundle' | 'reproduce'>, plural: string): ExtensionBundle[] {
  if (bundle === undefined) return [];
  return [{ ...place, bundle, reproduce: ['kubectl', 'get', plural, '-o', `jsonpath={.${place.path}}`, '--', place.resource.name] }];
}
