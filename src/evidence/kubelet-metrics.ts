import { parsePrometheusText, type MetricSeries } from './prometheus-text.ts';
import type { NodeAnswer } from './source.ts';

/** Kept of a kubelet's /metrics. None of them has a label that says whose they are. */
const FAMILIES = [
  'kubelet_certificate_manager_client_ttl_seconds',
  'kubelet_certificate_manager_server_ttl_seconds',
  'apiserver_client_certificate_expiration_seconds_sum',
  'apiserver_client_certificate_expiration_seconds_count',
  'process_start_time_seconds',
  'kubernetes_build_info',
  'k3s_certificate_expiration_seconds',
  'rke2_certificate_expiration_seconds',
] as const;
const KEPT: ReadonlySet<string> = new Set(FAMILIES);

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
  const last = after ?? before;
  return {
    ...(last.version === undefined ? {} : { version: last.version }),
    ...(last.clientTtl === undefined ? {} : { clientTtlSeconds: last.clientTtl }),
    ...(last.serverTtl === undefined ? {} : { serverTtlSeconds: last.serverTtl }),
    ...(last.counted.length === 0 ? {} : { counted: last.counted }),
    scrapes: [before.scrape, ...(after === undefined ? [] : [after.scrape])],
  };
}

interface Read {
  readonly version?: string;
  readonly clientTtl?: number;
  readonly serverTtl?: number;
  readonly counted: readonly CountedCertificate[];
  readonly scrape: CertificateScrape;
}

function readScrape({ body, date, way }: NodeAnswer): Read {
  const families = parsePrometheusText(body, name => KEPT.has(name), 'dropInfinite');
  const value = (family: (typeof FAMILIES)[number]): number | undefined => families[family]?.[0]?.value;
  // Families come in the order of their names, so that this one being there shows that none before it is missing.
  if (value('process_start_time_seconds') === undefined) throw new Error('the metrics do not say when the process started, so they are not whole');
  const clientTtl = value('kubelet_certificate_manager_client_ttl_seconds');
  const serverTtl = value('kubelet_certificate_manager_server_ttl_seconds');
  const sum = value('apiserver_client_certificate_expiration_seconds_sum');
  const count = value('apiserver_client_certificate_expiration_seconds_count');
  const version = versionIn(families['kubernetes_build_info']);
  return {
    ...(version === undefined ? {} : { version }),
    ...(clientTtl === undefined ? {} : { clientTtl }),
    ...(serverTtl === undefined ? {} : { serverTtl }),
    counted: [...(families['k3s_certificate_expiration_seconds'] ?? []), ...(families['rke2_certificate_expiration_seconds'] ?? [])].map(({ labels, value: secondsLeft }) => ({
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

function versionIn(build: readonly MetricSeries[] | undefined): string | undefined {
  return build?.[0]?.labels['git_version'];
}
