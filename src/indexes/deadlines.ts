import { attempt, defineIndex, type Attempted } from '../evidence/need.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import { certificateRoles, type CertificateRoles } from './certificate-roles.ts';
import { isInSecret, isKnownEnd, type CertificateRole, type RoleId } from './certificate-role.ts';
import { isIn, support, type ComponentIn } from './support.ts';

/** Something that ends on a known day. A support end is still to come; a certificate may have ended already. */
export interface Deadline {
  /** What ends, in a few words, for a table's last column. */
  readonly what: string;
  /** RFC 3339, UTC; for a day, its last second. */
  readonly at: string;
  /** Whole days by the calendar; 0 on the day itself, negative after it. */
  readonly daysLeft: number;
  /** The object it is about, where it is one. */
  readonly resource?: ResourceRef;
  /** How many objects share it. */
  readonly count: number;
}

/** What ends next, earliest first. Of components without a verdict nothing is said here: their check is not assessed. */
export const deadlines = defineIndex({
  id: 'deadlines',
  needs: { supported: attempt(support), certificates: attempt(certificateRoles) },
  build: ({ supported, certificates }): readonly Deadline[] =>
    [...('value' in supported ? supportEnds(supported.value.components.filter(isIn('supported'))) : []), ...certificateEnds(certificates)].toSorted(byDate),
});

/** One for each certificate; the kubelets' and those in Secrets, of which there may be thousands, are one for each kind. What is renewed by itself in a Secret has no deadline. */
function certificateEnds(certificates: Attempted<CertificateRoles>): Deadline[] {
  if (!('value' in certificates)) return [];
  const { roles, inventory } = certificates.value;
  const subjects = new Map(inventory.certificates.map(({ certificate }) => [certificate.sha256, certificate.subject]));
  const groups = Map.groupBy(roles.filter(role => isKnownEnd(role) && role.secret?.renewedBy === undefined), role => (role.role.startsWith('kubelet-') || isInSecret(role) ? role.role : `${role.role} ${role.certificate ?? ''}`));
  return [...groups.values()].flatMap(group => {
    const [first] = group.toSorted((a, b) => ((a.notAfter ?? '') < (b.notAfter ?? '') ? -1 : 1));
    if (first?.notAfter === undefined || first.daysLeft === undefined) return [];
    const isOneKubelet = first.role.startsWith('kubelet-') && group.length === 1;
    return [{ what: endWords(first, subjects.get(first.certificate ?? '')), at: first.notAfter, daysLeft: first.daysLeft, count: group.length, ...(isOneKubelet ? { resource: first.resource } : {}) }];
  });
}

/** What is not called by its title. */
const END_WORDS: { readonly [role in RoleId]?: string } = {
  'apiserver-serving': 'certificate of the API server',
  'apiserver-loopback': 'certificate of the API server for itself, renewed by a restart',
  'loopback-authority': 'authority of the certificate of the API server for itself',
  login: 'certificate of your own login',
  issued: 'certificate issued on request',
  'kubelet-client': 'client certificate of the kubelet',
  'kubelet-serving': 'serving certificate of the kubelet',
  'tls-secret': 'certificate in a TLS Secret',
  'tls-secret-authority': 'authority in a TLS Secret',
};

function endWords({ role, title, instance }: CertificateRole, subject: string | undefined): string {
  const words = END_WORDS[role] ?? (role.endsWith('-authority') ? title : `certificate of the ${title}`);
  const name = subject ?? instance;
  return name === undefined || role.startsWith('kubelet-') ? words : `${words} (${name})`;
}

function supportEnds(components: readonly ComponentIn<'supported'>[]): Deadline[] {
  const groups = Map.groupBy(components, ({ kind, version }) => `${kind} ${version}`);
  return [...groups].flatMap(([of, members]) => {
    const [first] = members;
    if (first === undefined) return [];
    const { calendar, support: { phase, phaseDaysLeft, row, endOfLife, daysLeft } } = first.verdict;
    // A phase that turns into a paid one is what people plan for; one that only turns quieter is not.
    const isPriced = row.phases[row.phases.indexOf(phase) + 1]?.paid === true;
    const deadline = isPriced
      ? { what: `${calendar.title} ${phase.name} of ${of}`, at: endOf(phase.until), daysLeft: phaseDaysLeft }
      : { what: `${calendar.title} support of ${of}`, at: endOf(endOfLife), daysLeft };
    return [{ ...deadline, count: members.length, ...(members.length === 1 ? { resource: first.resource } : {}) }];
  });
}

function endOf(day: string): string {
  return `${day}T23:59:59Z`;
}

function byDate(a: Deadline, b: Deadline): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  return a.what < b.what ? -1 : 1;
}
