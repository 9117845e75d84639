import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/**/*.cluster.test.ts', 'node_modules/**'],
    // Half of the time is spent in programs that the tests start, so a core for each worker is not idle.
    maxWorkers: 2,
    // Commands write to the real stdout; an interceptor would hand the tests an empty string.
    reporters: ['default', './test/support/skip-reporter.ts'],
    disableConsoleIntercept: true,
    testTimeout: 20_000,
  },
});
