import { ruleStream } from '../src/base/rule.ts';
import { decodeImage } from '../src/data/decode.ts';
import { type Image, toGrey } from '../src/data/image.ts';
import { encodePng } from '../src/data/png.ts';
import { resizeImage } from '../src/data/resize.ts';
import { imageFacts, type ShiftCase } from '../src/decide/index.ts';
import { TrainedDetector } from '../src/detect/trained.ts';
import { createNodeHost } from '../src/host/node.ts';
import { type Fusionclip, open } from '../src/index_process.ts';
import { phantom, phantomFamily, writePhantoms } from '../src/phantom/index.ts';

/** Cases by what was done to them. */
export type Pools = Readonly<Record<string, readonly ShiftCase[]>>;

/** Images that training has not seen, by what was done to them. */
type Images = Readonly<Record<string, readonly (() => Promise<Image>)[]>>;

/** What is scored, and where it is kept. */
export interface PoolRequest {
  readonly family: string;
  /** A set of BMAD's layout, in place of phantoms. */
  readonly data: string | null;
  /** Of phantoms. */
  readonly normals: number;
  readonly out: string;
  /** Seconds after which no more images are scored. */
  readonly seconds: number;
}

const fs = createNodeHost();
const SIZE = 168;
const SEED = 11;
/** Shifted phantoms; batches of 50 are drawn of them. */
const SHIFTED = 60;
/** Images that are kept together. */
const PART = 20;

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

/** Trains once, scores what is not scored yet, and gives all; null where the time was not enough. */
export async function readPools(request: PoolRequest): Promise<Pools | null> {
  const { out, data, family, seconds } = request;
  const end = Date.now() + 1000 * seconds;
  const fc = await open();
  try {
    const set = data ?? `${out}/data/${phantomFamily(family).dataset}`;
    if (!(await fs.stat(set))) {
      await writePhantoms(fs, {
        set: family,
        out: `${out}/data`,
        seed: SEED,
        train: 0,
        valid: 24,
        test: 12,
        size: SIZE,
      });
    }
    const run = `${out}/run`;
    if (!(await fs.stat(`${run}/results.json`))) await train(fc, set, run);
    const images = data ? await imagesOfFolder(fc, data, run) : phantoms(request);
    return await scored(fc, run, out, images, end);
  } finally {
    fc.close();
  }
}

/** The last weights are taken, so that of a small set the images that others would be selected on are not seen either. */
async function train(fc: Fusionclip, set: string, run: string): Promise<void> {
  await fc.train(set, {
    ...{ out: run, force: true, shots: 4, size: SIZE, epochs: 3, aug: 'none', select: 'last', 'map.files': 'none' },
  });
}

function phantoms({ family, normals }: PoolRequest): Images {
  const of = (set: string, first: number, count: number, abnormal: boolean) =>
    Array.from({ length: count }, (_, i) => async () => phantom(set, SEED, first + i, { size: SIZE, abnormal }).image);
  const fresh = of(family, 5_000_000, SHIFTED, false);
  return {
    normal: of(family, 3_000_000, normals, false),
    abnormal: of(family, 4_000_000, Math.ceil(normals / 3), true),
    'another family': of(family === 'liver' ? 'brain' : 'liver', 5_000_000, SHIFTED, false),
    ...shifts(fresh),
  };
}

/** Of a set on the disk what is not of the support set, in both splits. */
async function imagesOfFolder(fc: Fusionclip, folder: string, run: string): Promise<Images> {
  const { normal, abnormal } = JSON.parse(new TextDecoder().decode(await fc.files.readFile(`${run}/shots.json`)));
  const support = new Set([...normal, ...abnormal].map((id: string) => id.split('/').at(-1)));
  const of = async (label: string) => {
    const found: (() => Promise<Image>)[] = [];
    for (const split of ['valid', 'test']) {
      const place = `${folder}/${split}/${label}`;
      for (const { name } of await fs.list(place)) {
        const path = `${place}/${name}`;
        if (!support.has(name)) found.push(async () => decodeImage(await fs.readFile(path), path));
      }
    }
    return found;
  };
  const good = await of('good');
  const other = (i: number) => async () => phantom('chest', SEED, 5_000_000 + i, { size: 256, abnormal: false }).image;
  return {
    normal: good,
    abnormal: await of('Ungood'),
    'another family': Array.from({ length: SHIFTED }, (_, i) => other(i)),
    ...shifts(good),
  };
}

function shifts(images: readonly (() => Promise<Image>)[]): Images {
  return Object.fromEntries(
    Object.entries(SHIFTS).map(([what, change]) => [
      what,
      images.map((image, i) => async () => change(await image(), i)),
    ]),
  );
}

async function scored(fc: Fusionclip, run: string, out: string, images: Images, end: number): Promise<Pools | null> {
  const context = { fs: fc.files, gpu: fc.gpu, environment: fc.environment };
  // Values of files are taken as they are: what is far darker than the support images is refused where nobody says so.
  const trained = await TrainedDetector.open(context, { adapters: run, range: 'full' });
  const pools: Record<string, ShiftCase[]> = {};
  try {
    for (const [what, all] of Object.entries(images)) {
      const file = `${out}/scores/${what.replace(/ /g, '_')}.json`;
      const cases: ShiftCase[] = (await fs.stat(file))
        ? JSON.parse(new TextDecoder().decode(await fs.readFile(file)))
        : [];
      while (cases.length < all.length) {
        if (Date.now() > end) return null;
        const paths: string[] = [];
        for (const [i, image] of all.slice(cases.length, cases.length + PART).entries()) {
          const path = `${out}/images/${what.replace(/ /g, '_')}/${String(cases.length + i).padStart(4, '0')}.png`;
          await fs.writeFile(path, encodePng(await image()));
          paths.push(path);
        }
        await trained.score(context, paths, {
          keep: false,
          features: true,
          onScored: async ({ score, features }, image) => {
            cases.push({ score, ...imageFacts(image!, features) });
          },
        });
        await fs.writeFile(file, JSON.stringify(cases));
      }
      pools[what] = cases.slice(0, all.length);
    }
  } finally {
    trained.release();
  }
  return pools;
}
