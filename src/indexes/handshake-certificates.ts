import type { CertificateFacts, KeptCertificate } from '../evidence/certificate-facts.ts';
import { defineIndex } from '../evidence/need.ts';
import { apiServerHandshake } from '../evidence/sources/handshake.ts';

/** What a certificate that the API server shows is there for. */
export type ShownRole =
  /** It serves with it. */
  | 'serving'
  /** Sent along with the serving certificate: an authority above it. */
  | 'servingAuthority'
  /** It talks to itself with it; made anew at every start. */
  | 'loopback'
  | 'loopbackAuthority';

export interface ShownCertificate extends CertificateFacts {
  readonly role: ShownRole;
}

/** What the handshake of the API server shows: the certificates, and whose client certificates it takes. */
export interface HandshakeView {
  readonly certificates: readonly ShownCertificate[];
  /** Names of authorities, as the server sends them; absent where they are not known. */
  readonly clientAuthorities?: readonly string[];
  /** HTTP status of GET /version without a credential: 401 where anonymous requests are turned off. */
  readonly anonymousVersionStatus?: number;
}

/** What a certificate says, without its bytes. */
export function factsOf({ der: _bytes, ...facts }: KeptCertificate): CertificateFacts {
  return facts;
}

/** The certificates that can be seen without a login, each once. */
export const handshakeCertificates = defineIndex({
  id: 'handshakeCertificates',
  needs: { handshake: apiServerHandshake },
  build({ handshake: { serving, loopback, clientAuthorities, anonymousVersion } }): HandshakeView {
    const own = serving.map((certificate, index): ShownCertificate => ({ ...factsOf(certificate), role: index === 0 ? 'serving' : 'servingAuthority' }));
    const shown = new Set(own.map(({ sha256 }) => sha256));
    // A server that knows no such name shows what it shows to everybody.
    const isSame = 'unknown' in loopback || loopback.chain[0] === undefined || shown.has(loopback.chain[0].sha256);
    const others = isSame ? [] : loopback.chain.filter(({ sha256 }) => !shown.has(sha256));
    return {
      certificates: [...own, ...others.map((certificate, index): ShownCertificate => ({ ...factsOf(certificate), role: index === 0 ? 'loopback' : 'loopbackAuthority' }))],
      ...('names' in clientAuthorities ? { clientAuthorities: clientAuthorities.names } : {}),
      ...('status' in anonymousVersion ? { anonymousVersionStatus: anonymousVersion.status } : {}),
    };
  },
});
