import { expect } from 'chai';
import { suite, test } from '../harness/registry.ts';
import { made, rgbOf } from './dicom_maker.ts';

const grey = { allocated: 8, samples: 3 } as const;

suite('DICOM: luma and chroma', () => {
  test('YBR_FULL: red is 76, 85, 255', async () => {
    const pixels = new Uint8Array([76, 85, 255, 128, 128, 128]);
    expect(await rgbOf(made({ ...grey, photometric: 'YBR_FULL', pixels }))).to.deep.equal([254, 0, 0, 128, 128, 128]);
  });

  test('YBR_FULL_422: a pair of pixels shares its chroma', async () => {
    const pixels = new Uint8Array([100, 200, 128, 128, 76, 76, 85, 255]);
    const file = made({ ...grey, photometric: 'YBR_FULL_422', columns: 4, pixels });
    expect(await rgbOf(file)).to.deep.equal([100, 100, 100, 200, 200, 200, 254, 0, 0, 254, 0, 0]);
  });

  test('YBR_PARTIAL_422: luma runs from 16 to 235; red is 81, 90, 240', async () => {
    const pixels = new Uint8Array([16, 235, 128, 128, 81, 81, 90, 240]);
    const file = made({ ...grey, photometric: 'YBR_PARTIAL_422', columns: 4, pixels });
    expect(await rgbOf(file)).to.deep.equal([0, 0, 0, 255, 255, 255, 254, 0, 0, 254, 0, 0]);
  });
});
