import { expect } from 'chai';
import { suite, test } from '../harness/registry.ts';
import { made, storedOf } from './dicom_maker.ts';

suite('DICOM: stored bits', () => {
  test('12 bits in 16, signed: the sign is that of the 12', async () => {
    const file = made({ stored: 12, signed: true, pixels: [0x0fff, 0x0800, 0x07ff, 0] });
    expect(await storedOf(file)).to.deep.equal([-1, -2048, 2047, 0]);
  });

  test('a high bit that is not the last moves the value', async () => {
    const pixels = [0xfff0, 0x8010, 0x0020];
    expect(await storedOf(made({ stored: 12, high: 15, pixels }))).to.deep.equal([0xfff, 0x801, 2]);
    expect(await storedOf(made({ stored: 12, high: 15, signed: true, pixels }))).to.deep.equal([-1, -2047, 2]);
    expect(await storedOf(made({ stored: 10, high: 13, pixels: [0x3ff0] }))).to.deep.equal([0x3ff]);
  });

  test('overlay bits above the high bit are no part of the value', async () => {
    expect(await storedOf(made({ stored: 12, pixels: [0x1005, 0xf005] }))).to.deep.equal([5, 5]);
    expect(await storedOf(made({ stored: 12, signed: true, pixels: [0x1005, 0xffff] }))).to.deep.equal([5, -1]);
  });

  test('8 bits, signed and not, and bits of which some are stored', async () => {
    const pixels = new Uint8Array([255, 128, 1]);
    expect(await storedOf(made({ allocated: 8, pixels }))).to.deep.equal([255, 128, 1]);
    expect(await storedOf(made({ allocated: 8, signed: true, pixels }))).to.deep.equal([-1, -128, 1]);
    expect(await storedOf(made({ allocated: 8, stored: 6, pixels }))).to.deep.equal([63, 0, 1]);
  });

  test('a header that contradicts itself is refused', () => {
    const format = (grey: object) => () => made({ pixels: [1], ...grey }).format;
    expect(format({ stored: 17 })).to.throw('it stores 17 of 16 bits');
    expect(format({ stored: 12, high: 16 })).to.throw('its high bit is 16, of 12 bits in 16');
    expect(format({ stored: 12, high: 7 })).to.throw('its high bit is 7, of 12 bits in 16');
    expect(format({ rows: 0 })).to.throw('it is 1×0 pixels');
  });
});
