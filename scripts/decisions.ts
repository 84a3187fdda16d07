/**
 * `npm run decisions [-- --family NAME] [--data DIR] [--normals N] [--resamplings N] [--out DIR]`: what calibrated decisions keep of what
 * they promise, on phantoms with `tiny-clip`, or on an image set of BMAD's layout. A run is trained (4 images of each kind), many normal and abnormal
 * images that it has not seen are scored, and calibration sets are drawn from them again and again:
 *
 * * realised false-positive rate at alpha 0.05 and 0.10, with 100 normals (or two thirds of what is there)
 * * expected calibration error before and after, by Platt and isotonic maps, on cases left out
 * * how often batches of 50 give a shift alarm: as they are, with abnormal ones among them, and shifted in five ways
 *
 * Scores are kept in the folder, so that a second call takes seconds. Not part of `npm test`.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { ruleStream } from '../src/base/rule.ts';
import { decodeImage } from '../src/data/decode.ts';
import { encodePng } from '../src/data/encode.ts';
import { type Image, toGrey } from '../src/data/image.ts';
import { resizeImage } from '../src/data/resize.ts';
import {
  alphaThreshold,
  compareBatch,
  crossFitted,
  expectedCalibrationError,
  imageFacts,
  LEAST_BATCH,
  reliability,
  rescaled,
  type ShiftCase,
} from '../src/decide/index.ts';
import { createNodeHost } from '../src/host/node.ts';
import { type Fusionclip, open } from '../src/index_process.ts';
import { phantom, phantomFamily, writePhantoms } from '../src/phantom/index.ts';

const { values } = parseArgs({
  options: {
    family: { type: 'string', default: 'brain' },
    data: { type: 'string' },
    normals: { type: 'string', default: '400' },
    resamplings: { type: 'string', default: '200' },
    out: { type: 'string' },
  },
});
const { family, data } = values;
const rounds = Number(values.resamplings);
const name = data ? data.split('/').filter(Boolean).at(-1)! : family;
const out = values.out ?? `runs/decisions/${name}`;
const fs = createNodeHost();
const SIZE = 168;
const SEED = 11;

/** Cases by what was done to them. */
type Pools = Record<string, readonly ShiftCase[]>;

const grey = (change: (image: Image, x: number, y: number) => number) => (image: Image) => {
  const { width, height } = image;
  const one = toGrey(image);
  const pixels = Uint8Array.from({ length: width * height }, (_, i) => {
    return Math.min(255, Math.max(0, Math.round(change(one, i % width, Math.floor(i / width)))));
  });
  return { width, height, channels: 1 as const, data: pixels };
};

const at = ({ data: pixels, width, height }: Image, x: number, y: number) =>
  pixels[Math.min(height - 1, Math.max(0, y)) * width + Math.min(width - 1, Math.max(0, x))];

/** What may become of the images of a scanner. */
const SHIFTS: Record<string, (image: Image, i: number) => Image> = {
  gamma: grey((image, x, y) => 255 * (at(image, x, y) / 255) ** 1.5),
  blur: grey((image, x, y) => {
    let sum = 0;
    for (let dy = -1; dy <= 1; dy++) for (let dx = -1; dx <= 1; dx++) sum += at(image, x + dx, y + dy);
    return sum / 9;
  }),
  size: (image) => resizeImage(image, Math.round(image.width * 0.75), Math.round(image.height * 0.75)),
  noise: (image, i) => {
    const stream = ruleStream('noise', i);
    return grey((one, x, y) => at(one, x, y) + (stream(y * one.width + x) / 2 ** 32 - 0.5) * 30)(image);
  },
};

async function score(fc: Fusionclip, run: string, paths: readonly string[]): Promise<ShiftCase[]> {
  const predictions = await fc.predict(paths, { run });
  const cases: ShiftCase[] = [];
  for (const { id, score: value } of predictions) {
    cases.push({ score: value, ...imageFacts(decodeImage(await fs.readFile(id), id)) });
  }
  return cases;
}

async function write(folder: string, images: readonly Image[]): Promise<string[]> {
  const paths = images.map((_, i) => `${folder}/${String(i).padStart(4, '0')}.png`);
  for (const [i, image] of images.entries()) await fs.writeFile(paths[i], encodePng(image));
  return paths;
}

async function phantomPools(fc: Fusionclip): Promise<Pools> {
  const folder = `${out}/data/${phantomFamily(family).dataset}`;
  if (!(await fs.stat(folder))) {
    await writePhantoms(fs, { set: family, out: `${out}/data`, seed: SEED, train: 0, valid: 24, test: 12, size: SIZE });
  }
  const { adapters } = await fc.train(folder, {
    ...{
      out: `${out}/run`,
      force: true,
      shots: 4,
      size: SIZE,
      epochs: 3,
      aug: 'none',
      'eval.every': 3,
      'map.files': 'none',
    },
  });
  const count = Number(values.normals);
  const of = (set: string, first: number, number: number, abnormal: boolean) =>
    Array.from({ length: number }, (_, i) => phantom(set, SEED, first + i, { size: SIZE, abnormal }).image);
  const shifted = Math.min(60, count);
  const normal = of(family, 3_000_000, count, false);
  const other = family === 'liver' ? 'brain' : 'liver';
  const images: Record<string, readonly Image[]> = {
    normal,
    abnormal: of(family, 4_000_000, Math.ceil(count / 3), true),
    'another family': of(other, 5_000_000, shifted, false),
  };
  const fresh = of(family, 5_000_000, shifted, false);
  for (const [what, change] of Object.entries(SHIFTS)) images[what] = fresh.map(change);
  const pools: Pools = {};
  for (const [what, some] of Object.entries(images)) {
    pools[what] = await score(fc, adapters, await write(`${out}/images/${what.replace(/ /g, '_')}`, some));
  }
  return pools;
}

