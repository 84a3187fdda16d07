/**
 * `npm run decisions:adapters [-- --method NAME] [--images N] [--out DIR] [--seconds N]`: the same weights, calibration and images on the
 * adapters that this machine has. Prints whether runtimes on one adapter write the same predictions, byte for byte, and by how much scores
 * differ between adapters, as a share of what the borderline rule goes by; no verdict may change from normal to abnormal. It takes a
 * build (`npm run build`); what a call that was broken off has made is kept.
 */
import { execFile } from 'node:child_process';
import process from 'node:process';
import { parseArgs, promisify } from 'node:util';
import { encodePng } from '../src/data/png.ts';
import type { Predictions } from '../src/detect/predict.ts';
import { createNodeHost } from '../src/host/node.ts';
import { open } from '../src/index_process.ts';
import { phantom, phantomFamily, writePhantoms } from '../src/phantom/index.ts';

const { values } = parseArgs({
  options: {
    method: { type: 'string', default: 'fusionclip' },
    images: { type: 'string', default: '24' },
    out: { type: 'string' },
    seconds: { type: 'string', default: '1e9' },
  },
});
const out = values.out ?? `runs/decisions/adapters/${values.method}`;
const end = Date.now() + 1000 * Number(values.seconds);
const fs = createNodeHost();
const SIZE = 112;
const SEED = 12;
/** Runtime and driver of each prediction; those of one driver have to agree to the byte. */
const PLACES = [
  ['deno', 'lavapipe'],
  ['deno', 'swiftshader'],
  ['node', 'swiftshader'],
  ['chrome', 'swiftshader'],
] as const;

async function pictures(folder: string, first: number, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const { image } = phantom('brain', SEED, first + i, { size: SIZE, abnormal: first === 4_000_000 && i % 2 === 1 });
    await fs.writeFile(`${folder}/${i}.png`, encodePng(image));
  }
}

async function prepare(): Promise<void> {
  if (await fs.stat(`${out}/ready`)) return;
  if (!(await fs.stat(`${out}/data`)))
    await writePhantoms(fs, { set: 'brain', out: `${out}/data`, seed: SEED, train: 0, valid: 4, test: 4, size: SIZE });
  await pictures(`${out}/normals`, 3_000_000, 39);
  await pictures(`${out}/new`, 4_000_000, Number(values.images));
  const fc = await open();
  try {
    const data = `${out}/data/${phantomFamily('brain').dataset}`;
    const settings = { method: values.method as 'fusionclip', shots: 2, size: SIZE, epochs: 2, aug: 'none' } as const;
    if (!(await fs.stat(`${out}/run/results.json`)))
      await fc.train(data, { out: `${out}/run`, force: true, select: 'last', 'map.files': 'none', ...settings });
    await fc.calibrate(`${out}/run`, `${out}/normals`, { alpha: 0.1 });
  } finally {
    fc.close();
  }
  await fs.writeFile(`${out}/ready`, '');
}

async function predicted(runtime: string, driver: string): Promise<{ text: string; all: Predictions } | null> {
  const folder = `${out}/${runtime}-${driver}`;
  const file = `${folder}/predictions.json`;
  if (!(await fs.stat(file))) {
    const args = ['bin/fusionclip.mjs', '--runtime', runtime, '--driver', driver, 'predict', `${out}/new`];
    args.push('--run', `${out}/run`, '--out', folder, '--map.files', 'none');
    try {
      await promisify(execFile)(process.execPath.includes('deno') ? 'node' : process.execPath, args, {
        timeout: 1_500_000,
      });
    } catch (error) {
      console.log(
        `${runtime} on ${driver}: not here (${String((error as Error).message)
          .trim()
          .split('\n')
          .at(-1)})`,
      );
      return null;
    }
  }
  const text = new TextDecoder().decode(await fs.readFile(file));
  return { text, all: JSON.parse(text) };
}

await prepare();
const seen: { name: string; driver: string; text: string; all: Predictions }[] = [];
for (const [runtime, driver] of PLACES) {
  if (Date.now() > end) console.log(`${runtime} on ${driver}: not yet; call again`);
  else {
    const found = await predicted(runtime, driver);
    if (found) seen.push({ name: `${runtime} on ${driver}`, driver, ...found });
  }
}
for (const [i, first] of seen.entries()) {
  for (const second of seen.slice(i + 1)) {
    const { point } = first.all.decisions!;
    // The tolerance is NUMERIC_ERROR of this unit.
    const unit = point.tolerance / 1e-4;
    const pairs = first.all.images.map((one, k) => [one, second.all.images[k]]);
    const most = Math.max(...pairs.map(([a, b]) => Math.abs(a.score - b.score))) / unit;
    const changed = pairs
      .filter(([a, b]) => a.decision !== b.decision)
      .map(([a, b]) => `${a.decision} → ${b.decision}`);
    const same = first.text === second.text ? 'the same bytes' : `scores differ by ${most.toExponential(1)} at most`;
    console.log(
      `${values.method}, ${first.name} and ${second.name}: ${same} of ${pairs.length} images; decisions that changed: ${changed.join(', ') || 'none'}`,
    );
  }
}
process.exit(0);
