import type { CertificateFacts } from '../evidence/certificate-facts.ts';
import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import { countedBearers, type CountedBearer } from './certificate-counted-bearers.ts';
import { certificateIdentities, type CertificateBearer } from './certificate-identities.ts';
import type { SeenCertificate, Sighting } from './certificate-sighting.ts';
import { isKnownEnd, type CertificateRole } from './certificate-role.ts';
import { certificateRoles } from './certificate-roles.ts';
import { factsOf } from './handshake-certificates.ts';

/** A certificate that was seen, with every place, and whom its bearer would be. */
export interface CertificateRow extends CertificateFacts {
  readonly sightings: readonly Omit<Sighting, 'shown'>[];
  readonly identity?: CertificateBearer;
}

/** What `kubectl secaudit pki` shows beside its findings. */
export interface PkiView {
  /** By SHA-256. */
  readonly certificates: readonly CertificateRow[];
  /** Whom the certificates make of their bearers of which only the holder's name was seen. */
  readonly counted: readonly CountedBearer[];
  /** What the cluster runs on, seen or not; each points to its certificate. */
  readonly roles: readonly CertificateRole[];
  /** What ends next of all that is known to the day; absent where nothing is. */
  readonly next?: CertificateRole;
  /** Blocks that should hold a certificate and do not. */
  readonly broken: readonly { readonly where: string; readonly resource: ResourceRef; readonly path: string; readonly problem: string }[];
  readonly unread: readonly { readonly of: string; readonly gaps: readonly Gap[] }[];
}

export const pkiView = defineIndex({
  id: 'pki-view',
  needs: { roles: certificateRoles, identities: attempt(certificateIdentities), counted: countedBearers },
  build({ roles: { inventory, roles, unread }, identities, counted }): PkiView {
    const known = new Map('value' in identities ? identities.value.identities.map(({ certificate, seen: _seen, ...identity }) => [certificate.sha256, identity] as const) : []);
    const [next] = roles.filter(isKnownEnd).sort((a, b) => ((a.notAfter ?? '') < (b.notAfter ?? '') ? -1 : 1));
    return {
      certificates: inventory.certificates.map(each => rowOf(each, known.get(each.certificate.sha256))),
      counted,
      roles,
      ...(next === undefined ? {} : { next }),
      broken: inventory.broken,
      unread,
    };
  },
});

function rowOf({ certificate, sightings }: SeenCertificate, identity: CertificateRow['identity']): CertificateRow {
  return {
    ...factsOf(certificate),
    sightings: sightings.map(({ shown: _shown, ...sighting }) => sighting),
    ...(identity === undefined ? {} : { identity }),
  };
}
