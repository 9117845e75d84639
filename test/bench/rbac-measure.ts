// One measured process on the bench's cluster or a share of it: what JSON.parse of the lists takes, or what the indexes make of them.
import check from '../../src/checks/rbac/rbac-escalation-path.ts';
import { createEvaluator } from '../../src/engine/evaluate.ts';
import type { Snapshot } from '../../src/evidence/snapshot.ts';
import { rbacGraph } from '../../src/indexes/rbac-graph.ts';
import { whoCanView } from '../../src/indexes/rbac-who-can.ts';
import { createCluster, LARGE, partOf, snapshotOfCluster } from './rbac-cluster.ts';

const [, , what = '', share = '1'] = process.argv;
const SEED = 4711;
/** Questions after the first, which also sorts grants by role: the median of them counts. */
const QUESTIONS = 9;
const objects = createCluster(partOf(LARGE, Number(share)), SEED);
process.stdout.write(JSON.stringify(what === 'parse' ? parse() : judge(snapshotOfCluster(objects))));

function parse(): object {
  const texts = objects.map(([source, items]) => JSON.stringify({ kind: `${source.title}List`, items: [...items] }));
  const ms = timed(() => texts.map(text => JSON.parse(text) as unknown));
  return { ms, MiB: texts.reduce((sum, text) => sum + text.length, 0) / 1024 ** 2 };
}

function judge(snapshot: Snapshot): object {
  globalThis.gc?.();
  const beforeMiB = process.memoryUsage().rss / 1024 ** 2;
  const evaluator = createEvaluator(snapshot);
  // Cold, as in a run: compiled by nobody before.
  const ms = timed(() => evaluator.resolve(rbacGraph));
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  const resolved = evaluator.resolve(rbacGraph);
  if ('gaps' in resolved) throw new Error(resolved.gaps[0]?.detail);
  const { edges, rbac, grantsOf } = resolved.value;
  const ask = (): void => { evaluator.resolve(whoCanView({ verb: 'get', apiGroup: '', resource: 'secrets', namespaced: true, notes: [] })); };
  const firstMs = timed(ask);
  const asking = Array.from({ length: QUESTIONS }, () => timed(ask)).sort((a, b) => a - b);
  const findingsMs = timed(() => evaluator.judge(check));
  return {
    ms, firstMs, whoCanMs: asking[(QUESTIONS - 1) / 2], findingsMs, beforeMiB, peakMiB, peakOfAllMiB: process.resourceUsage().maxRSS / 1024,
    bindings: new Set(rbac.grants.map(grant => grant.binding)).size, subjects: grantsOf.size, nodes: edges.size, edges: edges.count,
  };
}

function timed(work: () => unknown): number {
  const begun = performance.now();
  work();
  return performance.now() - begun;
}
