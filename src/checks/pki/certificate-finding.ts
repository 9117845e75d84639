import type { EvidenceItem } from '../../evidence/evidence-item.ts';
import type { CertificateFacts } from '../../evidence/certificate-facts.ts';
import type { Gap } from '../../evidence/gap.ts';
import { componentRef, formatRef } from '../../evidence/resource-ref.ts';
import { seenOf, type CertificateInventory } from '../../indexes/certificate-inventory.ts';
import type { SeenAs, SeenCertificate, Sighting } from '../../indexes/certificate-sighting.ts';
import { ROLE_TITLES, type CertificateRole, type RoleId } from '../../indexes/certificate-role.ts';
import type { CertificateRoles } from '../../indexes/certificate-roles.ts';
import { unknownTarget, type UnknownTarget } from '../define-check.ts';

/** Nodes that are named; more are counted. */
const NAMED = 2;

/** What a certificate says in one field, at the first place where it was seen. */
export function certificateEvidence({ certificate, sightings: [first] }: SeenCertificate, field: keyof CertificateFacts): EvidenceItem {
  return sightingEvidence(first, field, certificate[field]);
}

function sightingEvidence({ resource, path, shown }: Sighting, field: string, value: unknown): EvidenceItem {
  // What a kubelet shows, or keeps in a file, is not part of the Node object, nor what a pod shows of the Service before it. What a certificate does not say is nothing, and JSON has a word for it.
  const holder = resource.kind === 'Node' ? componentRef('kubelet') : resource.kind === 'Service' ? componentRef(`server of ${resource.namespace ?? ''}/${resource.name}`) : resource;
  return { resource: holder, path: `${path}.${field}`, value: value ?? null, grade: 'exact', ...shown };
}

/** When a role ends, as it is known: from the bytes of its certificate, or from what a program counts. */
export function endEvidence(role: CertificateRole, { inventory }: CertificateRoles): EvidenceItem {
  const seen = seenOf(inventory, role.certificate);
  const here = seen?.sightings.find(({ resource }) => formatRef(resource) === formatRef(role.resource)) ?? seen?.sightings[0];
  if (seen !== undefined && here !== undefined) return sightingEvidence(here, 'notAfter', seen.certificate.notAfter);
  return { path: 'notAfter', value: role.notAfter, grade: 'inferred', derivation: role.isEndSaid === true ? `taken from ${role.how}` : `${role.how}: the seconds left, added to the time of the answer` };
}

/** `certificate of the kubelet on worker-1`: how a message begins. */
export function roleWords({ role, title, instance, how, resource }: CertificateRole): string {
  if (role === 'login') return `certificate of your own login (${instance ?? 'without a name'})`;
  if (role === 'rotated') return `certificate in ${resource.kind} ${instance ?? ''}`;
  if (role === 'issued') return `certificate that was issued to ${instance ?? 'nobody'}`;
  if (role === 'tls-secret') return `certificate for ${instance ?? 'nobody'} in ${how}`;
  if (role === 'tls-secret-authority') return `authority ${instance ?? 'without a name'} in ${how}`;
  if (role === 'extension-authority' || role === 'bundle-authority') return `${title} (${how})`;
  if (role.endsWith('-authority')) return `${title} (${instance ?? 'without a name'})`;
  return `certificate of the ${title}${hasNode(role) && instance !== undefined ? ` on ${instance}` : ''}`;
}

/** Whether the instance of a role is a node; that of the API server's own may be its name. */
function hasNode(role: RoleId): boolean {
  return !['login', 'issued', 'apiserver-serving'].includes(role) && !role.endsWith('-authority');
}

/** Tells the roles of one resource apart. Serials and the names of what is made at every start do not outlive a renewal. */
export function roleDiscriminator({ role, instance }: CertificateRole): string {
  // Those of a kubelet, a login and a request are told apart by their resources.
  return !role.startsWith('kubelet-') && role !== 'login' && role !== 'issued' ? `${role} ${(instance ?? '').replace(/@\d+$/, '')}`.trim() : role;
}

