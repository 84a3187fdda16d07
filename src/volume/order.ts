import { counted } from '../base/counted.ts';
import { atan } from '../base/elementary.ts';
import type { Affine } from '../nifti/affine.ts';
import { type Accepted, refusal } from './accept.ts';
import { affineOf, directions, dot, lengthOf, minus, times, type Vector } from './geometry.ts';
import { acquisitionsOf, type SliceHeader } from './slice_header.ts';

/** Slices in the order of their places, and where they lie. */
export interface OrderedSlices {
  readonly slices: readonly SliceHeader[];
  /** The number of each on the grid of the affine, from 0 on: where slices are missing, numbers are passed over. */
  readonly numbers: readonly number[];
  readonly affine: Affine;
  /** What was accepted, for people. */
  readonly notes: readonly string[];
}

/** How far a distance may be from the usual one, as a part of it: files round positions. */
const UNEVEN = 0.02;

/** How many slices may be missing for each that is there: what lies farther apart is no volume. */
const MOST_MISSING = 10;

/** Millimetres: places that are nearer are one. */
const SAME = 1e-3;

/** How far a slice may lie beside the line of the others, in pixels, and the line beside the normal, in degrees. */
const BESIDE = 0.5;
const TILT = 0.1;

/**
 * Puts the slices of one series, frame of reference and orientation in the order of their positions along the normal, and
 * refuses what is no volume. Instance numbers and stated distances play no part.
 * @param name of the series, for messages
 * @throws FusionclipError `bad_data` with what was found, and the flag that takes it if there is one
 */
export function orderSlices(name: string, found: readonly SliceHeader[], accept: ReadonlySet<Accepted>): OrderedSlices {
  const notes: string[] = [];
  const refuse = (what: string, flag: Accepted | null, advice = 'leave the series out, or mend it'): void => {
    if (flag && accept.has(flag)) notes.push(`${what} (accepted${CONSEQUENCE[flag] ?? ''})`);
    else {
      const way = flag ? `--accept ${flag} takes it all the same` : advice;
      throw refusal(`${name}: ${what}; ${way}.`, flag);
    }
  };

  let slices = [...found];
  const localizers = slices.filter(isLocalizer);
  if (localizers.length > 0) {
    refuse(
      `${counted(localizers.length, 'picture')} of ${slices.length} ${localizers.length === 1 ? 'is a localizer' : 'are localizers'}`,
      'localizers',
    );
    slices = slices.filter((slice) => !isLocalizer(slice));
  }
  if (slices.some(({ imageType }) => imageType.includes('MOSAIC'))) {
    refuse('its pictures are mosaics of many slices each', null, 'convert them with another program');
  }
  const placeless = slices.filter(({ place }) => !place.position || !place.orientation);
  if (placeless.length > 0) {
    const what = placeless.some(({ place }) => place.position) ? 'orientation' : 'position';
    refuse(
      `${counted(placeless.length, 'picture')} of ${slices.length} ${placeless.length === 1 ? 'has' : 'have'} no ${what}`,
      placeless.length < slices.length ? 'placeless' : null,
    );
    slices = slices.filter((slice) => !placeless.includes(slice));
  }
  if (slices.length === 0) refuse('no picture is left', null);
  slices = ofOneSize(slices, refuse);
  if (new Set(slices.map(({ colour }) => colour)).size > 1)
    refuse('some pictures have colours and some are grey', null);
  if (new Set(slices.map(({ modality }) => modality)).size > 1) refuse('its pictures are of several modalities', null);
  if (new Set(slices.map(({ patientId }) => patientId)).size > 1) refuse('its pictures are of several patients', null);

  const axes = directions(slices[0].place.orientation ?? []);
  if (!axes) {
    refuse('its orientation is not two directions at a right angle', null);
    throw new Error('not reached');
  }
  const spacing = spacingOf(slices, refuse);
  const along = (slice: SliceHeader) => dot(slice.place.position ?? [], axes[2]);
  // The order of names settles what lies at one place, so that it does not depend on the order of a folder.
  slices.sort((a, b) => along(a) - along(b) || (a.path < b.path ? -1 : a.path > b.path ? 1 : a.frame - b.frame));
  slices = withoutDoubles(slices, along, refuse);
  const origin = slices[0].place.position ?? [];
  if (slices.length === 1) {
    refuse('it is one slice alone', 'single');
    return { slices, numbers: [0], affine: affineOf(axes, spacing, origin, axes[2]), notes };
  }
  const numbers = numbersOf(slices.map(along), refuse);
  const last = slices[slices.length - 1].place.position ?? [];
  const step = times(minus(last, origin), 1 / numbers[numbers.length - 1]);
  checkLine(slices, { origin, step, normal: axes[2], pixel: Math.min(...spacing) }, refuse);
  return { slices, numbers, affine: affineOf(axes, spacing, origin, step), notes };
}

/** What becomes of a volume whose distances are accepted. */
const CONSEQUENCE: Partial<Readonly<Record<Accepted, string>>> = {
  gaps: ': they are not scored; in maps they are NaN, in masks 0',
  uneven: ', taken at equal distances: millimetres are not the patient’s',
};

type Refuse = (what: string, flag: Accepted | null, advice?: string) => void;

