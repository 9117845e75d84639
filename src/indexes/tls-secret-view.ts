import { attempt, defineIndex } from '../evidence/need.ts';
import type { Gap } from '../evidence/gap.ts';
import { tlsSecrets } from '../evidence/sources/tls.ts';
import { isInSecret, isKnownEnd, type CertificateRole } from './certificate-role.ts';
import { certificateRoles } from './certificate-roles.ts';
import { secretKey, secretReferences } from './secret-references.ts';
import { tlsSecretFaults } from './tls-secret-state.ts';

/** Rows that tables and people look at first; the JSON has the others under `roles`. */
const FIRST = 5;

/** TLS Secrets in a few numbers: there may be thousands. */
export interface TlsSecretSummary {
  /** How many Secrets there are of that type. */
  readonly secrets: number;
  /** How many certificates lie in them, each counted once. */
  readonly certificates: number;
  /** How many of those are renewed without being asked. */
  readonly renewed: number;
  /** How many are over. */
  readonly expired: number;
  /** How many Secrets cannot be served with, or have a fault that some clients refuse. */
  readonly faulty: number;
  /** Secrets that no Ingress and no Gateway names; pods may use them all the same. Absent where those could not be read. */
  readonly unreferenced?: readonly string[];
  /** What ends first of those that nothing renews: the leaves, not their authorities. */
  readonly next: readonly CertificateRole[];
}

/** Either the numbers, or why there are none. */
export type TlsSecretView = TlsSecretSummary | { readonly gaps: readonly Gap[] };

export const tlsSecretView = defineIndex({
  id: 'tls-secret-view',
  needs: { secrets: attempt(tlsSecrets), faults: attempt(tlsSecretFaults), references: attempt(secretReferences), roles: attempt(certificateRoles) },
  build({ secrets, faults, references, roles }, { now }): TlsSecretView {
    if ('gaps' in secrets) return { gaps: secrets.gaps };
    const inSecrets = 'value' in roles ? roles.value.roles.filter(isInSecret) : [];
    const named = 'value' in references && references.value.unread.length === 0 ? new Set(references.value.references.map(({ secret }) => secret)) : undefined;
    const unrenewed = inSecrets.filter(role => role.role === 'tls-secret' && role.secret?.renewedBy === undefined && isKnownEnd(role));
    return {
      secrets: secrets.value.length,
      certificates: new Set(inSecrets.map(({ certificate }) => certificate)).size,
      renewed: inSecrets.filter(({ secret }) => secret?.renewedBy !== undefined).length,
      expired: inSecrets.filter(({ notAfter }) => notAfter !== undefined && Date.parse(notAfter) < Date.parse(now)).length,
      faulty: 'value' in faults ? faults.value.filter(({ fault }) => fault !== undefined).length : 0,
      ...(named === undefined ? {} : { unreferenced: secrets.value.map(secretKey).filter(key => !named.has(key)).sort() }),
      next: unrenewed.sort((a, b) => ((a.notAfter ?? '') < (b.notAfter ?? '') ? -1 : (a.notAfter ?? '') > (b.notAfter ?? '') ? 1 : 0)).slice(0, FIRST),
    };
  },
});
