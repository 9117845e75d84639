import { describe, expect, it } from 'vitest';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import { apiServerMetrics } from '../../src/evidence/sources/api-server.ts';
import { secretsView, type SecretsView } from '../../src/indexes/secrets-view.ts';
import { forbidden, snapshotWith, type ClusterOptions } from '../support/cluster.ts';
import { recordedMetrics, replica, replicas } from '../support/recordings.ts';

function viewOf(options: ClusterOptions): SecretsView {
  const attempted = createEvaluator(snapshotWith(options)).resolve(secretsView);
  if ('gaps' in attempted) throw new Error(JSON.stringify(attempted.gaps));
  return attempted.value;
}

describe('secretsView', () => {
  it('has a row for each replica, with provider, key name and version', () => {
    const view = viewOf({ sources: { apiservermetrics: replicas(recordedMetrics('aescbc'), recordedMetrics('none')), secretcount: { count: 1, exact: true } } });
    expect(view.stored).toEqual({ count: 1, atLeast: false, from: 'list' });
    expect(view.replicas).toMatchObject([
      { of: 'API server replica 1 of 2', verdict: 'encrypted', providers: ['aescbc'], keys: ['key1'], knownFrom: 'metrics', version: 'v1.37.1', open: [], gaps: [] },
      { of: 'API server replica 2 of 2', verdict: 'notConfigured', providers: [], keys: [], knownFrom: 'metrics', open: [] },
    ]);
  });

  it('says what would make it certain', () => {
    const open = (name: string): readonly string[] => viewOf({ sources: { apiservermetrics: [replica(recordedMetrics(name))] } }).replicas.flatMap(row => row.open);
    expect(open('aescbc-restarted')).toEqual(['How API server stores a new Secret shows as soon as one is written through it.']);
    expect(open('aescbc-after-none-written')).toEqual([expect.stringContaining('restarted')]);
    expect(open('aescbc-after-none')).toHaveLength(2);
    expect(open('reloaded')).toEqual([expect.stringContaining('do not say which way')]);
  });

  it('says why nothing is known', () => {
    const view = viewOf({ gaps: { apiservermetrics: forbidden(apiServerMetrics) } });
    expect(view.replicas).toMatchObject([{ of: 'API server', verdict: 'unknown', knownFrom: 'none', gaps: [{ reason: 'forbidden' }] }]);
    expect(view.replicas[0]?.open).toEqual([expect.stringContaining('forbidden')]);
    expect(view.stored).toEqual({ gaps: [expect.objectContaining({ source: 'secretcount' })] });
  });
});
