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
import { isSeenAs, type SeenCertificate } from './certificate-sighting.ts';
import { standardIdentityOf } from './certificate-standard.ts';
import { GOALS, type Goal } from './rbac-edges.ts';
import { rbacGraph, type RbacGraph } from './rbac-graph.ts';
import type { Grant } from './rbac-grants.ts';
import { isMatch, type Identity } from './rbac-identity.ts';
import { GOAL_WORDS, hopSentence, pathFrom } from './rbac-path.ts';
import { IMPACTS, powersOf, reachOf, type Impact } from './rbac-power.ts';
import { formatRef } from '../evidence/resource-ref.ts';
import { formatSubject } from '../evidence/subject.ts';

/** The strongest thing that the bearer of a certificate may do by rights of its own. */
export interface StrongestRight {
  /** To be read after "can". */
  readonly can: string;
  readonly impact: Impact;
  /** Absent for the whole cluster. */
  readonly namespace?: string;
  /** The binding that gives it; absent where none is needed. */
  readonly binding?: string;
  /** The group that brings it; absent where a binding names the user. */
  readonly group?: string;
}

/** The shortest way of the bearer to more, through the rights of others. */
export interface WayUp {
  readonly goal: Goal;
  /** To be read after "can". */
  readonly can: string;
  readonly steps: readonly string[];
}

/** Whom the API server takes the bearer of a client certificate for. */
export interface CertificateIdentity {
  readonly certificate: KeptCertificate;
  readonly seen: SeenCertificate;
  readonly user: string;
  /** Those of the certificate, in its order; the API server adds system:authenticated. */
  readonly groups: readonly string[];
  readonly uid?: string;
  /** Whether an authority of client certificates issued it, so that the API server takes it at all; absent where they are not known. */
  readonly isAccepted?: boolean;
  /** When the authority that issued it begins, RFC 3339: kubeadm dates back to it; absent where it was not seen. */
  readonly issuedFrom?: string;
  /** A member of system:masters is allowed everything, whatever is bound, until the certificate ends. */
  readonly isMaster: boolean;
  /** The strongest right; absent where nothing is bound to it, or the bindings could not be read. */
  readonly strongest?: StrongestRight;
  readonly wayUp?: WayUp;
  /** What a standard component or file has this name, in a few words: `kubelet of node worker-1`. */
  readonly standard?: string;
  /** Why it may have more rights than those that are said. */
  readonly gaps?: readonly Gap[];
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

/** Why there may be bindings that nobody here knows of. */
export function unreadBindings(graph: Attempted<RbacGraph>): readonly Gap[] {
  return 'gaps' in graph ? graph.gaps : [...graph.value.rbac.unread, ...graph.value.rbac.unresolved].flatMap(({ gaps }) => gaps);
}

/** Logins, and whatever else was issued or is served that a client could log in with. */
function isClient(seen: SeenCertificate): boolean {
  const { usages, isAuthority, commonName } = seen.certificate;
  if (isAuthority || commonName === undefined || !isSeenAs(seen, 'login', 'issued', 'serving', 'used', 'kept')) return false;
  // Go takes a certificate without usages for one of any use.
  return usages === undefined || usages.includes('client') || usages.includes('any');
}

function identityOf(seen: SeenCertificate, accepted: readonly KeptCertificate[] | undefined, intermediates: readonly KeptCertificate[], graph: Attempted<RbacGraph>, unread: readonly Gap[]): CertificateIdentity {
  const { certificate } = seen;
  const { commonName: user = '', organizations: groups, uid } = certificate;
  const issuer = accepted === undefined ? undefined : authorityOf(certificate, accepted, intermediates, 'client');
  const isMaster = groups.includes('system:masters');
  const standard = standardIdentityOf(user, groups);
  return {
    certificate, seen, user, groups, isMaster,
    ...(uid === undefined ? {} : { uid }),
    ...(accepted === undefined ? {} : { isAccepted: issuer !== undefined }),
    ...(issuer === undefined ? {} : { issuedFrom: ([...(accepted ?? []), ...intermediates].find(each => each.isAuthority && isIssuedBy(certificate, [each])) ?? issuer).notBefore }),
    ...(standard === undefined ? {} : { standard }),
    ...(isMaster || unread.length === 0 ? {} : { gaps: unread }),
    ...rightsOf({ user, groups: [...groups, 'system:authenticated'] }, isMaster, graph),
  };
}

/** Every kubelet may read and change what belongs to its own node, without a binding (the Node authorizer). */
const OWN_NODE: StrongestRight = { can: 'read and change what belongs to its own node, Secrets of its pods included', impact: 'write' };

/** The strongest right of an identity, and its way to more. */
export function rightsOf(identity: Identity, isMaster: boolean, graph: Attempted<RbacGraph>): Pick<CertificateIdentity, 'strongest' | 'wayUp'> {
  if (isMaster) return { strongest: { can: 'do anything', impact: 'takeover', group: 'system:masters' } };
  if ('gaps' in graph) return {};
  const bound = strongestOf(graph.value.rbac.grants, identity);
  const isKubelet = identity.user.startsWith('system:node:') && identity.groups.includes('system:nodes');
  const strongest = isKubelet && bound?.impact !== 'takeover' ? OWN_NODE : bound;
  const way = wayUpOf(graph.value, identity);
  return { ...(strongest === undefined ? {} : { strongest }), ...(way === undefined || strongest?.can === 'do anything' ? {} : { wayUp: way }) };
}

/** The strongest right of all grants that reach an identity: by what it leads to, then the whole cluster before a namespace. */
function strongestOf(grants: readonly Grant[], identity: Identity): StrongestRight | undefined {
  let best: { readonly rank: number; readonly right: StrongestRight } | undefined;
  for (const grant of grants) {
    if (!isMatch(grant.subject, identity)) continue;
    const [power] = powersOf(grant.rules, reachOf(grant));
    if (power === undefined) continue;
    const rank = (IMPACTS.indexOf(power.impact) * 2 + (grant.namespace === undefined ? 0 : 1)) * 100 + power.rank;
    if (best !== undefined && best.rank <= rank) continue;
    const { words: can, impact } = power;
    const { namespace, subject, binding } = grant;
    best = { rank, right: { can, impact, binding: formatRef(binding), ...(namespace === undefined ? {} : { namespace }), ...(subject.kind === 'Group' ? { group: subject.name } : {}) } };
  }
  return best?.right;
}

/** The shortest way to the worst goal that the user or one of its groups comes to. */
function wayUpOf(graph: RbacGraph, { user, groups }: Identity): WayUp | undefined {
  const keys = [formatSubject({ kind: 'User', name: user }), ...groups.map(name => formatSubject({ kind: 'Group', name }))];
  for (const goal of GOALS) {
    const ways = keys.flatMap(key => pathFrom(graph, key, goal) ?? []).sort((a, b) => a.cost - b.cost);
    const [way] = ways;
    if (way !== undefined) return { goal, can: GOAL_WORDS[goal], steps: way.hops.map(hopSentence) };
  }
  return undefined;
}
