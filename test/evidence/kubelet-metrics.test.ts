import { describe, expect, it } from 'vitest';
import { parseKubeletMetrics } from '../../src/evidence/kubelet-metrics.ts';
import { recordedKubelet } from '../support/kubelets.ts';

/** The wanted families as a kubelet 1.37 writes them, with some of what stands between. */
function scrape(values: { readonly client?: string; readonly server?: string; readonly sum?: string; readonly count?: string; readonly start?: boolean; readonly clientErrors?: string; readonly serverErrors?: string } = {}): string {
  const { client = '3.1535e+07', server, sum = '0', count = '0', start = true, clientErrors, serverErrors } = values;
  return [
    '# HELP apiserver_client_certificate_expiration_seconds [ALPHA] Distribution of the remaining lifetime on the certificate used to authenticate a request.',
    '# TYPE apiserver_client_certificate_expiration_seconds histogram',
    `apiserver_client_certificate_expiration_seconds_bucket{le="0"} 0`,
    `apiserver_client_certificate_expiration_seconds_bucket{le="+Inf"} ${count}`,
    `apiserver_client_certificate_expiration_seconds_sum ${sum}`,
    `apiserver_client_certificate_expiration_seconds_count ${count}`,
    ...(clientErrors === undefined ? [] : [`kubelet_certificate_manager_client_expiration_renew_errors ${clientErrors}`]),
    ...(client === '' ? [] : [`kubelet_certificate_manager_client_ttl_seconds ${client}`]),
    ...(server === undefined ? [] : [`kubelet_certificate_manager_server_ttl_seconds ${server}`]),
    ...(serverErrors === undefined ? [] : [`kubelet_server_expiration_renew_errors ${serverErrors}`]),
    'kubelet_volume_stats_used_bytes{namespace="shop",persistentvolumeclaim="orders"} 1e+09',
    'kubernetes_build_info{build_date="",compiler="gc",git_commit="",git_tree_state="",git_version="v1.37.1",go_version="go1.26.0",major="1",minor="37",platform="linux/amd64"} 1',
    ...(start ? ['process_start_time_seconds 1.79525e+09'] : []),
    '',
  ].join('\n');
}

function answer(body: string, date = '2026-11-21T12:00:00.000Z'): Parameters<typeof parseKubeletMetrics>[0] {
  return { body, date, way: 'proxy' };
}

describe('parseKubeletMetrics', () => {
  it('reads what a kubelet 1.37.1 answered, twice', () => {
    const metrics = parseKubeletMetrics(answer(recordedKubelet('worker-1', 'metrics.txt')), answer(recordedKubelet('worker-1', 'metrics-again.txt')));
    expect(metrics.version).toBe('v1.37.1');
    // kubeadm's certificates last a year, and this cluster was minutes old.
    expect(metrics.clientTtlSeconds).toBeGreaterThan(364 * 86_400);
    expect(metrics).not.toHaveProperty('serverTtlSeconds');
    expect(metrics).not.toHaveProperty('lacks');
    expect(metrics.renewErrors).toEqual({ client: 0 });
    expect(metrics.startedAt).toMatch(/^2026-11-2\dT/);
    const [before, after] = metrics.scrapes;
    expect((after?.count ?? 0) - (before?.count ?? 0)).toBeGreaterThanOrEqual(1);
    expect(((after?.sumSeconds ?? 0) - (before?.sumSeconds ?? 0)) / ((after?.count ?? 0) - (before?.count ?? 0))).toBeGreaterThan(364 * 86_400);
  });
  it('keeps the lifetimes and the version', () => {
    expect(parseKubeletMetrics(answer(scrape({ server: '120.5' })))).toEqual({
      version: 'v1.37.1',
      clientTtlSeconds: 31_535_000,
      serverTtlSeconds: 120.5,
      startedAt: '2026-11-21T08:33:20Z',
      scrapes: [{ at: '2026-11-21T12:00:00.000Z', sumSeconds: 0, count: 0 }],
    });
  });
  it('keeps both scrapes with the time of each', () => {
    const second = answer(scrape({ sum: '3.15357932e+07', count: '1' }), '2026-11-21T12:00:01.000Z');
    expect(parseKubeletMetrics(answer(scrape()), second).scrapes).toEqual([
      { at: '2026-11-21T12:00:00.000Z', sumSeconds: 0, count: 0 },
      { at: '2026-11-21T12:00:01.000Z', sumSeconds: 31_535_793.2, count: 1 },
    ]);
  });
  it('takes +Inf for a certificate that it should have and has not', () => {
    const none = parseKubeletMetrics(answer(scrape({ client: '+Inf', server: '+Inf' })));
    expect(none).toMatchObject({ lacks: ['client', 'server'] });
    expect(none).not.toHaveProperty('clientTtlSeconds');
    expect(none).not.toHaveProperty('serverTtlSeconds');
    expect(parseKubeletMetrics(answer(scrape({ client: '' })))).not.toHaveProperty('lacks');
  });
  it('counts failed renewals, each of its own certificate', () => {
    expect(parseKubeletMetrics(answer(scrape({ clientErrors: '18904', serverErrors: '1.2e+06' }))).renewErrors).toEqual({ client: 18_904, server: 1_200_000 });
    expect(parseKubeletMetrics(answer(scrape({ serverErrors: '0' }))).renewErrors).toEqual({ server: 0 });
    expect(parseKubeletMetrics(answer(scrape()))).not.toHaveProperty('renewErrors');
  });
  it('says where it was not the API server that asked', () => {
    expect(parseKubeletMetrics({ ...answer(scrape()), way: 'direct' }).scrapes).toMatchObject([{ isDirect: true }]);
  });
  it('keeps a lifetime that is over', () => {
    expect(parseKubeletMetrics(answer(scrape({ client: '-12.5' }))).clientTtlSeconds).toBe(-12.5);
  });
  it('refuses a scrape that is not whole', () => {
    expect(() => parseKubeletMetrics(answer(scrape({ start: false })))).toThrow('not whole');
    expect(() => parseKubeletMetrics(answer(scrape().slice(0, -3)))).toThrow('cut off');
    expect(() => parseKubeletMetrics(answer('404 page not found\n'))).toThrow();
  });
  it('keeps nothing that names a workload', () => {
    expect(JSON.stringify(parseKubeletMetrics(answer(scrape())))).not.toContain('shop');
  });
});
