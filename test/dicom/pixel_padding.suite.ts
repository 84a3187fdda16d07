import { expect } from 'chai';
import { suite, test } from '../harness/registry.ts';
import { greyOf, made } from './dicom_maker.ts';

suite('DICOM: pixel padding', () => {
  const padded = async (grey: Parameters<typeof made>[0]) => Array.from((await greyOf(made(grey))).padded ?? []);

  test('a stored value says that there is no picture, before rescaling', async () => {
    const more = [
      [0x00280120, 'US', [3]],
      [0x00281052, 'DS', '-1000'],
    ] as const;
    expect(await padded({ pixels: [3, 4, 3], more })).to.deep.equal([1, 0, 1]);
    expect(await padded({ pixels: [3, 4, 3] })).to.deep.equal([]);
  });

  test('a limit makes a range of it, whichever end comes first', async () => {
    const more = [
      [0x00280120, 'US', [9]],
      [0x00280121, 'US', [7]],
    ] as const;
    expect(await padded({ pixels: [6, 7, 8, 9, 10], more })).to.deep.equal([0, 1, 1, 1, 0]);
  });

  test('it is signed where the pixels are, though the file calls it unsigned', async () => {
    expect(await padded({ signed: true, pixels: [-2000, 0], more: [[0x00280120, 'US', [63536]]] })).to.deep.equal([
      1, 0,
    ]);
    expect(await padded({ pixels: [63536, 0], more: [[0x00280120, 'SS', [-2000]]] })).to.deep.equal([1, 0]);
  });
});