function isLocalizer({ imageType }: SliceHeader): boolean {
  return imageType.some((value) => value === 'LOCALIZER' || value === 'SCOUT');
}

function ofOneSize(slices: SliceHeader[], refuse: Refuse): SliceHeader[] {
  const sizes = new Map<string, SliceHeader[]>();
  for (const slice of slices) {
    const size = `${slice.columns}×${slice.rows}`;
    sizes.set(size, [...(sizes.get(size) ?? []), slice]);
  }
  if (sizes.size === 1) return slices;
  const list = [...sizes].sort(([, a], [, b]) => b.length - a.length);
  refuse(
    `its pictures have ${sizes.size} sizes (${list.map(([size, { length }]) => `${length} of ${size}`).join(', ')})`,
    'sizes',
  );
  return list[0][1];
}

function spacingOf(slices: readonly SliceHeader[], refuse: Refuse): readonly number[] {
  const [{ place }] = slices;
  if (!place.spacing) {
    refuse('it does not say how far its pixels are apart', null);
    return [1, 1];
  }
  const [down, across] = place.spacing;
  const differs = slices.some(({ place: { spacing } }) => {
    return !spacing || Math.abs(spacing[0] - down) > 1e-3 * down || Math.abs(spacing[1] - across) > 1e-3 * across;
  });
  if (differs) refuse('its pictures have pixels of several sizes', null);
  return place.spacing;
}

function withoutDoubles(slices: SliceHeader[], along: (slice: SliceHeader) => number, refuse: Refuse): SliceHeader[] {
  const places: SliceHeader[][] = [];
  for (const slice of slices) {
    const last = places[places.length - 1];
    if (last && along(slice) - along(last[0]) < SAME) last.push(slice);
    else places.push([slice]);
  }
  const doubled = places.filter(({ length }) => length > 1);
  if (doubled.length === 0) return slices;
  const [some] = doubled;
  const where = `at ${counted(doubled.length, 'place')} of ${places.length}`;
  const told = acquisitionsOf(some);
  if (
    some.every(({ instance, frame }) => instance === some[0].instance && frame === some[0].frame && instance !== '')
  ) {
    refuse(`the same picture is there ${some.length} times ${where}`, 'doubles');
  } else if (told) refuse(`${some.length} pictures lie ${where}, told apart by their ${told}`, 'doubles');
  else if (some.some(({ place }) => lengthOf(minus(place.position ?? [], some[0].place.position ?? [])) > 1)) {
    refuse(`${some.length} pictures lie side by side ${where}`, null);
  } else refuse(`${some.length} pictures lie ${where}`, 'doubles');
  return places.map(([first]) => first);
}

/** The numbers of slices at these places, as far as they lie on a grid; else they follow each other. */
function numbersOf(places: readonly number[], refuse: Refuse): number[] {
  const inTurn = places.map((_, i) => i);
  const distances = places.slice(1).map((place, i) => place - places[i]);
  const sorted = [...distances].sort((a, b) => a - b);
  const usual = middle(sorted);
  if (distances.every((distance) => Math.abs(distance - usual) <= UNEVEN * usual)) return inTurn;
  // The step is what the smallest ones are: where many slices are missing, most distances are larger.
  const step = middle(sorted.filter((distance) => distance <= (1 + UNEVEN) * sorted[0]));
  const whole = distances.every((distance) => {
    const times = Math.round(distance / step);
    return Math.abs(distance - times * step) <= UNEVEN * times * step;
  });
  if (!whole) {
    const range = `${millimetres(sorted[0])} to ${millimetres(sorted[sorted.length - 1])}`;
    refuse(`its slices are ${range} mm apart`, 'uneven');
    return inTurn;
  }
  const numbers = [0];
  for (const distance of distances) numbers.push(numbers[numbers.length - 1] + Math.round(distance / step));
  const total = numbers[numbers.length - 1] + 1;
  const missing = total - places.length;
  const what = `${counted(missing, 'slice')} of ${total} ${missing === 1 ? 'is' : 'are'} missing`;
  if (missing > MOST_MISSING * places.length) refuse(what, null, 'leave out the slices that lie far off');
  refuse(what, 'gaps');
  return numbers;
}

function middle(sorted: readonly number[]): number {
  return sorted[(sorted.length - 1) >> 1];
}

function millimetres(value: number): string {
  return String(Number(value.toFixed(3)));
}

interface Line {
  readonly origin: readonly number[];
  readonly step: Vector;
  readonly normal: Vector;
  readonly pixel: number;
}

/** Whether the slices lie on a line along their normal. */
function checkLine(slices: readonly SliceHeader[], { origin, step, normal, pixel }: Line, refuse: Refuse): void {
  const total = dot(step, normal);
  const angle = (atan(lengthOf(minus(step, times(normal, total))) / total) * 180) / Math.PI;
  const beside = slices.filter(({ place }) => {
    // By its place along the normal, not its number: where distances differ, both do.
    const from = minus(place.position ?? [], origin);
    return lengthOf(minus(from, times(step, dot(from, normal) / total))) > BESIDE * pixel;
  });
  if (beside.length > 0) refuse(`${counted(beside.length, 'slice')} of ${slices.length} lie beside the others`, null);
  if (angle > TILT) refuse(`its slices are stacked at ${angle.toFixed(1)}° to their normal (a tilted gantry)`, 'tilt');
}
