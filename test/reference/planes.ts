/**
 * Writes, for `planes.py`, volumes that lie in several ways, their slices in each plane, and maps of slices in three planes with what this
 * project makes of them: `deno run -A test/reference/planes.ts FOLDER`.
 */
import process from 'node:process';
import { joinPath } from '../../src/base/paths.ts';
import { disk } from '../../src/host/disk.ts';
import { encodeNifti } from '../../src/nifti/write.ts';
import { Random } from '../../src/phantom/random.ts';
import { collectVolumes } from '../../src/volume/collect.ts';
import { GridMaps } from '../../src/volume/grid_maps.ts';
import { axisOrders, turned } from '../../src/volume/plane.ts';

const [out] = process.argv.slice(2);
const random = new Random('planes', 1);
const shape = [7, 6, 5] as const;
/** Along which side of the patient each axis runs, turned a little so that none lies straight. */
const AXES = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 2, 0],
  [2, 0, 1],
];
const SMOOTH = 2;
const cases = [];
for (const [number, axes] of AXES.entries()) {
  const affine = [0, 1, 2].map((row) => [
    ...axes.map((side, axis) => (side === row ? 1 + axis : 0.1 * (random.next() - 0.5)) * (number % 2 ? -1 : 1)),
    10 * random.next(),
  ]);
  const data = Int16Array.from({ length: 7 * 6 * 5 }, () => Math.floor(1000 * random.next()));
  const name = `v${number}.nii.gz`;
  await disk.writeFile(joinPath(out, name), encodeNifti({ shape, affine, data }));
  const { volumes } = await collectVolumes(disk, joinPath(out, name));
  const { volume } = volumes[0];
  const planes: Record<string, number[][]> = {};
  for (const plane of ['auto', 'axial', 'coronal', 'sagittal'] as const) {
    const [order] = axisOrders(volume, plane);
    const view = turned(volume, order);
    planes[plane] = [];
    for (let k = 0; k < view.shape[2]; k++) {
      const slice = await view.slice(k);
      planes[plane].push(slice.kind === 'grey' ? Array.from(slice.values) : []);
    }
  }
  const stacks = axisOrders(volume, 'all').map((order) => {
    const [width, height, depth] = order.map((axis) => shape[axis]);
    const map = () => ({ width, height, data: Float32Array.from({ length: width * height }, () => random.next()) });
    return { order, maps: Array.from({ length: depth }, map) };
  });
  const grid = new GridMaps(volume, stacks, SMOOTH);
  cases.push({
    ...{ name, shape, smooth: SMOOTH, planes },
    stacks: stacks.map(({ order, maps }) => ({ order, maps: maps.map(({ data: own }) => Array.from(own)) })),
    averaged: Array.from({ length: shape[2] }, (_, k) => Array.from(grid.slice(k))),
  });
}
await disk.writeFile(joinPath(out, 'cases.json'), JSON.stringify(cases));
