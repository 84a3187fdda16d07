import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import { decodeImage } from '../data/decode.ts';
import type { ScoreMap } from '../data/heat_map.ts';
import type { Image } from '../data/image.ts';
import { openDataset, readMask } from '../data/layout/open.ts';
import { decodeMapPng, decodeNpyMap } from '../data/raw_map.ts';
import { mapNames } from '../detect/map_names.ts';
import { sliced } from '../detect/sliced.ts';
import type { RunConfig } from '../run/run_config.ts';
import type { SlicePlace } from '../volume/sliced_volume.ts';
import type { Prediction } from './prediction.ts';

/** Where a picture comes from: its file, and the slice of a volume that it is, or null. */
export interface PictureSource {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly place: SlicePlace | null;
}

/** What the images of a run were read from. */
export interface RunSources {
  /** Null where it is not there any more, or cannot be read. */
  source(id: string): Promise<PictureSource | null>;
  /** The places of all slices of volumes by the ids of their pictures; empty where there are none. */
  readonly slices: ReadonlyMap<string, SlicePlace>;
}

/** Pictures of a run; null where a file is not there any more, or cannot be read. */
export interface RunPictures {
  /** An image of the data set by its id. */
  image(id: string): Promise<Image | null>;
  /** The lesion, one channel, 255 on it; null for images without one. */
  mask(id: string): Promise<Image | null>;
  /** The anomaly map of a test image. */
  map(id: string): Promise<ScoreMap | null>;
}

/** Finds the pictures of a run: the data set may have been moved since, and maps are written only when asked for. */
export async function openPictures(
  fs: FileSystem,
  run: string,
  { data, train, grey }: RunConfig,
  predictions: readonly Prediction[],
): Promise<RunPictures & RunSources> {
  const names = mapNames(predictions.map(({ id }) => id));
  const places = new Map(predictions.map((one, i) => [one.id, { ...one, file: joinPath(run, 'maps', names[i]) }]));
  let files = fs;
  let slices: RunSources['slices'] = new Map();
  const samples = await orNull(async () => {
    const { context, rules, set } = await sliced({ fs }, data.path, train);
    files = context.fs;
    if (set) slices = set.places;
    const { splits } = await openDataset(files, data.path, rules);
    return new Map([...splits.valid, ...splits.test].map((sample) => [sample.id, sample]));
  });
  return {
    slices,
    source: async (id) => {
      const path = samples?.get(id)?.path;
      return path ? orNull(async () => ({ bytes: await files.readFile(path), place: slices.get(id) ?? null })) : null;
    },
    image: async (id) => {
      const path = samples?.get(id)?.path;
      return path ? orNull(async () => decodeImage(await files.readFile(path), path, grey)) : null;
    },
    mask: async (id) => {
      const sample = samples?.get(id);
      if (!sample?.mask) return null;
      const { mask, path } = sample;
      return orNull(async () => readMask(files, mask, decodeImage(await files.readFile(path), path, grey)));
    },
    map: async (id) => {
      const place = places.get(id);
      if (!place) return null;
      const { file, range } = place;
      const [npy, png] = [`${file}.npy`, `${file}.map.png`];
      return orNull(async () => {
        if (await fs.stat(npy)) return decodeNpyMap(await fs.readFile(npy), npy);
        return decodeMapPng(await fs.readFile(png), range, png);
      });
    },
  };
}

/** The value, or null when it cannot be had. */
async function orNull<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FusionclipError) return null;
    throw error;
  }
}
