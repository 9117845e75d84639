import type { KeptCertificate } from '../evidence/certificate-facts.ts';
import type { Gap } from '../evidence/gap.ts';
import type { Attempted } from '../evidence/need.ts';
import type { CertificateBundle } from '../evidence/pem.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import type { Argv } from '../evidence/evidence-item.ts';
import type { Source } from '../evidence/source.ts';
import type { RoleId } from './certificate-role.ts';

/**
 * What a certificate is there for, at the place where it was seen; what is used for something comes before what is trusted:
 * - `login`: the person's own login
 * - `serving`, `servingAuthority`: the API server serves with it, or sends it along
 * - `loopback`, `loopbackAuthority`: the API server talks to itself with it
 * - `used`: a component uses it, for the role that the sighting names
 * - `issued`: issued on a request that is still there
 * - `kept`: it lies there, and nothing says what for
 * - `trustedForServer`: clients verify the API server with it
 * - `trustedForClients`, `trustedForProxies`: the API server accepts client certificates, or headers of proxies, that it issued
 * - `trustedForExtension`: the API server verifies a webhook or an extension API server with it
 * - `trustedByPrograms`: programs that ask the cluster for it trust what it issued
 */
export const SEEN_AS = ['login', 'serving', 'loopback', 'used', 'issued', 'kept', 'servingAuthority', 'loopbackAuthority', 'trustedForServer', 'trustedForClients', 'trustedForProxies', 'trustedForExtension', 'trustedByPrograms'] as const;
export type SeenAs = (typeof SEEN_AS)[number];

/** One place where a certificate was seen. */
export interface Sighting {
  readonly as: SeenAs;
  /** In a few words: `ConfigMap kube-public/cluster-info`. */
  readonly where: string;
  readonly resource: ResourceRef;
  /** Where in the object or answer. */
  readonly path: string;
  /** A command that shows it, or how it was come by where no single one does. */
  readonly shown: { readonly reproduce: Argv } | { readonly derivation: string };
  /** The server name that was asked for, in handshakes; empty for clients by address. */
  readonly serverName?: string;
  /** What it is used for, where the place itself says so: then it is the certificate of that role, on that node. */
  readonly role?: RoleId;
  /** The node on which it was seen. */
  readonly node?: string;
}

/** One certificate with every place where it was seen. */
export interface SeenCertificate {
  readonly certificate: KeptCertificate;
  readonly sightings: readonly [Sighting, ...Sighting[]];
}

/** A block that should be a certificate and is none. */
export interface BrokenBlock {
  readonly where: string;
  readonly resource: ResourceRef;
  readonly path: string;
  readonly problem: string;
}

/** Certificates that could not be looked for. */
export interface UnreadCertificates {
  /** In a few words: `certificates of signing requests`. */
  readonly of: string;
  readonly source: Source;
  readonly gaps: readonly Gap[];
}

/** A certificate at one place. */
export type Found = Sighting & { readonly certificate: KeptCertificate };

/** What one way of looking showed. */
export interface Sightings {
  readonly found: readonly Found[];
  readonly broken: readonly BrokenBlock[];
  /** What may hold more certificates and could not be read. */
  readonly unread: readonly UnreadCertificates[];
}

/** Where a bundle stands: its certificates are told apart by the end of the path. */
export type Place = Omit<Sighting, 'path'>;

/** The sightings of a bundle: each certificate at its place in it, and what is none. */
export function sightingsIn(bundle: CertificateBundle | undefined, place: Place, path: string): Pick<Sightings, 'found' | 'broken'> {
  const { where, resource } = place;
  return {
    found: (bundle?.certificates ?? []).map((certificate, at) => ({ ...place, path: `${path}[${at}]`, certificate })),
    broken: (bundle?.malformed ?? []).map(({ index, problem }) => ({ where, resource, path: `${path}[${index}]`, problem })),
  };
}

/** The sightings of a source that may be unread. */
export function sightingsOf<T>(of: string, source: Source, attempted: Attempted<T>, see: (value: T) => readonly Pick<Sightings, 'found' | 'broken'>[]): Sightings {
  return 'value' in attempted ? joined(see(attempted.value)) : { found: [], broken: [], unread: [{ of, source, gaps: attempted.gaps }] };
}

/** All of them as one. */
export function joined(all: readonly (Pick<Sightings, 'found' | 'broken'> & Partial<Sightings>)[]): Sightings {
  return { found: all.flatMap(({ found }) => found), broken: all.flatMap(({ broken }) => broken), unread: all.flatMap(({ unread = [] }) => unread) };
}

/** The holder's own certificate: what follows it only completes its chain. */
export function firstOf(bundle: CertificateBundle | undefined): CertificateBundle | undefined {
  return bundle === undefined ? undefined : { ...bundle, certificates: bundle.certificates.slice(0, 1) };
}

/** Whether it was seen in one of these places. */
export function isSeenAs({ sightings }: SeenCertificate, ...as: readonly SeenAs[]): boolean {
  return sightings.some(sighting => as.includes(sighting.as));
}

/** Whether a server or client uses it, or was given it to use; what is only trusted, or issues others, is none. */
export function isLeaf({ certificate, sightings }: SeenCertificate): boolean {
  return sightings.some(({ as, role }) => {
    if (as === 'login' || as === 'serving' || as === 'issued') return true;
    if (as === 'used') return role?.endsWith('-authority') !== true;
    return as === 'kept' && !certificate.isAuthority;
  });
}

/** Whether a server shows it to its clients. */
export function isServerCertificate({ sightings }: SeenCertificate): boolean {
  return sightings.some(({ as, role }) => as === 'serving' || (as === 'used' && (role?.endsWith('-serving') === true || role === 'etcd-server' || role === 'etcd-peer')));
}
