import { seriesName, startTimeOf, type MetricFamily } from '../../evidence/api-server-metrics.ts';
import type { Gap } from '../../evidence/gap.ts';
import { apiServerRef } from '../../evidence/resource-ref.ts';
import { apiServerMetrics } from '../../evidence/sources/api-server.ts';
import { defineCheck, unknownTarget } from '../define-check.ts';

/** What an API server counts (apiserver pkg/util/webhook/metrics.go, kube-aggregator pkg/apiserver/metrics.go). */
const COUNTED: readonly { readonly family: MetricFamily; readonly of: string; readonly fault: string }[] = [
  { family: 'apiserver_webhooks_x509_missing_san_total', of: 'webhooks', fault: 'has its name as the common name alone' },
  { family: 'apiserver_webhooks_x509_insecure_sha1_total', of: 'webhooks', fault: 'is signed with SHA-1' },
  { family: 'apiserver_kube_aggregator_x509_missing_san_total', of: 'extension API servers', fault: 'has its name as the common name alone' },
  { family: 'apiserver_kube_aggregator_x509_insecure_sha1_total', of: 'extension API servers', fault: 'is signed with SHA-1' },
];

export default defineCheck({
  id: 'pki-extension-certificate-refused',
  title: 'Webhook or extension API server shows a certificate that the API server refuses',
  severity: 'medium',
  rationale:
    'A certificate without subject alternative names, or one that is signed with SHA-1, is refused by what API servers are built with, though its common name be right. The call fails then: with failurePolicy Fail what it guards cannot be changed, with Ignore it is not guarded.',
  remediation: {
    change:
      'The counter does not say which server it was: look for `x509` in the log of the API server and in `kubectl get events`, and compare the certificates of the webhooks with the name SERVICE.NAMESPACE.svc. Issue that one anew with this name as a subject alternative name and a SHA-256 signature, and update its caBundle.',
    mayBreak: 'Nothing that works now. The counter starts anew with the API server, so that it goes on to tell of a server that has been set right meanwhile.',
  },
  controls: [
    { framework: 'owasp-2022', version: '2022', id: 'K09' },
    { framework: 'owasp-2025', version: '2025', id: 'K07' },
  ],
  references: ['https://kubernetes.io/docs/reference/instrumentation/metrics/', 'https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/'],
  scope: 'cluster',

  needs: { servers: apiServerMetrics },
  *targets({ servers }) {
    const read = servers.flatMap(each => ('value' in each ? [each] : []));
    // Which replica counted it says nothing of which server it was.
    for (const counted of COUNTED) {
      const counts = read.flatMap(({ of: server, value }) => (value[counted.family] ?? []).map(series => ({ server, series, started: startTimeOf(value) })));
      if (counts.length > 0) yield { ...counted, counts: counts.toSorted((a, b) => b.series.value - a.series.value || (a.server < b.server ? -1 : 1)) };
    }
    for (const { of, value } of read) {
      const missing = COUNTED.filter(({ family }) => value[family] === undefined);
      if (missing.length > 0) yield unknownTarget(`certificates that ${of} refused`, [notCounted(missing.length)]);
    }
    for (const server of servers) if ('gap' in server) yield unknownTarget(server.of, [server.gap]);
  },

  inspect({ family, of, fault, counts }) {
    const [most] = counts;
    if (most === undefined || !(most.series.value > 0)) return undefined;
    const { server, series, started } = most;
    return {
      resource: apiServerRef,
      message: `${server} has counted ${series.value === 1 ? 'one call' : `${series.value} calls`} to ${of} whose certificate ${fault}${since(started)}`,
      evidence: [{ resource: apiServerRef, path: seriesName(family, series), value: series.value, grade: 'exact', reproduce: ['kubectl', 'get', '--raw', '/metrics'] }],
      cause: `certificates of ${of}`,
      discriminator: family,
    };
  },
});

function notCounted(families: number): Gap {
  return { kind: 'notObservable', reason: 'notSeen', source: apiServerMetrics.id, detail: `${families} of the counters are not in its metrics, or not in the snapshot` };
}

/** @param started seconds since 1970, which a server may say anything for */
function since(started: number | undefined): string {
  return started === undefined ? '' : ` since it started on ${new Date(Math.min(Math.max(started, 0), 253_402_300_799) * 1000).toISOString().slice(0, 10)}`;
}
