import { decodeRaster } from '../../src/data/decode.ts';
import { FULL_RANGE, sampleKind } from '../../src/data/image.ts';
import { asRuled, type RangeRule, rangeOf } from '../../src/data/range/rule.ts';
import { valueFacts } from '../../src/data/range/values.ts';
import type { Window } from '../../src/dicom/voi.ts';
import type { PictureSource } from '../../src/report/pictures.ts';
import { spacings } from '../../src/volume/geometry.ts';
import { Percentiles } from '../../src/volume/percentiles.ts';
import type { SlicePlace } from '../../src/volume/sliced_volume.ts';
import { PRESETS } from '../../src/volume/window.ts';
import type { Slice, SliceWindow, Stack } from '../protocol/viewing.ts';

/** Values to a side that are sent to the page; larger images are made smaller by whole steps. */
const MOST = 1536;

/** The stack of an image: all slices of its volume, or itself alone. */
export function stackOf(ids: readonly string[], index: number, slices: ReadonlyMap<string, SlicePlace>): Stack {
  const own = slices.get(ids[index]);
  if (!own) return { name: '', rows: [index], at: 0, missing: [] };
  const rows = new Array<number | null>(own.volume.shape[2]).fill(null);
  for (const [row, id] of ids.entries()) {
    const place = slices.get(id);
    if (place?.volume === own.volume) rows[place.k] = row;
  }
  return { name: own.volume.name, rows, at: own.k, missing: [...(own.volume.missing ?? [])] };
}

/** A slice of a volume in its numbers; null where its file is missing. @throws FusionclipError `bad_image`, `io` */
export async function sliceOfVolume({ volume, grey }: SlicePlace, k: number): Promise<Slice | null> {
  if (volume.missing?.has(k)) return null;
  const slice = await volume.slice(k);
  const [across, down] = spacings(volume.affine);
  const facts = { unit: volume.modality === 'CT' ? 'HU' : '', aspect: down / across || 1 };
  const { width, height } = slice;
  if (slice.kind === 'colour') return reduced({ width, height, values: null, rgb: slice.rgb }, facts, false, []);
  const { values, padded, voi, inverted } = slice;
  const counts = new Percentiles();
  counts.add(values, padded);
  const [low, high, first, last] = counts.at([0, 100, 0.5, 99.5]) ?? [0, 1, 0, 1];
  const full = { name: 'all values', low, high };
  const { map } = await grey();
  const seen: SliceWindow =
    map.kind === 'window'
      ? ends('as the model sees it', map.window)
      : map.kind === 'range'
        ? { name: 'as the model sees it', low: map.low, high: map.high }
        : full;
  const own = (voi?.windows ?? []).map((one) => ends(one.explanation || 'window of the file', one));
  const presets = volume.modality === 'CT' ? Object.entries(PRESETS) : [];
  const named = presets.map(([name, { center, width: wide }]) => ends(name, { center, width: wide, shape: 'LINEAR' }));
  const middle = { name: '99 % of the values', low: first, high: last };
  const windows = [seen, ...own, ...named, middle, full];
  return reduced({ width, height, values: Float32Array.from(values), rgb: null }, facts, inverted, windows);
}

/** A picture in the numbers of its file. @throws FusionclipError `bad_image` */
export function sliceOfPicture({ bytes }: PictureSource, id: string, rule: RangeRule): Slice {
  const raster = asRuled(decodeRaster(bytes, id), rule);
  const { width, height, channels, data } = raster;
  const facts = { unit: '', aspect: 1 };
  const { inner } = valueFacts(raster);
  const kind = sampleKind(raster);
  const [low, high] = rangeOf(rule, { kind, inner });
  if (channels !== 1) {
    const scale = 255 / (kind === 'uint8' ? 255 : high - low);
    const black = kind === 'uint8' ? 0 : low;
    const rgb = new Uint8Array(3 * width * height);
    for (let i = 0, from = 0; i < width * height; i++, from += channels) {
      for (let c = 0; c < 3; c++) rgb[3 * i + c] = Math.max(0, Math.min(255, (data[from + c] - black) * scale));
    }
    return reduced({ width, height, values: null, rgb }, facts, false, []);
  }
  const windows = [
    { name: 'as the model sees it', low, high },
    { name: '99 % of the values', low: inner[0], high: inner[1] },
    ...(kind === 'float32'
      ? []
      : [{ name: 'all that the file can hold', low: FULL_RANGE[kind][0], high: FULL_RANGE[kind][1] }]),
  ];
  return reduced({ width, height, values: Float32Array.from(data), rgb: null }, facts, false, windows);
}

/** The ends of a window, where it is straight between them. */
function ends(name: string, { center, width, shape }: Window): SliceWindow {
  const [middle, distance] = shape === 'LINEAR' ? [center - 0.5, width - 1] : [center, width];
  return { name, low: middle - distance / 2, high: middle + distance / 2 };
}

/** The slice with means of blocks where it is larger than a page needs. */
function reduced(
  { width, height, values, rgb }: Pick<Slice, 'width' | 'height' | 'values' | 'rgb'>,
  facts: Pick<Slice, 'unit' | 'aspect'>,
  inverted: boolean,
  windows: Slice['windows'],
): Slice {
  const step = Math.ceil(Math.max(width, height) / MOST);
  const shared = { ...facts, inverted, windows, step };
  if (step === 1) return { width, height, values, rgb, ...shared };
  const [across, down] = [width, height].map((n) => Math.max(1, Math.floor(n / step)));
  const shrink = <T extends Float32Array | Uint8Array>(from: T, channels: number, to: T): T => {
    for (let y = 0, at = 0; y < down; y++) {
      for (let x = 0; x < across; x++) {
        for (let c = 0; c < channels; c++, at++) {
          let [sum, count] = [0, 0];
          for (let v = y * step; v < Math.min(height, (y + 1) * step); v++) {
            for (let u = x * step; u < Math.min(width, (x + 1) * step); u++, count++)
              sum += from[channels * (v * width + u) + c];
          }
          to[at] = sum / count;
        }
      }
    }
    return to;
  };
  return {
    width: across,
    height: down,
    values: values && shrink(values, 1, new Float32Array(across * down)),
    rgb: rgb && shrink(rgb, 3, new Uint8Array(3 * across * down)),
    ...shared,
  };
}
