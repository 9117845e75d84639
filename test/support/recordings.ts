import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parseApiServerMetrics, type ApiServerMetrics } from '../../src/evidence/api-server-metrics.ts';

const folder = path.join(import.meta.dirname, '../../fixtures/recordings');

/**
 * What a real server answered.
 *
 * @param file below fixtures/recordings, such as `kube-1.37.1/aescbc/metrics.txt`; it may lie there with `.gz` behind it
 */
export function recording(file: string): string {
  const plain = path.join(folder, file);
  return existsSync(plain) ? readFileSync(plain, 'utf8') : gunzipSync(readFileSync(`${plain}.gz`)).toString('utf8');
}

/** The metrics of a real API server 1.37.1, or of another version where one is named. */
export function recordedMetrics(name: string, version = '1.37.1'): ApiServerMetrics {
  return parseApiServerMetrics(recording(`kube-${version}/${name}/metrics.txt`));
}

/** One replica's result, as the collector names it. */
export function replica(metrics: ApiServerMetrics, of = 'API server'): { readonly of: string; readonly value: ApiServerMetrics } {
  return { of, value: metrics };
}

/** Several replicas, each as recorded. */
export function replicas(...all: readonly ApiServerMetrics[]): { readonly of: string; readonly value: ApiServerMetrics }[] {
  return all.map((metrics, index) => replica(metrics, `API server replica ${index + 1} of ${all.length}`));
}
