import { describe, expect, it } from 'vitest';
import { gitVersionOf, parseApiServerMetrics, replicaKey } from '../../src/evidence/api-server-metrics.ts';
import { recordedMetrics, recording } from '../support/recordings.ts';

const aescbc = recording('kube-1.37.1/aescbc/metrics.txt');

describe('parseApiServerMetrics', () => {
  it('keeps of a real server the transformations of every resource, and counts of Secrets only', () => {
    const metrics = parseApiServerMetrics(recording('kube-1.37.1/configmaps-only/metrics.txt'));
    const resources = metrics.apiserver_storage_transformation_operations_total?.map(({ labels }) => labels['resource']);
    expect(new Set(resources)).toEqual(new Set(['configmaps']));
    expect(metrics.apiserver_resource_objects?.map(({ labels }) => labels)).toEqual([{ group: '', resource: 'secrets' }]);
  });

  it('has no configuration where none is loaded, and one wherever one is', () => {
    const isLoaded = (name: string): boolean => recordedMetrics(name).apiserver_encryption_config_controller_last_config_info !== undefined;
    expect(['none', 'none-no-secret', 'aescbc', 'aescbc-no-secret', 'identity-first', 'configmaps-only'].filter(isLoaded)).toEqual([
      'aescbc',
      'aescbc-no-secret',
      'identity-first',
      'configmaps-only',
    ]);
  });

  it('knows the version and the process of the replica', () => {
    const metrics = parseApiServerMetrics(aescbc);
    expect(gitVersionOf(metrics)).toBe('v1.37.1');
    expect(aescbc).toContain(`process_start_time_seconds ${Number(replicaKey(metrics)).toExponential().replace('e+', 'e+0')}`);
    expect(replicaKey(metrics)).not.toBe(replicaKey(recordedMetrics('none')));
  });

  it('survives a snapshot file as it is', () => {
    const metrics = parseApiServerMetrics(aescbc);
    expect(JSON.parse(JSON.stringify(metrics))).toEqual(metrics);
  });

  it('refuses an answer that ends before the start time, even at the end of a line', () => {
    const cut = aescbc.slice(0, aescbc.indexOf('# HELP kubernetes_build_info'));
    expect(cut.endsWith('\n')).toBe(true);
    expect(() => parseApiServerMetrics(cut)).toThrow(/not whole/);
  });

  it('reads two megabytes in a moment', () => {
    const filler = Array.from({ length: 20_000 }, (_, n) => `apiserver_request_duration_seconds_bucket{resource="r${n % 50}",verb="LIST",le="${n}"} ${n}\n`).join('');
    const began = performance.now();
    parseApiServerMetrics(filler + aescbc);
    expect(filler.length).toBeGreaterThan(1_400_000);
    expect(performance.now() - began).toBeLessThan(500);
  });
});
