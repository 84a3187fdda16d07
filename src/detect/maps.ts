import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import { decodeImage } from '../data/decode.ts';
import { rangeOf } from '../data/heat_map.ts';
import { heatPicture } from '../data/heat_picture.ts';
import type { Image } from '../data/image.ts';
import type { Sample } from '../data/layout/dataset.ts';
import { encodePng } from '../data/png.ts';
import type { RangeRule } from '../data/range/rule.ts';
import { encodeMapPng, encodeNpy } from '../data/raw_map.ts';
import type { RunConfig } from '../run/run_config.ts';
import type { Calibration } from './evaluation.ts';
import { mapNames, withoutCommonFolder } from './map_names.ts';
import { type Normalisation, unframedMap } from './pictures.ts';
import type { OnScored, ScoredImage } from './scoring.ts';

/** Raw maps beside the heat maps; `none`: no maps at all. */
export type MapFiles = 'npy' | 'png16' | 'none';

/** What maps are drawn and written with. */
export interface MapOptions {
  readonly format: MapFiles;
  /** How the images were framed. */
  readonly norm: Normalisation;
  /** The score of the hottest colour; null where it is not known: then each map spans its own extremes. */
  readonly scale: number | null;
  /** The pixel threshold, whose line is drawn; null where there is none. */
  readonly level: number | null;
  /** How the values of files become grey levels. */
  readonly grey: RangeRule;
}

/**
 * Writes the maps of images: the map over the image with the line of the threshold and a colour bar
 * (`NAME.png`) and the map itself, `NAME.npy`, or `NAME.map.png` with 16
 * bits scaled by the extremes of the map.
 */
export class MapWriter {
  readonly #fs: FileSystem;
  readonly #folder: string;
  readonly #options: MapOptions;
  readonly #names: ReadonlyMap<string, string>;

  /** @param ids of all images of the set, which the names of the files depend on */
  constructor(fs: FileSystem, folder: string, ids: readonly string[], options: MapOptions) {
    this.#fs = fs;
    this.#folder = folder;
    this.#options = options;
    const names = options.format === 'none' ? [] : mapNames(withoutCommonFolder(ids));
    this.#names = new Map(names.map((name, i) => [ids[i], name]));
  }

  /**
   * Writes the map of one image.
   * @param path of the image
   * @param image itself, where it is at hand; else it is read
   * @returns path of the heat map, or null with the format `none`
   */
  async write({ id, map }: ScoredImage, path: string, image: Image | null): Promise<string | null> {
    const { format, norm, scale, level, grey } = this.#options;
    if (format === 'none') return null;
    const fs = this.#fs;
    const side = Math.sqrt(map.length);
    const scores = { width: side, height: side, data: map };
    const under = image ?? decodeImage(await fs.readFile(path), path, grey);
    const range = scale === null ? rangeOf(map) : ([0, scale] as const);
    const picture = joinPath(this.#folder, `${this.#names.get(id)}.png`);
    const raw = picture.slice(0, -'.png'.length);
    await fs.writeFile(picture, encodePng(heatPicture(under, unframedMap(scores, under, norm), { range, level })));
    if (format === 'npy') await fs.writeFile(`${raw}.npy`, encodeNpy(map, [side, side]));
    else await fs.writeFile(`${raw}.map.png`, encodeMapPng(scores));
    return picture;
  }
}

/** What the maps of labelled samples are written with. */
export interface SampleMaps {
  /** In place of the run's own `map.files`. */
  readonly maps?: MapFiles;
  readonly calibration: Pick<Calibration, 'mapScale' | 'thresholds'>;
  /** Ids of those that are wanted; all by default. */
  readonly of?: readonly string[];
}

/** Writes the maps of labelled samples as soon as they are scored. */
export function samplesMaps(
  fs: FileSystem,
  folder: string,
  samples: readonly Sample[],
  { fusion, train, grey }: Pick<RunConfig, 'fusion' | 'train' | 'grey'>,
  { maps = train['map.files'], calibration, of }: SampleMaps,
): OnScored {
  const paths = new Map(samples.map(({ id, path }) => [id, path]));
  const { mapScale: scale, thresholds } = calibration;
  const options = { format: maps, norm: fusion.norm, scale, level: thresholds.pixel?.value ?? null, grey };
  const writer = new MapWriter(fs, folder, [...paths.keys()], options);
  return async (scored, image) => {
    if (!of || of.includes(scored.id)) await writer.write(scored, paths.get(scored.id)!, image);
  };
}
