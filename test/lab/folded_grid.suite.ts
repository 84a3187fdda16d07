import { assert } from 'chai';
import type { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import type { Dispatch } from '../../src/gpu/interface.ts';
import { defaultSizes, KERNELS } from '../../src/lab/kernels.ts';
import { suite, test } from '../harness/registry.ts';

/**
 * A grid of more than 32,768 workgroups goes on in a second row (`elementGrid`), which takes arrays of tens of megabytes. Here
 * grids are folded in two at any size: a kernel that counts rows (`groups.x`) must not tell the difference.
 */
function folding(gpu: Gpu, folded: Set<string>): Gpu {
  const run = (call: Dispatch<string, string, string>) => {
    const [x, y = 1, z = 1] = call.groups;
    const folds = /groups\.x/.test(call.shader.source) && y === 1 && z === 1 && x > 1;
    if (folds) folded.add(call.shader.name);
    gpu.run(folds ? { ...call, groups: [Math.ceil(x / 2), 2, 1] } : call);
  };
  return new Proxy(gpu, {
    get(target, key) {
      if (key === 'run') return run;
      const value = Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Variants that take a software adapter seconds. */
const isDear = (name: string) => /^workgroup|^subgroups/.test(name);

suite('grids of more than one row', () => {
  test(
    'give what a row gives, to the bit',
    async (t) => {
      const gpu = await t.gpu();
      const folded = new Set<string>();
      for (const kernel of KERNELS) {
        using job = gpu.job();
        const at = (own: Gpu) => job.do(() => kernel.at(own, defaultSizes(kernel)).variants);
        const [plain, rows] = [at(gpu), at(folding(gpu, folded))];
        for (const [i, { name, run }] of plain.entries()) {
          if (gpu.facts.software && isDear(name)) continue;
          const [one, other] = [run, rows[i].run].map((body) => job.do(body));
          for (const output of Object.keys(one)) {
            const what = `${kernel.id} ${name}: ${output}`;
            const words = async (array: GpuArray) => new Uint32Array(await gpu.read(array), 0, array.size);
            assert.deepEqual(await words(other[output]), await words(one[output]), what);
          }
        }
      }
      assert.isAtLeast(folded.size, 20);
    },
    ['deno'],
  );
});
