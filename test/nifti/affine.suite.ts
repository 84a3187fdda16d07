import { expect } from 'chai';
import { NiftiFile } from '../../src/nifti/nifti_file.ts';
import { assertClose } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';
import { files, type MadeNifti, nifti } from './nifti_maker.ts';

async function headerOf(made: Partial<MadeNifti>) {
  const bytes = nifti({ shape: [3, 4, 5], spacing: [2, 3, 4], values: Array.from({ length: 60 }, () => 0), ...made });
  return (await NiftiFile.open(files({ 'a.nii': bytes }), 'a.nii')).header;
}

suite('NIfTI: affine', () => {
  const sform = [
    [-2, 0, 0.5, 90],
    [0, 3, 0, -126],
    [0, 0.25, 4, -72],
  ];

  test('the sform goes before the qform', async () => {
    const header = await headerOf({ sform, qform: [0, 0, 0, 1, 2, 3] });
    expect([header.from, header.affine]).to.deep.equal(['sform', sform]);
  });

  test('a file with a qform alone: a quarter turn about the third axis', async () => {
    // (a, b, c, d) = (cos 45°, 0, 0, sin 45°): the first axis runs to the front, the second to the left.
    const header = await headerOf({ version: 2, qform: [0, 0, Math.SQRT1_2, 10, 20, 30] });
    expect(header.from).to.equal('qform');
    assertClose(header.affine.flat(), [0, -3, 0, 10, 2, 0, 0, 20, 0, 0, 4, 30], { absolute: 1e-12 });
  });

  test('a qform of any direction, with spacings of its own, is that of nibabel 5.4', async () => {
    const header = await headerOf({ qform: [0.1, -0.2, 0.3, 1, 2, 3], spacing: [0.5, 0.75, 3], side: -1 });
    const rows = [
      [0.37, -0.447312832, 0.932834219, 1],
      [0.258208555, 0.6, 0.91641711, 2],
      [0.21547237, 0.049104277, -2.7, 3],
    ];
    assertClose(header.affine.flat(), rows.flat(), { absolute: 1e-6 });
  });

  test('pixdim[0] of -1 turns the third axis to the other side: left stays left', async () => {
    const header = await headerOf({ version: 2, qform: [0, 1, 0, 0, 0, 0], side: -1 });
    // Half a turn about the second axis: x and z point the other way, and z back again.
    assertClose(header.affine.flat(), [-2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 4, 0], { absolute: 1e-12 });
  });

  test('a half turn whose parts are a little more than 1 in 32 bits is one', async () => {
    const header = await headerOf({ qform: [Math.SQRT1_2, Math.SQRT1_2 + 3e-8, 0, 0, 0, 0] });
    assertClose(header.affine.flat(), [0, 3, 0, 0, 2, 0, 0, 0, 0, 0, -4, 0], { absolute: 1e-6 });
  });

  test('voxels without volume are refused; an axis with one voxel needs no length', async () => {
    const failure = (made: Partial<MadeNifti>) => headerOf(made).catch(({ message }) => message as string);
    const zero = [0, 0, 0].map(() => [0, 0, 0, 0]);
    const plane = [
      [1, 1, 0, 0],
      [1, 1, 0, 0],
      [0, 0, 1, 0],
    ];
    for (const made of [
      { sform: zero },
      { sform: plane },
      { spacing: [0, 1, 1] },
      { qform: [0, 0, 0], spacing: [1, 1, 0] },
    ]) {
      expect(await failure(made)).to.contain('its voxels have no volume');
    }
    expect((await headerOf({ shape: [3, 4, 1], spacing: [1, 1, 0] })).affine[2][2]).to.equal(0);
  });

  test('without either, voxels lie around the middle, as nibabel has it', async () => {
    const header = await headerOf({});
    expect(header.from).to.equal('none');
    expect(header.affine).to.deep.equal([
      [-2, 0, 0, 2],
      [0, 3, 0, -4.5],
      [0, 0, 4, -8],
    ]);
  });
});
