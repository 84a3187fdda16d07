import { expect } from 'chai';
import { DicomFile } from '../../src/dicom/dicom_file.ts';
import { suite, test } from '../harness/registry.ts';
import { dicom, made, picture, storedOf } from './dicom_maker.ts';

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

  test('the bytes of the file stay as they are, and may be those of an array whose slices are no copies', async () => {
    class Views extends Uint8Array<ArrayBuffer> {
      override slice(from?: number, to?: number) {
        return this.subarray(from, to) as unknown as Uint8Array<ArrayBuffer>;
      }
    }
    for (const [how, format] of [
      [{}, { stored: 12, pixels: [0x1005, 0xffff] }],
      [{ big: true }, { stored: 12, pixels: [0x1005, 0xffff] }],
      [{}, { pixels: [5, 0xfff] }],
    ] as const) {
      const bytes = dicom(picture(format), how);
      const views = new Views(bytes.buffer.slice(0));
      const file = DicomFile.read(views, 'views.dcm');
      for (let again = 0; again < 2; again++) expect(await storedOf(file)).to.deep.equal([5, 0xfff]);
      expect(Array.from(views)).to.deep.equal(Array.from(bytes));
    }
  });

  test('8 bits, signed and not, and bits of which some are stored', async () => {
    const pixels = new Uint8Array([255, 128, 1]);
    expect(await storedOf(made({ allocated: 8, pixels }))).to.deep.equal([255, 128, 1]);
    expect(await storedOf(made({ allocated: 8, signed: true, pixels }))).to.deep.equal([-1, -128, 1]);
    expect(await storedOf(made({ allocated: 8, stored: 6, pixels }))).to.deep.equal([63, 0, 1]);
  });

  test('32 bits, signed and not, and real numbers of 32 and 64 bits', async () => {
    const bytes = (numbers: Int32Array | Float32Array | Float64Array) => new Uint8Array(numbers.buffer);
    const whole = { allocated: 32, columns: 3, pixels: bytes(Int32Array.of(-1, 2 ** 30, 7)) };
    expect(await storedOf(made(whole))).to.deep.equal([2 ** 32 - 1, 2 ** 30, 7]);
    expect(await storedOf(made({ ...whole, signed: true }))).to.deep.equal([-1, 2 ** 30, 7]);
    for (const [allocated, tag, vr, numbers] of [
      [32, 0x7fe00008, 'OF', Float32Array.of(-1.5, 0.25, 3e9)],
      [64, 0x7fe00009, 'OD', Float64Array.of(-1.5, 1e-300, 3e9)],
    ] as const) {
      const grey = picture({ allocated, columns: 3, pixels: new Uint8Array(0), more: [[tag, vr, bytes(numbers)]] });
      const file = DicomFile.read(dicom(grey.filter(([one]) => one !== 0x7fe00010)), 'real.dcm');
      expect(await storedOf(file)).to.deep.equal(Array.from(numbers));
    }
  });

  test('a header that contradicts itself is refused', () => {
    const format = (grey: object) => () => made({ pixels: [1], ...grey }).format;
    expect(format({ stored: 17 })).to.throw('it stores 17 of 16 bits');
    expect(format({ stored: 12, high: 16 })).to.throw('its high bit is 16, of 12 bits in 16');
    expect(format({ stored: 12, high: 7 })).to.throw('its high bit is 7, of 12 bits in 16');
    expect(format({ rows: 0 })).to.throw('it is 1×0 pixels');
    expect(format({ rows: 65535, columns: 65535 })).to.throw('it is 65535×65535 pixels, too many');
  });
});
