/**
 * Prints, as JSON, the affine and the shape of each volume below some folders or in some files, for `places.py`:
 * `deno run -A test/reference/places.ts PATH…`.
 */
import process from 'node:process';
import { disk } from '../../src/host/disk.ts';
import { parseAccept } from '../../src/volume/accept.ts';
import { collectVolumes } from '../../src/volume/collect.ts';

const found = [];
for (const path of process.argv.slice(2)) {
  const { volumes, refused } = await collectVolumes(disk, path, { accept: parseAccept('tilt') });
  found.push({ path, refused, volumes: volumes.map(({ volume: { affine, shape } }) => ({ affine, shape })) });
}
console.log(JSON.stringify(found));
