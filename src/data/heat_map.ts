import { cos, sin } from '../base/elementary.ts';
import { type Image, toRgb } from './image.ts';

/** A map of scores, [height, width]. */
export interface ScoreMap {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** How a heat map is laid over an image. */
export interface OverlayOptions {
  /** Weight of the colour where the map is highest, 0 to 1; it falls in proportion to the map. Default 0.6. */
  readonly opacity?: number;
  /** Scores shown as lowest and highest; default are those of the map itself. */
  readonly range?: readonly [number, number];
}

let table: Uint8Array | undefined;

/**
 * The heat colours as 256 RGB triples, from dark violet over red to light yellow.
 *
 * Equal steps of the score are equal steps of perceived lightness: a straight line in OKLab's lightness, a hue that turns
 * steadily, and as much chroma as sRGB has there (up to a bell-shaped limit), so no hue looks like an edge of its own.
 */
export function heatColours(): Uint8Array {
  if (table) return table;
  table = new Uint8Array(256 * 3);
  for (let i = 0; i < 256; i++) {
    const t = i / 255;
    const lightness = 0.15 + 0.8 * t;
    const hue = ((-75 + 180 * t) * Math.PI) / 180;
    let chroma = 0.2 * sin(Math.PI * (0.1 + 0.8 * t));
    let rgb = oklchToSrgb(lightness, chroma, hue);
    while (chroma > 0 && rgb.some((v) => v < 0 || v > 1)) {
      chroma -= 0.002;
      rgb = oklchToSrgb(lightness, Math.max(0, chroma), hue);
    }
    table.set(
      rgb.map((v) => Math.round(255 * Math.min(1, Math.max(0, v)))),
      3 * i,
    );
  }
  return table;
}

/**
 * The image with the map laid over it, in RGB at the image's size (the map is interpolated linearly). The colour is the
 * more opaque the higher the score, so what is normal stays as it was and the anatomy under a lesion stays visible.
 */
export function overlayHeatMap(image: Image, map: ScoreMap, options: OverlayOptions = {}): Image {
  const { width, height, data } = toRgb(image);
  const { opacity = 0.6, range = rangeOf(map.data) } = options;
  const colours = heatColours();
  const scores = resample(map, width, height);
  const out = new Uint8Array(data.length);
  for (let i = 0; i < scores.length; i++) {
    const level = levelOf(scores[i], range);
    const weight = opacity * level;
    const colour = 3 * Math.round(255 * level);
    for (let c = 0; c < 3; c++) {
      out[3 * i + c] = Math.round(data[3 * i + c] * (1 - weight) + colours[colour + c] * weight);
    }
  }
  return { width, height, channels: 3, data: out };
}

/**
 * The colours that {@link overlayHeatMap} lays over an image, by themselves: RGBA [height, width], the more opaque the
 * higher the score. What shows both, e.g. a page, can put it over the image at any size.
 */
export function heatLayer(map: ScoreMap, width: number, height: number, options: OverlayOptions = {}): Image {
  const { opacity = 0.6, range = rangeOf(map.data) } = options;
  const colours = heatColours();
  const data = new Uint8Array(width * height * 4);
  resample(map, width, height).forEach((score, i) => {
    const level = levelOf(score, range);
    data.set(colours.subarray(3 * Math.round(255 * level), 3 * Math.round(255 * level) + 3), 4 * i);
    data[4 * i + 3] = Math.round(255 * opacity * level);
  });
  return { width, height, channels: 4, data };
}

/** Where a score lies between the lowest and the highest, 0 to 1; NaN is as nothing. */
function levelOf(score: number, [low, high]: readonly [number, number]): number {
  return high > low ? Math.min(1, Math.max(0, (score - low) / (high - low))) || 0 : 0;
}

/** The lowest and highest finite values of some arrays together; [0, 0] when there is none. */
export function rangeOf(...arrays: readonly ArrayLike<number>[]): [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const data of arrays) {
    for (let i = 0; i < data.length; i++) {
      if (!Number.isFinite(data[i])) continue;
      if (data[i] < low) low = data[i];
      if (data[i] > high) high = data[i];
    }
  }
  return low <= high ? [low, high] : [0, 0];
}

/** A part of a map, in shares of its sides. */
export interface MapWindow {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const WHOLE: MapWindow = { left: 0, top: 0, width: 1, height: 1 };

/** A part of a map at another size, by linear interpolation between pixel centres. */
export function cropMap(map: ScoreMap, window: MapWindow, width: number, height: number): ScoreMap {
  return { width, height, data: resample(map, width, height, window) };
}

/** A map at another size, as {@link overlayHeatMap} lays it over an image. */
export function resampleMap(map: ScoreMap, width: number, height: number): Float32Array {
  return resample(map, width, height);
}

function resample(map: ScoreMap, width: number, height: number, window = WHOLE): Float32Array {
  if (window === WHOLE && map.width === width && map.height === height) return map.data;
  const out = new Float32Array(width * height);
  const position = (i: number, n: number, m: number, start: number, share: number) =>
    Math.min(n - 1, Math.max(0, (start + ((i + 0.5) * share) / m) * n - 0.5));
  for (let y = 0; y < height; y++) {
    const sy = position(y, map.height, height, window.top, window.height);
    const [y0, fy] = [Math.floor(sy), sy % 1];
    const y1 = Math.min(map.height - 1, y0 + 1);
    for (let x = 0; x < width; x++) {
      const sx = position(x, map.width, width, window.left, window.width);
      const [x0, fx] = [Math.floor(sx), sx % 1];
      const x1 = Math.min(map.width - 1, x0 + 1);
      const upper = map.data[y0 * map.width + x0] * (1 - fx) + map.data[y0 * map.width + x1] * fx;
      const lower = map.data[y1 * map.width + x0] * (1 - fx) + map.data[y1 * map.width + x1] * fx;
      out[y * width + x] = upper * (1 - fy) + lower * fy;
    }
  }
  return out;
}

/** OKLCh to gamma-encoded sRGB; outside [0, 1] where sRGB has no such colour. */
function oklchToSrgb(lightness: number, chroma: number, hue: number): number[] {
  const [a, b] = [chroma * cos(hue), chroma * sin(hue)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ].map((v) => (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055));
}
