import type { KeptCertificate } from '../evidence/certificate-facts.ts';
import type { Gap } from '../evidence/gap.ts';
import { attempt, defineIndex, type Attempted } from '../evidence/need.ts';
import type { Source } from '../evidence/source.ts';
import { configuredConnection } from '../evidence/sources/connection.ts';
import { apiServerHandshake } from '../evidence/sources/handshake.ts';
import { clientTrust, signingRequests } from '../evidence/sources/pki.ts';
import { podCertificateRequests } from '../evidence/sources/trust.ts';
import { authorityOf, isIssuedBy, isSelfSigned } from './certificate-chain.ts';
import { certificateInventory } from './certificate-inventory.ts';
import { isLeaf, type SeenCertificate } from './certificate-sighting.ts';
import { standardIdentityOf } from './certificate-standard.ts';
import { rightsOf, unreadBindings, type IdentityRights } from './identity-rights.ts';
import { rbacGraph, type RbacGraph } from './rbac-graph.ts';

/** Whom the API server takes the bearer of a client certificate for. */
export interface CertificateBearer extends IdentityRights {
  readonly user: string;
  /** Those of the certificate, in its order; the API server adds system:authenticated. */
  readonly groups: readonly string[];
  readonly uid?: string;
  /** Whether an authority of client certificates issued it, so that the API server takes it at all; absent where they are not known. */
  readonly isAccepted?: boolean;
  /** When the authority that issued it begins, RFC 3339: kubeadm dates back to it; absent where it was not seen. */
  readonly issuedFrom?: string;
  /** What a standard component or file has this name, in a few words: `kubelet of node worker-1`. */
  readonly standard?: string;
  /** Why it may have more rights than those that are said. */
  readonly gaps?: readonly Gap[];
}

/** A client certificate and its bearer. */
export interface CertificateIdentity extends CertificateBearer {
  readonly certificate: KeptCertificate;
  readonly seen: SeenCertificate;
}

/** The client certificates that were seen, with what their bearers may do. */
export interface CertificateIdentities {
  readonly identities: readonly CertificateIdentity[];
  /** What may hold more certificates, or says whom the API server accepts, and could not be read. */
  readonly unread: readonly { readonly of: string; readonly gaps: readonly Gap[] }[];
  /** Why there may be more rights than those that are said. */
  readonly rightGaps: readonly Gap[];
}

/** What may hold certificates that clients log in with, and what says which of them are taken. */
const LOGINS: ReadonlySet<Source> = new Set<Source>([configuredConnection, apiServerHandshake, clientTrust, signingRequests, podCertificateRequests]);

export const certificateIdentities = defineIndex({
  id: 'certificate-identities',
  needs: { inventory: certificateInventory, trust: attempt(clientTrust), graph: attempt(rbacGraph), configured: attempt(configuredConnection), requests: attempt(signingRequests), podRequests: attempt(podCertificateRequests) },
  build({ inventory, trust, graph, configured, requests, podRequests }): CertificateIdentities {
    const accepted = 'value' in trust && trust.value.exists ? trust.value.clientAuthorities?.certificates : undefined;
    // Intermediate authorities are no secrets: a bearer who was given none along with the certificate sends one that lies anywhere.
    const intermediates = [
      ...inventory.certificates.map(({ certificate }) => certificate),
      ...('value' in configured ? configured.value.clientCertificate?.certificates.slice(1) ?? [] : []),
      ...('value' in requests ? requests.value.flatMap(({ status }) => status?.certificate?.certificates.slice(1) ?? []) : []),
      ...('value' in podRequests ? podRequests.value.flatMap(({ status }) => status?.certificateChain?.certificates.slice(1) ?? []) : []),
    ];
    const identities = inventory.certificates.filter(isClient).map(seen => identityOf(seen, accepted, intermediates, graph, unreadBindings(graph)));
    // Where the chain of one that is not accepted breaks off, the intermediate authority that leads on may lie where nobody here could look.
    const refused = identities.filter(({ isAccepted }) => isAccepted === false);
    const roots = refused.length === 0 ? [] : intermediates.filter(isSelfSigned);
    const isOpen = refused.some(({ certificate }) => authorityOf(certificate, roots, intermediates, 'client') === undefined);
    return {
      identities,
      unread: inventory.unread.filter(({ source, gaps }) => LOGINS.has(source) || (isOpen && gaps.some(({ kind }) => kind === 'gap'))).map(({ of, gaps }) => ({ of, gaps })),
      rightGaps: [...unreadBindings(graph), ...('value' in graph ? graph.value.surroundings.gaps.flatMap(({ gaps }) => gaps) : [])],
    };
  },
});

/** Logins, and whatever else was issued or is served that a client could log in with. */
function isClient(seen: SeenCertificate): boolean {
  const { usages, commonName } = seen.certificate;
  // One that may issue others logs in all the same.
  if (commonName === undefined || !isLeaf(seen)) return false;
  // Go takes a certificate without usages for one of any use.
  return usages === undefined || usages.includes('client') || usages.includes('any');
}

function identityOf(seen: SeenCertificate, accepted: readonly KeptCertificate[] | undefined, intermediates: readonly KeptCertificate[], graph: Attempted<RbacGraph>, unread: readonly Gap[]): CertificateIdentity {
  const { certificate } = seen;
  const { commonName: user = '', organizations: groups, uid } = certificate;
  const issuer = accepted === undefined ? undefined : authorityOf(certificate, accepted, intermediates, 'client');
  const standard = standardIdentityOf(user, groups);
  return {
    certificate, seen, user, groups,
    ...(uid === undefined ? {} : { uid }),
    ...(accepted === undefined ? {} : { isAccepted: issuer !== undefined }),
    ...(issuer === undefined ? {} : { issuedFrom: ([...(accepted ?? []), ...intermediates].find(each => each.isAuthority && isIssuedBy(certificate, [each])) ?? issuer).notBefore }),
    ...(standard === undefined ? {} : { standard }),
    ...(groups.includes('system:masters') || unread.length === 0 ? {} : { gaps: unread }),
    ...rightsOf({ user, groups: [...groups, 'system:authenticated'] }, graph),
  };
}
