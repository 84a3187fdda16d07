import { assert } from 'chai';
import { ROW_VARIANTS } from '../../src/kernels/rows.ts';
import { defaultSizes, KERNELS } from '../../src/lab/kernels.ts';
import { outputError } from '../../src/lab/output_error.ts';
import { suite, test } from '../harness/registry.ts';

/**
 * test/kernels holds the wrappers against these references in every runtime; here it is sizes, inputs and outputs that are tested,
 * which are the same in all.
 */
const RUNTIMES = ['deno'] as const;
/** Variants that take a software adapter seconds; test/kernels has them at smaller sizes. */
const isDear = (name: string) => /^workgroup|^subgroups/.test(name);

suite('lab kernels', () => {
  for (const kernel of KERNELS) {
    test(
      `${kernel.id}: every variant is within the tolerance`,
      async (t) => {
        const gpu = await t.gpu();
        using job = gpu.job();
        const one = job.do(() => kernel.at(gpu, defaultSizes(kernel)));
        const expected = one.reference();
        for (const rows of kernel.overRows ? Object.keys(ROW_VARIANTS) : ['']) {
          for (const { name, run } of one.variants) {
            if (gpu.facts.software && (isDear(name) || isDear(rows))) continue;
            const outputs = job.do(() => gpu.tuned({ ...gpu.tuning, rows }, run));
            assert.sameMembers(Object.keys(outputs), Object.keys(expected));
            for (const [output, array] of Object.entries(outputs)) {
              const error = outputError(output, await array.read(), expected[output], kernel.tolerance);
              const what = `${name} ${rows}: ${error.worst.value} at ${error.worst.at}, not ${error.worst.expected}`;
              assert.equal(error.beyond, 0, what);
            }
          }
        }
      },
      RUNTIMES,
    );
  }
});
