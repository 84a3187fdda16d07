import { FusionclipError } from '../base/errors.ts';
import type { Image } from '../data/image.ts';
import { hasWord } from '../data/layout/object_name.ts';
import type { Lut } from '../dicom/lut.ts';
import { lookedUp, type Window, windowed } from '../dicom/voi.ts';
import { Percentiles } from './percentiles.ts';
import type { Volume, VolumeSlice } from './volume.ts';
import { PRESETS, type WindowRule } from './window.ts';

/** How the values of a volume become grey levels: what was decided, and why, to be kept with a run. */
export interface GreyRule {
  /** One line for people. */
  readonly text: string;
  readonly map:
    | { readonly kind: 'window'; readonly window: Window }
    | { readonly kind: 'lut'; readonly lut: Lut }
    | { readonly kind: 'range'; readonly low: number; readonly high: number }
    | { readonly kind: 'colour' };
}

/** A rule that is decided when it is first asked for. */
export type GreyOf = () => Promise<GreyRule>;

/** Of MR without a window: percentiles of what lies above the background. */
const MR_PERCENTILES = [0.5, 99.5] as const;

/** The background: below this part of the way from the lowest value to the 99.9th percentile. */
const BACKGROUND = 0.1;

/** What `auto` may go by. */
export interface GreyHints {
  /** Words that may name an organ of {@link PRESETS}: what the prompts say, the body part of a file. */
  readonly words?: string;
}

/**
 * Decides how a volume is shown. `auto`: pixels of 8 bits over their full range; else the file's own window or table where all
 * looked-at slices have the same one; else, for CT, the preset of the organ that the words name; else, but not for CT, the
 * percentiles 0.5 and 99.5 of what lies above the background. `dicom` insists on the file's own. Only percentiles read all slices.
 * @throws FusionclipError `usage` where `auto` or `dicom` leads nowhere, and what `volume.slice` throws
 */
export async function decideGrey(volume: Volume, rule: WindowRule, hints: GreyHints = {}): Promise<GreyRule> {
  const first = await volume.slice(Math.floor(volume.shape[2] / 2));
  if (first.kind === 'colour') return { text: 'colours as they are', map: { kind: 'colour' } };
  if (rule.kind === 'window') return ofWindow(rule.window, rule.preset ? `preset ${rule.preset}` : 'given');
  if (rule.kind === 'percentile') return ofPercentiles(volume, rule.low, rule.high);
  if (rule.kind === 'auto' && first.range && !hasVoi(first)) {
    const [low, high] = first.range;
    return { text: `the full range of 8 bits, ${low} to ${high}`, map: { kind: 'range', low, high } };
  }
  const own = await ownVoi(volume, first);
  if (typeof own !== 'string') return own;
  if (rule.kind === 'dicom') {
    throw new FusionclipError('usage', `${volume.name}: ${own}; give --window W,L, percentile:LO,HI or a preset.`);
  }
  if (volume.modality !== 'CT') return ofPercentiles(volume, ...MR_PERCENTILES);
  const organ = Object.keys(PRESETS).find((name) => hasWord(hints.words ?? '', [name, `${name}s`]));
  if (organ) return ofWindow({ ...PRESETS[organ], shape: 'LINEAR' }, `preset ${organ}`);
  const names = Object.keys(PRESETS).join(', ');
  throw new FusionclipError(
    'usage',
    `${volume.name}: ${own}, and no organ is named; say --window W,L or one of ${names}.`,
  );
}

function hasVoi(slice: VolumeSlice): boolean {
  return slice.kind === 'grey' && slice.voi !== null && slice.voi.windows.length + slice.voi.luts.length > 0;
}

/** The file's own window or table, or why there is none to go by. */
async function ownVoi(volume: Volume, middle: VolumeSlice): Promise<GreyRule | string> {
  if (middle.kind !== 'grey' || !middle.voi || !hasVoi(middle)) return 'its files name no window';
  const [lut] = middle.voi.luts;
  if (lut) return { text: 'the table of its files (VOI LUT)', map: { kind: 'lut', lut } };
  const [window] = middle.voi.windows;
  // Scanners of MR write a window of its own for each slice: levels would not be the same from one to the next.
  for (const k of [0, volume.shape[2] - 1]) {
    const slice = await volume.slice(k);
    const other = slice.kind === 'grey' ? slice.voi?.windows[0] : undefined;
    if (other?.center !== window.center || other.width !== window.width || other.shape !== window.shape) {
      return 'its slices name different windows';
    }
  }
  return ofWindow(window, 'of its files, the first that they name');
}

