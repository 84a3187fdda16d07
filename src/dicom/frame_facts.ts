import type { DataSet } from './data_set.ts';
import { type Modality, readModality, readPadding } from './modality.ts';
import type { PixelFormat } from './pixel_format.ts';
import { SEQUENCES } from './tags.ts';
import { readVoi, type Voi } from './voi.ts';

/** Where a frame lies in the patient, as the file writes it: millimetres to the left, back and head. */
export interface FramePlace {
  /** The centre of its first pixel, or null. */
  readonly position: readonly number[] | null;
  /** Directions along a row and down a column, six numbers, or null. */
  readonly orientation: readonly number[] | null;
  /** Millimetres between rows, and between columns, or null. */
  readonly spacing: readonly number[] | null;
}

/** The part of the data set that speaks of a frame in some matter: its own group, the shared one, or the whole. */
export function groupOf(dataSet: DataSet, frame: number, sequence: number): DataSet {
  const own = dataSet.items(SEQUENCES.perFrame)[frame]?.items(sequence)[0];
  return own ?? dataSet.items(SEQUENCES.shared)[0]?.items(sequence)[0] ?? dataSet;
}

/** Millimetres: less is no distance. */
const LEAST_SPACING = 1e-6;

/** Position, orientation and spacing of a frame. */
export function framePlace(dataSet: DataSet, frame: number): FramePlace {
  const vector = (values: readonly number[], length: number) => (values.length === length ? values : null);
  const measures = groupOf(dataSet, frame, SEQUENCES.pixelMeasures);
  const spacing = vector(measures.numbers('pixelSpacing'), 2) ?? vector(dataSet.numbers('imagerPixelSpacing'), 2);
  return {
    position: vector(groupOf(dataSet, frame, SEQUENCES.planePosition).numbers('position'), 3),
    orientation: vector(groupOf(dataSet, frame, SEQUENCES.planeOrientation).numbers('orientation'), 6),
    spacing: spacing?.every((one) => one >= LEAST_SPACING) ? spacing : null,
  };
}

/** What makes numbers and grey values of a frame's stored values. */
export interface FrameValues {
  readonly modality: Modality;
  readonly voi: Voi;
  readonly padding: readonly [number, number] | null;
}

/** Rescale, windows and padding of a frame, from its own groups where it has them. */
export function frameValues(dataSet: DataSet, frame: number, format: PixelFormat): FrameValues {
  const { signed, bitsAllocated } = format;
  const modality = readModality(groupOf(dataSet, frame, SEQUENCES.pixelTransformation), dataSet, signed);
  const negative = 'lut' in modality ? false : signed || modality.intercept < 0 || modality.slope < 0;
  return {
    modality,
    voi: readVoi([groupOf(dataSet, frame, SEQUENCES.frameVoi), dataSet], negative),
    padding: format.float ? null : readPadding(dataSet, bitsAllocated, signed),
  };
}
