import { defineConfig } from 'vitest/config';

/** The suites that need a real API server: `npm run test:cluster`. */
export default defineConfig({
  test: {
    include: ['test/**/*.cluster.test.ts'],
    globalSetup: 'test/cluster/global-setup.ts',
    // An API server takes a core while it starts.
    maxWorkers: 2,
    reporters: ['default', './test/support/skip-reporter.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
    // What a ground says (a build's steps) appears when it is said.
    disableConsoleIntercept: true,
  },
});
