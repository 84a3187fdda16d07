import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The runtimes first: they take longest, and all else fills the cores that they leave idle. */
class RuntimesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isRuntime = ({ moduleId }: TestSpecification) =>
      /runtimes\/(deno|deno_rest|node|chrome)\.test\.ts$/.test(moduleId);
    const sorted = await super.sort(files);
    return [...sorted.filter(isRuntime), ...sorted.filter((file) => !isRuntime(file))];
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/runtimes/build_setup.ts'],
    reporters: ['default', './test/harness/count_reporter.ts'],
    testTimeout: 240_000,
    hookTimeout: 300_000,
    passWithNoTests: false,
    sequence: { sequencer: RuntimesFirst },
    // The runtimes leave a core idle now and then: all of them at a time fill it.
    maxWorkers: 4,
  },
});
