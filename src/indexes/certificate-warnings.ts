import type { WarnedCertificate } from '../evidence/certificate-warnings.ts';
import { attempt, defineIndex, type Attempted } from '../evidence/need.ts';
import type { UnreadCertificates } from './certificate-sighting.ts';
import { k3sCertificateEvents, rke2CertificateEvents, type CertificateEvent } from '../evidence/sources/distribution-events.ts';
import type { Source } from '../evidence/source.ts';
import { countedRow, type CountedRow } from './certificate-counted.ts';

/** What k3s and RKE2 say in Events of the certificates of their nodes. An Event lasts an hour, so that none says nothing. */
export interface CertificateWarnings {
  /** A row for each certificate of which an Event says the end. */
  readonly warned: readonly CountedRow[];
  /** By node: a day on which its certificates, and one on which the authorities that it holds, are all still good. */
  readonly well: ReadonlyMap<string, { readonly certificates: string; readonly authorities: string }>;
  readonly unread: readonly UnreadCertificates[];
}

/** Every Event of one look at the files has about the same time; what is older than the last by more was written by an earlier one, every half hour. */
const ONE_LOOK_MINUTES = 10;
const DAY = 86_400_000;
/** Certificates of which less is left are warned of: 120 days, and 90 in the releases before May 2025. */
const WARNED_DAYS = 90;
const WARNED_AUTHORITY_DAYS = 365;

export const certificateWarnings = defineIndex({
  id: 'certificate-warnings',
  needs: { k3s: attempt(k3sCertificateEvents), rke2: attempt(rke2CertificateEvents) },
  build({ k3s, rke2 }): CertificateWarnings {
    const all = [k3s, rke2].flatMap(each => ('value' in each ? each.value : []));
    const latest = [...Map.groupBy(all.filter(({ involvedObject }) => involvedObject.kind === 'Node'), ({ involvedObject }) => involvedObject.name ?? '')].map(([node, events]) => ({ node, events: lastLook(events) }));
    return {
      warned: latest.flatMap(({ node, events }) => events.flatMap(event => (event.message ?? []).flatMap(certificate => rowOf(certificate, node, event)))),
      well: new Map(latest.flatMap(({ node, events }) => {
        const [event] = events.filter(({ reason }) => reason === 'CertificateExpirationOK');
        const at = event === undefined ? NaN : timeOf(event);
        return Number.isNaN(at) ? [] : [[node, { certificates: dayAfter(at, WARNED_DAYS), authorities: dayAfter(at, WARNED_AUTHORITY_DAYS) }] as const];
      })),
      unread: [...unreadOf(k3sCertificateEvents, k3s), ...unreadOf(rke2CertificateEvents, rke2)],
    };
  },
});

/** What the node was found to have when it was looked at last: a restart in between renews. */
function lastLook(events: readonly CertificateEvent[]): readonly CertificateEvent[] {
  const last = Math.max(...events.map(timeOf).filter(at => !Number.isNaN(at)));
  return events.filter(event => last - timeOf(event) <= ONE_LOOK_MINUTES * 60_000).toSorted((a, b) => timeOf(b) - timeOf(a) || (a.metadata.name < b.metadata.name ? -1 : 1));
}

function timeOf({ lastTimestamp, metadata }: CertificateEvent): number {
  return Date.parse(lastTimestamp ?? metadata.creationTimestamp ?? '');
}

function dayAfter(at: number, days: number): string {
  return new Date(at + days * DAY).toISOString().replace(/\.\d+Z$/, 'Z');
}

function rowOf({ file, subject, notAfter }: WarnedCertificate, node: string, { reason = '', metadata }: CertificateEvent): CountedRow[] {
  const row = countedRow({ subject, usages: usagesOf(file, subject), node, notAfter, how: `Event ${metadata.namespace ?? ''}/${metadata.name} (${reason}), which says the day` });
  return row === undefined ? [] : [{ ...row, isEndSaid: true }];
}

/** What the names of the files say (k3s pkg/daemons/control/deps/deps.go). Leaves are followed by what issued them, in the same file. */
function usagesOf(file: string, subject: string): string[] {
  if (/(?:^|[,+])CN=[^,+]*-ca(?:@\d+)?(?:$|[,+])/.test(subject)) return ['CertSign'];
  if (/^(?:serving-|server-client|peer-server-client)/.test(file)) return ['ServerAuth'];
  return /^client[-.]/.test(file) ? ['ClientAuth'] : [];
}

function unreadOf(source: Source, attempted: Attempted<unknown>): UnreadCertificates[] {
  return 'gaps' in attempted ? [{ of: source.title, source, gaps: attempted.gaps }] : [];
}
