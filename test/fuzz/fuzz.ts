/**
 * Feeds the readers of certificates with a million inputs: `npm run fuzz`, or `npm run fuzz -- SEED INPUTS` to have a run
 * again. Stops at the first failures, and prints each with its input.
 */
import { certificateCorpus } from './certificate-corpus.ts';
import { fuzzCertificates } from './fuzz-certificates.ts';

const [, , seedText = String(Math.floor(Math.random() * 2 ** 32)), inputsText = '1000000'] = process.argv;
const seed = Number(seedText);
process.stdout.write(`seed ${seed}\n`);
const { inputs, seconds, slowest, accepted, failures } = fuzzCertificates([...certificateCorpus().values()], { seed, inputs: Number(inputsText) });
for (const { reader, problem, input } of failures) process.stdout.write(`${reader}: ${problem}\n  ${input}\n`);
const peak = Math.round(process.resourceUsage().maxRSS / 1024);
process.stdout.write(`${inputs} inputs in ${seconds.toFixed(0)} s (${(process.cpuUsage().user / 1e6).toFixed(0)} s of the processor), ${accepted} taken, the slowest ${slowest.toFixed(0)} ms, at most ${peak} MiB: ${failures.length === 0 ? 'no failure' : `${failures.length} failures`}\n`);
if (failures.length > 0) process.exitCode = 1;
