import type { KeptCertificate } from '../evidence/certificate-facts.ts';
import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import { refOf } from '../evidence/source.ts';
import { apiServerHandshake } from '../evidence/sources/handshake.ts';
import { kubeRootCa } from '../evidence/sources/pki.ts';
import { rootCaCopies as copiesSource } from '../evidence/sources/trust.ts';
import { authorityOf } from './certificate-chain.ts';
import { certificateInventory } from './certificate-inventory.ts';
import { isSeenAs } from './certificate-sighting.ts';
import { shownServer } from './server-trust.ts';

/** The authorities that the programs of one namespace verify the API server by. */
export interface RootCaCopy {
  readonly namespace: string;
  readonly resource: ResourceRef;
  readonly certificates: readonly KeptCertificate[];
  /** None of them verifies the certificate that the API server shows. */
  readonly isUseless: boolean;
  /** Places of those that nothing else in the cluster trusts for the API server. */
  readonly strangers: readonly number[];
}

/** The copies that differ from the one of kube-system, and the others, which are as good or bad as that. */
export interface RootCaCopies {
  readonly copies: readonly RootCaCopy[];
  readonly unread: readonly { readonly of: string; readonly gaps: readonly Gap[] }[];
}

export const rootCaCopies = defineIndex({
  id: 'root-ca-copies',
  needs: { list: copiesSource, inventory: certificateInventory, handshake: attempt(apiServerHandshake), own: attempt(kubeRootCa) },
  build({ list, inventory, handshake, own }): RootCaCopies {
    const shown = shownServer(inventory, handshake);
    if ('gaps' in shown) return { copies: [], unread: list.length === 0 ? [] : [{ of: 'the certificate of the API server', gaps: shown.gaps }] };
    const standard = 'value' in own && own.value.exists ? namesOf(own.value.certificates) : undefined;
    const bundles = list.map(item => ({ item, certificates: item.data?.certificates ?? [] }));
    const known = knownOf(inventory.certificates.filter(each => isSeenAs(each, 'trustedForServer', 'trustedForClients', 'servingAuthority', 'serving')).map(({ certificate }) => certificate), bundles);
    const copies = bundles.map(({ item, certificates }): RootCaCopy => {
      const isSame = standard !== undefined && namesOf(certificates) === standard;
      return {
        namespace: item.metadata.namespace ?? '',
        resource: refOf(copiesSource, item),
        certificates,
        // What is wrong everywhere is wrong with the source of all copies, and a finding about that.
        isUseless: !isSame && authorityOf(shown.serving.certificate, certificates, shown.chain, 'server') === undefined,
        strangers: certificates.flatMap(({ sha256 }, at) => (known.has(sha256) ? [] : [at])),
      };
    });
    return { copies: copies.sort((a, b) => (a.namespace < b.namespace ? -1 : 1)), unread: [] };
  },
});

/**
 * Authorities that are there on purpose: trusted elsewhere, or in half of all copies. While an authority is replaced, the next
 * one stands in the copies before anything uses it.
 */
function knownOf(trusted: readonly KeptCertificate[], bundles: readonly { readonly certificates: readonly KeptCertificate[] }[]): ReadonlySet<string> {
  const known = new Set(trusted.map(({ sha256 }) => sha256));
  const counts = new Map<string, number>();
  for (const { certificates } of bundles) for (const sha256 of new Set(certificates.map(each => each.sha256))) counts.set(sha256, (counts.get(sha256) ?? 0) + 1);
  for (const [sha256, count] of counts) if (count > 1 && count * 2 >= bundles.length) known.add(sha256);
  return known;
}

function namesOf(certificates: readonly KeptCertificate[]): string {
  return [...new Set(certificates.map(({ sha256 }) => sha256))].sort().join();
}
