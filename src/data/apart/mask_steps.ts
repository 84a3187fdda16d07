import type { Raster } from '../image.ts';
import { TURNS } from './turns.ts';

/** Pixels to a side that are looked at: larger pictures are thinned out. */
const SIDE = 256;

/** Fewer steps over the border of a lesion may all go one way by chance. */
const ENOUGH = 24;

/** A grey picture with few enough pixels. */
export interface Thin {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Steps over the border of a lesion: pixels inside of it, and those outside across the border. */
export interface Steps {
  readonly inside: Int32Array;
  readonly outside: Int32Array;
}

/** A picture thinned out to at most {@link SIDE} pixels to a side, of colours their sum, its values spread between their extremes; a small picture of grey bytes as it is. */
export function thinned({
  width,
  height,
  channels,
  data,
}: Pick<Raster, 'width' | 'height' | 'channels' | 'data'>): Thin {
  const step = Math.ceil(Math.max(width, height) / SIDE);
  if (step === 1 && channels === 1 && data instanceof Uint8Array) return { width, height, data };
  const [w, h] = [width, height].map((side) => Math.max(1, Math.floor(side / step)));
  const values = new Float32Array(w * h);
  const coloured = channels > 1;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let y = 0, to = 0; y < h; y++) {
    let from = y * step * width * channels;
    for (let x = 0; x < w; x++, to++, from += step * channels) {
      const value = coloured ? data[from] + data[from + 1] + data[from + 2] : data[from];
      values[to] = value;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  const scale = high > low ? 255 / (high - low) : 0;
  const out = new Uint8Array(w * h);
  for (let i = 0; i < out.length; i++) out[i] = scale * (values[i] - low);
  return { width: w, height: h, data: out };
}

/** Fewer masks may lie better otherwise by chance. */
export const SEVERAL = 8;

/** Below this a mask does not lie well. */
export const POOR = 0.35;

/** Pixels to either side of a border that are looked over. */
export function reachOf({ width, height }: Pick<Thin, 'width' | 'height'>): number {
  return Math.max(1, Math.floor(Math.min(width, height) / 84) - 1);
}

/** The steps over the border of what is not 0, some pixels wide as borders are blurred; null where they are too few. */
export function stepsOf({ width, height, data }: Thin): Steps | null {
  const reach = reachOf({ width, height });
  const inside: number[] = [];
  const outside: number[] = [];
  const add = (a: number, b: number, step: number) => {
    const [before, behind] = [a - reach * step, b + reach * step];
    inside.push(data[a] === 0 ? behind : before);
    outside.push(data[a] === 0 ? before : behind);
  };
  for (let y = 0, i = 0; y < height; y++) {
    const isLow = y >= reach && y + 1 + reach < height;
    for (let x = 0; x < width; x++, i++) {
      const on = data[i] !== 0;
      if (x >= reach && x + 1 + reach < width && on !== (data[i + 1] !== 0)) add(i, i + 1, 1);
      if (isLow && on !== (data[i + width] !== 0)) add(i, i + width, width);
    }
  }
  return inside.length < ENOUGH ? null : { inside: Int32Array.from(inside), outside: Int32Array.from(outside) };
}

/**
 * How well a lesion lies over a picture: whether the steps over its border go one way, |Σ step| / √(n Σ step²). 1 where it is everywhere
 * brighter, or darker, by the same; near 0 where the border means nothing to the picture.
 */
export function agreement({ data }: Thin, { inside, outside }: Steps): number {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < inside.length; i++) {
    const step = data[inside[i]] - data[outside[i]];
    sum += step;
    squares += step * step;
  }
  return squares === 0 ? 0 : Math.abs(sum) / Math.sqrt(inside.length * squares);
}

/** The agreement of a lesion that is turned, for each of {@link TURNS}; 0 where it cannot be. */
export function turnedAgreements(image: Thin, steps: Steps): number[] {
  const { width, height } = image;
  return TURNS.map(({ quarter, back }) => {
    if (quarter && width !== height) return 0;
    const placeOf = (x: number, y: number) => {
      const [toX, toY] = TURNS[back].from(x, y, width - 1, height - 1);
      return width * toY + toX;
    };
    // A turn moves every step to the right, and every step down, by the same.
    const start = placeOf(0, 0);
    const [right, down] = [placeOf(1, 0) - start, placeOf(0, 1) - start];
    const moved = (places: Int32Array) =>
      places.map((place) => start + right * (place % width) + down * Math.floor(place / width));
    return agreement(image, { inside: moved(steps.inside), outside: moved(steps.outside) });
  });
}
