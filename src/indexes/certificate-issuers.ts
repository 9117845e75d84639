import { certificateForm } from '../evidence/certificate-form.ts';
import type { KeptCertificate } from '../evidence/certificate-facts.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import { isIssuedBy, isSelfSigned } from './certificate-chain.ts';
import { certificateInventory, type CertificateInventory } from './certificate-inventory.ts';
import { isLeaf, isSeenAs, type SeenCertificate } from './certificate-sighting.ts';
import { platform } from './platform.ts';

/** The certificates that were seen, with who issued whom. */
export interface CertificateIssuers {
  readonly inventory: CertificateInventory;
  /** Trusted for something: each authority once. */
  readonly authorities: readonly SeenCertificate[];
  /** Of servers and clients. */
  readonly leaves: readonly Leaf[];
  /** Whoever runs the control plane decides about its authorities. */
  readonly provider?: string;
}

/** A certificate of a server or client. */
export interface Leaf {
  readonly seen: SeenCertificate;
  /** The authorities that were seen and signed it; several where one key has several certificates. Empty where none was seen. */
  readonly issuers: readonly SeenCertificate[];
  readonly isSelfSigned: boolean;
  /** Whether it is trusted for clients itself, or was issued by an authority that is; absent where those are not known. */
  readonly isOfClients?: boolean;
  /** Whether what its key signs would be verified: it says it may, and its issuer lets it. */
  readonly mayIssue: boolean;
}

export const certificateIssuers = defineIndex({
  id: 'certificate-issuers',
  needs: { inventory: certificateInventory, platform: attempt(platform) },
  build({ inventory, platform: found }): CertificateIssuers {
    const isAuthority = (each: SeenCertificate): boolean => isSeenAs(each, 'trustedForServer', 'trustedForClients', 'trustedForProxies', 'trustedForExtension', 'servingAuthority')
      || each.sightings.some(({ role }) => role?.endsWith('-authority') === true && role !== 'loopback-authority');
    const authorities = inventory.certificates.filter(isAuthority);
    const clients = inventory.certificates.filter(each => isSeenAs(each, 'trustedForClients')).map(({ certificate }) => certificate);
    const leaves = inventory.certificates.filter(isLeaf).map((seen): Leaf => {
      const { certificate } = seen;
      const issuers = authorities.filter(each => each !== seen && isIssuedBy(certificate, [each.certificate]));
      return {
        seen, issuers,
        isSelfSigned: isSelfSigned(certificate),
        ...(clients.length === 0 ? {} : { isOfClients: isIssuedBy(certificate, clients) }),
        mayIssue: mayIssue(certificate, issuers),
      };
    });
    const isManaged = 'value' in found && found.value.isManaged;
    return { inventory, authorities, leaves, ...(isManaged ? { provider: found.value.title } : {}) };
  },
});

/** As Go verifies a chain: basic constraints and keyUsage of the certificate, and the path length of who issued it (crypto/x509 verify.go). */
function mayIssue(certificate: KeptCertificate, issuers: readonly SeenCertificate[]): boolean {
  if (!certificate.isAuthority || !certificateForm(certificate.der).maySign) return false;
  return issuers.length === 0 || issuers.some(({ certificate: { der } }) => certificateForm(der).pathLength !== 0);
}
