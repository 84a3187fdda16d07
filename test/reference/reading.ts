/**
 * Reads the series below each folder, slice by slice, and prints as JSON the slices, the seconds that it took and the memory afterwards, for
 * `reading.py`: `deno run -A test/reference/reading.ts FOLDER…`.
 */
import process from 'node:process';
import { disk } from '../../src/host/disk.ts';
import { collectVolumes } from '../../src/volume/collect.ts';
import { Held } from '../../src/volume/held.ts';

const out = [];
const held = new Held();
for (const path of process.argv.slice(2)) {
  const { volumes, refused } = await collectVolumes(disk, path, { held });
  if (refused.length > 0) throw new Error(refused.join(' '));
  let slices = 0;
  const start = performance.now();
  for (const { volume } of volumes) {
    for (let k = 0; k < volume.shape[2]; k++) await volume.slice(k);
    slices += volume.shape[2];
  }
  const seconds = (performance.now() - start) / 1000;
  (globalThis as { gc?: () => void }).gc?.();
  out.push({ slices, seconds, megabytes: process.memoryUsage().rss / 2 ** 20 });
}
console.log(JSON.stringify(out));
