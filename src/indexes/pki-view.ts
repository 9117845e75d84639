import type { CertificateFacts } from '../evidence/certificate-facts.ts';
import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex } from '../evidence/need.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import type { ServiceAccountKey } from '../evidence/service-account-keys.ts';
import { serviceAccountKeys } from '../evidence/sources/trust.ts';
import { countedBearers, type CountedBearer } from './certificate-counted-bearers.ts';
import { certificateIdentities, type CertificateBearer } from './certificate-identities.ts';
import { certificateSettings } from './certificate-settings.ts';
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
  /** The files of certificates and keys that programs of the control plane were started with, where their flags are seen. */
  readonly files: readonly CertificateFile[];
  /** The public keys that tokens of service accounts are verified by; absent where they were not read. No key has a date, so its age is not known. */
  readonly serviceAccountKeys?: readonly ServiceAccountKey[];
  /** Blocks that should hold a certificate and do not. */
  readonly broken: readonly { readonly where: string; readonly resource: ResourceRef; readonly path: string; readonly problem: string }[];
  readonly unread: readonly { readonly of: string; readonly gaps: readonly Gap[] }[];
}

/** One file that a flag names. */
export interface CertificateFile {
  readonly component: string;
  /** Without dashes. */
  readonly flag: string;
  readonly path: string;
  /** `static pod etcd-cp-1`, `API server that answered /flagz`. */
  readonly from: string;
  readonly node?: string;
}

export const pkiView = defineIndex({
  id: 'pki-view',
  needs: { roles: certificateRoles, identities: attempt(certificateIdentities), counted: countedBearers, settings: certificateSettings, keys: attempt(serviceAccountKeys) },
  build({ roles: { inventory, roles, unread }, identities, counted, settings, keys }): PkiView {
    const known = new Map('value' in identities ? identities.value.identities.map(({ certificate, seen: _seen, ...identity }) => [certificate.sha256, identity] as const) : []);
    const [next] = roles.filter(isKnownEnd).sort((a, b) => ((a.notAfter ?? '') < (b.notAfter ?? '') ? -1 : 1));
    return {
      certificates: inventory.certificates.map(each => rowOf(each, known.get(each.certificate.sha256))),
      counted,
      roles,
      ...(next === undefined ? {} : { next }),
      files: settings.starts.flatMap(({ program: component, of: from, node, files }) =>
        Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)).map(([flag, path]) => ({ component, flag, path, from, ...(node === undefined ? {} : { node }) }))),
      ...('value' in keys ? { serviceAccountKeys: keys.value } : {}),
      broken: inventory.broken,
      unread: [...unread, ...('gaps' in keys ? [{ of: 'keys of service accounts', gaps: keys.gaps }] : [])],
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
