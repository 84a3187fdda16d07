import { heatColours, overlayHeatMap, resampleMap, type ScoreMap } from './heat_map.ts';
import type { Image } from './image.ts';

/** What is drawn with a heat map. */
export interface HeatPictureOptions {
  /** Scores of the coldest and of the hottest colour. */
  readonly range: readonly [number, number];
  /** Value of the map whose line is drawn; null for none. */
  readonly level?: number | null;
}

/** Rows of the bar's colours, and of its numbers with the room around them. */
const BAR = 8;
const TEXT = 9;

/** Rows that {@link heatPicture} adds below an image. */
export const BAR_HEIGHT = 1 + BAR + TEXT;

const LINE = [255, 255, 255];
const RIM = [0, 0, 0];

/** Characters of 3×5 pixels, a row in three bits. */
const GLYPHS: Readonly<Record<string, readonly number[]>> = {
  ...{ '0': [7, 5, 5, 5, 7], '1': [2, 6, 2, 2, 7], '2': [7, 1, 7, 4, 7], '3': [7, 1, 7, 1, 7], '4': [5, 5, 7, 1, 1] },
  ...{ '5': [7, 4, 7, 1, 7], '6': [7, 4, 7, 5, 7], '7': [7, 1, 2, 2, 2], '8': [7, 5, 7, 5, 7], '9': [7, 5, 7, 1, 7] },
  ...{ '.': [0, 0, 0, 0, 2], '-': [0, 0, 7, 0, 0], '+': [0, 2, 7, 2, 0], e: [7, 5, 7, 4, 7] },
};

/**
 * A heat map to be looked at by itself: the map over the image, a white line with a dark rim where the map reaches `level`, and
 * below a bar of the colours with the scores at its ends and a mark at the level. RGB, [height + {@link BAR_HEIGHT}, width].
 */
export function heatPicture(image: Image, map: ScoreMap, { range, level = null }: HeatPictureOptions): Image {
  const over = overlayHeatMap(image, map, { range });
  const { width, height } = over;
  const data = new Uint8Array(3 * width * (height + BAR_HEIGHT));
  data.set(over.data);
  const put = (x: number, y: number, colour: ArrayLike<number>) => {
    if (x >= 0 && x < width) data.set(colour as number[], 3 * (y * width + x));
  };
  if (level !== null) {
    const reached = reachedBy(map, width, height, level);
    const beside = (x: number, y: number, wanted: boolean) =>
      [
        [x - 1, y],
        [x + 1, y],
        [x, y - 1],
        [x, y + 1],
      ].some(([a, b]) => a >= 0 && b >= 0 && a < width && b < height && reached[b * width + a] === wanted);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const inside = reached[y * width + x];
        if (beside(x, y, !inside)) put(x, y, inside ? LINE : RIM);
      }
    }
  }
  const colours = heatColours();
  for (let x = 0; x < width; x++) {
    const at = 3 * Math.round((255 * x) / Math.max(1, width - 1));
    for (let y = 0; y < BAR; y++) put(x, height + 1 + y, colours.subarray(at, at + 3));
  }
  const [low, high] = range;
  if (level !== null && level >= low && level <= high && high > low) {
    const x = Math.round(((level - low) / (high - low)) * (width - 1));
    for (let y = 0; y < BAR; y++) {
      put(x - 1, height + 1 + y, RIM);
      put(x, height + 1 + y, LINE);
      put(x + 1, height + 1 + y, RIM);
    }
  }
  const [left, right] = range.map(shortNumber);
  const write = (text: string, from: number) => {
    [...text].forEach((character, i) => {
      (GLYPHS[character] ?? []).forEach((row, y) => {
        for (let x = 0; x < 3; x++) if ((row >> (2 - x)) & 1) put(from + 4 * i + x, height + BAR + 3 + y, LINE);
      });
    });
  };
  write(left, 1);
  // A picture that is too narrow for both has the upper end alone, which is what changes.
  const start = width - 4 * right.length;
  if (start < 4 * left.length + 4) data.fill(0, 3 * (height + 1 + BAR) * width);
  write(right, Math.max(0, start));
  return { width, height: height + BAR_HEIGHT, channels: 3, data };
}

/** Where a map reaches a level, at the size of an image. */
function reachedBy(map: ScoreMap, width: number, height: number, level: number): boolean[] {
  return Array.from(resampleMap(map, width, height), (score) => score >= level);
}

/** Three digits, in characters that there are glyphs for. */
function shortNumber(value: number): string {
  return String(Number(value.toPrecision(3)));
}
