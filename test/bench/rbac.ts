/**
 * The graph of rights on a large cluster against JSON.parse of the same objects, each in processes of its own, in turn:
 * `npm run bench:rbac`, with `--check` fewer runs; part of `npm run bench` as well.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { LARGE } from './rbac-cluster.ts';

interface Parsed {
  readonly ms: number;
  readonly MiB: number;
}

interface Judged {
  readonly ms: number;
  readonly firstMs: number;
  readonly whoCanMs: number;
  readonly findingsMs: number;
  readonly beforeMiB: number;
  readonly peakMiB: number;
  readonly peakOfAllMiB: number;
  readonly bindings: number;
  readonly subjects: number;
  readonly nodes: number;
  readonly edges: number;
}

type Row = readonly [what: string, value: number, aim: number, limit: number, detail: string];

/** Numbers for the page, and what is beyond its limit. */
export function measureRbac(isCheck: boolean): { readonly markdown: string; readonly tooSlow: readonly string[] } {
  const parsed: Parsed[] = [];
  const judged: Judged[] = [];
  const small: Judged[] = [];
  for (let round = 0; round < (isCheck ? 3 : 7); round += 1) {
    parsed.push(measured<Parsed>('parse'));
    judged.push(measured<Judged>('graph'));
    small.push(measured<Judged>('graph', '0.2'));
  }
  const [whole] = judged;
  const of = <T>(runs: readonly T[], name: keyof T & string): number => median(runs.map(run => run[name] as number));
  const parsing = of(parsed, 'ms');
  const building = of(judged, 'ms');
  const growth = Math.log(building / of(small, 'ms')) / Math.log(of(judged, 'bindings') / of(small, 'bindings'));
  const rows: readonly Row[] = [
    ['graph built and searched for every goal, against `JSON.parse` of the lists', building / parsing, 1, 2, `${building.toFixed(0)} ms against ${parsing.toFixed(0)} ms; cold, one in each process`],
    ['peak MiB of that process', of(judged, 'peakMiB'), 400, 480, `${of(judged, 'beforeMiB').toFixed(0)} MiB of it Node, the program and the evidence before; ${of(judged, 'peakOfAllMiB').toFixed(0)} MiB once the questions and the findings are in`],
    ['`who-can get secrets` against that `JSON.parse`', of(judged, 'whoCanMs') / parsing, 0.02, 0.08, `${of(judged, 'whoCanMs').toFixed(1)} ms; the first question of a run, which sorts the grants by role, ${of(judged, 'firstMs').toFixed(0)} ms`],
    ['growth with the number of bindings, as an exponent', growth, 1, 1.3, `a fifth of everything takes ${of(small, 'ms').toFixed(0)} ms`],
    ['findings of `rbac-escalation-path`, against that `JSON.parse`', of(judged, 'findingsMs') / parsing, 1, 4, `${of(judged, 'findingsMs').toFixed(0)} ms, with paths, evidence and cuts`],
  ];
  const title = `rights: ${LARGE.bindings} bindings, ${LARGE.serviceAccounts} service accounts, ${LARGE.namespaces} namespaces, ${LARGE.pods} pods`;
  const lines = rows.map(([what, value, aim, , detail]) => `| ${what} | ${value.toFixed(value < 0.1 ? 3 : 2)} | ${aim} | ${detail} |`);
  return {
    markdown: `${[`| ${title} | measured | aim | |`, '| --- | --- | --- | --- |', ...lines].join('\n')}\n
The lists are ${of(parsed, 'MiB').toFixed(0)} MiB of JSON without managedFields; ${whole?.subjects ?? 0} subjects, ${whole?.nodes ?? 0} nodes and ${whole?.edges ?? 0} edges come of them. Medians of ${judged.length} runs.\n`,
    tooSlow: rows.filter(([, value, , limit]) => value > limit).map(([what]) => what),
  };
}

function measured<T>(what: string, share = '1'): T {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', join(import.meta.dirname, 'rbac-measure.ts'), what, share], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`rbac-measure ${what} failed: ${stderr}`);
  return JSON.parse(stdout) as T;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

if (import.meta.main) {
  const { markdown, tooSlow } = measureRbac(process.argv.includes('--check'));
  process.stdout.write(markdown);
  if (tooSlow.length > 0) {
    process.stderr.write(`beyond the limit: ${tooSlow.join(', ')}\n`);
    process.exitCode = 1;
  }
}
