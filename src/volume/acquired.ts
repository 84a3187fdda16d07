import { type Accepted, refusal, refusalOf } from './accept.ts';
import { planeOf, spacings } from './geometry.ts';
import { type AxisOrder, turnedAffine } from './plane.ts';
import { Remarks } from './remarks.ts';
import type { SliceStack } from './stack.ts';
import type { Volume } from './volume.ts';
import { parseWindow, type WindowRule } from './window.ts';

/** How the volumes that a run was trained on were made, as far as their files say. */
export interface Acquired {
  readonly modalities: readonly string[];
  readonly bodyParts: readonly string[];
  /** That slices lie in. */
  readonly planes: readonly string[];
  /** The least and the most millimetres from one pixel of a slice to the next; null where nothing lies in space. */
  readonly pixels: readonly [number, number] | null;
  /** Bits of numbers that have no unit. */
  readonly bits: readonly number[];
}

/** What has been trained on, for whoever reads volumes by the settings of a run. */
export interface TrainedOn {
  /** Null where the run does not say, as of pictures. */
  readonly acquired: Acquired | null;
  /** How values become grey levels: by the run, or as somebody has said anew. */
  readonly window: 'decided' | 'asked' | 'said anew';
}

/** A rule that a run has decided and nobody has said: where it may not fit is asked. */
export function asDecided(rule: WindowRule, trained?: TrainedOn): WindowRule {
  return rule.kind === 'percentile' && trained?.window === 'decided' ? { ...rule, guessed: true } : rule;
}

/** A volume, and the planes that its slices are taken in. */
export interface Acquisition extends Pick<Volume, 'name' | 'placed' | 'affine' | 'modality' | 'bodyPart' | 'bits'> {
  readonly stacks: readonly Pick<SliceStack, 'order'>[];
}

/** Pixels that are so many times as large, or small, are other ones: lesions have another size in them. */
const TIMES = 1.5;

/** Modalities that make one kind of picture. */
const SAME_KIND = [new Set(['CR', 'DX', 'RG'])];

/** Modalities that say nothing of the picture. */
const UNSAID = new Set(['', 'OT', 'SC']);

/** How volumes were made that are trained on. */
export function acquiredOf(volumes: readonly Acquisition[]): Acquired {
  const all = <T>(of: (one: Acquisition) => readonly T[]): T[] =>
    [...new Set(volumes.flatMap(of))].sort((a, b) => (a < b ? -1 : 1));
  const pixels = volumes.flatMap(pixelsOf);
  return {
    modalities: all(({ modality }) => (UNSAID.has(modality) ? [] : [modality])),
    bodyParts: all(({ bodyPart }) => (bodyPart === '' ? [] : [bodyPart])),
    planes: all(planesOf),
    pixels: pixels.length === 0 ? null : [Math.min(...pixels), Math.max(...pixels)],
    bits: all(({ bits }) => (bits === null ? [] : [bits])),
  };
}

/** How a volume was made whose slices run along these axes. */
export function acquisitionOf(volume: Volume, orders: readonly AxisOrder[]): Acquisition {
  const { name, placed, affine, modality, bodyPart, bits } = volume;
  return { name, placed, affine, modality, bodyPart, bits, stacks: orders.map((order) => ({ order })) };
}

/**
 * Compares volumes with what a run was trained on: what is to be said, and of which.
 * @param window how values become grey levels, as a setting
 * @throws FusionclipError `bad_data` for another modality, unless it is accepted or a window was said for it
 */
export function requireAlike(
  volumes: readonly Acquisition[],
  { acquired, window: how }: TrainedOn,
  window: string,
  accept: ReadonlySet<Accepted>,
): Remarks {
  const refused = new Remarks();
  const remarks = new Remarks();
  const say = (text: string, name: string) => remarks.add(name, `unlike what was trained on: ${text}`);
  for (const one of volumes) {
    const { name } = one;
    if (!acquired) {
      say(`the run was trained on pictures, of which no modality and no window is known (--window ${window})`, name);
      continue;
    }
    const other = otherModality(one, acquired, how === 'decided' && parseWindow(window).kind === 'percentile');
    if (other && (accept.has('modality') || how === 'said anew')) say(other, name);
    else if (other) {
      const guess = `whose grey levels (--window ${window}) are a guess for it`;
      const ways = 'say --window RULE, or --accept modality takes it all the same';
      refused.add(name, `${other}, ${guess}; ${ways}`);
    }
    for (const text of otherwise(one, acquired, window)) say(text, name);
  }
  const sentences = refused.lines();
  if (sentences.length > 0) throw refusalOf(sentences.map((line) => refusal(`${line}.`, 'modality')));
  return remarks;
}

/** @param isUnlikeCt whether the run came to percentiles by itself, as it does where nothing is CT */
function otherModality({ modality }: Acquisition, { modalities }: Acquired, isUnlikeCt: boolean): string | null {
  if (modalities.length === 0 && isUnlikeCt && modality === 'CT') {
    return 'it is CT, and the run was trained on files that do not say what they are, with no values as CT has them';
  }
  if (UNSAID.has(modality) || modalities.length === 0) return null;
  const alike = SAME_KIND.find((kind) => kind.has(modality)) ?? new Set([modality]);
  if (modalities.some((known) => alike.has(known))) return null;
  return `it is ${modality}, and the run was trained on ${modalities.join(', ')}`;
}

function otherwise(one: Acquisition, known: Acquired, window: string): string[] {
  const out: string[] = [];
  const { bodyPart, bits } = one;
  const { bodyParts, planes, pixels } = known;
  if (bodyPart !== '' && bodyParts.length > 0 && !bodyParts.includes(bodyPart)) {
    out.push(`${bodyPart} was examined, in training ${bodyParts.join(', ')}`);
  }
  const others = planesOf(one).filter((plane) => planes.length > 0 && !planes.includes(plane));
  if (others.length > 0) out.push(`its slices are ${others.join(', ')}, in training ${planes.join(', ')}`);
  const [own] = pixelsOf(one);
  if (own && pixels && (own * TIMES < pixels[0] || own > TIMES * pixels[1])) {
    const range = [...new Set(pixels.map(plain))].join(' to ');
    out.push(`its pixels are ${plain(own)} mm apart, in training ${range} mm`);
  }
  if (bits !== null && known.bits.length > 0 && !known.bits.includes(bits) && parseWindow(window).kind === 'window') {
    out.push(`its numbers have ${bits} bits, in training ${known.bits.join(', ')}, and the window is the same`);
  }
  return out;
}

/** Pixels of the first of its planes; none of what does not lie in space. */
function pixelsOf({ placed, affine, stacks }: Acquisition): number[] {
  if (!placed) return [];
  const [across, down] = spacings(turnedAffine(affine, stacks[0].order));
  return [Math.sqrt(across * down)];
}

function planesOf({ placed, affine, stacks }: Acquisition): string[] {
  return placed ? stacks.map(({ order }) => planeOf(turnedAffine(affine, order))) : [];
}

function plain(value: number): string {
  return String(Number(value.toPrecision(3)));
}
