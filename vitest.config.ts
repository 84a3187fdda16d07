import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/runtimes/build_setup.ts'],
    reporters: ['default', './test/harness/count_reporter.ts'],
    testTimeout: 240_000,
    hookTimeout: 300_000,
    passWithNoTests: false,
    // The runtimes leave a core idle now and then: all three at a time fill it.
    maxWorkers: 3,
  },
});
