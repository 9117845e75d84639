import type { KeptCertificate } from '../evidence/certificate-facts.ts';
import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import { refOf } from '../evidence/source.ts';
import { ingressServers as shownServers, addressesOf, hostsOf, servedKey } from '../evidence/sources/ingress-servers.ts';
import { ingresses } from '../evidence/sources/tls.ts';
import { isCovered } from './serving-names.ts';

/** A host of an Ingress, with the certificates that people get who come to it. */
export interface IngressHost {
  readonly resource: ResourceRef;
  readonly host: string;
  /** Of `spec.tls`. */
  readonly entry: number;
  readonly shown: readonly { readonly address: string; readonly leaf: KeptCertificate; readonly isCovered: boolean; readonly isDefault: boolean }[];
  /** Addresses, or all of them, at which nothing was seen. */
  readonly gaps: readonly Gap[];
}

/**
 * Names of the certificates that controllers make for themselves, for want of a better one: ingress-nginx
 * (internal/ingress/controller/controller.go), Traefik (pkg/tls/generate/generate.go).
 */
const DEFAULTS: ReadonlySet<string> = new Set(['Kubernetes Ingress Controller Fake Certificate', 'TRAEFIK DEFAULT CERT']);

/** Every host that an Ingress serves with a certificate at an address of its own. */
export const ingressServers = defineIndex({
  id: 'ingress-servers',
  needs: { ingresses, servers: attempt(shownServers) },
  build({ ingresses: list, servers }): { readonly hosts: readonly IngressHost[] } {
    const byKey = new Map('value' in servers ? servers.value.map(each => [each.of, each]) : []);
    const hosts = list.flatMap(item => [...hostsOf(item)].map(([host, entry]): IngressHost => {
      const seen = addressesOf(item).map(address => ({ address, ...(byKey.get(servedKey({ host, address })) ?? { gap: NOT_ASKED }) }));
      const shown = seen.flatMap(({ address, ...each }) => {
        const [leaf] = 'value' in each ? each.value.chain : [];
        return leaf === undefined ? [] : [{ address, leaf, isCovered: isCovered(leaf, host), isDefault: DEFAULTS.has(leaf.commonName ?? '') }];
      });
      const unseen = 'gaps' in servers && seen.length > 0 ? servers.gaps : seen.flatMap(each => ('gap' in each ? [each.gap] : []));
      const isByName = item.status?.loadBalancer?.ingress?.some(({ hostname }) => hostname === true) === true;
      return { resource: refOf(ingresses, item), host, entry, shown, gaps: [...unseen, ...(isByName ? [BY_NAME] : [])] };
    }));
    return { hosts: hosts.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)) };
  },
});

/** Whoever writes the status would decide where this machine connects to. */
const BY_NAME: Gap = { kind: 'notObservable', reason: 'notSeen', source: shownServers.id, detail: 'the address of the Ingress is a name in DNS, which is not followed' };

const NOT_ASKED: Gap = { kind: 'gap', reason: 'notSeen', source: shownServers.id, detail: 'nothing was seen at the address of an Ingress' };

function keyOf({ resource: { namespace = '', name }, host }: IngressHost): string {
  return `${namespace}/${name} ${host}`;
}
