import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/** Writes `{ passed, failed }` to the file that `FUSIONCLIP_COUNTS` names, for scripts/test.mjs. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const path = process.env.FUSIONCLIP_COUNTS;
    if (!path) return;
    let passed = 0;
    let failed = unhandled.length;
    for (const module of modules) {
      // A file that does not load, and a hook that fails, have errors and no failed test of their own.
      failed += module.errors().length;
      for (const suite of module.children.allSuites()) failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        // Nothing is skipped here: a test without a verdict has not passed.
        if (test.result().state === 'passed') passed++;
        else failed++;
      }
    }
    writeFileSync(path, JSON.stringify({ passed, failed }));
  }
}
