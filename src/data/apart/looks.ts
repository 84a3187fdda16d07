import { mean } from '../../base/average.ts';
import type { Raster } from '../image.ts';
import { brightPlaces } from '../layout/polarity.ts';
import type { ImageFacts } from '../layout/read_scan.ts';
import { levelsOf } from '../range/judge.ts';
import type { RangeRule } from '../range/rule.ts';
import type { ValueFacts } from '../range/values.ts';
import { cellsOf } from './cells.ts';
import { fileFacts } from './file_facts.ts';
import { type Fit, fitOf, fitsOfOthers, patternOf } from './lying.ts';
import type { Form } from './told_apart.ts';

/** How an image looks, in a few numbers that other images can be held against. */
export interface Look extends Form {
  /** Null where nobody said. */
  readonly label: 0 | 1 | null;
  /** Mean grey level, as the run reads values. */
  readonly brightness: number;
  /** How it fits the pattern that images have in common; null where nothing is to be seen in it. */
  readonly fit: Fit | null;
}

/** How the images look that a run was made on: none of them can be made again of it. */
export interface Looks {
  /** Some of them, of each label. */
  readonly images: readonly Look[];
  /** What is bright and what is dark in all of them together, in 8 by 8 cells. */
  readonly pattern: readonly number[];
}

/** Images of a label that are kept: more make nothing clearer. */
const KEPT = 60;

/** How images look, for others to be held against. */
export function looksOf(images: readonly ImageFacts[], rule: RangeRule): Looks {
  const seen = images.filter(isSeen);
  const pattern = patternOf(seen);
  const fits = new Map(fitsOfOthers(seen, pattern).map((fit, i) => [seen[i], fit]));
  const kept = ([0, 1] as const).flatMap((label) => evenly(images.filter((image) => image.label === label)));
  return {
    images: kept.map((image) => look(image, image.label, rule, fits.get(image) ?? null)),
    pattern: Array.from(pattern, short),
  };
}

/** How an image looks beside those of a run. */
export function lookOf(image: ImageFacts, rule: RangeRule, pattern: Float64Array): Look {
  return look(image, image.label, rule, isSeen(image) ? fitOf(image.places, pattern) : null);
}

/** How the image of a file looks, which nobody has labelled. */
export function lookOfFile(
  { bytes, name, raster, values }: { bytes: Uint8Array; name: string; raster: Raster; values: ValueFacts },
  rule: RangeRule,
  pattern: Float64Array,
): Look {
  const { width, height } = raster;
  const places = brightPlaces(cellsOf(raster));
  const file = fileFacts(bytes, name, raster);
  return look({ width, height, file, values }, null, rule, isSeen({ places }) ? fitOf(places, pattern) : null);
}

function look(
  { width, height, file, values }: Pick<ImageFacts, 'width' | 'height' | 'file' | 'values'>,
  label: Look['label'],
  rule: RangeRule,
  fit: Fit | null,
): Look {
  const { format, steps, coloured, grain, warmth } = file;
  const orNull = (value: number | null) => value && short(value);
  return {
    ...{ label, width, height },
    file: { format, coloured, steps: orNull(steps), grain: orNull(grain), warmth: orNull(warmth) },
    values: { bits: values.bits, filled: orNull(values.filled) },
    brightness: short(mean(levelsOf(values, rule))),
    fit: fit && { own: short(fit.own), turned: fit.turned.map(short) },
  };
}

function isSeen({ places }: { readonly places: Float64Array }): boolean {
  return places.some((one) => one !== 0);
}

/** So many of a list, from its start to its end. */
function evenly<T>(all: readonly T[]): readonly T[] {
  return all.length <= KEPT ? all : Array.from({ length: KEPT }, (_, i) => all[Math.floor((i * all.length) / KEPT)]);
}

/** Four places: more would say nothing of an image, and fill the files that keep them. */
function short(value: number): number {
  return Number(value.toFixed(4));
}
