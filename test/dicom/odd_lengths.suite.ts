import { expect } from 'chai';
import { DicomFile } from '../../src/dicom/dicom_file.ts';
import { suite, test } from '../harness/registry.ts';
import { dicom, joined, made, picture, storedOf } from './dicom_maker.ts';

suite('DICOM: lengths', () => {
  test('values of odd length are read', async () => {
    const more = [[0x00281052, 'DS', new Uint8Array([45, 51, 46, 53, 48])]] as const; // -3.50 in five bytes
    const file = made({ allocated: 8, pixels: new Uint8Array([1, 2, 3]), more });
    expect(await storedOf(file)).to.deep.equal([1, 2, 3]);
    expect(file.dataSet.numbers('rescaleIntercept')).to.deep.equal([-3.5]);
  });

  test('a wrong length of group 2 is not believed', async () => {
    for (const metaLength of [0, 2, 5000]) {
      expect(await storedOf(made({ pixels: [9] }, { metaLength }))).to.deep.equal([9]);
    }
  });

  test('padding after the pixels is left alone', async () => {
    const bytes = dicom(picture({ pixels: [1, 2] }));
    for (const tail of [new Uint8Array(3), new Uint8Array(64), new Uint8Array(64).fill(0xff)]) {
      expect(await storedOf(DicomFile.read(joined([bytes, tail]), 'p.dcm'))).to.deep.equal([1, 2]);
    }
  });

  test('64-bit lengths of values do not shift what follows them', async () => {
    const more = [
      [0x00080014, 'UV', [1]],
      [0x00281053, 'DS', '3'],
    ] as const;
    expect(Array.from(((await made({ pixels: [2], more }).frame()) as { values: Float64Array }).values)).to.deep.equal([
      6,
    ]);
  });

  test('pixels that are cut short are refused, and the frames before them read', async () => {
    const bytes = dicom(picture({ columns: 2, frames: 2, pixels: [1, 2, 3, 4] }));
    const file = DicomFile.read(bytes.subarray(0, bytes.length - 1), 'c.dcm');
    expect(await storedOf(file)).to.deep.equal([1, 2]);
    let message = '';
    await file.stored(1).catch((error: Error) => {
      message = error.message;
    });
    expect(message).to.contain('its pixels are cut short in frame 2 of 2');
  });
});
