import { expect } from 'chai';
import { suite, test } from '../harness/registry.ts';
import { made, storedOf } from './dicom_maker.ts';

suite('DICOM: byte order', () => {
  test('explicit big endian: elements, words, and bytes that are written as words', async () => {
    const pixels = [0x0102, -2];
    expect(await storedOf(made({ signed: true, pixels }, { big: true }))).to.deep.equal(pixels);
    const bytes = { allocated: 8, columns: 4, pixels: new Uint8Array([2, 1, 4, 3]) };
    expect(await storedOf(made({ ...bytes, pixelVr: 'OW' }, { big: true }))).to.deep.equal([1, 2, 3, 4]);
    expect(await storedOf(made({ ...bytes, pixelVr: 'OB' }, { big: true }))).to.deep.equal([2, 1, 4, 3]);
  });

  test('implicit little endian', async () => {
    expect(await storedOf(made({ pixels: [0x0102, 3] }, { implicit: true }))).to.deep.equal([0x0102, 3]);
  });

  test('a header that says explicit of what is implicit is not believed', async () => {
    const how = { implicit: true, syntax: '1.2.840.10008.1.2.1' };
    expect(await storedOf(made({ pixels: [7, 8], more: [[0x00080005, 'CS', 'ISO_IR 100']] }, how))).to.deep.equal([
      7, 8,
    ]);
  });
});
