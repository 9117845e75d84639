import { parsePrometheusText, type MetricSeries } from './prometheus-text.ts';
import type { NodeAnswer } from './source.ts';

/** Kept of a kubelet's /metrics. None of them has a label that says whose they are. */
const FAMILIES = [
  'kubelet_certificate_manager_client_ttl_seconds',
  'kubelet_certificate_manager_server_ttl_seconds',
  'kubelet_certificate_manager_client_expiration_renew_errors',
  'kubelet_server_expiration_renew_errors',
  'apiserver_client_certificate_expiration_seconds_sum',
  'apiserver_client_certificate_expiration_seconds_count',
  'process_start_time_seconds',
  'kubernetes_build_info',
  'k3s_certificate_expiration_seconds',
  'rke2_certificate_expiration_seconds',
] as const;
const KEPT: ReadonlySet<string> = new Set(FAMILIES);

/** What a certificate is for that a kubelet renews by itself: to log in to the API server, or to serve with. */
export type RotatedUsage = 'client' | 'server';

/** The series by which a kubelet counts failed renewals (kubernetes pkg/kubelet/certificate/kubelet.go; the two are named differently there). */
export const RENEW_ERRORS = {
  client: 'kubelet_certificate_manager_client_expiration_renew_errors',
  server: 'kubelet_server_expiration_renew_errors',
} as const satisfies Record<RotatedUsage, (typeof FAMILIES)[number]>;

/** The series that say how long its certificates are still good. */
export const TTL = {
  client: 'kubelet_certificate_manager_client_ttl_seconds',
  server: 'kubelet_certificate_manager_server_ttl_seconds',
} as const satisfies Record<RotatedUsage, (typeof FAMILIES)[number]>;

/** What a kubelet counts about certificates. */
export interface KubeletMetrics {
  /** `v1.37.1`, of the kubelet that answered. */
  readonly version?: string;
  /**
   * Seconds until the end of the client certificate that it rotates, negative when over; absent where it rotates none.
   * To a fraction of a second by its own clock.
   */
  readonly clientTtlSeconds?: number;
  /** As above, of the serving certificate; only with serverTLSBootstrap. */
  readonly serverTtlSeconds?: number;
  /** Certificates that it rotates and of which it has none that is good: not yet, or the last one has ended (its gauge is +Inf then). */
  readonly lacks?: readonly RotatedUsage[];
  /**
   * Renewals that failed since it started: a request that was refused, tried again after half a minute, or one that nobody
   * signed within a quarter of an hour. Absent where it rotates no such certificate.
   */
  readonly renewErrors?: { readonly [usage in RotatedUsage]?: number };
  /** When it started; RFC 3339, UTC. */
  readonly startedAt?: string;
  /** What k3s and RKE2 count of the certificates in the files of a node (pkg/certmonitor); absent elsewhere. */
  readonly counted?: readonly CountedCertificate[];
  /** One for each of the scrapes, in their order. */
  readonly scrapes: readonly CertificateScrape[];
}

/** A certificate of which a program says who its holder is and how long it is still good. Two with the same words are one here. */
export interface CountedCertificate {
  /** As Go writes it: `CN=system:node:worker-1,O=system:nodes`. */
  readonly subject: string;
  /** `ClientAuth`, `ServerAuth`, `CertSign`. */
  readonly usages: readonly string[];
  /** Negative when over. Worked out every half hour, so that up to that much of it has passed. */
  readonly secondsLeft: number;
}

/**
 * How often the kubelet was shown a client certificate it took, and the sum of the seconds that those still had. Each
 * request counts when it comes in, so the second of two scrapes holds the second request and not its own answer.
 */
export interface CertificateScrape {
  /** The kubelet's own clock when it answered, to the second below. RFC 3339, UTC. */
  readonly at?: string;
  readonly sumSeconds?: number;
  readonly count?: number;
  /** Asked at the node's own address: what the request showed was the caller's own credential, and not the API server's. */
  readonly isDirect?: true;
}

