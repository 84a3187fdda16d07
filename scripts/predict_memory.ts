/**
 * `npm run predict-memory [-- --images 10000] [--map.files none|npy|png16] [--driver NAME]`: how much memory `predict` takes for
 * ten images and for many more. Prints the resident memory of the process, at its most, after the first ten and after all, and
 * fails when they differ by more than 100 MB. Files and a run of the tiny model of the suites lie on a disk.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { predictImages } from '../src/detect/predict.ts';
import { Gpu } from '../src/gpu/gpu.ts';
import { disk } from '../src/host/disk.ts';
import { createNodeHost } from '../src/host/node.ts';
import { findDriver } from '../src/launch/drivers.ts';
import { trainRun } from '../src/train/index.ts';
import { ruleSet } from '../test/train/rule_set.ts';
import { smallSettings, tinyBackbone } from '../test/train/small_run.ts';

const { values } = parseArgs({
  options: {
    images: { type: 'string', default: '10000' },
    'map.files': { type: 'string', default: 'none' },
    driver: { type: 'string' },
    measured: { type: 'boolean', default: false },
  },
});
if (!values.measured) {
  // A driver is chosen by the environment that a process starts with.
  const { env } = findDriver('deno', values.driver);
  const here = fileURLToPath(import.meta.url);
  const flags = ['run', '-A', '--no-lock', '--no-check', '--quiet', here, '--measured', ...process.argv.slice(2)];
  process.exit(spawnSync(process.execPath, flags, { stdio: 'inherit', env: { ...process.env, ...env } }).status ?? 1);
}

/** Images before the first look, so that what is made once is there. */
const FIRST = 10;
const MEGABYTE = 1e6;

const folder = mkdtempSync(join(tmpdir(), 'fusionclip-memory-'));
try {
  const files = ruleSet().files;
  for (const [path, bytes] of files) await disk.writeFile(join(folder, path), bytes);
  const gpu = await Gpu.create(await createNodeHost().gpu());
  const context = { gpu, fs: disk, environment: { runtime: 'deno', version: '' } };
  const model = await tinyBackbone();
  const settings = smallSettings({ prompt: 'fixed', epochs: '1', 'map.files': 'none' });
  const run = join(folder, 'run');
  await trainRun(context, { data: join(folder, 'Brain_AD'), model, out: run, settings });
  const image = files.get('/Brain_AD/test/Ungood/img/0.png')!;
  const count = Number(values.images);
  for (let i = 0; i < count; i++) await disk.writeFile(join(folder, 'in', `${Math.floor(i / 500)}`, `${i}.png`), image);
  let rows = 0;
  let [early, most] = [0, 0];
  const maps = values['map.files'] as 'none' | 'npy' | 'png16';
  const started = Date.now();
  await predictImages(context, {
    ...{ adapters: run, model, paths: [join(folder, 'in')], out: join(folder, 'out'), maps },
    onRow: () => {
      const { rss } = process.memoryUsage();
      most = Math.max(most, rss);
      if (++rows === FIRST) early = most;
    },
  });
  const text = (bytes: number) => `${(bytes / MEGABYTE).toFixed(0)} MB`;
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  console.log(
    `--map.files ${maps}: ${text(early)} after ${FIRST} images, at most ${text(most)} of ${rows}; ${seconds} s`,
  );
  if (most - early > 100 * MEGABYTE) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
