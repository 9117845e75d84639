import type { ResourceRef } from '../evidence/resource-ref.ts';
import type { CertificateInventory } from './certificate-inventory.ts';
import { ROLE_TITLES, type RoleId, type RoleRow } from './certificate-role.ts';
import type { SecretPlace, SeenCertificate, Sighting } from './certificate-sighting.ts';

/** The row of a certificate of which the bytes were seen. */
export function exactRow(role: RoleId, resource: ResourceRef, { certificate, sightings }: SeenCertificate): RoleRow {
  return {
    role, resource,
    title: ROLE_TITLES[role],
    // What the API server makes for itself has the second of its start for a name.
    ...(certificate.commonName === undefined || role.includes('loopback') ? {} : { instance: certificate.commonName }),
    grade: 'exact',
    certificate: certificate.sha256,
    notAfter: certificate.notAfter,
    how: placesOf(sightings),
  };
}

/** Names of nodes; absent where they are not known. */
interface NodeNames {
  readonly all: readonly string[] | undefined;
  readonly controlPlanes: readonly string[] | undefined;
}

/**
 * Rows of the certificates whose place says what they are used for, beside those that were seen elsewhere. What is known
 * of a role less well than by its bytes gives way to them: on its node, or where every node that has one was looked at.
 */
export function withUsed(inventory: CertificateInventory, seen: readonly RoleRow[], unseen: readonly RoleRow[], nodes: NodeNames): RoleRow[] {
  const used = inventory.certificates.flatMap(each => rolesOf(each).map(([sighting, ...more]) => ({ role: sighting.role, node: sighting.node, row: usedRow(each, sighting, more) })));
  return [
    ...seen,
    // One that the API server itself showed, or published, has its row already.
    ...used.filter(({ role, row }) => !seen.some(other => other.role === role && other.certificate === row.certificate)).map(({ row }) => row),
    ...displacedBy(used, unseen, nodes),
  ];
}

/** What is left of rows where roles are known better on some nodes: those of other nodes, and of all while some are missing. */
export function displacedBy(known: readonly { readonly role: RoleId; readonly node?: string | undefined }[], rows: readonly RoleRow[], nodes: NodeNames): RoleRow[] {
  const looked = Map.groupBy(known, ({ role }) => role);
  return rows.flatMap(row => {
    const on = new Set(looked.get(row.role)?.map(({ node }) => node));
    if (on.size === 0) return [row];
    if (row.instance !== undefined) return on.has(row.instance) ? [] : [row];
    const users = row.role === 'kube-proxy-client' ? nodes.all : nodes.controlPlanes;
    const isComplete = row.role.endsWith('-authority') || (users !== undefined && users.length > 0 && users.every(name => on.has(name)));
    return isComplete ? [] : [{ ...row, instance: 'other nodes' }];
  });
}

type UsedSighting = Sighting & { readonly role: RoleId };

/** Its sightings that name a role, by role and node. */
function rolesOf({ sightings }: SeenCertificate): (readonly [UsedSighting, ...UsedSighting[]])[] {
  const groups = Map.groupBy(sightings.filter((each): each is UsedSighting => each.role !== undefined), ({ role, node }) => JSON.stringify([role, node]));
  return [...groups.values()].flatMap(([first, ...more]) => (first === undefined ? [] : [[first, ...more] as const]));
}

function usedRow({ certificate }: SeenCertificate, sighting: UsedSighting, more: readonly UsedSighting[]): RoleRow {
  const { role, resource } = sighting;
  const instance = sighting.node ?? (certificate.commonName ?? certificate.names[0]?.replace(/^[A-Za-z]+:/, ''));
  const secret = secretOf([sighting, ...more]);
  return {
    role, resource,
    title: ROLE_TITLES[role],
    ...(instance === undefined ? {} : { instance }),
    grade: 'exact',
    certificate: certificate.sha256,
    notAfter: certificate.notAfter,
    how: placesOf([sighting, ...more]),
    ...(secret === undefined ? {} : { secret }),
  };
}

/** What counts of several Secrets: that one of them is renewed. */
function secretOf(sightings: readonly Sighting[]): SecretPlace | undefined {
  const places = sightings.flatMap(({ secret }) => secret ?? []);
  const [first] = places;
  if (first === undefined) return undefined;
  return places.find(({ renewedBy }) => renewedBy !== undefined) ?? first;
}

function placesOf(sightings: readonly Sighting[]): string {
  const [first = '', ...others] = new Set(sightings.map(({ where }) => where));
  return `${first}${others.length === 0 ? '' : ` and ${others.length} more`}`;
}
