/**
 * Prints, as JSON, the affine and the shape of each volume below some folders or in some files, for `places.py`, and writes a map of each
 * DICOM volume beside its folder, `FOLDER.map.nii.gz`, whose slices are 1:
 * `deno run -A test/reference/places.ts PATH…`.
 */
import process from 'node:process';
import { disk } from '../../src/host/disk.ts';
import { writeNiftiSlices } from '../../src/nifti/write.ts';
import { parseAccept } from '../../src/volume/accept.ts';
import { collectVolumes } from '../../src/volume/collect.ts';
import { GridMaps } from '../../src/volume/grid_maps.ts';

const found = [];
for (const path of process.argv.slice(2)) {
  const { volumes, refused } = await collectVolumes(disk, path, { accept: parseAccept('tilt,gaps') });
  for (const { volume, kind } of volumes) {
    if (kind !== 'DICOM') continue;
    const one = { width: 1, height: 1, data: Float32Array.of(1) };
    const maps = new GridMaps(
      volume,
      [{ order: [0, 1, 2], maps: Array.from({ length: volume.shape[2] }, () => one) }],
      0,
    );
    await writeNiftiSlices(disk, `${path}.map.nii.gz`, volume, (k) => maps.slice(k));
  }
  found.push({ path, refused, volumes: volumes.map(({ volume: { affine, shape } }) => ({ affine, shape })) });
}
console.log(JSON.stringify(found));
