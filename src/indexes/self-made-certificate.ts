import type { CertificateFacts } from '../evidence/certificate-facts.ts';
import type { RoleId } from './certificate-role.ts';

/** Programs that make a serving certificate for themselves where they are given none. */
const MAKERS: ReadonlySet<RoleId> = new Set(['kubelet-serving', 'controller-manager-serving', 'scheduler-serving']);

/**
 * Whether a program made its serving certificate itself, with an authority of the same second that nobody else has
 * (client-go util/cert, GenerateSelfSignedCertKey: `NAME@UNIXTIME` by `NAME-ca@UNIXTIME`). The kubelet keeps its own for
 * good; the others make one at each start.
 */
export function isSelfMade(role: RoleId, { commonName = '', issuer }: CertificateFacts): boolean {
  return MAKERS.has(role) && /@\d{9,11}$/.test(commonName) && /(^|, )CN=[^,]*-ca@\d{9,11}$/.test(issuer);
}

/** What its end means, to be read after the date. */
export function selfMadeWords(role: RoleId): string {
  return role === 'kubelet-serving'
    ? 'the kubelet made it itself and never renews it, so that only clients that verify it would notice, and none can but by a copy of it'
    : 'the component makes another at its next start, and only clients that verify it would notice';
}
