import { csvText } from '../base/csv.ts';
import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import { decodeImage } from '../data/decode.ts';
import { encodePng } from '../data/encode.ts';
import { overlayHeatMap, rangeOf } from '../data/heat_map.ts';
import type { RangeRule } from '../data/range/rule.ts';
import { encodeMapPng, encodeNpy } from '../data/raw_map.ts';
import { type Normalisation, unframedMap } from './pictures.ts';
import type { ScoredSet } from './scoring.ts';
import type { Thresholds } from './set_metrics.ts';

/** Scores of one image as they go into `predictions.csv` and `predictions.json`. */
export interface PredictionRow {
  readonly id: string;
  readonly label: 0 | 1 | null;
  readonly score: number;
  /** Whether the score reaches the image threshold; null when there is none. */
  readonly abnormal: boolean | null;
  readonly scoreMax: number;
  readonly scoreMean: number;
  /** Extremes of the map, which a 16-bit PNG is scaled by. */
  readonly mapLow: number;
  readonly mapHigh: number;
  /** Share of the pixels that reach the pixel threshold; null when there is none. */
  readonly abnormalShare: number | null;
}

/** One row per image, in the order of the set. */
export function predictionRows({ images }: ScoredSet, { image, pixel }: Thresholds): PredictionRow[] {
  return images.map(({ id, label, score, scoreMax, scoreMean, map }) => {
    const [mapLow, mapHigh] = rangeOf(map);
    const above = pixel ? map.reduce((n, value) => n + (value >= pixel.value ? 1 : 0), 0) / map.length : null;
    return {
      id,
      label,
      score,
      abnormal: image && score >= image.value,
      scoreMax,
      scoreMean,
      mapLow,
      mapHigh,
      abnormalShare: above,
    };
  });
}

/** Rows as CSV with a header line; what is not known is empty. */
export function toCsv(rows: readonly PredictionRow[]): string {
  const columns = [
    'id',
    'label',
    'score',
    'abnormal',
    'scoreMax',
    'scoreMean',
    'mapLow',
    'mapHigh',
    'abnormalShare',
  ] as const;
  const cell = (value: PredictionRow[(typeof columns)[number]]) => {
    if (value === null) return '';
    return typeof value === 'boolean' ? String(Number(value)) : String(value);
  };
  return csvText([columns, ...rows.map((row) => columns.map((name) => cell(row[name])))]);
}

/**
 * Writes, for every image of a set, its map over it (`NAME.png`) and the map itself: `NAME.npy`, or `NAME.map.png` with
 * 16 bits scaled by the extremes of the map. The colours span the extremes of the set, so that images can be compared.
 * @param norm how the images were framed
 * @param path from an image's id to its file
 * @param grey how the values of files become grey levels
 * @returns paths of the pictures, in the order of the set
 */
export async function writeMaps(
  fs: FileSystem,
  folder: string,
  { size, images }: ScoredSet,
  norm: Normalisation,
  format: 'npy' | 'png16' | 'none',
  path: (id: string) => string,
  grey: RangeRule,
  onProgress?: (done: number, total: number) => void,
  signal?: AbortSignal,
): Promise<string[]> {
  if (format === 'none') return [];
  const pictures: string[] = [];
  const range = rangeOf(...images.map(({ map }) => map));
  const names = mapNames(withoutCommonFolder(images.map(({ id }) => id)));
  for (const [i, { id, map }] of images.entries()) {
    signal?.throwIfAborted();
    const scores = { width: size, height: size, data: map };
    const file = path(id);
    const image = decodeImage(await fs.readFile(file), file, grey);
    const picture = overlayHeatMap(image, unframedMap(scores, image, norm), { range });
    pictures.push(joinPath(folder, `${names[i]}.png`));
    await fs.writeFile(pictures[i], encodePng(picture));
    if (format === 'npy') await fs.writeFile(joinPath(folder, `${names[i]}.npy`), encodeNpy(map, [size, size]));
    else await fs.writeFile(joinPath(folder, `${names[i]}.map.png`), encodeMapPng(scores));
    onProgress?.(i + 1, images.length);
  }
  return pictures;
}

/**
 * File names of maps: the id without its extension, or with it where two images differ in nothing else. No two are equal
 * or could be taken for each other's files, also on a disk that knows no case or one Unicode form alone: where that would
 * be, the later one ends in `~2`, `~3`, ….
 */
export function mapNames(ids: readonly string[]): string[] {
  const plain = (name: string) => name.normalize('NFC').toLowerCase();
  const short = ids.map((id) => withoutRoot(id).replace(/\.[^./]*$/, ''));
  const counts = new Map<string, number>();
  for (const name of short) counts.set(plain(name), (counts.get(plain(name)) ?? 0) + 1);
  const files = new Set<string>();
  return short.map((name, i) => {
    const first = (counts.get(plain(name)) ?? 0) > 1 ? withoutRoot(ids[i]) : name;
    for (let n = 1; ; n++) {
      const own = n === 1 ? first : `${first}~${n}`;
      const written = MAP_ENDINGS.map((ending) => plain(own) + ending);
      if (written.some((file) => files.has(file))) continue;
      for (const file of written) files.add(file);
      return own;
    }
  });
}

/** What is written for an image. */
const MAP_ENDINGS = ['.png', '.npy', '.map.png'];

/** Bytes that a name may have on usual disks. */
const LONGEST_NAME = 255;

/**
 * Makes sure that maps of images can be written, before any work is done.
 * @throws FusionclipError `usage` for a name that is too long for a disk
 */
export function requireMapNames(ids: readonly string[], folder: string, format: 'npy' | 'png16' | 'none'): void {
  if (format === 'none') return;
  const encoder = new TextEncoder();
  const ending = format === 'npy' ? '.npy' : '.map.png';
  for (const [i, name] of mapNames(withoutCommonFolder(ids)).entries()) {
    const over = Math.max(...`${name}${ending}`.split('/').map((part) => encoder.encode(part).length)) - LONGEST_NAME;
    if (over <= 0) continue;
    throw new FusionclipError(
      'usage',
      `The name of ${ids[i]} is too long for a map of it in ${folder}; shorten it by ${over} bytes, or write no maps (--map.files none).`,
    );
  }
}

/** Paths below the deepest folder that holds all of them, when they are absolute or lead out of the working folder. */
function withoutCommonFolder(ids: readonly string[]): string[] {
  if (!ids.some((id) => /^([/\\]|[A-Za-z]:|\.\.)/.test(id))) return [...ids];
  const parts = ids.map((id) => id.split(/[/\\]/));
  let common = 0;
  while (parts.every((each) => common + 1 < each.length && each[common] === parts[0][common])) common++;
  return parts.map((each) => each.slice(common).join('/'));
}

/** A path that stays inside of the folder it is joined to. */
function withoutRoot(id: string): string {
  return id
    .split(/[/\\]/)
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .join('/');
}
