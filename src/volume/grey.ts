import { FusionclipError } from '../base/errors.ts';
import type { Image } from '../data/image.ts';
import type { Lut } from '../dicom/lut.ts';
import { lookedUp, type Window, windowed } from '../dicom/voi.ts';
import type { Accepted } from './accept.ts';
import { decideWindow } from './decide_window.ts';
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

/** The background: below this part of the way from the lowest value to the 99.9th percentile. */
const BACKGROUND = 0.1;

/** Values that CT has in air, and MR does not, in Hounsfield units. */
const AIR = -500;

/**
 * How the values of a volume become grey levels by a rule. Only percentiles read all slices. `auto` is decided for this volume alone:
 * see {@link decideWindow}.
 * @param accept with `unnamed`, values like those of CT need not be named
 * @throws FusionclipError `usage` where the rule leads nowhere, and what `volume.slice` throws
 */
export async function decideGrey(
  volume: Volume,
  rule: WindowRule,
  words = '',
  accept: ReadonlySet<Accepted> = new Set(),
): Promise<GreyRule> {
  if (volume.look === 'colour') return { text: 'colours as they are', map: { kind: 'colour' } };
  switch (rule.kind) {
    case 'auto':
      return decideGrey(volume, decideWindow([volume], rule.kind, words).rule, words, accept);
    case 'window':
      return ofWindow(rule.window, rule.preset);
    case 'percentile':
      return ofPercentiles(volume, rule, accept);
    case 'dicom':
      return ofFiles(volume);
    case 'full':
      return ofBytes(volume);
  }
}

/** @throws FusionclipError `usage` where the files of a volume name no window and no table */
export function requireOwn({ name, look, placed }: Volume): void {
  if (look === 'table' || look === 'colour' || (look !== null && typeof look === 'object')) return;
  const what =
    look === 'different windows' ? `slices name ${look}` : `${placed ? 'files name' : 'file names'} no window`;
  throw new FusionclipError('usage', `${name}: its ${what}; give --window W,L, percentile:LO,HI or a preset.`);
}

async function ofFiles(volume: Volume): Promise<GreyRule> {
  requireOwn(volume);
  if (typeof volume.look === 'object' && volume.look) return ofWindow(volume.look, null);
  const slice = await volume.slice(0);
  const lut = slice.kind === 'grey' && slice.voi?.luts[0];
  if (!lut) throw new FusionclipError('bad_data', `${volume.name}: its table is gone; leave it out.`);
  return { text: 'the table of its files (VOI LUT)', map: { kind: 'lut', lut } };
}

async function ofBytes(volume: Volume): Promise<GreyRule> {
  const slice = await volume.slice(Math.floor(volume.shape[2] / 2));
  const range = slice.kind === 'grey' && slice.range;
  if (!range) {
    const text = `${volume.name}: its values are not 8 bits without a unit, as --window full takes them; give --window W,L or percentile:LO,HI.`;
    throw new FusionclipError('usage', text);
  }
  const [low, high] = range;
  return { text: `the full range of 8 bits, ${low} to ${high}`, map: { kind: 'range', low, high } };
}

function ofWindow(window: Window, preset: string | null): GreyRule {
  const { center, width, shape } = window;
  const how = shape === 'LINEAR' ? '' : `, ${shape.toLowerCase().replace('_', ' ')}`;
  const from = preset ? ` (preset ${preset})` : '';
  return { text: `window ${width},${center}${how}${from}`, map: { kind: 'window', window: { center, width, shape } } };
}

async function ofPercentiles(
  volume: Volume,
  { low: from, high: to, guessed }: Extract<WindowRule, { kind: 'percentile' }>,
  accept: ReadonlySet<Accepted>,
): Promise<GreyRule> {
  const counts = new Percentiles();
  // What is dark is the background: of MONOCHROME1 these are the high values.
  let sign = 1;
  for (let k = 0; k < volume.shape[2]; k++) {
    const slice = await volume.slice(k);
    if (slice.kind !== 'grey') continue;
    const own = slice.inverted ? -1 : 1;
    if (k > 0 && own !== sign) {
      const what = 'low values are bright in some of its slices and dark in others';
      throw new FusionclipError('bad_data', `${volume.name}: ${what}; give --window W,L, or leave it out.`);
    }
    sign = own;
    counts.add(slice.inverted ? Float64Array.from(slice.values, (value) => -value) : slice.values, slice.padded);
  }
  const [least, most] = counts.at([0, 99.9]) ?? [0, 0];
  if (guessed && volume.modality === '' && least <= AIR && !accept.has('unnamed')) {
    const why = `its values reach ${plain(least)}, as those of CT do, and the file does not say what it is`;
    const presets = Object.keys(PRESETS).join(', ');
    const ways = `say --window W,L, one of ${presets}, or percentile:LO,HI; --accept unnamed takes it for no CT`;
    throw new FusionclipError('usage', `${volume.name}: ${why}; ${ways}.`, { accept: ['unnamed'] });
  }
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
