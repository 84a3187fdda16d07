import { expect } from 'chai';
import { suite, test } from '../harness/registry.ts';
import { greyOf, made } from './dicom_maker.ts';

suite('DICOM: smallest and largest pixel value', () => {
  test('are not believed: pixels beyond them are read as they are', async () => {
    const file = made({
      pixels: [0, 500, 4000],
      more: [
        [0x00280106, 'US', [7]],
        [0x00280107, 'US', [9]],
      ],
    });
    expect(Array.from((await greyOf(file)).values)).to.deep.equal([0, 500, 4000]);
  });
});
