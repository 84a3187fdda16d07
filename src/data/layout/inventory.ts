import { counted } from '../../base/counted.ts';
import { visible } from '../../base/visible.ts';
import type { IdenticalFiles } from '../audit/identical.ts';
import type { SharedSource } from '../audit/source_name.ts';
import type { DatasetKind, LayoutName, Split } from './dataset.ts';
import { type LeftOut, leftOutLine } from './left_out.ts';
import { type ObjectName, objectLine } from './object_name.ts';
import type { Problem } from './problem.ts';
import { problemLines } from './problem_lines.ts';

/** A class folder and what it gives. */
export interface ClassCount {
  readonly folder: string;
  readonly label: 0 | 1;
  readonly valid: number;
  readonly test: number;
}

/** How masks were found. */
export interface MaskFacts {
  /** Images that have one. */
  readonly images: number;
  readonly files: number;
  /** Images of which several files are united. */
  readonly united: number;
  /** E.g. `same name in label/`. */
  readonly ways: readonly { readonly how: string; readonly count: number }[];
  readonly background: 'black' | 'white';
  /** Images of which a mask was read at one half, for its borders are smeared. */
  readonly smeared: number;
}

/** Whom the images are of. */
export interface PatientFacts {
  /** `group`, or `auto` where it is not set: then it only tells, and divides nothing. */
  readonly rule: string;
  /** Whether splits, draws and intervals go by it. */
  readonly used: boolean;
  readonly valid: number;
  readonly test: number;
  /** Images that the rule finds nobody for. */
  readonly unknown: number;
}

/** What in the support side knows the test images. */
export interface Leaks {
  /** Equal files; `across` tells those in both splits. */
  readonly identical: readonly IdenticalFiles[];
  /** Patients with images in both. */
  readonly shared: readonly SharedSource[];
  /** Sentences about them, and about a test set of one patient. */
  readonly warnings: readonly string[];
}

/**
 * What a data set holds, what of it is used and how, and what is not and why; plain data, so that `JSON.stringify` gives
 * all of it. It is what `data check` reports, and `data.json` of a run.
 */
export interface Inventory extends ObjectName {
  readonly path: string;
  readonly name: string;
  readonly layout: LayoutName;
  readonly kind: DatasetKind;
  /** Files found below the folder, used or not; folders that were not entered count as one. */
  readonly found: number;
  readonly images: Readonly<Record<Split, { normal: number; abnormal: number }>>;
  readonly classes: readonly ClassCount[];
  /** Null for an image-level set. */
  readonly masks: MaskFacts | null;
  /** Of the readable images, most frequent first. */
  readonly sizes: readonly { width: number; height: number; channels: number; count: number }[];
  /** Bits of a sample in the files, most frequent first. */
  readonly bits: readonly { bits: number; count: number }[];
  /** Images that were turned by the orientation that their files say. */
  readonly turned: number;
  readonly grey: {
    /** Extremes of the values in the files. */
    readonly values: string;
    /** How they become grey levels. */
    readonly rule: string;
    /** Extremes of the grey levels (0 to 255) over all images, and the image that uses least of them. */
    readonly low: number;
    readonly high: number;
    readonly narrowest: { readonly id: string; readonly low: number; readonly high: number };
  } | null;
  readonly patients: PatientFacts | null;
  readonly leftOut: readonly LeftOut[];
  /** Of what each split holds, images and masks that were read: see `SplitSums`. */
  readonly sha256: Readonly<Record<Split, string>>;
  readonly leaks: Leaks;
  readonly problems: readonly Problem[];
  /** Nothing needs a decision: no problem is an error. */
  readonly ok: boolean;
}

/** The inventory as lines of text: the same in `data check`, `train`, `eval` and on the page. */
export function inventoryLines(inventory: Inventory): string[] {
  const { path, layout, kind, found, images, classes, masks, sizes, bits, grey, turned, patients, leftOut, leaks } =
    inventory;
  const total = images.valid.normal + images.valid.abnormal + images.test.normal + images.test.abnormal;
  const lines = [
    `${path}: layout ${layout}, ${kind}-level; ${counted(found, 'file')} found, ${counted(total, 'image')}${masks ? ` and ${counted(masks.files, 'mask')}` : ''} used`,
  ];
  for (const split of ['valid', 'test'] as const) {
    const part = (label: 0 | 1) => {
      const own = classes.filter((c) => c.label === label && c[split] > 0);
      const where = own.length > 1 ? own.map((c) => `${c.folder} ${c[split]}`) : own.map((c) => c.folder);
      const count = label === 0 ? images[split].normal : images[split].abnormal;
      return `${count} ${label === 0 ? 'normal' : 'abnormal'}${where.length > 0 ? ` (${where.join(', ')})` : ''}`;
    };
    lines.push(`${`${split}:`.padEnd(7)}${part(0)}, ${part(1)}`);
  }
  if (masks && masks.images === 0) lines.push('masks: no image has one');
  else if (masks) {
    const ways = masks.ways.map(({ how, count }) => `${count} by ${how}`).join(', ');
    const half = masks.smeared > 0 ? `; ${masks.smeared} with smeared borders, read at one half` : '';
    const united = masks.united > 0 ? `; several files united for ${counted(masks.united, 'image')}` : '';
    lines.push(
      `masks: ${masks.images === 1 ? '1 image has' : `${masks.images} images have`} one (${ways}${united}), background ${masks.background}${half}`,
    );
  }
  if (patients) {
    const unknown = patients.unknown > 0 ? `, ${counted(patients.unknown, 'image')} of nobody known` : '';
    const used = patients.used ? '' : '; not gone by: say --group auto, folder or REGEX';
    lines.push(`patients: ${patients.valid} in valid, ${patients.test} in test (${patients.rule})${unknown}${used}`);
  }
  const list = (items: readonly string[]) =>
    `${items.slice(0, 6).join(', ')}${items.length > 6 ? `, and ${items.length - 6} more` : ''}`;
  const bySize = new Map<string, number>();
  for (const { width, height, count } of sizes) {
    bySize.set(`${width}×${height}`, (bySize.get(`${width}×${height}`) ?? 0) + count);
  }
  if (sizes.length > 0) lines.push(`sizes: ${list([...bySize].map(([size, count]) => `${size} (${count})`))}`);
  const oblong = sizes.reduce((sum, { width, height, count }) => sum + (width === height ? 0 : count), 0);
  if (oblong > 0)
    lines.push(
      `shape: ${counted(oblong, 'image')} of ${total} not square, stretched to the square that the model sees (MedCLIP: put into one)`,
    );
  if (grey) {
    const { values, rule, low, high, narrowest } = grey;
    const depth = list(bits.map(({ bits, count }) => `${counted(bits, 'bit')} (${count})`));
    const least = `least in ${narrowest.id}: ${narrowest.low} to ${narrowest.high}`;
    lines.push(`values: ${depth}, ${values} in the files; ${rule}; grey ${low} to ${high}, ${least}`);
  }
  if (turned > 0) lines.push(`turned: ${counted(turned, 'image')} by the orientation in the file`);
  for (const one of leftOut) lines.push(`left out: ${leftOutLine(one)}`);
  lines.push(objectLine(inventory));
  for (const warning of leaks.warnings) lines.push(`warning: ${warning}`);
  lines.push(...problemLines(inventory));
  return lines.map(visible);
}
