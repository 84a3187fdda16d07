import { expect } from 'chai';
import { collectVolumes } from '../../src/volume/collect.ts';
import { apply, inverse, planeOf, spacings } from '../../src/volume/geometry.ts';
import { Held } from '../../src/volume/held.ts';
import { NiftiVolume } from '../../src/volume/nifti_volume.ts';
import { axisOrders, planeNames, turned } from '../../src/volume/plane.ts';
import type { Volume } from '../../src/volume/volume.ts';
import { assertClose } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';
import { files, nifti } from '../nifti/nifti_maker.ts';
import { folder, type MadeSlice, sliceFile } from './series_maker.ts';

async function volumeOf(made: readonly MadeSlice[]): Promise<Volume> {
  const { volumes, refused } = await collectVolumes(folder(made.map((one, i) => sliceFile(i, one))), 's');
  if (refused.length > 0) throw refused[0];
  return volumes[0].volume;
}

suite('geometry of volumes', () => {
  test('a negative or wrong distance between slices in the files is not believed', async () => {
    const more = [
      [0x00180050, 'DS', '9'],
      [0x00180088, 'DS', '-2'],
    ] as const;
    const volume = await volumeOf([0, 1, 2].map((i) => ({ position: [0, 0, 3 * i], more })));
    assertClose(spacings(volume.affine), [0.75, 0.5, 3], { absolute: 1e-12 });
  });

  test('slices go along their normal, downwards too: the affine says so', async () => {
    // Rows to the left, columns upwards: the normal points to the front.
    const orientation = [1, 0, 0, 0, 0, 1];
    const volume = await volumeOf([0, 1, 2].map((i) => ({ orientation, position: [5, 4 * i, 7] })));
    expect(planeOf(volume.affine)).to.equal('coronal');
    // Voxel (0, 0, 0) is the one that lies farthest back: y = 8 in DICOM, -8 to the front.
    assertClose(apply(volume.affine, 0, 0, 0), [-5, -8, 7], { absolute: 1e-12 });
    assertClose(apply(volume.affine, 2, 1, 2), [-6.5, 0, 7.5], { absolute: 1e-12 });
  });

  test('an oblique series: positions to 1e-4 mm', async () => {
    const [c, s] = [Math.cos(0.3), Math.sin(0.3)];
    const orientation = [1, 0, 0, 0, c, s];
    const normal = [0, -s, c];
    const made = [0, 1, 2, 3].map((i) => ({
      orientation,
      position: [10, 20, 30].map((v, axis) => v + 2.5 * i * normal[axis]),
    }));
    const { affine } = await volumeOf(made);
    const [x, y, z] = [10 + 2 * 0.75, 20 + 0.5 * c + 7.5 * normal[1], 30 + 0.5 * s + 7.5 * normal[2]];
    assertClose(apply(affine, 2, 1, 3), [-x, -y, z], { absolute: 1e-4 });
  });

  test('an orientation that is a little off is put right', async () => {
    const orientation = [0.9999, 0.001, 0, 0.0005, 1.0002, 0.0001];
    const { affine } = await volumeOf([0, 1].map((i) => ({ orientation, position: [0, 0, i] })));
    const column = (c: number) => affine.map((row) => row[c]);
    const inner = column(0).reduce((sum, v, i) => sum + v * column(1)[i], 0);
    expect(inner).to.be.closeTo(0, 1e-12);
    assertClose(spacings(affine).slice(0, 2), [0.75, 0.5], { absolute: 1e-9 });
  });

  test('the inverse leads back', () => {
    const affine = [
      [-2, 0.1, 0, 9],
      [0, 3, 0.2, -4],
      [0.3, 0, -4, 1],
    ];
    const back = inverse(affine);
    if (!back) throw new Error('none');
    assertClose(apply(back, ...apply(affine, 3, 5, 7)), [3, 5, 7], { absolute: 1e-12 });
    expect(
      inverse([
        [1, 2, 0, 0],
        [2, 4, 0, 0],
        [0, 0, 1, 0],
      ]),
    ).to.equal(null);
  });

  test('another plane takes the voxels as they are, and its affine keeps them in place', async () => {
    const values = Array.from({ length: 2 * 3 * 4 }, (_, i) => i);
    const sform = [
      [-1, 0, 0, 5],
      [0, 2, 0, 6],
      [0, 0, 3, 7],
    ];
    const fs = files({ 'a.nii': nifti({ shape: [2, 3, 4], values, sform }) });
    const volume = await NiftiVolume.open(fs, 'a.nii', { name: 'a', patient: 'a' });
    expect(turned(volume, axisOrders(volume, 'axial')[0])).to.equal(volume);
    expect(planeNames(volume, axisOrders(volume, 'all'))).to.deep.equal(['axial_', 'coronal_', 'sagittal_']);
    const at = (i: number, j: number, k: number) => i + 2 * (j + 3 * k);
    for (const [plane, shape, order] of [
      ['coronal', [2, 4, 3], [0, 2, 1]],
      ['sagittal', [3, 4, 2], [1, 2, 0]],
    ] as const) {
      const [axes] = axisOrders(volume, plane);
      const whole = turned(volume, axes);
      // A block of one slice makes each anew.
      const bit = turned(volume, axes, new Held(), 'a', 1);
      for (const view of [whole, bit]) {
        expect([planeOf(view.affine), view.shape]).to.deep.equal([plane, shape]);
        await view.slice(0);
        const slice = await view.slice(1);
        if (slice.kind !== 'grey') throw new Error('colours');
        const voxel = [0, 0, 0];
        for (const [axis, n] of [
          [0, 1],
          [1, 2],
          [2, 1],
        ])
          voxel[order[axis]] = n;
        expect(slice.values[2 * shape[0] + 1]).to.equal(at(voxel[0], voxel[1], voxel[2]));
        expect(apply(view.affine, 1, 2, 1)).to.deep.equal(apply(volume.affine, voxel[0], voxel[1], voxel[2]));
      }
    }
  });
});
