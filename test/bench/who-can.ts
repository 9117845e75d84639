/**
 * Measures `rbac who-can` on 50,000 bindings against parsing the same objects as JSON: `npm run bench:who-can`, with `--check` fewer
 * runs. The aim is 2 % for a question; resolving the bindings, which every command about rights does once, is shown beside it.
 */
import { createEvaluator } from '../../src/engine/evaluate.ts';
import type { Snapshot } from '../../src/evidence/snapshot.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../src/evidence/sources/rbac.ts';
import { rbacGrants } from '../../src/indexes/rbac-grants.ts';
import { whoCanView } from '../../src/indexes/rbac-who-can.ts';

const BINDINGS = 50_000;
const AIM = 0.02;
/** What a busy machine may still show. */
const LIMIT = 0.1;
const runs = process.argv.includes('--check') ? 5 : 15;

const random = generator(4711);
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
const words = ['pods', 'services', 'configmaps', 'deployments', 'jobs', 'events', 'ingresses', 'leases'];
const verbs = ['get', 'list', 'watch', 'create', 'update', 'delete'];

const bound = Array.from({ length: 1000 }, (_, at) => ({
  metadata: { name: `role-${at}` },
  rules: Array.from({ length: 1 + Math.floor(random() * 8) }, () => ({ verbs: [pick(verbs), pick(verbs)], apiGroups: [pick(['', 'apps', 'batch'])], resources: [pick(words), at % 100 === 0 ? 'secrets' : pick(words)] })),
}));
const bindings = Array.from({ length: BINDINGS }, (_, at) => ({
  metadata: { name: `binding-${at}`, namespace: `team-${at % 5000}`, uid: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`, creationTimestamp: '2026-01-01T00:00:00Z' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: `role-${Math.floor(random() * 1000)}` },
  subjects: [{ kind: 'ServiceAccount', name: `account-${at % 10}`, namespace: `team-${at % 5000}` }],
}));
const values: Readonly<Record<string, unknown>> = { [clusterRoles.id]: bound, [roles.id]: [], [clusterRoleBindings.id]: [], [roleBindings.id]: bindings };
const text = JSON.stringify(values);
const snapshot: Snapshot = {
  tool: 'bench', connection: { server: 'https://127.0.0.1' }, collectedAt: '2026-11-21T12:00:00Z', clockSkewSeconds: 0, durationSeconds: 0, scope: {},
  sources: Object.fromEntries([clusterRoles, roles, clusterRoleBindings, roleBindings].map(({ id, projectionVersion }) =>
    [id, { projectionVersion, readAt: '2026-11-21T12:00:00Z', cost: { requests: 1, bytes: 0, seconds: 0 }, value: values[id] }])),
};

const parsing: number[] = [];
const resolving: number[] = [];
const asking: number[] = [];
let answers = 0;
for (let run = 0; run < runs; run += 1) {
  parsing.push(timed(() => JSON.parse(text)));
  const evaluator = createEvaluator(snapshot);
  resolving.push(timed(() => evaluator.resolve(rbacGrants)));
  const ask = (): void => {
    const view = evaluator.resolve(whoCanView({ verb: 'get', apiGroup: '', resource: 'secrets', namespaced: true, notes: [] }));
    if ('gaps' in view) throw new Error(view.gaps[0]?.detail);
    answers = view.value.answers.total;
  };
  // The first question also groups the bindings by role; those after it only look.
  ask();
  asking.push(timed(ask));
}
const ratio = median(asking) / median(parsing);
process.stdout.write(
  `${BINDINGS} bindings, ${Math.round(text.length / 1024 / 1024)} MiB of JSON, ${answers} subjects in the answer, ${runs} runs, medians: ` +
    `JSON.parse ${median(parsing).toFixed(0)} ms, bindings resolved ${median(resolving).toFixed(0)} ms, who-can ${median(asking).toFixed(2)} ms: ${(ratio * 100).toFixed(1)} % (aim ${AIM * 100} %)\n`,
);
if (ratio > LIMIT) process.exitCode = 1;

function timed(work: () => unknown): number {
  const begun = performance.now();
  work();
  return performance.now() - begun;
}

function median(all: readonly number[]): number {
  return [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;
}

/** mulberry32: small, quick, and the same everywhere. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
