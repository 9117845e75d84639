import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { kubeadmNeeds } from '../cluster/kubeadm/requirements.ts';

/**
 * Tests that may be skipped, by full name, with the reason that a user would accept. Every other skip fails the run: a
 * suite that skips itself says nothing and looks green.
 */
const ALLOWED: ReadonlyMap<string, string> = new Map([]);

/** Reasons, given to `skip` by the test itself, for which any test may be skipped. */
const ACCEPTED: ReadonlySet<string> = new Set(Object.values(kubeadmNeeds));

/** Fails a run that skipped something which is not on the list. */
export default class SkipReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const skipped = modules.flatMap(module =>
      [...module.children.allTests()].filter(test => isSkippedForNoReason(test)).map(test => `${module.relativeModuleId} > ${test.fullName}`),
    );
    const refused = skipped.filter(name => !ALLOWED.has(name));
    if (refused.length === 0) return;
    process.stderr.write(`skipped without a reason on the list of ${import.meta.filename}:\n${refused.map(name => `  ${name}\n`).join('')}`);
    process.exitCode = 1;
  }
}

function isSkippedForNoReason(test: TestCase): boolean {
  const result = test.result();
  return result.state === 'skipped' && !ACCEPTED.has(result.note ?? '');
}
