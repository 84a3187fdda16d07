import { VERSION } from '../../base/version.ts';
import { type DicomElement, encodeDicom } from '../write.ts';
import { frameGroups, referencedSeries } from './frames.ts';
import { headOf, type Maker, madeBy } from './head.ts';
import { type Code, coded, plainText, sequence } from './items.ts';
import type { SourceSeries } from './source.ts';

/** Class of a segmentation. */
export const SEGMENTATION = '1.2.840.10008.5.1.4.1.1.66.4';

/** What is marked. */
export const LESION: Code = ['52988006', 'SCT', 'Lesion'];
const ABNORMAL: Code = ['49755003', 'SCT', 'Morphologically Abnormal Structure'];
const SEGMENTED: Code = ['113076', 'DCM', 'Segmentation'];
const LEARNED: Code = ['123110', 'DCM', 'Artificial Intelligence'];

/** The largest value of a fraction. */
const MOST = 255;

/** A finding as it was written. */
export interface WrittenSegmentation {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly instance: string;
  readonly series: string;
  /** Identifies the finding in other objects. */
  readonly tracking: string;
  /** Slices that have a frame. */
  readonly slices: readonly number[];
  /** How many pixels reach the level. */
  readonly pixels: number;
}

/** A finding: where the map reaches a level. */
export interface Finding {
  /** [slice, row, column] */
  readonly map: Float32Array;
  /** From this value on a voxel is in. */
  readonly level: number;
  /** Whether fractions are written in place of yes and no. */
  readonly fractional: boolean;
}

/**
 * What a map says is abnormal, as a DICOM segmentation of one segment: binary, or in fractions of 255, which rise with the map and are
 * one half at the level. Slices without anything have no frame; where none has, the one with the highest value has an empty frame.
 */
export function segmentation(source: SourceSeries, finding: Finding, maker: Maker): WrittenSegmentation {
  const { rows, columns } = source;
  const size = rows * columns;
  const values = finding.fractional
    ? fractions(finding)
    : Uint8Array.from(finding.map, (v) => (v >= finding.level ? 1 : 0));
  let slices = source.slices.map((_, k) => k).filter((k) => values.subarray(k * size, (k + 1) * size).some(Boolean));
  if (slices.length === 0) slices = [Math.floor(highest(finding.map) / size)];
  const [instance, series, tracking] = [maker.uid(), maker.uid(), maker.uid()];
  const kind = finding.fractional ? 'fractions' : 'binary';
  const elements: DicomElement[] = [
    ...headOf(source, maker, {
      ...{ sopClass: SEGMENTATION, instance, modality: 'SEG', series, number: finding.fractional ? 9103 : 9102 },
      description: `fusionclip finding, ${kind}`,
    }),
    [0x00080008, 'CS', 'DERIVED\\PRIMARY'],
    referencedSeries(source, source.slices),
    [0x00189004, 'CS', 'RESEARCH'],
    ...frameGroups(source, {
      slices,
      uid: maker.uid,
      derivation: SEGMENTED,
      shared: [],
      each: [sequence(0x0062000a, [[0x0062000b, 'US', [1]]])],
      indices: [[0x0062000b, 0x0062000a, 'Segment']],
    }),
    [0x00280002, 'US', [1]],
    [0x00280004, 'CS', 'MONOCHROME2'],
    [0x00280010, 'US', [rows]],
    [0x00280011, 'US', [columns]],
    [0x00280100, 'US', [finding.fractional ? 8 : 1]],
    [0x00280101, 'US', [finding.fractional ? 8 : 1]],
    [0x00280102, 'US', [finding.fractional ? 7 : 0]],
    [0x00280103, 'US', [0]],
    ...source.lossy,
    [0x00620001, 'CS', finding.fractional ? 'FRACTIONAL' : 'BINARY'],
    ...(finding.fractional ? FRACTIONAL : []),
    sequence(0x00620002, segment(finding, maker, tracking)),
    [0x00700080, 'CS', 'ANOMALY'],
    [0x00700081, 'LO', plainText(madeBy(maker))],
    [0x00700084, 'PN', ''],
    [0x7fe00010, 'OB', finding.fractional ? framesOf(values, slices, size) : packed(values, slices, size)],
  ];
  const pixels = finding.map.reduce((count, value) => count + (value >= finding.level ? 1 : 0), 0);
  return { bytes: encodeDicom(elements), instance, series, tracking, slices, pixels };
}

const FRACTIONAL: readonly DicomElement[] = [
  [0x00620010, 'CS', 'PROBABILITY'],
  [0x0062000e, 'US', [MOST]],
];

function segment({ level, fractional }: Finding, maker: Maker, tracking: string): DicomElement[] {
  const how = fractional
    ? `Rises with the anomaly map, one half where it is ${level}; no calibrated probability.`
    : `Where the anomaly map is ${level} or more.`;
  return [
    coded(0x00620003, ABNORMAL),
    [0x00620004, 'US', [1]],
    [0x00620005, 'LO', 'Anomaly (research use)'],
    [0x00620006, 'ST', plainText(`${how} ${madeBy(maker)}`, 1024)],
    sequence(0x00620007, [
      [0x00240202, 'LO', 'fusionclip'],
      [0x00660031, 'LO', VERSION],
      [0x00660032, 'LT', plainText(`level ${level}; model ${maker.modelHash}; adapters ${maker.adaptersHash}`, 1024)],
      [0x00660036, 'LO', plainText(maker.model)],
      coded(0x0066002f, LEARNED),
    ]),
    [0x00620008, 'CS', 'AUTOMATIC'],
    [0x00620009, 'LO', plainText(maker.model)],
    [0x0062000d, 'US', [45000, 53000, 50000]],
    coded(0x0062000f, LESION),
    [0x00620020, 'UT', `fusionclip finding ${tracking.slice(-8)}`],
    [0x00620021, 'UI', tracking],
  ];
}

/** From 0 at the map's lowest value over one half at the level to all at its highest. */
function fractions({ map, level }: Finding): Uint8Array {
  let [low, high] = [level, level];
  for (const value of map) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return Uint8Array.from(map, (value) => {
    const part =
      value < level ? (value - low) / (level - low) : high > level ? 1 + (value - level) / (high - level) : 1;
    const fraction = Math.round((part * MOST) / 2);
    // Whoever takes one half and more must find what the level says.
    return value < level ? Math.min((MOST - 1) / 2, fraction) : Math.max((MOST + 1) / 2, fraction);
  });
}

function highest(map: Float32Array): number {
  let best = 0;
  for (let i = 1; i < map.length; i++) if (map[i] > map[best]) best = i;
  return best;
}

function framesOf(values: Uint8Array, slices: readonly number[], size: number): Uint8Array {
  const out = new Uint8Array(slices.length * size);
  for (const [f, k] of slices.entries()) out.set(values.subarray(k * size, (k + 1) * size), f * size);
  return out;
}

/** Eight pixels a byte, the first in the lowest bit, frames without a gap between them. */
function packed(values: Uint8Array, slices: readonly number[], size: number): Uint8Array {
  const out = new Uint8Array(Math.ceil((slices.length * size) / 8));
  for (const [f, k] of slices.entries()) {
    for (let i = 0; i < size; i++) {
      const bit = f * size + i;
      if (values[k * size + i]) out[bit >> 3] |= 1 << (bit & 7);
    }
  }
  return out;
}
