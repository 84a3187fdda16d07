import { assert } from 'chai';
import { storedNumbers } from '../../src/nifti/numbers.ts';
import { suite, test } from '../harness/registry.ts';

suite('numbers of NIfTI files', () => {
  test('either order of bytes gives the same numbers, and leaves the bytes of the file alone', () => {
    const bytes = Uint8Array.of(1, 2, 255, 254);
    assert.deepEqual(storedNumbers(bytes, 'i16', false), Int16Array.of(258, -2));
    assert.deepEqual(storedNumbers(bytes, 'i16', true), Int16Array.of(513, -257));
    assert.deepEqual(bytes, Uint8Array.of(1, 2, 255, 254));
    const odd = new Uint8Array([0, 1, 2, 3, 4]).subarray(1);
    assert.deepEqual(storedNumbers(odd, 'u16', true), Uint16Array.of(513, 1027));
  });
});