/** A set of images on the disk: what training and selection have not seen of it is its test split. */
async function folderPools(fc: Fusionclip, folder: string): Promise<Pools> {
  const { adapters } = await fc.train(folder, {
    ...{
      out: `${out}/run`,
      force: true,
      shots: 4,
      size: SIZE,
      epochs: 3,
      aug: 'none',
      'eval.every': 3,
      'map.files': 'none',
    },
  });
  const paths = async (label: string) =>
    (await fs.list(`${folder}/test/${label}`)).map((e) => `${folder}/test/${label}/${e.name}`);
  const pools: Pools = {
    normal: await score(fc, adapters, await paths('good')),
    abnormal: await score(fc, adapters, await paths('Ungood')),
  };
  for (const [what, change] of Object.entries(SHIFTS)) {
    const images: Image[] = [];
    for (const path of await paths('good'))
      images.push(change(decodeImage(await fs.readFile(path), path), images.length));
    pools[what] = await score(fc, adapters, await write(`${out}/images/${what}`, images));
  }
  return pools;
}

async function readPools(): Promise<Pools> {
  const file = `${out}/scores.json`;
  if (await fs.stat(file)) return JSON.parse(new TextDecoder().decode(await fs.readFile(file)));
  const fc = await open();
  try {
    const pools = data ? await folderPools(fc, data) : await phantomPools(fc);
    await fs.writeFile(file, JSON.stringify(pools));
    return pools;
  } finally {
    fc.close();
  }
}

function shuffled<T>(items: readonly T[], round: number): T[] {
  const random = ruleStream('resampling', round);
  const keys = items.map((_, i) => random(i));
  return items
    .map((_, i) => i)
    .sort((a, b) => keys[a] - keys[b] || a - b)
    .map((i) => items[i]);
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const pools = await readPools();
const { normal, abnormal, ...others } = pools;
const size = Math.min(100, Math.floor((2 * normal.length) / 3));
console.log(
  `${name}: ${normal.length} normal and ${abnormal.length} abnormal images that training has not seen, ${rounds} resamplings of ${size} normals`,
);

for (const alpha of [0.05, 0.1]) {
  let [called, of, found] = [0, 0, 0];
  for (let round = 0; round < rounds; round++) {
    const drawn = shuffled(normal, round).map((one) => one.score);
    const threshold = alphaThreshold(drawn.slice(0, size), alpha);
    called += drawn.slice(size).filter((value) => value >= threshold).length;
    found += abnormal.filter((one) => one.score >= threshold).length;
    of += drawn.length - size;
  }
  const within = Math.abs(called / of - alpha) <= 0.01 ? 'within' : 'NOT within';
  console.log(
    `alpha ${alpha}: realised false-positive rate ${percent(called / of)} (${within} one point), sensitivity ${percent(found / rounds / abnormal.length)}`,
  );
}

const scores = [...normal.slice(0, abnormal.length), ...abnormal].map((one) => one.score);
const labels = scores.map((_, i) => (i < Math.min(normal.length, abnormal.length) ? 0 : 1));
const before = expectedCalibrationError(reliability(rescaled(scores), labels));
for (const kind of ['platt', 'isotonic'] as const) {
  const after = expectedCalibrationError(reliability(crossFitted(kind, { scores, labels }), labels));
  console.log(
    `expected calibration error, ${kind}: ${before.toFixed(3)} before, ${after.toFixed(3)} after (cases left out)`,
  );
}

const batch = Math.min(50, normal.length - size);
/** A draw of calibration set and batch. */
type Draw = (drawn: readonly ShiftCase[], round: number) => readonly ShiftCase[];
const conditions: [string, Draw][] = [
  ['unshifted', (drawn) => drawn.slice(size, size + batch)],
  [
    'unshifted, 3 of 10 abnormal',
    (drawn, round) => {
      const ill = Math.round(0.3 * batch);
      return [...drawn.slice(size, size + batch - ill), ...shuffled(abnormal, round).slice(0, ill)];
    },
  ],
  ...Object.entries(others).map(([what, pool]): [string, Draw] => [
    what,
    (_, round) => shuffled(pool, round).slice(0, batch),
  ]),
];
if (batch < LEAST_BATCH) {
  console.log(`shift alarm: not looked at; ${batch} normal images are left for a batch, and it takes ${LEAST_BATCH}`);
}
for (const [what, draw] of batch < LEAST_BATCH ? [] : conditions) {
  let alarms = 0;
  const moved = new Map<string, number>();
  for (let round = 0; round < rounds; round++) {
    const drawn = shuffled(normal, round);
    const report = compareBatch(drawn.slice(0, size), draw(drawn, round), { alpha: 0.05, seed: round })!;
    if (report.alarm) alarms++;
    for (const test of report.moved) moved.set(test.what, (moved.get(test.what) ?? 0) + 1);
  }
  const names = [...moved].sort((a, b) => b[1] - a[1]).map(([of, count]) => `${of} ${count}`);
  console.log(
    `${what}: alarm in ${percent(alarms / rounds)} of ${rounds} batches of ${batch}${names.length > 0 ? ` (${names.join(', ')})` : ''}`,
  );
}
process.exit(0);
