import type { CertificateScrape, KubeletMetrics } from '../evidence/kubelet-metrics.ts';
import type { ApiServerMetrics } from '../evidence/api-server-metrics.ts';

/**
 * When a certificate ends of which a program only said how many seconds it had left. Certificates end at whole seconds, and
 * the answer says in which second it was given, so the end is exact, unless a second began between looking and answering:
 * then it comes out one second late, never early.
 * @param secondsLeft as measured, or cut to whole seconds
 * @param answeredAt the second of the answer, RFC 3339
 */
export function endFrom(secondsLeft: number, answeredAt: string): string {
  const whole = Number.isInteger(secondsLeft) ? secondsLeft + 1 : Math.ceil(secondsLeft);
  return rfc3339(Math.floor(Date.parse(answeredAt) / 1000) + whole);
}

/** A second more or less is the same certificate, and the earlier one is right. */
const SAME_SECONDS = 2;

/**
 * The ends of the client certificates that API servers show to kubelets, earliest first. A kubelet counts each request and
 * sums up the seconds that the certificate of its client still had; of two scrapes through the API server, one apart, the
 * difference is what the second one brought.
 */
export function kubeletClientEnds(kubelets: readonly KubeletMetrics[]): string[] {
  const ends = kubelets.filter(each => !isOneProcess(each)).flatMap(({ scrapes: [before, after] }) => endBetween(before, after) ?? []).sort();
  return ends.filter((end, at) => at === 0 || Date.parse(end) - Date.parse(ends[at - 1] ?? '') > SAME_SECONDS * 1000);
}

/** In k3s API server and kubelet are one process, which counts the clients of both in one sum: also the certificate of whoever asks here. */
export function isOneProcess({ version, counted }: KubeletMetrics): boolean {
  return version?.includes('+k3s') === true || (counted !== undefined && version?.includes('+rke2') !== true);
}

/** Undefined where another client was counted meanwhile, since the sum is then of two, and where nobody asked through an API server. */
function endBetween(before: CertificateScrape | undefined, after: CertificateScrape | undefined): string | undefined {
  if (before?.count === undefined || before.sumSeconds === undefined || after?.count === undefined || after.sumSeconds === undefined || after.at === undefined) return undefined;
  return after.isDirect !== true && after.count - before.count === 1 ? endFrom(after.sumSeconds - before.sumSeconds, after.at) : undefined;
}

/**
 * The earliest that any client certificate can end which an API server took since it started: each had at least so many
 * seconds left when it was shown, and that was after the start. Undefined where it took none, or does not say.
 */
export function clientEndsBound(metrics: ApiServerMetrics): string | undefined {
  const started = metrics.process_start_time_seconds?.[0]?.value;
  const buckets = (metrics.apiserver_client_certificate_expiration_seconds_bucket ?? [])
    .map(({ labels, value }) => ({ limit: labels['le'] === '+Inf' ? Infinity : Number(labels['le']), count: value }))
    .sort((a, b) => a.limit - b.limit);
  const lowest = buckets.findIndex(({ count }) => count > 0);
  const floor = buckets[lowest - 1]?.limit;
  // The lowest bucket holds what had ended already: no bound.
  if (started === undefined || floor === undefined || Number.isNaN(floor)) return undefined;
  return rfc3339(Math.floor(started) + floor);
}

function rfc3339(seconds: number): string {
  // A kubelet may say anything, and beyond the calendar there is no date.
  const within = Math.min(Math.max(seconds, 0), 253_402_300_799);
  return new Date(within * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}
