import { isIP } from './ip-kind.ts';
import type { KeptCertificate } from '../evidence/certificate-facts.ts';
import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import { configuredConnection } from '../evidence/sources/connection.ts';
import { apiServerHandshake, isDirect } from '../evidence/sources/handshake.ts';
import { kubernetesService } from '../evidence/sources/pki.ts';
import { certificateInventory } from './certificate-inventory.ts';
import type { SeenCertificate } from './certificate-sighting.ts';

/** A name that the API server is reached by, with the certificate that it shows to who asks so. */
export interface ServingName {
  readonly name: string;
  /** Who asks, to be read before "that asks for". */
  readonly by: string;
  readonly seen: SeenCertificate;
  readonly isCovered: boolean;
}

/** The names that the API server must answer to. */
export interface ServingNames {
  readonly wanted: readonly ServingName[];
  readonly unread: readonly { readonly of: string; readonly gaps: readonly Gap[] }[];
}

/** By this name programs in the cluster may ask; by address most of them do. */
const IN_CLUSTER = 'kubernetes.default.svc';

export const servingNames = defineIndex({
  id: 'serving-names',
  needs: { inventory: certificateInventory, configured: attempt(configuredConnection), handshake: attempt(apiServerHandshake), service: attempt(kubernetesService) },
  build({ inventory, configured, handshake, service }): ServingNames {
    const wanted: ServingName[] = [];
    const unread: { of: string; gaps: readonly Gap[] }[] = [];
    const shownTo = (serverName: string | undefined): SeenCertificate | undefined =>
      inventory.certificates.find(({ sightings }) => sightings.some(each => each.as === 'serving' && each.serverName === serverName));
    // A kubeconfig by address is answered as every client by address is.
    const own = shownTo(undefined);
    const add = (name: string, by: string, seen: SeenCertificate | undefined): void => {
      if (seen !== undefined) wanted.push({ name, by, seen, isCovered: isCovered(seen.certificate, name) });
      else if ('value' in handshake) unread.push({ of: `the certificate that is shown to who asks for ${name}`, gaps: [noAnswer(name)] });
    };
    if ('gaps' in handshake) unread.push({ of: 'the certificate of the API server', gaps: handshake.gaps });
    if ('value' in configured) {
      // Who turned verification off knows that the name does not fit.
      if (configured.value.isVerified) add(configured.value.serverName, 'this kubeconfig', own);
    } else unread.push({ of: 'the name that the kubeconfig asks for', gaps: configured.gaps });
    if ('value' in handshake && !isDirect(handshake.value)) {
      unread.push({ of: 'the names that programs in the cluster ask for', gaps: [FRONT_END] });
    } else if ('value' in service) {
      const byAddress = shownTo('') ?? own;
      for (const address of service.value.addresses) if (isIP(address) !== 0) add(address, 'programs in the cluster', byAddress);
      add(IN_CLUSTER, 'programs in the cluster', shownTo(IN_CLUSTER) ?? own);
    } else unread.push({ of: 'the names that programs in the cluster ask for', gaps: service.gaps });
    return { wanted, unread };
  },
});

const FRONT_END: Gap = { kind: 'notObservable', reason: 'notSeen', source: apiServerHandshake.id, detail: 'something in front of the API server answers the handshakes, and programs in the cluster go past it' };

/** Whether a client that asks for this name or address takes the certificate; as Go does since 1.15: the common name counts for nothing, and a star stands for one whole label, the first. */
export function isCovered({ names }: KeptCertificate, name: string): boolean {
  const ofKind = (kind: string): string[] => names.flatMap(each => (each.startsWith(kind) ? [each.slice(kind.length).toLowerCase()] : []));
  if (isIP(name) !== 0) return ofKind('IP:').map(sameAddress).includes(sameAddress(name));
  const wanted = name.toLowerCase().replace(/\.$/, '');
  const rest = wanted.slice(wanted.indexOf('.'));
  return ofKind('DNS:').some(each => each === wanted || (each.startsWith('*.') && wanted.includes('.') && each.slice(1) === rest));
}

/** One form for every spelling of an IPv6 address. */
function sameAddress(address: string): string {
  return isIP(address) === 6 ? new URL(`http://[${address}]`).hostname : address;
}

function noAnswer(name: string): Gap {
  return { kind: 'gap', reason: 'notSeen', source: apiServerHandshake.id, detail: `no handshake that asked for ${name} succeeded` };
}
