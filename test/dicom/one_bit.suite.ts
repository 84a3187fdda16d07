import { expect } from 'chai';
import { suite, test } from '../harness/registry.ts';
import { made, storedOf } from './dicom_maker.ts';

suite('DICOM: one bit a pixel', () => {
  test('the lowest bit is the first pixel, and a frame may begin within a byte', async () => {
    // Two frames of five pixels: 10110, 01101, from the lowest bit on.
    const file = made({ allocated: 1, frames: 2, columns: 5, pixels: new Uint8Array([0b11001101, 0b10]) });
    expect(await storedOf(file, 0)).to.deep.equal([1, 0, 1, 1, 0]);
    expect(await storedOf(file, 1)).to.deep.equal([0, 1, 1, 0, 1]);
  });
});
