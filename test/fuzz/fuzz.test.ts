import { expect, it } from 'vitest';
import { certificateCorpus } from './certificate-corpus.ts';
import { fuzzCertificates } from './fuzz-certificates.ts';

/** The same at every run; `npm run fuzz` looks further, with another seed each time. */
const SEED = 20261121;

it('no reader of certificates breaks at 20,000 inputs', () => {
  const { accepted, failures, inputs } = fuzzCertificates([...certificateCorpus().values()], { seed: SEED, inputs: 20_000 });
  expect(failures).toEqual([]);
  expect(inputs).toBe(20_000);
  // Neither everything nor nothing gets through, so that more than the first byte is looked at.
  expect(accepted).toBeGreaterThan(2000);
  expect(accepted).toBeLessThan(18_000);
}, 120_000);
