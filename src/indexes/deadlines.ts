import { attempt, defineIndex, type Attempted } from '../evidence/need.ts';
import type { ResourceRef } from '../evidence/resource-ref.ts';
import { handshakeCertificates, type HandshakeView, type ShownCertificate } from './handshake-certificates.ts';
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
  needs: { supported: attempt(support), handshake: attempt(handshakeCertificates) },
  build: ({ supported, handshake }, { now }): readonly Deadline[] =>
    [...('value' in supported ? supportEnds(supported.value.components.filter(isIn('supported'))) : []), ...certificateEnds(handshake, now)].toSorted(byDate),
});

function certificateEnds(handshake: Attempted<HandshakeView>, now: string): Deadline[] {
  if (!('value' in handshake)) return [];
  return handshake.value.certificates.map(certificate => ({
    what: endWords(certificate),
    at: certificate.notAfter,
    daysLeft: Math.round((dayOf(certificate.notAfter) - dayOf(now)) / 86_400_000),
    count: 1,
  }));
}

function endWords({ role, subject }: ShownCertificate): string {
  switch (role) {
    case 'serving':
      return `certificate of the API server (${subject})`;
    case 'servingAuthority':
      return `authority of the certificate of the API server (${subject})`;
    case 'loopback':
      return `certificate of the API server for itself, renewed by a restart (${subject})`;
    case 'loopbackAuthority':
      return `authority of the certificate of the API server for itself (${subject})`;
  }
}

function dayOf(instant: string): number {
  return Date.parse(new Date(instant).toISOString().slice(0, 10));
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
