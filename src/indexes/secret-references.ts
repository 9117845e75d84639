import type { Argv } from '../evidence/evidence-item.ts';
import { attempt, defineIndex, type Attempted } from '../evidence/need.ts';
import type { Gap } from '../evidence/gap.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import { refOf } from '../evidence/source.ts';
import { gateways, ingresses, secretNames, tlsSecrets } from '../evidence/sources/tls.ts';

/** One place that names a Secret to serve with. */
export interface SecretReference {
  /** `NAMESPACE/NAME` of the Secret. */
  readonly secret: string;
  /** The Ingress or Gateway. */
  readonly by: ResourceRef;
  /** Where in it. */
  readonly path: string;
  readonly name: string;
  /** What is served with it: host names, as they stand there. */
  readonly hosts: readonly string[];
  readonly reproduce: Argv;
}

/** Which Secrets are served with, and which there are. */
export interface SecretReferences {
  readonly references: readonly SecretReference[];
  /** Every Secret that could hold a certificate, by `NAMESPACE/NAME`; absent where that could not be read. */
  readonly existing?: ReadonlySet<string>;
  /** Those that are known to be there, whatever else is. */
  readonly known: ReadonlySet<string>;
  /** Why it is not known which Secrets there are. */
  readonly existingGaps: readonly Gap[];
  /** What may refer to more and could not be read. */
  readonly unread: readonly { readonly of: string; readonly gaps: readonly Gap[] }[];
}

export const secretReferences = defineIndex({
  id: 'secret-references',
  needs: { ingresses: attempt(ingresses), gateways: attempt(gateways), names: attempt(secretNames), tls: attempt(tlsSecrets) },
  build({ ingresses: ofIngresses, gateways: ofGateways, names, tls }): SecretReferences {
    const existing = 'value' in names ? new Set(names.value.map(secretKey)) : undefined;
    return {
      references: [
        ...('value' in ofIngresses ? ofIngresses.value.flatMap(inIngress) : []),
        ...('value' in ofGateways ? ofGateways.value.flatMap(inGateway) : []),
      ].sort((a, b) => compare(a.secret, b.secret) || compare(`${a.by.kind} ${a.by.namespace ?? ''}/${a.by.name} ${a.path}`, `${b.by.kind} ${b.by.namespace ?? ''}/${b.by.name} ${b.path}`)),
      ...(existing === undefined ? {} : { existing }),
      known: new Set([...(existing ?? []), ...('value' in tls ? tls.value.map(secretKey) : [])]),
      existingGaps: 'gaps' in names ? names.gaps : [],
      unread: [...unreadOf('Ingresses', ofIngresses), ...unreadOf('Gateways', ofGateways)],
    };
  },
});

/** By what a Secret is found. */
export function secretKey({ metadata }: { readonly metadata: { readonly name: string; readonly namespace?: string } }): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

function inIngress(item: NonNullable<(typeof ingresses)['evidence']>[number]): SecretReference[] {
  const { name, namespace = '' } = item.metadata;
  return (item.spec?.tls ?? []).flatMap(({ secretName, hosts = [] }, at): SecretReference[] => {
    // Without a name the controller serves its own default certificate, which is a choice.
    if (secretName === undefined || secretName === '') return [];
    const path = `spec.tls[${at}].secretName`;
    return [{ secret: `${namespace}/${secretName}`, by: refOf(ingresses, item), path, name: secretName, hosts, reproduce: ['kubectl', 'get', 'ingresses.networking.k8s.io', '-n', namespace, '-o', `jsonpath={.${path}}`, '--', name] }];
  });
}

function inGateway(item: NonNullable<(typeof gateways)['evidence']>[number]): SecretReference[] {
  const { name: gateway, namespace = '' } = item.metadata;
  return (item.spec.listeners ?? []).flatMap((listener, at) =>
    // With Passthrough the connection goes on as it is, and whatever is named here is not used.
    (listener.tls?.mode === 'Passthrough' ? [] : (listener.tls?.certificateRefs ?? [])).flatMap((ref, place): SecretReference[] => {
      // Other kinds are the implementation's own.
      if ((ref.kind ?? 'Secret') !== 'Secret' || (ref.group ?? '') !== '') return [];
      const path = `spec.listeners[${at}].tls.certificateRefs[${place}].name`;
      return [{
        secret: `${ref.namespace ?? namespace}/${ref.name}`, by: refOf(gateways, item), path, name: ref.name, hosts: listener.hostname === undefined ? [] : [listener.hostname],
        reproduce: ['kubectl', 'get', 'gateways.gateway.networking.k8s.io', '-n', namespace, '-o', `jsonpath={.${path}}`, '--', gateway],
      }];
    }));
}

function unreadOf(of: string, attempted: Attempted<unknown>): { readonly of: string; readonly gaps: readonly Gap[] }[] {
  return 'gaps' in attempted ? [{ of, gaps: attempted.gaps }] : [];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
