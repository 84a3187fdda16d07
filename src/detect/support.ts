import type { FileSystem } from '../base/file_system.ts';
import type { PixelStatistics } from '../clip/index.ts';
import type { Dataset, Sample } from '../data/layout/dataset.ts';
import { pasteLesion } from '../data/paste.ts';
import { listedShots, type Shots, sampleShots } from '../data/shots.ts';
import type { TrainOptions } from '../run/options.ts';
import { type Framing, type Normalisation, type Picture, readPicture, viewsOf } from './pictures.ts';

/** One image that is trained on: a view of a support image. */
export interface TrainItem {
  /** `support image # view` */
  readonly id: string;
  /** 1 is abnormal. */
  readonly label: 0 | 1;
  /** [3, S, S] */
  readonly input: Float32Array<ArrayBuffer>;
  /** Lesion {0, 1} [S, S], or null where nothing is lesion. */
  readonly mask: Uint8Array<ArrayBuffer> | null;
}

/** The support images of a run, read. */
export interface Support {
  readonly shots: Shots;
  readonly normal: readonly Picture[];
  /** In normal-only mode pictures that were made of the normal ones, one of each. */
  readonly abnormal: readonly Picture[];
}

/**
 * Draws the support set, or takes the one of a list. Without an abnormal image (normal-only mode) nothing remains to select
 * on: whoever has no abnormal image for training has none for choosing either. Throws `bad_data`, and `io` when the list cannot
 * be read.
 */
export async function chooseShots(fs: FileSystem, dataset: Dataset, options: TrainOptions): Promise<Shots> {
  const file = options['shots.list'];
  const shots =
    file === null
      ? sampleShots(dataset, options.shots, options['shots.abnormal'], options.seed, options['shots.patients'])
      : listedShots(dataset, new TextDecoder().decode(await fs.readFile(file)), file, options['shots.index']);
  return shots.abnormal.length > 0 ? shots : { ...shots, rest: [] };
}

/**
 * Reads the images of a support set. In normal-only mode each normal image gets a counterpart with a piece of
 * another one pasted in, which stands for an abnormal image in training and when thresholds are chosen.
 * @param seed of what is pasted
 * @throws FusionclipError `io`, `bad_image`, `bad_data`
 */
export async function readSupport(fs: FileSystem, shots: Shots, framing: Framing, seed: number): Promise<Support> {
  const read = async (samples: readonly Sample[]) => {
    const pictures: Picture[] = [];
    for (const sample of samples) pictures.push(await readPicture(fs, sample, framing));
    return pictures;
  };
  const normal = await read(shots.normal);
  const abnormal = shots.abnormal.length > 0 ? await read(shots.abnormal) : madeAbnormal(shots.normal, normal, seed);
  return { shots, normal, abnormal };
}

function madeAbnormal(samples: readonly Sample[], normal: readonly Picture[], seed: number): Picture[] {
  return normal.map(({ pixels }, i) => {
    const source = normal[(i + 1) % normal.length].pixels;
    const { image, mask } = pasteLesion(pixels, source, samples[i].id, seed);
    return { pixels: image, mask };
  });
}

/** All views of all support images, normal ones first: what one epoch goes through. */
export function trainItems(
  { shots, normal, abnormal }: Support,
  aug: 'mvfa' | 'none',
  norm: Normalisation,
  statistics: PixelStatistics,
): TrainItem[] {
  const items = (samples: readonly Sample[], pictures: readonly Picture[], label: 0 | 1) =>
    pictures.flatMap((picture, i) =>
      viewsOf(picture, aug, norm, statistics).map(({ name, input, mask }) => ({
        id: `${samples[i]?.id ?? `made ${i}`}#${name}`,
        label,
        input,
        mask,
      })),
    );
  return [...items(shots.normal, normal, 0), ...items(shots.abnormal, abnormal, 1)];
}
