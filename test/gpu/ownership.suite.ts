import { assert } from 'chai';
import { Gpu } from '../../src/gpu/gpu.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { fakeEntry } from './fake_device.ts';
import { RandomWork } from './random_work.ts';

const SEQUENCES = 25_000;

suiteInTurn('ownership', () => {
  for (const seed of [1, 2, 3, 4]) {
    test(`random work never touches memory of another owner: ${SEQUENCES} sequences, seed ${seed}`, async (t) => {
      await t.host.gpu(); // WebGPU's constants
      const world = new RandomWork(await Gpu.create(fakeEntry()), await Gpu.create(fakeEntry()), seed);
      const errors = Error as { stackTraceLimit?: number };
      const limit = errors.stackTraceLimit;
      errors.stackTraceLimit = 0; // half of the sequences provoke some
      let i = 0;
      try {
        for (; i < SEQUENCES; i++) await world.sequence();
      } catch (error) {
        throw new Error(`sequence ${i}: ${(error as Error).message}`, { cause: error });
      } finally {
        errors.stackTraceLimit = limit;
      }
      for (const [what, count] of Object.entries(world.counts)) assert.isAbove(count, 250, what);
      assert.lengthOf(Object.keys(world.counts), 17);
    });
  }
});
