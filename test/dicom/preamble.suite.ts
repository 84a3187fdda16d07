import { expect } from 'chai';
import { isDicom } from '../../src/dicom/part10.ts';
import { suite, test } from '../harness/registry.ts';
import { ascii, dicom, type El, made, picture, storedOf } from './dicom_maker.ts';

const more: El[] = [[0x00080005, 'CS', 'ISO_IR 100']];

suite('DICOM: what stands before the data set', () => {
  test('nothing: explicit, implicit and big endian are told apart', async () => {
    for (const how of [{}, { implicit: true }, { big: true }]) {
      const file = made({ pixels: [258, 3], more }, { ...how, meta: false });
      expect(await storedOf(file)).to.deep.equal([258, 3]);
    }
  });

  test('a meta header without preamble', async () => {
    expect(await storedOf(made({ pixels: [258] }, { preamble: false }))).to.deep.equal([258]);
  });

  test('other files are not taken for DICOM', () => {
    expect(isDicom(dicom(picture({ pixels: [1] })))).to.equal(true);
    const others = [
      '\x89PNG\r\n\x1a\n',
      '\xff\xd8\xff\xe0',
      'BM',
      '<!DOCTYPE html>',
      'PK\x03\x04',
      '{"a": 1}',
      '\x1f\x8b',
    ];
    for (const text of others) expect(isDicom(ascii(text.padEnd(200, ' ')))).to.equal(false);
    expect(isDicom(new Uint8Array(200))).to.equal(false);
    expect(isDicom(new Uint8Array(0))).to.equal(false);
  });
});
