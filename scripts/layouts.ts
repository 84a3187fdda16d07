/**
 * `npm run layouts`: trains the model of the repository for two epochs on the same pictures in each arrangement of folders
 * that public data sets have, and as files of other depths and orientations, and prints what the test images are told
 * apart by (image AUROC), or why they are refused.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { decodeImage } from '../src/data/decode.ts';
import { toGrey } from '../src/data/image.ts';
import { encodePng, encodePng16 } from '../src/data/png.ts';
import { open } from '../src/open/process.ts';
import { writePhantoms } from '../src/phantom/write.ts';

const SIZE = 112;

/** A picture of the base set, where it lies there. */
interface Picture {
  readonly split: 'valid' | 'test';
  readonly abnormal: boolean;
  readonly name: string;
  readonly image: Uint8Array;
  readonly mask: Uint8Array | null;
}

const folder = mkdtempSync(join(tmpdir(), 'fusionclip-layouts-'));
const fc = await open();
await writePhantoms(fc.files, { set: 'brain', out: folder, seed: 5, train: 0, valid: 16, test: 12, size: SIZE });
const base = join(folder, 'Brain');

const pictures: Picture[] = (['valid', 'test'] as const).flatMap((split) =>
  ['good', 'Ungood'].flatMap((label) => {
    const place = join(base, split, label, 'img');
    return readdirSync(place).map((name) => ({
      ...{ split, name: `${split}${name}`, abnormal: label === 'Ungood' },
      image: readFileSync(join(place, name)),
      mask: label === 'Ungood' ? readFileSync(join(base, split, label, 'anomaly_mask', name)) : null,
    }));
  }),
);

/** Where the image and the mask of a picture lie in an arrangement; no mask for image-level sets. */
type Place = (picture: Picture) => readonly [image: string, mask: string | null];

const ARRANGEMENTS: Readonly<Record<string, Place>> = {
  MVTec: ({ split, abnormal, name }) => {
    if (abnormal) return [`test/tumour/${name}`, `ground_truth/tumour/${name.replace('.png', '_mask.png')}`];
    return [`${split === 'valid' ? 'train' : 'test'}/good/${name}`, null];
  },
  'BUSI (masks beside images)': ({ abnormal, name }) =>
    abnormal ? [`malignant/${name}`, `malignant/${name.replace('.png', '_mask.png')}`] : [`normal/${name}`, null],
  'good, bad, masks': ({ abnormal, name }) => (abnormal ? [`bad/${name}`, `masks/${name}`] : [`good/${name}`, null]),
  'NORMAL, PNEUMONIA (Kaggle)': ({ split, abnormal, name }) => [
    `${split === 'valid' ? 'train' : 'test'}/${abnormal ? 'PNEUMONIA' : 'NORMAL'}/${name}`,
    null,
  ],
  'patient folders': ({ split, abnormal, name }) => {
    const patient = `patient${Number(/\d+/.exec(name)?.[0] ?? 0) >> 1}`;
    return [`${split}/${abnormal ? 'Ungood' : 'good'}/${patient}/${name}`, null];
  },
  'plain folders': ({ abnormal, name }) => [`${abnormal ? 'tumour' : 'good'}/${name}`, null],
};

/** The grey levels of a picture as another file. */
const FILES: Readonly<Record<string, (data: Uint8Array, index: number) => Uint8Array>> = {
  '8 bits': (data) => encodePng({ width: SIZE, height: SIZE, channels: 1, data }),
  '12 of 16 bits (A1)': (data) =>
    encodePng16(
      SIZE,
      SIZE,
      Uint16Array.from(data, (v) => 16 * v),
    ),
  '10 of 16 bits': (data) =>
    encodePng16(
      SIZE,
      SIZE,
      Uint16Array.from(data, (v) => 4 * v),
    ),
  '16 bits': (data) =>
    encodePng16(
      SIZE,
      SIZE,
      Uint16Array.from(data, (v) => 256 * v),
    ),
  'one of 12 bits among 8': (data, i) => FILES[i === 20 ? '12 of 16 bits (A1)' : '8 bits'](data, i),
};

async function train(name: string, place: Place, file: (picture: Picture, index: number) => Uint8Array): Promise<void> {
  const data = join(folder, name.replace(/\W+/g, '_'), 'Brain');
  for (const [i, picture] of pictures.entries()) {
    const [image, mask] = place(picture);
    const files: [string, Uint8Array][] = [[image, file(picture, i)]];
    if (mask !== null && picture.mask) files.push([mask, picture.mask]);
    for (const [path, bytes] of files) {
      mkdirSync(dirname(join(data, path)), { recursive: true });
      writeFileSync(join(data, path), bytes);
    }
  }
  try {
    const out = join(dirname(data), 'run');
    const settings = { shots: 2, epochs: 2, aug: 'none', 'map.files': 'none' } as const;
    const { results } = await fc.train(data, { model: 'tiny-clip', out, ...settings });
    const { image, pixel, images } = results.selected;
    const maps = pixel ? `, pixel AUROC ${pixel.auroc.toFixed(4)}` : '';
    console.log(
      `${name}: image AUROC ${image.auroc.toFixed(4)}${maps} (${images.normal} and ${images.abnormal} images)`,
    );
  } catch (error) {
    console.log(`${name}: refused: ${error instanceof Error ? error.message : error}`);
  }
}

try {
  for (const [name, place] of Object.entries(ARRANGEMENTS)) await train(name, place, ({ image }) => image);
  const bmad: Place = ({ split, abnormal, name }) => [
    `${split}/${abnormal ? 'Ungood' : 'good'}/img/${name}`,
    `${split}/Ungood/label/${name}`,
  ];
  for (const [name, file] of Object.entries(FILES)) {
    await train(name, bmad, ({ image }, i) => file(toGrey(decodeImage(image, name)).data, i));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
