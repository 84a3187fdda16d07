import { assert } from 'chai';
import { sliceSource } from '../../src/detect/slice_source.ts';
import { suite, test } from '../harness/registry.ts';

suite('where a slice comes from', () => {
  test('is the patient and the scanner of its volume; of other images nothing is known', () => {
    const stack = (...slices: (string | null)[]) => ({ order: {} as never, slices });
    const of = sliceSource([
      { patient: 'p', scanner: null, stacks: [stack('a', null), stack('b')] },
      { patient: null, scanner: 'Maker X1', stacks: [stack('c')] },
    ]);
    assert.deepEqual(['a', 'b', 'c', 'd'].map(of), [
      { patient: 'p', scanner: null },
      { patient: 'p', scanner: null },
      { patient: null, scanner: 'Maker X1' },
      null,
    ]);
    assert.isNull(sliceSource(null)('a'));
  });
});
