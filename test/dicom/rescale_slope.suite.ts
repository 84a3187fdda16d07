import { expect } from 'chai';
import { suite, test } from '../harness/registry.ts';
import { type Grey, greyOf, made } from './dicom_maker.ts';

suite('DICOM: rescale', () => {
  test('a slope below 1 is not floored', async () => {
    const file = made({
      pixels: [0, 1, 3, 1000],
      more: [
        [0x00281052, 'DS', '-0.5'],
        [0x00281053, 'DS', '0.25'],
      ],
    });
    expect(Array.from((await greyOf(file)).values)).to.deep.equal([-0.5, -0.25, 0.25, 249.5]);
  });

  test('a negative slope turns the order round', async () => {
    const file = made({
      pixels: [0, 1, 10],
      more: [
        [0x00281052, 'DS', '5'],
        [0x00281053, 'DS', '-2'],
      ],
    });
    expect(Array.from((await greyOf(file)).values)).to.deep.equal([5, 3, -15]);
  });

  test('whole numbers keep their value whichever array holds them, to the ends of the stored range', async () => {
    const values = async (grey: Omit<Grey, 'more'>, intercept: number, slope = 1) => {
      const more = [
        [0x00281052, 'DS', String(intercept)],
        [0x00281053, 'DS', String(slope)],
      ] as const;
      const found = (await greyOf(made({ ...grey, more }))).values;
      return [found.BYTES_PER_ELEMENT, ...found];
    };
    expect(await values({ stored: 12, pixels: [0, 4095] }, -1024)).to.deep.equal([2, -1024, 3071]);
    expect(await values({ stored: 12, signed: true, pixels: [0x800, 0x7ff] }, -1024)).to.deep.equal([2, -3072, 1023]);
    expect(await values({ pixels: [0, 65535] }, 0)).to.deep.equal([2, 0, 65535]);
    expect(await values({ pixels: [0, 65535] }, -1)).to.deep.equal([4, -1, 65534]);
    expect(await values({ pixels: [0, 65535] }, 1)).to.deep.equal([4, 1, 65536]);
    expect(await values({ signed: true, pixels: [0x8000, 0x7fff] }, 1)).to.deep.equal([4, -32767, 32768]);
    expect(await values({ pixels: [65535] }, 0, 65537)).to.deep.equal([8, 65535 * 65537]);
    expect(await values({ pixels: [3] }, 0.5)).to.deep.equal([8, 3.5]);
  });

  test('a slope of 0 is refused, since nothing would be left', async () => {
    const file = made({ pixels: [0, 1], more: [[0x00281053, 'DS', '0']] });
    expect(() => file.values()).to.throw('made.dcm: this DICOM file is damaged (its rescale slope is 0)');
  });

  test('a modality table takes what lies outside of it to its ends', async () => {
    const item = [
      [0x00283002, 'US', [3, 10, 16]],
      [0x00283006, 'US', [100, 300, 200]],
    ] as const;
    const file = made({ pixels: [0, 10, 11, 12, 99], more: [[0x00283000, 'SQ', { items: [item] }]] });
    expect(Array.from((await greyOf(file)).values)).to.deep.equal([100, 100, 300, 200, 200]);
  });
});
