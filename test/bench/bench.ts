/**
 * Measures whole commands side by side, as ratios of two programs in one run: `npm run bench` writes docs/bench.md,
 * `npm run bench -- --check` compares with wide limits and writes nothing. Needs `npm run build` first.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { startApiServer } from '../cluster/api-server.ts';
import { startKubeadmCluster } from '../cluster/kubeadm/cluster.ts';
import { whyNoKubeadmCluster } from '../cluster/kubeadm/requirements.ts';
import { measureRbac } from './rbac.ts';
import { measureReading } from './reading.ts';
import { measureTlsSecrets } from './tls-secrets.ts';

const root = join(import.meta.dirname, '../..');
const program = join(root, 'dist/kubectl-secaudit');
const RUNS = 15;

interface Measure {
  readonly what: string;
  readonly against: string;
  /** The aim, as a ratio. */
  readonly budget: number;
  /** What a busy machine may still show; beyond it something is wrong. */
  readonly limit: number;
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

interface Result {
  readonly measure: Measure;
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
  readonly ratio: number;
}

if (!existsSync(program)) throw new Error(`${program} is not there; run npm run build first`);
const check = process.argv.includes('--check');

await using ground = await startApiServer({ admitAnything: true });
const kubeconfig = ground.kubeconfig.admin;
const results = [
  { what: '`--help`', against: '`node -e 0`', budget: 3.5, limit: 6, ours: [program, '--help'], theirs: [process.execPath, '-e', '0'] },
  {
    what: '`scan` of an empty API server',
    against: 'a 30-line script with the same GETs',
    budget: 2.5,
    limit: 4,
    ours: [program, 'scan', '--kubeconfig', kubeconfig],
    theirs: [process.execPath, join(import.meta.dirname, 'plain-reader.ts'), kubeconfig, ...scanPaths(kubeconfig)],
  },
].map(compare);
const noCluster = whyNoKubeadmCluster();
if (noCluster === undefined) results.push(await measureCluster());
else process.stderr.write(`not measured: the scan of a kubeadm cluster (${noCluster})\n`);

const tooSlow = results.filter(({ ratio, measure }) => ratio > measure.limit);
process.stdout.write(table(results));
const rbac = measureRbac(check);
process.stdout.write(`\n${rbac.markdown}`);
const tls = await measureTlsSecrets(check);
process.stdout.write(`\n${tls.markdown}`);
// Last, because it fills the API server that the others find empty.
const reading = await measureReading(ground, check);
process.stdout.write(`\n${reading.markdown}`);
if (!check) writeFileSync(join(root, 'docs/bench.md'), page(results, `${reading.markdown}\n${rbac.markdown}\n${tls.markdown}`));
const late = [...tooSlow.map(({ measure }) => measure.what), ...rbac.tooSlow, ...tls.tooSlow, ...reading.tooSlow];
if (late.length > 0) {
  process.stderr.write(`beyond the limit: ${late.join(', ')}\n`);
  process.exitCode = 1;
}

/** The whole audit of a real cluster, against kubectl reading eight of the kinds that it takes. */
async function measureCluster(): Promise<Result> {
  await using cluster = await startKubeadmCluster();
  const { admin } = cluster.kubeconfig;
  const kinds = 'pods,nodes,roles,rolebindings,clusterroles,clusterrolebindings,networkpolicies,configmaps';
  return compare({
    what: '`scan` of a kubeadm cluster of two nodes',
    against: '`kubectl get` of eight kinds `-A -o json`',
    budget: 4,
    limit: 6,
    ours: [program, 'scan', '--kubeconfig', admin],
    theirs: [cluster.programs.kubectl, 'get', kinds, '-A', '-o', 'json', '--kubeconfig', admin],
  });
}

/** The GETs that a scan really makes, from its own log. */
function scanPaths(config: string): string[] {
  const run = spawnSync(program, ['scan', '-v', '--kubeconfig', config], { encoding: 'utf8' });
  return run.stderr.split('\n').flatMap(line => (line.startsWith('GET ') ? [line.split(' ')[1] ?? ''] : []));
}

/** Runs the two programs in turn, so that whatever else the machine does falls on both. */
function compare(measure: Measure): Result {
  const ours: number[] = [];
  const theirs: number[] = [];
  timed(measure.ours);
  timed(measure.theirs);
  for (let run = 0; run < RUNS; run += 1) {
    theirs.push(timed(measure.theirs));
    ours.push(timed(measure.ours));
  }
  return { measure, ours, theirs, ratio: median(ours) / median(theirs) };
}

function timed([command = '', ...args]: readonly string[]): number {
  const begun = performance.now();
  const { status, error } = spawnSync(command, args, { stdio: 'ignore', env: environment() });
  if (error !== undefined || status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status ?? String(error)}`);
  return performance.now() - begun;
}

/** NODE_EXTRA_CA_CERTS alone can double a start. */
function environment(): NodeJS.ProcessEnv {
  const { NODE_EXTRA_CA_CERTS: _certificates, NODE_OPTIONS: _options, ...rest } = process.env;
  return rest;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function table(rows: readonly Result[]): string {
  const lines = rows.map(({ measure, ours, theirs, ratio }) => {
    const spread = (values: readonly number[]): string => `${Math.min(...values).toFixed(0)} / ${median(values).toFixed(0)} / ${Math.max(...values).toFixed(0)}`;
    return `| ${measure.what} | ${spread(ours)} | ${measure.against} | ${spread(theirs)} | ${ratio.toFixed(2)} | ${measure.budget} |`;
  });
  return `${['| what | ms, min / median / max | against | ms, min / median / max | ratio of medians | budget |', '| --- | --- | --- | --- | --- | --- |', ...lines].join('\n')}\n`;
}

function page(rows: readonly Result[], reading: string): string {
  const [cpu] = cpus();
  const version = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
  return `# Measures

Written by \`npm run bench\`: whole processes, ${RUNS} runs each, the two programs of a line in turn. Read the ratios, not the
milliseconds.

${table(rows)}
What dominates: beyond the start of Node itself, most of \`--help\` is loading and running oclif (a CPU profile of the bundle
gives it about half; the rest is compiling the bundle, which the code cache of the executable mostly saves). Parsing flags
with node:util and printing usage ourselves would roughly halve what is added to Node. Of a \`scan\`, the TLS handshakes
and waiting for the API server dominate, as they do for the script.

${reading}
Machine: ${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 1024 ** 3)} GiB, ${process.platform} ${process.arch}, Node ${process.version}; program ${version}.
`;
}