function ofWindow({ center, width, shape }: Window, from: string): GreyRule {
  const how = shape === 'LINEAR' ? '' : `, ${shape.toLowerCase().replace('_', ' ')}`;
  return {
    text: `window ${width},${center}${how} (${from})`,
    map: { kind: 'window', window: { center, width, shape } },
  };
}

async function ofPercentiles(volume: Volume, from: number, to: number): Promise<GreyRule> {
  const counts = new Percentiles();
  // What is dark is the background: of MONOCHROME1 these are the high values.
  let sign = 1;
  for (let k = 0; k < volume.shape[2]; k++) {
    const slice = await volume.slice(k);
    if (slice.kind !== 'grey') continue;
    sign = slice.inverted ? -1 : 1;
    counts.add(slice.inverted ? Float64Array.from(slice.values, (value) => -value) : slice.values, slice.padded);
  }
  const [least, most] = counts.at([0, 99.9]) ?? [0, 0];
  const ends = counts.at([from, to], least + BACKGROUND * (most - least)) ?? [least, most];
  const [low, high] = ends.map((value) => sign * value + 0).sort((a, b) => a - b);
  if (!(high > low)) {
    throw new FusionclipError('bad_data', `${volume.name}: all its voxels have the same value; leave it out.`);
  }
  const levels = `${plain(low)} to ${plain(high)}`;
  return { text: `percentiles ${from} and ${to} above the background, ${levels}`, map: { kind: 'range', low, high } };
}

/** A number as people write it. */
function plain(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/**
 * Where the values of a slice lie between black, 0, and white, 1: padding and what is no number is black, and low values of
 * MONOCHROME1 are white. Not for colours.
 */
export function greyLevels(
  slice: Extract<VolumeSlice, { kind: 'grey' }>,
  { map }: GreyRule,
): Float64Array<ArrayBuffer> {
  const { values, padded, inverted } = slice;
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i++) if (!padded?.[i]) out[i] = shownLevel(values[i], map, inverted);
  return out;
}

function shownLevel(value: number, map: GreyRule['map'], inverted: boolean): number {
  if (Number.isNaN(value)) return 0;
  const level = levelOf(value, map);
  return inverted ? 1 - level : level;
}

function levelOf(value: number, map: GreyRule['map']): number {
  switch (map.kind) {
    case 'window':
      return windowed(value, map.window);
    case 'lut':
      return Math.min(1, lookedUp(value, map.lut));
    case 'range':
      return Math.min(1, Math.max(0, (value - map.low) / (map.high - map.low)));
    default:
      return 0;
  }
}

/**
 * The picture of a slice as models see it, in 8 bits: the high byte of the level in 16 bits, as a PNG of 16 bits with the same
 * levels is read.
 */
export function greyImage(slice: VolumeSlice, rule: GreyRule): Image {
  const { width, height } = slice;
  if (slice.kind === 'colour') return { width, height, channels: 3, data: slice.rgb };
  const { values, padded, inverted } = slice;
  const data = new Uint8Array(values.length);
  const byte = (value: number) => Math.round(shownLevel(value, rule.map, inverted) * 65535) >> 8;
  if (values.BYTES_PER_ELEMENT > 2) {
    for (let i = 0; i < data.length; i++) if (!padded?.[i]) data[i] = byte(values[i]);
    return { width, height, channels: 1, data };
  }
  const known = bytesKnown(rule.map, inverted);
  for (let i = 0; i < data.length; i++) {
    if (padded?.[i]) continue;
    const at = values[i] - LEAST;
    if (known[at] < 0) known[at] = byte(values[i]);
    data[i] = known[at];
  }
  return { width, height, channels: 1, data };
}

/** The lowest of all numbers of 16 bits, signed or not. */
const LEAST = -0x8000;

/** By map, and whether it is turned round: the bytes of numbers of 16 bits from {@link LEAST} on that were worked out before, or -1. */
const known = [new WeakMap<GreyRule['map'], Int16Array>(), new WeakMap<GreyRule['map'], Int16Array>()];

function bytesKnown(map: GreyRule['map'], inverted: boolean): Int16Array {
  const of = known[Number(inverted)];
  const bytes = of.get(map) ?? new Int16Array(0x18000).fill(-1);
  of.set(map, bytes);
  return bytes;
}
