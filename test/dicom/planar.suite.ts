import { expect } from 'chai';
import { suite, test } from '../harness/registry.ts';
import { made, rgbOf } from './dicom_maker.ts';

suite('DICOM: colours in planes', () => {
  test('planar configuration 1 is read pixel by pixel', async () => {
    const pixels = new Uint8Array([1, 2, 10, 20, 100, 200]);
    expect(await rgbOf(made({ allocated: 8, samples: 3, planar: 1, pixels }))).to.deep.equal([1, 10, 100, 2, 20, 200]);
    expect(await rgbOf(made({ allocated: 8, samples: 3, pixels }))).to.deep.equal([1, 2, 10, 20, 100, 200]);
  });
});
