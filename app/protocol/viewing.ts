/** What is shown of one image. */
import type { Image, ScoreMap } from '../../src/data/index.ts';

/** One image with its map. */
export interface Picture {
  /** RGB, no larger than a screen needs; black where the image is not there any more. */
  readonly image: Image;
  /** The same for a gallery. */
  readonly small: Image;
  readonly map: ScoreMap;
  /** 1 on the lesion; null when nothing is lesion or nobody said. */
  readonly lesion: ScoreMap | null;
  /** Whether the image itself is there. */
  readonly there: boolean;
}

/** Where an image stands: among the slices of its volume, or by itself. */
export interface Stack {
  /** Of the volume; empty for a picture. */
  readonly name: string;
  /** For each slice the row of its scores; null for one that was not scored. */
  readonly rows: readonly (number | null)[];
  /** The slice that was asked for. */
  readonly at: number;
  /** Slices of which the series has no file. */
  readonly missing: readonly number[];
}

/** The numbers of an image or slice. */
export interface Slice {
  readonly width: number;
  readonly height: number;
  /** [height, width] in the units of the file; null for colours. */
  readonly values: Float32Array<ArrayBuffer> | null;
  /** [height, width, 3]; null for grey. */
  readonly rgb: Uint8Array<ArrayBuffer> | null;
  /** Of the numbers: `HU`, or ''. */
  readonly unit: string;
  /** Pixels of the file to a side of each value, which is their mean. */
  readonly step: number;
  /** Height of a pixel in its widths. */
  readonly aspect: number;
  /** Whether low values are bright. */
  readonly inverted: boolean;
  /** What can be chosen as black and white; the first is what the model saw. */
  readonly windows: readonly SliceWindow[];
}

/** A range of values that is shown from black to white. */
export interface SliceWindow {
  readonly name: string;
  readonly low: number;
  readonly high: number;
}