/** @throws {Error} where a scrape is cut off or is no Prometheus text */
export function parseKubeletMetrics(first: NodeAnswer, second?: NodeAnswer): KubeletMetrics {
  const before = readScrape(first);
  const after = second === undefined ? undefined : readScrape(second);
  const { version, clientTtl, serverTtl, errors, started, counted } = after ?? before;
  const lacks = ([['client', clientTtl], ['server', serverTtl]] as const).flatMap(([usage, ttl]) => (ttl === Infinity ? [usage] : []));
  return {
    ...(version === undefined ? {} : { version }),
    ...(clientTtl === undefined || clientTtl === Infinity ? {} : { clientTtlSeconds: clientTtl }),
    ...(serverTtl === undefined || serverTtl === Infinity ? {} : { serverTtlSeconds: serverTtl }),
    ...(lacks.length === 0 ? {} : { lacks }),
    ...(Object.keys(errors).length === 0 ? {} : { renewErrors: errors }),
    ...(started === undefined ? {} : { startedAt: started }),
    ...(counted.length === 0 ? {} : { counted }),
    scrapes: [before.scrape, ...(after === undefined ? [] : [after.scrape])],
  };
}

interface Read {
  readonly version?: string;
  readonly clientTtl?: number;
  readonly serverTtl?: number;
  readonly errors: NonNullable<KubeletMetrics['renewErrors']>;
  readonly started?: string;
  readonly counted: readonly CountedCertificate[];
  readonly scrape: CertificateScrape;
}

function readScrape({ body, date, way }: NodeAnswer): Read {
  const families = parsePrometheusText(body, name => KEPT.has(name), 'keepInfinite');
  const value = (family: (typeof FAMILIES)[number]): number | undefined => families[family]?.[0]?.value;
  // Families come in the order of their names, so that this one being there shows that none before it is missing.
  const started = value('process_start_time_seconds');
  if (started === undefined) throw new Error('the metrics do not say when the process started, so they are not whole');
  const clientTtl = value(TTL.client);
  const serverTtl = value(TTL.server);
  const clientErrors = value(RENEW_ERRORS.client);
  const serverErrors = value(RENEW_ERRORS.server);
  const sum = value('apiserver_client_certificate_expiration_seconds_sum');
  const count = value('apiserver_client_certificate_expiration_seconds_count');
  const version = versionIn(families['kubernetes_build_info']);
  return {
    ...(version === undefined ? {} : { version }),
    ...(clientTtl === undefined ? {} : { clientTtl }),
    ...(serverTtl === undefined ? {} : { serverTtl }),
    errors: { ...(clientErrors === undefined ? {} : { client: clientErrors }), ...(serverErrors === undefined ? {} : { server: serverErrors }) },
    ...instant(started),
    counted: [...(families['k3s_certificate_expiration_seconds'] ?? []), ...(families['rke2_certificate_expiration_seconds'] ?? [])].filter(({ value: secondsLeft }) => secondsLeft !== Infinity).map(({ labels, value: secondsLeft }) => ({
      subject: labels['subject'] ?? '', usages: (labels['usages'] ?? '').split(',').filter(usage => usage !== ''), secondsLeft,
    })),
    scrape: {
      ...(date === undefined ? {} : { at: date }),
      ...(sum === undefined ? {} : { sumSeconds: sum }),
      ...(count === undefined ? {} : { count }),
      ...(way === 'direct' ? { isDirect: true as const } : {}),
    },
  };
}

/** A kubelet may say anything, and beyond the calendar there is no date. */
function instant(seconds: number): { readonly started?: string } {
  return seconds >= 0 && seconds <= 253_402_300_799 ? { started: new Date(Math.floor(seconds) * 1000).toISOString().replace(/\.\d+Z$/, 'Z') } : {};
}

function versionIn(build: readonly MetricSeries[] | undefined): string | undefined {
  return build?.[0]?.labels['git_version'];
}
