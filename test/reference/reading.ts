/**
 * Reads the series below each folder, slice by slice, and prints as JSON the slices, the seconds that it took and the memory afterwards, for
 * `reading.py`: `deno run -A test/reference/reading.ts FOLDER…`. With `--rounds FOLDER` it reads one series again each time that it is told
 * to (a line on its input: `slices`, or `files` for the bytes of the same files alone), and prints the milliseconds and those of its processor.
 */
import process from 'node:process';
import { createInterface } from 'node:readline';
import { joinPath } from '../../src/base/paths.ts';
import { disk } from '../../src/host/disk.ts';
import { collectVolumes } from '../../src/volume/collect.ts';
import { Held } from '../../src/volume/held.ts';
import type { Volume } from '../../src/volume/volume.ts';

const [first, ...rest] = process.argv.slice(2);
if (first === '--rounds') await rounds(rest[0]);
else await folders([first, ...rest]);

async function folders(paths: readonly string[]): Promise<void> {
  const out = [];
  const held = new Held();
  for (const path of paths) {
    const volumes = await volumesOf(path, held);
    const start = performance.now();
    for (const volume of volumes) await readAll(volume);
    const seconds = (performance.now() - start) / 1000;
    const slices = volumes.reduce((sum, { shape }) => sum + shape[2], 0);
    (globalThis as { gc?: () => void }).gc?.();
    out.push({ slices, seconds, megabytes: process.memoryUsage().rss / 2 ** 20 });
  }
  console.log(JSON.stringify(out));
}

async function rounds(path: string): Promise<void> {
  const [volume] = await volumesOf(path, new Held());
  const files = (await disk.list(path)).map(({ name }) => joinPath(path, name));
  console.log('ready');
  for await (const what of createInterface({ input: process.stdin })) {
    const used = process.cpuUsage();
    const start = performance.now();
    if (what === 'slices') await readAll(volume);
    else for (const file of files) await disk.readFile(file);
    const milliseconds = performance.now() - start;
    const { user, system } = process.cpuUsage(used);
    console.log(JSON.stringify([milliseconds, (user + system) / 1000]));
  }
}

async function volumesOf(path: string, held: Held): Promise<Volume[]> {
  const { volumes, refused } = await collectVolumes(disk, path, { held });
  if (refused.length > 0) throw new Error(refused.join(' '));
  return volumes.map(({ volume }) => volume);
}

async function readAll(volume: Volume): Promise<void> {
  for (let k = 0; k < volume.shape[2]; k++) await volume.slice(k);
}
