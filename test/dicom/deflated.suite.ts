import { expect } from 'chai';
import { deflateSync } from 'fflate';
import { DicomFile } from '../../src/dicom/dicom_file.ts';
import { suite, test } from '../harness/registry.ts';
import { dicom, elements, joined, picture, storedOf } from './dicom_maker.ts';

const syntax = '1.2.840.10008.1.2.1.99';

suite('DICOM: deflated', () => {
  test('all after the meta header is one deflated stream', async () => {
    const data = deflateSync(elements(picture({ pixels: [1, 2, 3] })));
    const bytes = joined([dicom([], { syntax }), data]);
    expect(await storedOf(DicomFile.read(bytes, 'd.dcm'))).to.deep.equal([1, 2, 3]);
  });

  test('a broken stream is refused', () => {
    const bytes = joined([dicom([], { syntax }), new Uint8Array([255, 255, 255, 0, 1])]);
    expect(() => DicomFile.read(bytes, 'd.dcm')).to.throw('this DICOM file is damaged');
  });
});
