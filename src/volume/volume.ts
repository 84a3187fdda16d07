import type { Samples } from '../dicom/unpack.ts';
import type { Voi, Window } from '../dicom/voi.ts';
import type { Affine } from '../nifti/affine.ts';

/** A slice in numbers, before any window. */
export type VolumeSlice = { readonly width: number; readonly height: number } & (
  | {
      readonly kind: 'grey';
      /** [height, width], in the units of the modality; to be read only, they may lie in the file's bytes */
      readonly values: Samples;
      /** 1 where the file says that there is no picture; null where it says nothing. */
      readonly padded: Uint8Array<ArrayBuffer> | null;
      /** Whether low values are bright (MONOCHROME1). */
      readonly inverted: boolean;
      /** What the file says of how it is shown; null for files that cannot. */
      readonly voi: Voi | null;
      /** Of pixels that have 8 bits and no units: the lowest and highest value that they may have. Else null. */
      readonly range: readonly [number, number] | null;
    }
  | {
      readonly kind: 'colour';
      /** [height, width, 3] */
      readonly rgb: Uint8Array<ArrayBuffer>;
    }
);

/**
 * How the files of a volume say that it is shown, before a pixel is read: the window that all its slices name, their table, neither,
 * or pixels of 8 bits without a unit.
 */
export type Look = Window | 'table' | 'different windows' | '8 bits' | 'colour' | null;

/** Slices with a place in space, one on top of the other, that are decoded when they are asked for. */
export interface Volume {
  /** What the user is told of it: nothing about a patient. */
  readonly name: string;
  /** Which volumes are of one patient. */
  readonly patient: string;
  /** Whether it lies in space. An X-ray does not: it is one image by itself, and of its affine the pixels' distance alone means something. */
  readonly placed: boolean;
  /** Columns, rows, slices. */
  readonly shape: readonly [number, number, number];
  /** Numbers of slices that its series lacks: they are padding as a whole. None without. */
  readonly missing?: ReadonlySet<number>;
  /** From voxel (column, row, slice) to millimetres to the right, front and head. */
  readonly affine: Affine;
  /** `CT`, `MR`, … or '' where the file does not say. */
  readonly modality: string;
  /** One of the usual words of what was examined, `HEAD`; '' where the file does not say, or says something else. */
  readonly bodyPart: string;
  /** Of numbers without a unit, which may be stored in any: how many bits they have. Else null. */
  readonly bits: number | null;
  readonly look: Look;
  /** Maker and model of the scanner; null where the file does not say. */
  readonly scanner: string | null;
  /** Slice `k`, 0 … shape[2] − 1. */
  slice(k: number): Promise<VolumeSlice>;
}