/** What could not be looked at, as unknown targets: certificates that may be anywhere in a source that was not read. */
export function* unreadTargets({ unread }: { readonly unread: readonly { readonly of: string; readonly gaps: readonly Gap[] }[] }): Iterable<UnknownTarget> {
  for (const { of, gaps } of unread) yield unknownTarget(of, gaps);
}

/**
 * Roles of which the end is not known, those with the same reason as one target. On a control plane that a provider runs they
 * are the provider's own business.
 */
export function* unseenTargets({ roles }: CertificateRoles, isWanted: (role: CertificateRole) => boolean = () => true): Iterable<UnknownTarget> {
  const unseen = roles.filter(isWanted).filter(({ grade, how }) => grade !== 'exact' && grade !== 'expiryOnly' && grade !== 'notUsed' && !how.endsWith(' runs the control plane'));
  for (const [detail, group] of Map.groupBy(unseen, reasonOf)) {
    const gaps = group.flatMap(({ gaps: own }) => own ?? []);
    const likely = group.flatMap((role): EvidenceItem[] => (role.notAfter ?? role.notAfterAtLeast) === undefined ? [] : [{
      path: role.role, value: role.notAfter ?? role.notAfterAtLeast, grade: role.grade === 'bound' ? 'bound' : 'inferred', derivation: role.how,
    }]);
    const otherwise: Gap = { kind: 'notObservable', reason: 'notSeen', detail };
    yield unknownTarget(`certificates of ${titlesOf(group)}`, gaps.length > 0 ? gaps : [otherwise], likely);
  }
}

function reasonOf({ gaps, grade, how }: CertificateRole): string {
  if (gaps !== undefined) return gaps.map(({ detail }) => detail).join('; ');
  // What is only likely or only bounded is not seen for one and the same reason.
  return grade === 'notObservable' ? how : 'only a file on the control plane holds it';
}

function titlesOf(roles: readonly CertificateRole[]): string {
  return [...Map.groupBy(roles, ({ title }) => title)].map(([title, same]) => {
    const nodes = same.flatMap(({ role, instance }) => (role.startsWith('kubelet-') && instance !== undefined ? [instance] : []));
    if (nodes.length === 0) return title;
    return nodes.length > NAMED ? `${title} on ${nodes.length} nodes` : `${title} on ${nodes.join(' and ')}`;
  }).join(', ');
}

/** Every certificate that was seen, and what may hold more. */
export function* inventoryTargets(inventory: CertificateInventory): Iterable<SeenCertificate | UnknownTarget> {
  yield* inventory.certificates;
  yield* unreadTargets(inventory);
}

/** `CN=kube-apiserver`, by what people find it. */
export function certificateName({ subject, sha256 }: Pick<CertificateFacts, 'subject' | 'sha256'>): string {
  return subject === '' ? `without a name (SHA-256 ${sha256.slice(0, 16)})` : subject;
}

/** Where it is used and its name, without what changes at every start or renewal. */
export function certificateCause({ certificate, sightings: [first] }: SeenCertificate): string {
  const words = first.role === undefined ? AS_WORDS[first.as] : ROLE_TITLES[first.role];
  return `${words} ${(certificate.commonName ?? certificate.subject).replace(/@\d+$/, '')}`.trim();
}

const AS_WORDS: Readonly<Record<SeenAs, string>> = {
  login: 'login', serving: 'API server', servingAuthority: 'authority', loopback: 'API server to itself', loopbackAuthority: 'authority of the API server to itself',
  trustedForServer: 'authority', trustedForExtension: 'authority of an extension', trustedForClients: 'authority', trustedForProxies: 'front-proxy authority', trustedByPrograms: 'authority of a trust bundle', issued: 'issued to', used: '', kept: '', secret: '',
};
