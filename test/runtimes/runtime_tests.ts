import { afterAll, beforeAll, describe, inject, test } from 'vitest';
import { casesOf } from '../harness/registry.ts';
import type { CaseResult } from '../harness/run_cases.ts';
import { FILTER } from './marks.ts';
import { runRuntime } from './run_runtime.ts';

/** Longer than the runner's own patience, so that its message is the one that is seen. */
const PATIENCE = 600_000;

/**
 * Makes one vitest test of each registered case; the runtime is started once and runs them all.
 * @param half of the suites, in a process of its own
 */
export function runtimeTests(runtime: 'deno' | 'node' | 'chrome', half?: '1/2' | '2/2'): void {
  const filter = process.env[FILTER] ?? '';
  // Who asks for a case by name wants to see it wherever it can run.
  const dealt = filter === '';
  const names = casesOf(inject('cases'), runtime, dealt, half)
    .map((one) => one.name)
    .filter((name) => name.includes(filter));
  const settle = new Map<string, (result: CaseResult) => void>();
  const results = new Map(names.map((name) => [name, new Promise<CaseResult>((resolve) => settle.set(name, resolve))]));
  let problem: string | null = null;
  let run: Promise<void> | undefined;
  describe(half ? `${runtime}, ${half}` : runtime, () => {
    beforeAll(() => {
      const buildError = inject('buildError');
      const finished = (result: CaseResult): void => settle.get(result.name)?.(result);
      run = (
        buildError ? Promise.resolve(buildError) : runRuntime(runtime, { finished }, { filter, dealt, half })
      ).then((ending) => {
        problem = ending;
        // Whatever has no result by now never gets one; the last test tells the whole story.
        const error = ending
          ? `not run to its end: ${ending.split('\n', 1)[0]}`
          : `${runtime} has no result for this case`;
        for (const [name, resolve] of settle) resolve({ name, ok: false, ms: 0, error });
      });
    });
    afterAll(() => run, PATIENCE);
    for (const name of names) {
      test(
        name,
        async () => {
          const result = await results.get(name);
          if (!result?.ok) throw new Error(result?.error ?? 'no result');
        },
        PATIENCE,
      );
    }
    test(
      'the runtime ran to its end',
      async () => {
        await run;
        if (problem) throw new Error(problem);
      },
      PATIENCE,
    );
  });
}
