import type { FileSystem } from '../data/file_system.ts';
import type { Dataset, Sample } from '../data/layout/dataset.ts';
import { listedShots, type Shots, sampleShots } from '../data/shots.ts';
import type { TrainOptions } from './options.ts';
import { type Normalisation, type Picture, readPicture, viewsOf } from './pictures.ts';

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
  readonly abnormal: readonly Picture[];
}

/** Draws the support set, or takes the one of a list. Throws `bad_data`, and `io` when the list cannot be read. */
export async function chooseShots(fs: FileSystem, dataset: Dataset, options: TrainOptions): Promise<Shots> {
  const file = options['shots.list'];
  if (file === null) return sampleShots(dataset, options.shots, options['shots.abnormal'], options.seed);
  return listedShots(dataset, new TextDecoder().decode(await fs.readFile(file)), file, options['shots.index']);
}

/** Reads the images of a support set at `size`. Throws `io`, `bad_image`, `bad_data`. */
export async function readSupport(fs: FileSystem, shots: Shots, size: number): Promise<Support> {
  const read = async (samples: readonly Sample[]) => {
    const pictures: Picture[] = [];
    for (const sample of samples) pictures.push(await readPicture(fs, sample, size));
    return pictures;
  };
  return { shots, normal: await read(shots.normal), abnormal: await read(shots.abnormal) };
}

/** All views of all support images, normal ones first: what one epoch goes through. */
export function trainItems(
  { shots, normal, abnormal }: Support,
  aug: 'mvfa' | 'none',
  norm: Normalisation,
): TrainItem[] {
  const items = (samples: readonly Sample[], pictures: readonly Picture[], label: 0 | 1) =>
    pictures.flatMap((picture, i) =>
      viewsOf(picture, aug, norm).map(({ name, input, mask }) => ({
        id: `${samples[i].id}#${name}`,
        label,
        input,
        mask,
      })),
    );
  return [...items(shots.normal, normal, 0), ...items(shots.abnormal, abnormal, 1)];
}
