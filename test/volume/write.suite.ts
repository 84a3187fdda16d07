import { expect } from 'chai';
import { DicomFile } from '../../src/dicom/dicom_file.ts';
import { encodeDicom, uidOf } from '../../src/dicom/write.ts';
import { NiftiFile } from '../../src/nifti/nifti_file.ts';
import { encodeNifti } from '../../src/nifti/write.ts';
import { phantomVolume } from '../../src/phantom/volume.ts';
import { suite, test } from '../harness/registry.ts';
import { files } from '../nifti/nifti_maker.ts';

suite('written volumes', () => {
  test('NIfTI of 8, 16 and 32 bits reads back with its affine', async () => {
    const affine = [
      [-0.5, 0.25, 0, 4],
      [0, 2, 0.125, -3],
      [0.0625, 0, 3, 1],
    ];
    for (const data of [
      Uint8Array.of(1, 2, 3, 255),
      Int16Array.of(-5, 0, 7, 3000),
      Float32Array.of(0.5, -1.25, 0, 9),
    ]) {
      const bytes = encodeNifti({ shape: [2, 1, 2], affine, data });
      const file = await NiftiFile.open(files({ 'a.nii.gz': bytes }), 'a.nii.gz');
      expect([file.header.affine, file.header.shape.slice(0, 3)]).to.deep.equal([affine, [2, 1, 2]]);
      expect([...(await file.slice(0)), ...(await file.slice(1))]).to.deep.equal(Array.from(data));
    }
  });

  test('DICOM reads back: elements sorted, lengths even, sequences entered', () => {
    const file = DicomFile.read(
      encodeDicom([
        [0x00281053, 'DS', '2.5'],
        [0x00080016, 'UI', '1.2.3'],
        [0x00080018, 'UI', '1.2.34'],
        [0x00280010, 'US', [7]],
        [0x00289110, 'SQ', { items: [[[0x00280030, 'DS', '1\\2']]] }],
      ]),
      'w.dcm',
    );
    expect(file.dataSet.string('sopInstance')).to.equal('1.2.34');
    expect(file.dataSet.number('rescaleSlope')).to.equal(2.5);
    expect(file.dataSet.number('rows')).to.equal(7);
    expect(file.dataSet.items(0x00289110)[0].numbers('pixelSpacing')).to.deep.equal([1, 2]);
    expect(() => encodeDicom([])).to.throw('an object needs class and instance');
  });

  test('a value that is too long for its type is refused, not written with a wrong length', () => {
    const object = [
      [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.2'],
      [0x00080018, 'UI', '1.2.3'],
      [0x00204000, 'LT', 'x'.repeat(2 ** 16)],
    ] as const;
    expect(() => encodeDicom(object)).to.throw('(0020,4000) is too long for its type');
    expect(() => encodeDicom(object.map(([tag, vr, value]) => [tag, vr === 'LT' ? 'UT' : vr, value]))).not.to.throw();
  });

  test('the same text gives the same UID, of the root that nobody has to give out', async () => {
    const uid = await uidOf('a');
    expect(uid)
      .to.match(/^2\.25\.\d{1,39}$/)
      .and.equal(await uidOf('a'));
    expect(uid).not.to.equal(await uidOf('b'));
  });

  test('a phantom volume: lesions span slices, both ends are empty, a healthy one has the same anatomy', () => {
    const options = { size: 32, depth: 12 };
    const sick = phantomVolume('liver', 1, 4, { ...options, kind: 'metastases' });
    const sound = phantomVolume('liver', 1, 4, { ...options, kind: null });
    const slices = (values: Uint8Array) =>
      Array.from({ length: 12 }, (_, k) => values.subarray(k * 1024, (k + 1) * 1024).includes(1));
    const marked = slices(sick.lesions);
    expect(marked.filter(Boolean).length).to.be.within(3, 7);
    expect(marked.lastIndexOf(true) - marked.indexOf(true) + 1).to.equal(marked.filter(Boolean).length);
    expect(slices(sound.lesions)).not.to.include(true);
    expect(sound.affine).to.deep.equal(sick.affine);
    // Where no lesion is near, both are the same to the bit.
    expect(sound.values.subarray(0, 2048)).to.deep.equal(sick.values.subarray(0, 2048));
    expect(() => phantomVolume('chest', 1, 1, { ...options, kind: null })).to.throw(
      'There are volumes of brain and liver',
    );
  });
});
